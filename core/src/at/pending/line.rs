//! The lines of an answer, and whose they are.

use std::time::Instant;

use bytes::Bytes;

use super::block::{MARK, wrong_length};
use super::{Pending, Phase, Step};
use crate::at::counted_code::{self, Front};
use crate::at::event::{Event, Failure};
use crate::at::exchange::Shape;
use crate::at::output::{Output, Trace};
use crate::at::reader::{Found, Reader};
use crate::at::reply::Line;
use crate::at::result_code::Final;
use crate::at::secrecy::Secrecy;
use crate::at::settings::Settings;

impl Pending {
    pub(super) fn step_line(
        &mut self,
        now: Instant,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> Step {
        if self.phase == Phase::Tail && !self.tail_begun {
            // A byte that was lost makes the body end one byte too late, in the line end behind it.
            match reader.peek() {
                [] | [b'\r'] => return Step::Wait,
                [b'\r', b'\n', ..] => self.tail_begun = true,
                _ => return wrong_length(),
            }
        }
        reader.skip_line_ends();
        if self.phase == Phase::Lines {
            self.watch_damaged_prompt(now, settings, reader);
            if let Some(step) = self.step_prompt(now, reader, output) {
                return step;
            }
            // A line can begin like a prompt: the silence behind it tells.
            let quiet_at = self.quiet_at.unwrap_or_else(|| now + settings.quiet);
            self.quiet_at = self.is_refused_prompt(reader).then_some(quiet_at);
            if let Some(step) = self.step_unannounced_mark(now, settings, reader, output) {
                return step;
            }
            let is_marked = matches!(self.exchange.expect.0, Shape::Marked { .. });
            if is_marked && reader.peek().starts_with(MARK) {
                return Step::Lost(Failure::Unexpected("a body without its header"));
            }
        }
        match counted_code::take(reader, output) {
            Front::Other => {}
            Front::Unfinished => return Step::Wait,
            Front::Code(code) => {
                output.event(Event::Unsolicited(Line::new(code)));
                return Step::Again;
            }
        }
        match reader.take_line() {
            Found::Nothing => Step::Wait,
            Found::Overlong => Step::Lost(Failure::Unexpected("a line is longer than the limit")),
            Found::Line(line) => self.take(now, settings, line, reader, output),
        }
    }

    /// Takes a line that was cut off the input.
    pub(super) fn take(
        &mut self,
        now: Instant,
        settings: &Settings,
        line: Bytes,
        reader: &mut Reader,
        output: &mut Output,
    ) -> Step {
        let meaning = self.meaning(settings, &line);
        let Some(consumed) = reader.take_consumed() else {
            return self.act(now, settings, meaning, line, output);
        };
        let step = self.act(now, settings, meaning, line.clone(), output);
        self.trace_line(settings, consumed, output, line.trim_ascii());
        step
    }

    fn trace_line(&self, settings: &Settings, consumed: Vec<u8>, output: &mut Output, text: &[u8]) {
        let is_echo = text == self.exchange.line.as_bytes();
        let shows_secret = (self.exchange.secret_answer && self.belongs(text))
            || (Final::parse(text).is_none() && self.secrecy(text) != Secrecy::Open);
        let secret = shows_secret && !settings.is_start_up_line(text);
        output.trace(|| match (is_echo, secret) {
            (true, _) => Trace::Received(format!("{}\r", self.exchange.line.redacted()).into_bytes()),
            (_, true) => Trace::Redacted { sent: false, length: consumed.len() },
            _ => Trace::Received(consumed),
        });
    }
}
