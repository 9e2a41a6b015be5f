//! The exchange that is under way: from the command line to its final result.

mod block;
mod prompt;

use std::time::{Duration, Instant};

use bytes::Bytes;

use block::{MARK, last_number, longest_unannounced};
use prompt::PayloadEcho;
pub(crate) use prompt::send_payload;

use crate::at::connection::Connection;
use crate::at::counted_code::{self, Front};
use crate::at::engine::{Event, Failure, Settings};
use crate::at::entry::OpenEntry;
use crate::at::exchange::{Exchange, Prompt, Shape, StreamEnding};
use crate::at::fields::{Fields, after_prefix};
use crate::at::output::{Output, Trace};
use crate::at::portion::Portion;
use crate::at::reader::{Found, Reader};
use crate::at::reply::{Line, Reply};
use crate::at::result_code::Final;
use crate::at::resync::{Cause, Trouble};
use crate::at::unsolicited;

/// How many times the quiet time must pass before `OK` ends a block that is shorter than expected: the
/// module may have less than the server announced. Source: M37 p862, p869.
const SHORT_BLOCK_PATIENCE: u32 = 10;

pub(crate) struct Pending {
    exchange: Exchange,
    phase: Phase,
    reply: Reply,
    reply_bytes: usize,
    echo: bool,
    payload_sent: bool,
    ended_by_silence: bool,
    /// A prompt opened that nobody has an answer for.
    prompt_open: bool,
    /// The line end behind a body was seen.
    tail_begun: bool,
    wait_until: Instant,
    quiet_at: Option<Instant>,
    /// What looks like a damaged prompt counts as one from then on.
    damaged_prompt_at: Option<Instant>,
}

#[derive(PartialEq, Eq)]
enum Phase {
    /// Lines: echo, information, prompt, final result.
    Lines,
    /// The payload was sent; with echo on it comes back first. Source: M37 p745.
    PayloadEcho(PayloadEcho),
    /// So many raw bytes.
    Body { length: usize },
    /// The mark `<<<` and its optional line end, then so many raw bytes.
    Mark { length: usize },
    /// Raw bytes whose number the module does not tell, at most so many.
    Unannounced { limit: usize },
    /// The body is complete; only the final result may follow.
    Tail,
}

/// What one step of the exchange led to.
pub(crate) enum Step {
    Wait,
    Again,
    Done(Result<Reply, Failure>),
    Connected(Reply, StreamEnding),
    /// Silence told the end of the answer, so the line has to prove it.
    Unsure(Result<Reply, Failure>),
    Lost(Failure),
}

/// A prompt that may still be open when the host has given up.
pub(crate) struct OpenPrompt {
    pub(crate) prompt: Prompt,
    pub(crate) payload: Bytes,
}

impl Pending {
    pub(crate) fn new(now: Instant, exchange: Exchange) -> (Self, Bytes) {
        let line = exchange.line.to_wire();
        let pending = Self {
            phase: Phase::Lines,
            reply: Reply::default(),
            reply_bytes: 0,
            echo: false,
            payload_sent: false,
            ended_by_silence: false,
            prompt_open: false,
            tail_begun: false,
            wait_until: now + exchange.deadline,
            quiet_at: None,
            damaged_prompt_at: None,
            exchange,
        };
        (pending, line)
    }

    pub(crate) fn sent_trace(&self) -> Trace {
        Trace::Sent(format!("{}\r", self.exchange.line.redacted()).into_bytes())
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        [Some(self.wait_until), self.quiet_at, self.damaged_prompt_at].into_iter().flatten().min()
    }

    pub(crate) fn input_arrived(&mut self, now: Instant, settings: &Settings) {
        let raw = match &self.phase {
            Phase::Body { .. } | Phase::Unannounced { .. } => true,
            Phase::PayloadEcho(echo) => echo.is_expected(),
            Phase::Lines | Phase::Mark { .. } | Phase::Tail => false,
        };
        if raw {
            // Raw bytes are bounded in number, so every piece may take the whole deadline.
            self.extend(now);
            self.quiet_at = Some(now + self.silence(settings));
        }
    }

    /// What it looks at next, `shown` bytes being shown.
    pub(crate) fn portion(&self, shown: usize) -> Portion {
        match &self.phase {
            Phase::Lines | Phase::Tail => Portion::Line,
            Phase::PayloadEcho(echo) => Portion::Raw(echo.missing().saturating_sub(shown)),
            Phase::Body { length } => Portion::Raw(length.saturating_sub(shown)),
            Phase::Mark { .. } => Portion::Raw(1),
            Phase::Unannounced { limit } => Portion::Raw(longest_unannounced(*limit).saturating_sub(shown)),
        }
    }

    /// How long a silence ends a block early.
    fn silence(&self, settings: &Settings) -> Duration {
        if self.in_expected_block() { settings.quiet * SHORT_BLOCK_PATIENCE } else { settings.quiet }
    }

    /// In a block whose length the host expects, but the module did not announce.
    fn in_expected_block(&self) -> bool {
        let unannounced = matches!(self.exchange.expect.0, Shape::Unannounced { .. });
        unannounced && matches!(self.phase, Phase::Body { .. })
    }

    pub(crate) fn timeout(&mut self, now: Instant, reader: &mut Reader, output: &mut Output) -> Step {
        if self.damaged_prompt_at.is_some_and(|at| at <= now) {
            return self.take_damaged_prompt(now, reader, output);
        }
        if self.wait_until <= now {
            return Step::Lost(Failure::TimedOut { waited: self.exchange.deadline });
        }
        if self.quiet_at.is_some_and(|quiet_at| quiet_at <= now) {
            self.quiet_at = None;
            if matches!(self.phase, Phase::Unannounced { .. }) || self.in_expected_block() {
                return self.end_unannounced_by_silence(reader, output);
            }
            if self.is_refused_prompt(reader) {
                self.prompt_open = true;
                return Step::Lost(Failure::Unexpected(
                    "the module asks for data, which a line alone cannot give",
                ));
            }
        }
        Step::Wait
    }

    /// What the way back in step has to know.
    pub(crate) fn trouble(&self, now: Instant) -> Trouble {
        let announced = match &self.exchange.expect.0 {
            Shape::Prompt { prompt: Prompt::Counted | Prompt::CountedTriple, payload, .. } => payload.len(),
            _ => 0,
        };
        let counted = announced > 0;
        Trouble {
            late_prompt: self.open_prompt(),
            entry: OpenEntry::new(now, self.exchange.short_payload, announced, self.payload_sent),
            secret: self.exchange.secret_answer || self.exchange.line.has_secrets(),
            cause: match () {
                () if self.prompt_open => Cause::PromptOpen,
                () if counted && self.payload_sent => Cause::PayloadSent,
                () if self.expects_stream().is_some_and(StreamEnding::has_peer) => Cause::StreamOpen,
                () => Cause::Unknown,
            },
            held: None,
        }
    }

    /// The prompt that may open, or stand open, now that the host gives up.
    fn open_prompt(&self) -> Option<OpenPrompt> {
        match &self.exchange.expect.0 {
            Shape::Prompt { prompt, payload, .. } if self.phase == Phase::Lines && !self.payload_sent => {
                Some(OpenPrompt { prompt: *prompt, payload: payload.clone() })
            }
            _ => None,
        }
    }

    pub(crate) fn step(
        &mut self,
        now: Instant,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> Step {
        if !reader.settle() {
            flush_trace(reader, output);
            return Step::Wait;
        }
        match &mut self.phase {
            Phase::Lines | Phase::Tail => self.step_line(now, settings, reader, output),
            Phase::PayloadEcho(echo) => match echo.is_over(reader, output) {
                false => Step::Wait,
                true => {
                    self.phase = Phase::Lines;
                    Step::Again
                }
            },
            Phase::Body { length } => {
                let length = *length;
                self.step_body(length, reader, output)
            }
            Phase::Mark { length } => {
                let length = *length;
                self.step_mark(length, reader, output)
            }
            Phase::Unannounced { limit } => {
                let limit = *limit;
                self.step_unannounced(limit, reader, output)
            }
        }
    }

    fn step_line(
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
        let found = reader.take_line();
        match found {
            Found::Nothing => Step::Wait,
            Found::Overlong => Step::Lost(Failure::Unexpected("a line is longer than the limit")),
            Found::Line(line) => {
                let text = String::from_utf8_lossy(&line).trim().to_owned();
                let step = self.classify(now, settings, &text, &line, output);
                self.trace_line(reader, output, &text);
                step
            }
        }
    }

    fn classify(
        &mut self,
        now: Instant,
        settings: &Settings,
        text: &str,
        line: &Bytes,
        output: &mut Output,
    ) -> Step {
        if text.is_empty() {
            return Step::Again;
        }
        if self.is_echo(line) {
            if !std::mem::replace(&mut self.echo, true) {
                let switches_off = self.exchange.numeric_result;
                output.event(if switches_off { Event::EchoWasOn } else { Event::EchoSeen });
            }
            return Step::Again;
        }
        if let Some(result) = self.final_result(text) {
            return self.finish(result);
        }
        if self.belongs(text) {
            return self.keep(now, settings, text, line);
        }
        if !self.may_be_secret(line) {
            output.event(Event::Unsolicited(Line::new(line.clone())));
        }
        Step::Again
    }

    /// An echo that was damaged on the line can still show the secret.
    fn may_be_secret(&self, line: &[u8]) -> bool {
        let echoed_payload = self.exchange.secret_answer && self.payload_sent;
        let unknown = || !unsolicited::is_known(&String::from_utf8_lossy(line));
        (echoed_payload && unknown()) || self.exchange.line.is_secret_in(line)
    }

    fn is_echo(&self, line: &Bytes) -> bool {
        self.reply.lines.is_empty()
            && self.phase == Phase::Lines
            && line[..] == *self.exchange.line.as_bytes()
    }

    fn final_result(&self, text: &str) -> Option<Final> {
        Final::parse(text)
            .or_else(|| self.dial_result(text))
            .or_else(|| self.exchange.numeric_result.then(|| Final::parse_numeric(text)).flatten())
    }

    /// The end of another connection is no answer to this dial.
    fn dial_result(&self, text: &str) -> Option<Final> {
        self.expects_stream()?;
        let named = Connection::of_no_carrier(text);
        match named.is_none() || named == Connection::of_command(&self.exchange.line) {
            true => Final::parse_dial(text),
            false => None,
        }
    }

    fn finish(&mut self, result: Final) -> Step {
        match (result, self.expects_stream()) {
            // The rest of the payload may still be on its way to a module that reads commands again.
            (Final::Error(error), _) if self.payload_sent => {
                Step::Lost(Failure::Refused(error.behind_payload()))
            }
            (Final::Error(error), _) if matches!(self.exchange.expect.0, Shape::Text { foreign: true }) => {
                Step::Unsure(Err(Failure::Refused(error)))
            }
            (Final::Error(error), _) => Step::Done(Err(Failure::Refused(error))),
            (Final::Connect, Some(ending)) => Step::Connected(std::mem::take(&mut self.reply), ending),
            // Some examples print OK before CONNECT. Source: M37 p897.
            (Final::Ok, Some(_)) => Step::Again,
            (Final::Connect, None) => Step::Lost(Failure::Unexpected("CONNECT without a dial command")),
            (Final::Ok, None) => self.finish_ok(),
        }
    }

    fn finish_ok(&mut self) -> Step {
        match &self.exchange.expect.0 {
            Shape::Prompt { payload, .. } if !payload.is_empty() && !self.payload_sent => {
                Step::Done(Err(Failure::Unexpected("OK before the module asked for the data")))
            }
            Shape::Unannounced { .. } if self.phase == Phase::Lines => {
                Step::Done(Err(Failure::Unexpected("OK without the mark <<<")))
            }
            // The header was damaged, and what looks like the end may stand in the bytes that it announced.
            Shape::Block { .. } if self.reply.lines.is_empty() => {
                Step::Lost(Failure::Unexpected("OK without the header of a block"))
            }
            Shape::Text { foreign: true } => Step::Unsure(Ok(std::mem::take(&mut self.reply))),
            _ if self.ended_by_silence => Step::Unsure(Ok(std::mem::take(&mut self.reply))),
            _ => Step::Done(Ok(std::mem::take(&mut self.reply))),
        }
    }

    fn belongs(&self, text: &str) -> bool {
        let has = |prefix: &str| after_prefix(text, prefix).is_some();
        match &self.exchange.expect.0 {
            _ if self.phase == Phase::Tail => false,
            Shape::Final | Shape::Stream { .. } | Shape::Unannounced { .. } => false,
            Shape::Text { .. } => !unsolicited::is_known(text),
            Shape::Lines { prefix, accept } => {
                after_prefix(text, prefix).is_some_and(|rest| accept.is_none_or(|accept| accept(rest)))
            }
            Shape::Prompt { prefix, .. } => prefix.is_some_and(has),
            Shape::Block { prefix, words, .. } => words.contains(&text) || has(prefix),
            Shape::Marked { prefix, .. } => has(prefix),
        }
    }

    fn keep(&mut self, now: Instant, settings: &Settings, text: &str, line: &Bytes) -> Step {
        self.reply_bytes += line.len() + size_of::<Line>();
        if self.reply_bytes > settings.reply_limit {
            return Step::Lost(Failure::Unexpected("the answer is longer than the limit"));
        }
        self.reply.lines.push(Line::new(line.clone()));
        let announced = match &self.exchange.expect.0 {
            Shape::Block { prefix, field, limit, .. } => after_prefix(text, prefix)
                .map(|rest| (Fields::parse(rest).number::<usize>(*field), *limit, false)),
            Shape::Marked { prefix, limit } => {
                after_prefix(text, prefix).map(|rest| (last_number(rest), *limit, true))
            }
            _ => None,
        };
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

    /// What is there could be the prompt of a command that nobody has data for.
    fn is_refused_prompt(&self, reader: &Reader) -> bool {
        self.exchange.refuse_prompt
            && self.phase == Phase::Lines
            && matches!(reader.peek(), b">" | b"> " | b">>>")
    }

    fn trace_line(&self, reader: &mut Reader, output: &mut Output, text: &str) {
        let Some(consumed) = reader.take_consumed() else {
            return;
        };
        let is_echo = text.as_bytes() == self.exchange.line.as_bytes();
        let secret = (self.exchange.secret_answer && self.belongs(text))
            || (Final::parse(text).is_none() && self.may_be_secret(text.as_bytes()));
        output.trace(|| match (is_echo, secret) {
            (true, _) => Trace::Received(format!("{}\r", self.exchange.line.redacted()).into_bytes()),
            (_, true) => Trace::Redacted { sent: false, length: consumed.len() },
            _ => Trace::Received(consumed),
        });
    }

    fn expects_stream(&self) -> Option<StreamEnding> {
        match self.exchange.expect.0 {
            Shape::Stream { end } => Some(end),
            _ => None,
        }
    }

    fn extend(&mut self, now: Instant) {
        self.wait_until = now + self.exchange.deadline.max(Duration::from_secs(1));
    }
}

pub(crate) fn flush_trace(reader: &mut Reader, output: &mut Output) {
    if let Some(consumed) = reader.take_consumed() {
        output.trace(|| Trace::Received(consumed));
    }
}
