//! Prompts: what is sent when one opens, and its echo.

use std::time::Instant;

use bytes::Bytes;

use super::{Pending, Phase, Step};
use crate::at::exchange::{CTRL_Z, Prompt, Shape};
use crate::at::output::{Output, Trace, flush_trace};
use crate::at::reader::Reader;
use crate::at::settings::Settings;

/// A prompt and the damaged line end before it.
const LONGEST_DAMAGED: usize = 4;
const LONGEST_DAMAGED_TRIPLE: usize = 5;

/// What was sent to a prompt and comes back from a module that echoes.
#[derive(PartialEq, Eq)]
pub(super) struct PayloadEcho {
    expected: Bytes,
    matched: usize,
    /// The blank that belongs to the prompt may come. Some guides print none. Source: at M37 p741 with one.
    blank_due: bool,
}

impl Pending {
    pub(super) fn step_prompt(
        &mut self,
        now: Instant,
        reader: &mut Reader,
        output: &mut Output,
    ) -> Option<Step> {
        let Shape::Prompt { prompt, payload, .. } = &self.exchange.expect.0 else {
            return None;
        };
        if self.payload_sent || reader.peek().first() != Some(&b'>') {
            return None;
        }
        let (prompt, payload) = (*prompt, payload.clone());
        let width = match prompt {
            Prompt::CountedTriple => 3,
            Prompt::Terminated | Prompt::Counted => 1,
        };
        if reader.peek().iter().take(width).any(|&byte| byte != b'>') {
            return None;
        }
        if reader.peek().len() < width {
            return Some(Step::Wait);
        }
        // A payload that begins with a blank may be echoed with or without that of the prompt before it.
        let is_payload_blank = self.echo && payload.first() == Some(&b' ');
        let blank = reader.peek().get(width) == Some(&b' ') && !is_payload_blank;
        reader.drop_front(width + usize::from(blank));
        self.answer_prompt(now, prompt, &payload, !blank, reader, output);
        Some(Step::Again)
    }

    fn answer_prompt(
        &mut self,
        now: Instant,
        prompt: Prompt,
        payload: &Bytes,
        blank_due: bool,
        reader: &mut Reader,
        output: &mut Output,
    ) {
        flush_trace(reader, output);
        let sent = send_payload(prompt, payload, self.exchange.secret_answer, output);
        self.extend(now);
        self.payload_sent = true;
        self.damaged_prompt_at = None;
        let expected = if self.echo { sent } else { Bytes::new() };
        self.phase = Phase::PayloadEcho(PayloadEcho { expected, matched: 0, blank_due });
    }

    /// Nothing but a prompt ends without a line end, so what looks like one of which a byte was hit is one, if nothing
    /// follows. Not answered, the module would wait with it for ever.
    pub(super) fn watch_damaged_prompt(&mut self, now: Instant, settings: &Settings, reader: &Reader) {
        let looks = match &self.exchange.expect.0 {
            Shape::Prompt { prompt, .. } if !self.payload_sent => looks_damaged(*prompt, reader.peek()),
            _ => false,
        };
        let since = self.damaged_prompt_at.unwrap_or_else(|| now + settings.probe_wait);
        self.damaged_prompt_at = looks.then_some(since);
    }

    pub(super) fn take_damaged_prompt(
        &mut self,
        now: Instant,
        reader: &mut Reader,
        output: &mut Output,
    ) -> Step {
        if let Shape::Prompt { prompt, payload, .. } = &self.exchange.expect.0 {
            let (prompt, payload) = (*prompt, payload.clone());
            reader.drop_front(reader.peek().len());
            self.answer_prompt(now, prompt, &payload, false, reader, output);
        }
        Step::Again
    }
}

/// One byte of a prompt, or of the line end before it, was damaged or lost.
fn looks_damaged(prompt: Prompt, here: &[u8]) -> bool {
    let signs = here.iter().filter(|byte| **byte == b'>').count();
    match prompt {
        Prompt::CountedTriple => here.len() <= LONGEST_DAMAGED_TRIPLE && signs >= 2,
        Prompt::Terminated | Prompt::Counted => {
            here.len() <= LONGEST_DAMAGED && (signs > 0 || here.last() == Some(&b' '))
        }
    }
}

impl PayloadEcho {
    pub(super) fn is_expected(&self) -> bool {
        !self.expected.is_empty()
    }

    /// How much of it has not come back yet.
    pub(super) fn missing(&self) -> usize {
        self.expected.len().saturating_sub(self.matched)
    }

    /// Drops what has come back. Whether what comes next is something else.
    pub(super) fn is_over(&mut self, reader: &mut Reader, output: &mut Output) -> bool {
        if self.blank_due {
            let is_payload_blank = self.expected.first() == Some(&b' ');
            match reader.peek() {
                [] => return false,
                [b' '] if is_payload_blank => return false,
                [b' ', next, ..] if is_payload_blank && *next != b' ' => {}
                [b' ', ..] => {
                    reader.drop_front(1);
                    flush_trace(reader, output);
                }
                _ => {}
            }
            self.blank_due = false;
        }
        let wanted = self.expected.get(self.matched..).unwrap_or_default();
        let here = reader.peek();
        let same = wanted.iter().zip(here).take_while(|(a, b)| a == b).count();
        let is_over = same == wanted.len() || same < here.len();
        self.matched += same;
        drop(reader.take_raw(same));
        if same > 0 {
            output.trace(|| Trace::Redacted { sent: false, length: same });
        }
        is_over
    }
}

/// Sends what a prompt asked for and gives back what an echo would look like.
pub(crate) fn send_payload(prompt: Prompt, payload: &Bytes, secret: bool, output: &mut Output) -> Bytes {
    output.trace(|| match secret {
        true => Trace::Redacted { sent: true, length: payload.len() },
        false => Trace::SentPayload(payload.clone()),
    });
    let mut sent = payload.clone();
    if prompt == Prompt::Terminated {
        sent = [payload, &[CTRL_Z][..]].concat().into();
        output.trace(|| Trace::Sent(vec![CTRL_Z]));
    }
    output.write(sent.clone());
    sent
}
