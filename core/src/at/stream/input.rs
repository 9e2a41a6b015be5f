//! What has come: data, or the end.

use std::time::Instant;

use super::mark::{Mark, Tail, last_mark, possible_end};
use super::{ESCAPE, PROOF, Phase, Stream, StreamStep};
use crate::at::escape_guard::guard;
use crate::at::event::{Event, StreamEnd};
use crate::at::exchange::StreamEnding;
use crate::at::output::{Output, Trace, flush_trace};
use crate::at::reader::{Found, Reader};
use crate::at::reply::Line;
use crate::at::result_code::is_no_carrier;
use crate::at::settings::Settings;
use crate::at::unsolicited;

impl Stream {
    pub(crate) fn step(
        &mut self,
        now: Instant,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> StreamStep {
        if self.received == 0 && reader.is_line_end_damaged() {
            // The first byte of the data would be none of theirs, and the last one would be missing.
            output.trace(|| Trace::Remark("the line end behind CONNECT is damaged"));
            return StreamStep::Ended { end: StreamEnd::Lost, in_step: false };
        }
        if !reader.settle() {
            return StreamStep::Wait;
        }
        if !matches!(self.phase, Phase::MarkDue { .. }) {
            flush_trace(reader, output);
        }
        if reader.is_empty() {
            return StreamStep::Wait;
        }
        match (self.phase, self.remaining()) {
            (Phase::MarkDue { .. }, _) => self.step_mark(reader, output),
            (Phase::Open, Some(remaining)) if remaining <= reader.peek().len() => {
                self.step_last_bytes(now, remaining, settings, reader, output)
            }
            _ => self.step_data(reader, output),
        }
    }

    /// A module in command mode leaves the escape sequence unanswered: the mark before it was the end.
    pub(super) fn unanswered(&mut self, reader: &mut Reader, output: &mut Output) -> StreamStep {
        match last_mark(reader.peek(), false).filter(|end| self.counts(*end)) {
            Some(end) => {
                self.proven = true;
                self.hand_on(end.start, reader, output);
                self.ended(end, reader, output)
            }
            None => StreamStep::Ended { end: self.told(StreamEnd::Lost), in_step: false },
        }
    }

    /// Hands on everything that cannot be the beginning of the end.
    fn step_data(&mut self, reader: &mut Reader, output: &mut Output) -> StreamStep {
        if self.may_be_echo(reader.peek()) {
            return StreamStep::Wait;
        }
        let certain = reader.peek().len() - possible_end(reader.peek(), self.escaped);
        if certain > 0 && self.phase == Phase::Doubt {
            // More came behind it, so it was no end.
            self.phase = Phase::Open;
        }
        self.hand_on(certain, reader, output);
        StreamStep::Wait
    }

    /// A module that has restarted is in command mode, and echoes the escape sequence instead of answering it. Those
    /// are no data; if the module answers, they were.
    fn may_be_echo(&self, here: &[u8]) -> bool {
        self.echo_due && matches!(self.phase, Phase::Answer { .. }) && ESCAPE.starts_with(here)
    }

    /// All announced bytes are here, if what stands behind them is the mark. Otherwise the stream may have been
    /// cut, with the mark among what looks like the last bytes, and silence tells.
    fn step_last_bytes(
        &mut self,
        now: Instant,
        remaining: usize,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> StreamStep {
        let here = reader.peek();
        let is_mark = |tail| matches!(Tail::of(tail, false), Tail::Mark { .. });
        let certain = here.len() - possible_end(here, self.escaped);
        if certain < remaining && !here.get(remaining..).is_some_and(is_mark) {
            self.hand_on(certain, reader, output);
            return StreamStep::Wait;
        }
        self.hand_on(remaining, reader, output);
        self.phase = Phase::MarkDue { until: now + settings.escape_wait };
        StreamStep::Again
    }

    /// Behind all announced bytes only unsolicited codes come before the mark. What is none shows that the announcement
    /// was wrong: it is data, and so is what follows until the module has left online mode.
    fn step_mark(&mut self, reader: &mut Reader, output: &mut Output) -> StreamStep {
        let Some(line) = reader.peek_line() else {
            return StreamStep::Wait;
        };
        if !unsolicited::is_known(line) {
            output.trace(|| Trace::Remark("more than was announced comes"));
            self.close();
            return StreamStep::Again;
        }
        match reader.take_line() {
            Found::Nothing => return StreamStep::Wait,
            Found::Overlong => {}
            Found::Line(line) => {
                flush_trace(reader, output);
                if is_no_carrier(&line) {
                    return self.closed_by(Line::new(line));
                }
                output.event(Event::Unsolicited(Line::new(line)));
            }
        }
        StreamStep::Again
    }

    /// Nothing arrived for a while: a complete mark at the end of the input was the end.
    pub(super) fn silence(
        &mut self,
        now: Instant,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> StreamStep {
        if let Some(end) = last_mark(reader.peek(), self.escaped).filter(|end| self.counts(*end)) {
            self.hand_on(end.start, reader, output);
            return match self.is_doubtful(end) {
                true => self.doubt(now, settings),
                false => self.ended(end, reader, output),
            };
        }
        if self.phase == Phase::Doubt {
            self.phase = Phase::Open;
        }
        if self.may_be_echo(reader.peek()) {
            return StreamStep::Wait;
        }
        let held = reader.peek().len();
        let all = self.remaining().map_or(held, |remaining| remaining.min(held));
        self.hand_on(all, reader, output);
        if self.phase == Phase::Open && self.remaining() == Some(0) {
            self.phase = Phase::MarkDue { until: now + settings.escape_wait };
            return StreamStep::Again;
        }
        StreamStep::Wait
    }

    fn counts(&self, end: Mark) -> bool {
        self.ending != StreamEnding::NamedMarkAndSilence || end.is_ok || end.is_named
    }

    /// On a TLS socket the module can name the socket in its mark. A mark that does not is what a peer could have
    /// sent by chance.
    fn is_doubtful(&self, end: Mark) -> bool {
        self.ending == StreamEnding::ProvenMarkAndSilence && !end.is_ok && !end.is_named
    }

    /// While the escape sequence is under way anyway, its answer tells.
    fn doubt(&mut self, now: Instant, settings: &Settings) -> StreamStep {
        match self.phase {
            Phase::Open => self.phase = Phase::Doubt,
            Phase::Answer { until } => {
                self.phase = Phase::Answer { until: until.min(now + guard(settings.escape_guard) + PROOF) };
            }
            Phase::Doubt | Phase::GuardBefore | Phase::MarkDue { .. } => {}
        }
        StreamStep::Wait
    }

    fn ended(&self, end: Mark, reader: &mut Reader, output: &mut Output) -> StreamStep {
        let Found::Line(line) = reader.take_line() else {
            return StreamStep::Wait;
        };
        flush_trace(reader, output);
        let end = match end.is_ok {
            true => StreamEnd::Suspended,
            false => StreamEnd::Closed { line: Line::new(line) },
        };
        // The peer can send the same bytes and stop, so the line has to prove that it is back.
        StreamStep::Ended { end: self.told(end), in_step: false }
    }

    /// How it ended: that bytes were dropped matters more than what came afterwards.
    fn told(&self, end: StreamEnd) -> StreamEnd {
        if self.stalled { StreamEnd::Stalled { waited: self.send_timeout } } else { end }
    }

    fn closed_by(&self, line: Line) -> StreamStep {
        // If the escape sequence crossed the end it now stands in the module's command line.
        StreamStep::Ended { end: self.told(StreamEnd::Closed { line }), in_step: !self.escaped }
    }

    fn hand_on(&mut self, count: usize, reader: &mut Reader, output: &mut Output) {
        if let Some(data) = reader.take_raw(count).filter(|data| !data.is_empty()) {
            self.received += data.len() as u64;
            self.echo_due = false;
            output.trace(|| Trace::ReceivedPayload(data.clone()));
            output.event(Event::StreamData(data));
        }
    }

    pub(super) fn remaining(&self) -> Option<usize> {
        match self.ending {
            StreamEnding::Length(length) => {
                Some(usize::try_from(length.saturating_sub(self.received)).unwrap_or(usize::MAX))
            }
            StreamEnding::ReceiveOnly
            | StreamEnding::MarkAndSilence
            | StreamEnding::ProvenMarkAndSilence
            | StreamEnding::NamedMarkAndSilence => None,
        }
    }
}
