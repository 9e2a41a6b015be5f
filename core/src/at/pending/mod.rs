//! The exchange that is under way: from the command line to its final result.

mod block;
mod expected;
mod line;
mod meaning;
mod prompt;
mod result;
mod whole;

use std::time::{Duration, Instant};

use bytes::Bytes;

pub(crate) use block::MARK_MISSING;
use block::longest_unannounced;
pub(crate) use expected::Expected;
use prompt::PayloadEcho;
pub(crate) use prompt::send_payload;

use crate::at::entry::OpenEntry;
use crate::at::event::Failure;
use crate::at::exchange::{Exchange, Prompt, Shape, StreamEnding};
use crate::at::output::{Output, Trace, flush_trace};
use crate::at::portion::Portion;
use crate::at::reader::Reader;
use crate::at::reply::Reply;
use crate::at::resync::{Cause, Trouble};
use crate::at::settings::Settings;

/// How many times the quiet time must pass before `OK` ends a block that is shorter than expected: the
/// module may have less than the server announced. Source: M37 p862, p869.
const SHORT_BLOCK_PATIENCE: u32 = 10;

/// A module that has sent its start-up line can still answer what it was sent shortly before.
const RESTARTED_PATIENCE: Duration = Duration::from_secs(2);

/// The least time that a deadline is extended by.
const SHORTEST_EXTENSION: Duration = Duration::from_secs(1);

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
    /// A line came in front of the mark that looks like no code: without the mark it is data.
    stray_line: bool,
    /// Nothing but what may be the result was seen behind the body.
    tail_is_next: bool,
    /// The line end behind a body was seen.
    tail_begun: bool,
    /// It may have been that of a code.
    code_in_tail: bool,
    /// The deadline counts from here.
    waits_since: Instant,
    waits_for: Duration,
    /// How long it is extended by.
    patience: Duration,
    /// The module has restarted, so that nobody is likely to answer.
    restarted: bool,
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
            stray_line: false,
            tail_is_next: false,
            tail_begun: false,
            code_in_tail: false,
            waits_since: now,
            waits_for: first_wait(&exchange),
            patience: exchange.deadline.max(SHORTEST_EXTENSION),
            restarted: false,
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
        [Some(self.wait_until()), self.quiet_at, self.damaged_prompt_at].into_iter().flatten().min()
    }

    fn wait_until(&self) -> Instant {
        self.waits_since + self.waits_for
    }

    pub(crate) fn input_arrived(&mut self, now: Instant, settings: &Settings) {
        let raw = match &self.phase {
            Phase::Body { .. } | Phase::Unannounced { .. } => true,
            Phase::PayloadEcho(echo) => echo.is_expected(),
            Phase::Lines | Phase::Mark { .. } | Phase::Tail => false,
        };
        if raw {
            self.raw_arrived(now, settings);
        }
    }

    /// Raw bytes are bounded in number, so every piece may take the whole deadline.
    pub(crate) fn raw_arrived(&mut self, now: Instant, settings: &Settings) {
        self.extend(now);
        // A body that was announced ends by count alone.
        if self.may_end_early() {
            self.quiet_at = Some(now + self.silence(settings));
        }
    }

    /// How long the body is that is being received.
    pub(crate) fn body_length(&self) -> Option<usize> {
        match self.phase {
            Phase::Body { length } => Some(length),
            _ => None,
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

    /// In a block that a silence may end.
    fn may_end_early(&self) -> bool {
        matches!(self.phase, Phase::Unannounced { .. }) || self.in_expected_block()
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
        if self.wait_until() <= now {
            return Step::Lost(self.too_late());
        }
        if self.quiet_at.is_some_and(|quiet_at| quiet_at <= now) {
            self.quiet_at = None;
            if self.may_end_early() {
                return self.end_unannounced_by_silence(reader, output);
            }
            if self.phase == Phase::Tail {
                return self.end_by_swallowed_result();
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

    fn too_late(&self) -> Failure {
        match (self.restarted, self.exchange.prompt_deadline) {
            (true, _) => Failure::Restarted,
            (false, Some(_)) if !self.payload_sent => Failure::TimedOut { waited: self.waits_for },
            (false, _) => Failure::TimedOut { waited: self.exchange.deadline },
        }
    }

    /// A module that has restarted is at work on the command, which has its time again.
    pub(super) fn at_work(&mut self, now: Instant) {
        if std::mem::take(&mut self.restarted) {
            let wait = if self.payload_sent { self.patience } else { first_wait(&self.exchange) };
            (self.waits_since, self.waits_for) = (now, wait);
        }
    }

    /// What the module was sent before it restarted it does not know any more.
    pub(crate) fn module_restarted(&mut self, now: Instant) {
        if self.wait_until() > now + RESTARTED_PATIENCE {
            (self.waits_since, self.waits_for) = (now, RESTARTED_PATIENCE);
        }
        self.restarted = true;
    }

    /// What the way back in step has to know.
    pub(crate) fn trouble(&self, now: Instant) -> Trouble {
        let announced = match &self.exchange.expect.0 {
            Shape::Prompt { prompt: Prompt::Counted | Prompt::CountedTriple, payload, .. } => payload.len(),
            _ => 0,
        };
        let counted = announced > 0;
        Trouble {
            late_prompt: self.open_prompt().filter(|_| !self.restarted),
            entry: OpenEntry::new(now, self.exchange.short_payload, announced, self.payload_sent)
                .filter(|_| !self.restarted),
            secret: self.exchange.secret_answer || self.exchange.line.has_secrets(),
            command: self.exchange.line.has_secrets().then(|| self.exchange.line.clone()),
            cause: match () {
                () if self.restarted => Cause::Unknown,
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

    /// What is there could be the prompt of a command that nobody has data for.
    fn is_refused_prompt(&self, reader: &Reader) -> bool {
        self.exchange.refuse_prompt
            && self.phase == Phase::Lines
            && matches!(reader.peek(), b">" | b"> " | b">>>")
    }

    fn expects_stream(&self) -> Option<StreamEnding> {
        match self.exchange.expect.0 {
            Shape::Stream { end } => Some(end),
            _ => None,
        }
    }

    fn extend(&mut self, now: Instant) {
        (self.waits_since, self.waits_for) = (now, self.patience);
        self.restarted = false;
    }
}

/// How long the prompt, or else the answer, is waited for.
fn first_wait(exchange: &Exchange) -> Duration {
    exchange.prompt_deadline.map_or(exchange.deadline, |prompt| prompt.min(exchange.deadline))
}
