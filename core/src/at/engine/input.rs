//! Understanding what has arrived.

use std::time::Instant;

use super::{Engine, State};
use crate::at::counted_code::{self, Front};
use crate::at::event::Event;
use crate::at::output::flush_trace;
use crate::at::portion::{Portion, Shown};
use crate::at::reader::{Found, Whole};
use crate::at::reply::Line;

/// Whether bytes that are looked at break the silence.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// They have just arrived.
    New,
    /// They have been here for a while.
    Old,
}

impl Engine {
    /// The answer to a command must not count as the data that a damaged head promises.
    pub(super) fn give_up_stale_code(&mut self, now: Instant) {
        if self.last_input.is_none_or(|last| last + self.settings.quiet > now) {
            return;
        }
        // Behind one may be another.
        while let given_up @ 1.. = counted_code::give_up(&mut self.reader) {
            self.dropped += given_up as u64;
            self.reader.hide();
            self.understand(now, Age::Old);
        }
    }

    /// Works on everything that is here, portion by portion. Whatever a portion leads to begins to read anew, so that
    /// only the bytes decide, and not how many of them came together.
    pub(super) fn understand(&mut self, now: Instant, age: Age) {
        if self.waits_for_body(now, age) {
            return;
        }
        while !self.take_whole_lines(now) {
            if self.step(now) {
                self.reader.hide();
                continue;
            }
            match self.reader.show(self.portion()) {
                Shown::Bytes if age == Age::New => self.bytes_arrived(now),
                Shown::Bytes | Shown::LineFeed => {}
                Shown::Nothing => break,
            }
        }
        self.dropped += self.reader.take_discarded() as u64;
        match &self.state {
            State::Idle { .. } => flush_trace(&mut self.reader, &mut self.output),
            State::Resync(resync) => resync.trace(&Found::Nothing, &mut self.reader, &mut self.output),
            State::Pending(_) | State::Stream(_) => {}
        }
    }

    /// Whether all that is here belongs to a body of which more is missing: then there is nothing to understand.
    fn waits_for_body(&mut self, now: Instant, age: Age) -> bool {
        let State::Pending(pending) = &mut self.state else {
            return false;
        };
        let waits = pending.body_length().is_some_and(|length| self.reader.is_within(length));
        if waits && self.reader.show_all() && age == Age::New {
            pending.input_arrived(now, &self.settings);
        }
        waits
    }

    /// Takes ordinary lines, which need not be shown portion by portion, as long as there are any. True: whatever is left
    /// is the beginning of one.
    fn take_whole_lines(&mut self, now: Instant) -> bool {
        loop {
            let is_possible = match &mut self.state {
                State::Idle { line_end_due, .. } => !*line_end_due,
                State::Pending(pending) => pending.takes_whole_lines(self.reader.hidden()),
                State::Stream(_) | State::Resync(_) => false,
            };
            if !is_possible {
                return false;
            }
            let found = self.reader.take_whole_line();
            let line = match found {
                Whole::Line(line) => line,
                Whole::Unfinished => return true,
                Whole::Other => return false,
            };
            if let State::Pending(pending) = &mut self.state {
                let (reader, output) = (&mut self.reader, &mut self.output);
                let step = pending.take_whole_line(now, &self.settings, line, reader, output);
                self.apply_pending(now, step);
            } else {
                self.output.event(Event::Unsolicited(Line::new(line)));
                flush_trace(&mut self.reader, &mut self.output);
            }
        }
    }

    fn portion(&self) -> Portion {
        let shown = self.reader.peek().len();
        match &self.state {
            State::Idle { .. } | State::Resync(_) => Portion::Line,
            State::Pending(pending) => pending.portion(shown),
            State::Stream(stream) => stream.portion(shown),
        }
    }

    /// Tells the state that it is not silent.
    fn bytes_arrived(&mut self, now: Instant) {
        match &mut self.state {
            State::Pending(pending) => pending.input_arrived(now, &self.settings),
            State::Stream(stream) => stream.input_arrived(now, &self.settings),
            State::Resync(resync) => resync.input_arrived(now, &self.settings),
            State::Idle { .. } => {}
        }
    }

    /// One step of understanding the input. True: there may be more to do.
    fn step(&mut self, now: Instant) -> bool {
        match &mut self.state {
            State::Idle { .. } => self.step_idle(now),
            State::Pending(pending) => {
                let step = pending.step(now, &self.settings, &mut self.reader, &mut self.output);
                self.apply_pending(now, step)
            }
            State::Stream(stream) => {
                let step = stream.step(now, &self.settings, &mut self.reader, &mut self.output);
                self.apply_stream(now, step)
            }
            State::Resync(resync) => {
                let step = resync.step(now, &self.settings, &mut self.reader, &mut self.output);
                self.apply_resync(now, step)
            }
        }
    }

    fn step_idle(&mut self, now: Instant) -> bool {
        if !self.reader.settle() {
            return false;
        }
        if matches!(self.state, State::Idle { line_end_due: true, .. }) {
            // The last byte of the answer has come only now: the pause counts from here.
            self.become_idle(now);
        }
        self.reader.skip_line_ends();
        match counted_code::take(&mut self.reader, &mut self.output) {
            Front::Other => {}
            Front::Unfinished => return false,
            Front::Code(code) => {
                self.output.event(Event::Unsolicited(Line::new(code)));
                return true;
            }
        }
        match self.reader.take_line() {
            Found::Line(line) => self.output.event(Event::Unsolicited(Line::new(line))),
            Found::Overlong => {}
            Found::Nothing => return false,
        }
        flush_trace(&mut self.reader, &mut self.output);
        true
    }
}
