//! The lines of an answer, and whose they are.

use std::time::Instant;

use bytes::Bytes;

use super::block::{MARK, last_number};
use super::{Pending, Phase, Step};
use crate::at::counted_code::{self, Front};
use crate::at::event::{Event, Failure};
use crate::at::exchange::Shape;
use crate::at::fields::{Fields, bytes_after_prefix};
use crate::at::output::{Output, Trace};
use crate::at::reader::{Found, Reader};
use crate::at::reply::Line;
use crate::at::result_code::Final;
use crate::at::secrecy::Secrecy;
use crate::at::settings::Settings;
use crate::at::unsolicited;

/// Room for so many lines is made at once: few answers have more.
const USUAL_LINES: usize = 8;

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
                _ => return Step::Lost(Failure::Unexpected("a body is not as long as announced")),
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
            if let Shape::Marked { .. } = self.exchange.expect.0
                && reader.peek().starts_with(MARK)
            {
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

    /// Takes a line that is neither a prompt nor a mark nor a counted code.
    pub(crate) fn take_whole_line(
        &mut self,
        now: Instant,
        settings: &Settings,
        line: Bytes,
        reader: &mut Reader,
        output: &mut Output,
    ) -> Step {
        if self.phase == Phase::Lines {
            // Neither of them has begun.
            (self.damaged_prompt_at, self.quiet_at) = (None, None);
        }
        self.take(now, settings, line, reader, output)
    }

    fn take(
        &mut self,
        now: Instant,
        settings: &Settings,
        line: Bytes,
        reader: &mut Reader,
        output: &mut Output,
    ) -> Step {
        let Some(consumed) = reader.take_consumed() else {
            return self.classify(now, settings, line, output);
        };
        let step = self.classify(now, settings, line.clone(), output);
        self.trace_line(consumed, output, line.trim_ascii());
        step
    }

    fn classify(&mut self, now: Instant, settings: &Settings, line: Bytes, output: &mut Output) -> Step {
        let text = line.trim_ascii();
        if text.is_empty() {
            return Step::Again;
        }
        if self.is_echo(&line) {
            if !std::mem::replace(&mut self.echo, true) {
                let switches_off = self.exchange.numeric_result;
                output.event(if switches_off { Event::EchoWasOn } else { Event::EchoSeen });
            }
            return Step::Again;
        }
        if let Some(result) = self.final_result(text) {
            return self.finish(result);
        }
        if self.belongs(text) && !settings.is_start_up_line(text) {
            return self.keep(now, settings, line);
        }
        match self.secrecy(text) {
            Secrecy::Open => output.event(Event::Unsolicited(Line::new(line))),
            Secrecy::Coincidence => output.event(Event::UnsolicitedSecret(Line::new(line))),
            Secrecy::Echo => {}
        }
        Step::Again
    }

    /// An echo that was damaged on the line can still show the secret.
    fn secrecy(&self, text: &[u8]) -> Secrecy {
        let echoed_payload = self.exchange.secret_answer && self.payload_sent;
        if echoed_payload && !unsolicited::is_known(text) {
            return Secrecy::Echo;
        }
        Secrecy::of(text, &self.exchange.line, self.echo)
    }

    fn is_echo(&self, line: &Bytes) -> bool {
        self.reply.lines.is_empty()
            && self.phase == Phase::Lines
            && line[..] == *self.exchange.line.as_bytes()
    }

    fn belongs(&self, text: &[u8]) -> bool {
        self.phase != Phase::Tail && takes(&self.exchange.expect.0, text)
    }

    fn keep(&mut self, now: Instant, settings: &Settings, line: Bytes) -> Step {
        self.reply_bytes += line.len() + size_of::<Line>();
        if self.reply_bytes > settings.reply_limit {
            return Step::Lost(Failure::Unexpected("the answer is longer than the limit"));
        }
        let text = line.trim_ascii();
        let announced = match &self.exchange.expect.0 {
            Shape::Block { prefix, field, limit, .. } => bytes_after_prefix(text, prefix)
                .map(|rest| (Fields::split(rest).number::<usize>(*field), *limit, false)),
            Shape::Marked { prefix, limit } => {
                bytes_after_prefix(text, prefix).map(|rest| (last_number(rest), *limit, true))
            }
            _ => None,
        };
        if self.reply.lines.capacity() == 0 {
            self.reply.lines.reserve_exact(USUAL_LINES);
        }
        self.reply.lines.push(Line::new(line));
        match announced {
            None => Step::Again,
            Some((Some(length), limit, marked)) if length <= limit => {
                if length > 0 {
                    self.extend(now);
                }
                self.phase = match (marked, length) {
                    (true, _) => Phase::Mark { length },
                    (false, 0) => Phase::Lines,
                    (false, _) => Phase::Body { length },
                };
                Step::Again
            }
            Some(_) => Step::Lost(Failure::Unexpected("a block announces no length, or one over its limit")),
        }
    }

    fn trace_line(&self, consumed: Vec<u8>, output: &mut Output, text: &[u8]) {
        let is_echo = text == self.exchange.line.as_bytes();
        let secret = (self.exchange.secret_answer && self.belongs(text))
            || (Final::parse(text).is_none() && self.secrecy(text) != Secrecy::Open);
        output.trace(|| match (is_echo, secret) {
            (true, _) => Trace::Received(format!("{}\r", self.exchange.line.redacted()).into_bytes()),
            (_, true) => Trace::Redacted { sent: false, length: consumed.len() },
            _ => Trace::Received(consumed),
        });
    }
}

/// Whether a line is part of an answer of this shape.
fn takes(shape: &Shape, text: &[u8]) -> bool {
    let has = |prefix: &str| bytes_after_prefix(text, prefix).is_some();
    match shape {
        Shape::Final | Shape::Stream { .. } | Shape::Unannounced { .. } => false,
        Shape::Text { .. } => !unsolicited::is_known(text),
        Shape::Lines { prefix, accept } => {
            let accepts = |rest| accept.is_none_or(|accept| accept(&String::from_utf8_lossy(rest)));
            bytes_after_prefix(text, prefix).is_some_and(accepts)
        }
        Shape::Prompt { prefix, .. } => prefix.is_some_and(has),
        Shape::Block { prefix, words, .. } => words.iter().any(|word| word.as_bytes() == text) || has(prefix),
        Shape::Marked { prefix, .. } => has(prefix),
        Shape::Several(shapes) => shapes.iter().any(|shape| takes(shape, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_one_of_several_is_a_line_of_all() {
        let shape = |prefix| Shape::Lines { prefix, accept: None };
        let several = Shape::Several([shape("#X"), Shape::Final, shape("#Y")].into());
        assert!(takes(&several, b"#X: 1") && takes(&several, b"#Y: 1"));
        assert!(!takes(&several, b"#Z: 1"));
    }
}
