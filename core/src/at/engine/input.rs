//! Understanding what has arrived.

use std::time::Instant;

use super::{Engine, State};
use crate::at::counted_code::{self, Front};
use crate::at::event::Event;
use crate::at::front::Place;
use crate::at::output::flush_trace;
use crate::at::pending::{Expected, Step};
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

/// What became of an attempt to take something whole.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Whole,
    /// More of it has to come.
    Unfinished,
    /// Something else stands there, perhaps.
    Other,
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
        while !self.take_whole(now, age) {
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

    /// Whether what has arrived is one more piece of a body that is not complete: then there is nothing to understand.
    pub(super) fn waits_for_body(&mut self, now: Instant) -> bool {
        let State::Pending(pending) = &mut self.state else {
            return false;
        };
        let waits = pending.body_length().is_some_and(|length| self.reader.show_more_of(length));
        if waits {
            pending.raw_arrived(now, &self.settings);
        }
        waits
    }

    /// Takes what need not be shown portion by portion, as long as it is whole: bodies by count, ordinary lines, marks.
    /// True: nothing else is here but perhaps the beginning of a line or of a body.
    fn take_whole(&mut self, now: Instant, age: Age) -> bool {
        loop {
            let taken = match &mut self.state {
                State::Pending(pending) => match pending.expected(&self.reader) {
                    Expected::Body { length } => self.take_body(now, age, length),
                    Expected::Line { together } => self.take_lines(now, together),
                    Expected::Head { place, length } => self.take_head(now, place, length),
                    Expected::Mark { width } => self.take_mark(now, width),
                    Expected::Ok { place } => self.take_ok(now, place),
                    Expected::More => Taken::Unfinished,
                    Expected::Other => Taken::Other,
                },
                State::Idle { line_end_due: false, .. } => self.take_codes(),
                State::Idle { .. } | State::Stream(_) | State::Resync(_) => Taken::Other,
            };
            match taken {
                Taken::Whole => {}
                Taken::Unfinished => return true,
                Taken::Other => {
                    self.reader.put_back();
                    return false;
                }
            }
        }
    }

    /// Takes a body, or waits for the rest of it.
    fn take_body(&mut self, now: Instant, age: Age, length: usize) -> Taken {
        let State::Pending(pending) = &mut self.state else {
            return Taken::Other;
        };
        if !self.reader.is_behind_line() {
            return Taken::Other;
        }
        // A body of nothing is there at once.
        if length > 0 && self.reader.show_all() && age == Age::New {
            pending.input_arrived(now, &self.settings);
        }
        let Some(body) = self.reader.take_raw(length) else {
            return Taken::Unfinished;
        };
        pending.complete_body(body, &mut self.output);
        self.reader.hide();
        Taken::Whole
    }

    /// Takes a line of an exchange, or all that are here `together`.
    fn take_lines(&mut self, now: Instant, together: bool) -> Taken {
        let State::Pending(pending) = &mut self.state else {
            return Taken::Other;
        };
        let (settings, reader, output) = (&self.settings, &mut self.reader, &mut self.output);
        if together && let Some(run) = reader.take_run() {
            match pending.take_run(now, settings, run, reader, output) {
                Step::Again => {}
                step => {
                    self.apply_pending(now, step);
                    return Taken::Whole;
                }
            }
        }
        match reader.find_line() {
            Whole::Line(place) => {
                let step = pending.take_whole_line(now, settings, place, reader, output);
                self.apply_pending(now, step);
                Taken::Whole
            }
            Whole::Unfinished => Taken::Unfinished,
            Whole::Other => Taken::Other,
        }
    }

    /// Takes the lines that no command asked for.
    fn take_codes(&mut self) -> Taken {
        let (reader, output) = (&mut self.reader, &mut self.output);
        if let Some(mut run) = reader.take_run() {
            while let Some(place) = reader.next_line(&mut run) {
                output.code(Line::new(run.cut(place)));
                flush_trace(reader, output);
            }
            reader.end_run(run);
        }
        match reader.find_line() {
            Whole::Line(place) => {
                output.code(Line::new(reader.cut(place)));
                flush_trace(reader, output);
                Taken::Whole
            }
            Whole::Unfinished => Taken::Unfinished,
            Whole::Other => Taken::Other,
        }
    }

    /// Takes the line that announces a body, which is here.
    fn take_head(&mut self, now: Instant, place: Place, length: usize) -> Taken {
        if self.settings.is_start_up_line(self.reader.line(place)) {
            return self.take_lines(now, false);
        }
        if let State::Pending(pending) = &mut self.state {
            let line = self.reader.cut(place);
            let step = pending.take_head(now, &self.settings, line, length);
            self.apply_pending(now, step);
        }
        Taken::Whole
    }

    /// Takes the mark in front of a body, which is here with all that tells where the body begins.
    fn take_mark(&mut self, now: Instant, width: usize) -> Taken {
        if let State::Pending(pending) = &mut self.state {
            self.reader.drop_hidden(width);
            flush_trace(&mut self.reader, &mut self.output);
            pending.begin_marked(now, &self.settings);
        }
        Taken::Whole
    }

    /// Takes the result behind a body, which is here.
    fn take_ok(&mut self, now: Instant, place: Place) -> Taken {
        if let State::Pending(pending) = &mut self.state {
            self.reader.pass(place);
            flush_trace(&mut self.reader, &mut self.output);
            let step = pending.finish_body(place, &mut self.block_ends);
            self.apply_pending(now, step);
        }
        Taken::Whole
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
