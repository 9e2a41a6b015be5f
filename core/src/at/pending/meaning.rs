//! What a line means to the exchange under way, and what comes of it.

use std::time::Instant;

use bytes::Bytes;

use super::block::last_number;
use super::{Pending, Phase, Step};
use crate::at::event::{Event, Failure};
use crate::at::exchange::Shape;
use crate::at::fields::{bytes_after_prefix, has_prefix};
use crate::at::fields_in_turn::FieldsInTurn;
use crate::at::output::Output;
use crate::at::reply::Line;
use crate::at::secrecy::Secrecy;
use crate::at::settings::Settings;
use crate::at::unsolicited;

/// What a line is to the exchange under way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A part of the answer.
    Answer,
    /// A line that the command did not ask for.
    Code,
    /// The same, with a piece of a secret in it by chance.
    SecretCode,
    /// The final result.
    Result,
    /// The command itself.
    Echo,
    /// Blanks, or the echo of a secret that was damaged on its way.
    Nothing,
}

impl Pending {
    #[inline]
    pub(super) fn meaning(&self, settings: &Settings, line: &[u8]) -> Meaning {
        let text = line.trim_ascii();
        if text.is_empty() {
            Meaning::Nothing
        } else if self.is_echo(line) {
            Meaning::Echo
        } else if self.is_final_result(text) {
            Meaning::Result
        } else if settings.is_start_up_line(text) {
            Meaning::Code
        } else if self.belongs(text) {
            Meaning::Answer
        } else {
            match self.secrecy(text) {
                Secrecy::Open => Meaning::Code,
                Secrecy::Coincidence => Meaning::SecretCode,
                Secrecy::Echo => Meaning::Nothing,
            }
        }
    }

    /// Acts on a line by its meaning.
    pub(super) fn act(
        &mut self,
        now: Instant,
        settings: &Settings,
        meaning: Meaning,
        line: Bytes,
        output: &mut Output,
    ) -> Step {
        match meaning {
            Meaning::Answer => return kept(self.keep(now, settings, line)),
            Meaning::Code => {
                self.note_stray(settings, &line);
                self.code(now, settings, line, output);
            }
            Meaning::SecretCode => output.event(Event::UnsolicitedSecret(Line::new(line))),
            Meaning::Result | Meaning::Echo | Meaning::Nothing => {
                return self.end_or_ignore(now, meaning, &line, output);
            }
        }
        Step::Again
    }

    /// Hands on a line that the command did not ask for, which may say that the module has started.
    pub(super) fn code(&mut self, now: Instant, settings: &Settings, line: Bytes, output: &mut Output) {
        if settings.is_start_up_line(line.trim_ascii()) {
            self.module_restarted(now);
        }
        self.code_in_tail |= self.phase == Phase::Tail;
        output.code(Line::new(line));
    }

    /// Where data come behind a mark, a line that does not look like one of the module may be the data themselves, if the
    /// mark is lost.
    fn note_stray(&mut self, settings: &Settings, line: &[u8]) {
        if matches!((&self.phase, &self.exchange.expect.0), (Phase::Lines, Shape::Unannounced { .. })) {
            let text = line.trim_ascii();
            self.stray_line |= !unsolicited::looks_like_code(text) && !settings.is_start_up_line(text);
        }
    }

    /// Acts on a line that nobody gets.
    pub(super) fn end_or_ignore(
        &mut self,
        now: Instant,
        meaning: Meaning,
        line: &[u8],
        output: &mut Output,
    ) -> Step {
        match meaning {
            Meaning::Result => {
                self.final_result(line.trim_ascii()).map_or(Step::Again, |result| self.finish(result))
            }
            Meaning::Echo => {
                self.echoed(now, output);
                Step::Again
            }
            _ => Step::Again,
        }
    }

    #[inline]
    fn is_echo(&self, line: &[u8]) -> bool {
        line == self.exchange.line.as_bytes()
            && self.reply.lines.is_empty()
            && matches!(self.phase, Phase::Lines)
    }

    fn echoed(&mut self, now: Instant, output: &mut Output) {
        self.at_work(now);
        if !std::mem::replace(&mut self.echo, true) {
            let switches_off = self.exchange.numeric_result;
            output.event(if switches_off { Event::EchoWasOn } else { Event::EchoSeen });
        }
    }

    #[inline]
    pub(super) fn belongs(&self, text: &[u8]) -> bool {
        !matches!(self.phase, Phase::Tail) && takes(&self.exchange.expect.0, text)
    }

    /// An echo that was damaged on the line can still show the secret.
    pub(super) fn secrecy(&self, text: &[u8]) -> Secrecy {
        let echoed_payload = self.exchange.secret_answer && self.payload_sent;
        if echoed_payload && !unsolicited::is_known(text) {
            return Secrecy::Echo;
        }
        Secrecy::of(text, &self.exchange.line, self.echo)
    }

    /// Keeps the line that announces a body of so many bytes.
    #[inline]
    pub(crate) fn take_head(
        &mut self,
        now: Instant,
        settings: &Settings,
        line: Bytes,
        length: usize,
    ) -> Step {
        // As of every line that is taken whole.
        (self.damaged_prompt_at, self.quiet_at) = (None, None);
        let limit = self.longest_body().unwrap_or_default();
        let announced = Announced { length: Some(length).filter(|length| *length <= limit) };
        kept(self.keep_announcing(now, settings, line, Some(announced)))
    }

    /// Keeps a line of the answer, which may announce a body.
    pub(super) fn keep(
        &mut self,
        now: Instant,
        settings: &Settings,
        line: Bytes,
    ) -> Result<(), &'static str> {
        let announced = self.announced(&line);
        self.keep_announcing(now, settings, line, announced)
    }

    #[inline]
    fn keep_announcing(
        &mut self,
        now: Instant,
        settings: &Settings,
        line: Bytes,
        announced: Option<Announced>,
    ) -> Result<(), &'static str> {
        self.reply_bytes += line.len() + size_of::<Line>();
        if self.reply_bytes > settings.reply_limit {
            return Err("the answer is longer than the limit");
        }
        self.at_work(now);
        if let Some(announced) = announced {
            self.await_body(now, announced)?;
        }
        self.reply.lines.push(Line::new(line));
        Ok(())
    }

    /// What the head of a body announces, if the line is one.
    #[inline]
    fn announced(&self, line: &[u8]) -> Option<Announced> {
        let (prefix, limit) = match &self.exchange.expect.0 {
            Shape::Block { prefix, limit, .. } | Shape::Marked { prefix, limit } => (prefix, *limit),
            _ => return None,
        };
        let rest = bytes_after_prefix(line.trim_ascii(), prefix)?;
        let length = match &self.exchange.expect.0 {
            Shape::Block { field, .. } => FieldsInTurn::split(rest).skip(*field).number(),
            _ => last_number(rest),
        };
        Some(Announced { length: length.filter(|length| *length <= limit) })
    }

    fn await_body(&mut self, now: Instant, Announced { length }: Announced) -> Result<(), &'static str> {
        let length = length.ok_or("a block announces no length, or one over its limit")?;
        if length > 0 {
            self.extend(now);
        }
        self.phase = match (&self.exchange.expect.0, length) {
            (Shape::Marked { .. }, _) => Phase::Mark { length },
            (_, 0) => Phase::Lines,
            _ => Phase::Body { length },
        };
        Ok(())
    }
}

/// What it leads to that a line was kept, or not.
pub(super) fn kept(kept: Result<(), &'static str>) -> Step {
    match kept {
        Ok(()) => Step::Again,
        Err(problem) => Step::Lost(Failure::Unexpected(problem)),
    }
}

/// So many bytes; `None`: nobody knows how many, or too many.
struct Announced {
    length: Option<usize>,
}

/// Whether a line is part of an answer of this shape.
#[inline]
fn takes(shape: &Shape, text: &[u8]) -> bool {
    let has = |prefix: &str| has_prefix(text, prefix);
    match shape {
        Shape::Final | Shape::Stream { .. } | Shape::Unannounced { .. } => false,
        Shape::Text { .. } => !unsolicited::is_known(text),
        Shape::Lines { prefix, accept } => {
            has(prefix) && accept.is_none_or(|accept| accepts(accept, prefix, text))
        }
        Shape::Prompt { prefix, .. } => prefix.is_some_and(has),
        Shape::Block { prefix, words, .. } => words.iter().any(|word| word.as_bytes() == text) || has(prefix),
        Shape::Marked { prefix, .. } => has(prefix),
        Shape::Several(shapes) => any_takes(shapes, text),
    }
}

fn accepts(accept: fn(&str) -> bool, prefix: &str, text: &[u8]) -> bool {
    bytes_after_prefix(text, prefix).is_some_and(|rest| match str::from_utf8(rest) {
        Ok(rest) => accept(rest),
        Err(_) => accept(&String::from_utf8_lossy(rest)),
    })
}

fn any_takes(shapes: &[Shape], text: &[u8]) -> bool {
    shapes.iter().any(|shape| takes(shape, text))
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

    #[test]
    fn what_is_no_text_is_accepted_by_what_can_be_read_of_it() {
        let shape = Shape::Lines { prefix: "#X", accept: Some(|rest| rest.trim() == "\u{fffd}1") };
        assert!(takes(&shape, b"#X: \xff1"));
        assert!(!takes(&shape, b"#X: \xff2") && !takes(&shape, b"#X: 1"));
    }
}
