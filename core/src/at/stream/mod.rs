//! Online mode: raw bytes both ways, and the end of it.

mod input;
mod mark;

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::engine::Outlook;
use super::escape_guard::{EscapeGuard, guard};
use super::event::StreamEnd;
use super::exchange::StreamEnding;
use super::output::{Output, Trace};
use super::portion::Portion;
use super::reader::Reader;
use super::settings::Settings;

const ESCAPE: &[u8] = b"+++";
/// How long after the guard time the answer to an escape sequence may take that is to prove something.
const PROOF: Duration = Duration::from_secs(2);

pub(crate) struct Stream {
    ending: StreamEnding,
    received: u64,
    phase: Phase,
    quiet_at: Option<Instant>,
    guard: EscapeGuard,
    /// How long the port may take for one write.
    send_timeout: Duration,
    /// Until when it may take for the one under way.
    send_until: Option<Instant>,
    /// It did not take a write in time.
    stalled: bool,
    /// Nobody reads the input.
    paused: bool,
    escaped: bool,
    /// Nothing has come since the escape sequence, so that what comes first may be its echo.
    echo_due: bool,
    /// The module is in command mode.
    proven: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// All announced bytes are here; only the mark is missing.
    MarkDue {
        until: Instant,
    },
    /// Silence before the escape sequence.
    GuardBefore,
    /// The escape sequence was sent; the module waits its guard time and answers.
    Answer {
        until: Instant,
    },
    /// What looks like the end may be data: silence before the escape sequence, whose answer tells.
    Doubt,
}

#[derive(PartialEq, Eq)]
pub(crate) enum StreamStep {
    Wait,
    Again,
    /// What was not written must not be written any more.
    Stalled,
    Ended {
        end: StreamEnd,
        in_step: bool,
    },
}

impl Stream {
    pub(crate) fn new(now: Instant, settings: &Settings, ending: StreamEnding) -> Self {
        // All of a short stream may have come together with CONNECT.
        let quiet_at = Some(now + settings.quiet);
        let guard = EscapeGuard::new(now, settings.escape_guard);
        Self {
            ending,
            received: 0,
            phase: Phase::Open,
            quiet_at,
            guard,
            send_timeout: settings.send_timeout,
            send_until: None,
            stalled: false,
            paused: false,
            escaped: false,
            echo_due: false,
            proven: false,
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let phase = match self.phase {
            Phase::Open => None,
            Phase::MarkDue { until } | Phase::Answer { until } => Some(until),
            Phase::GuardBefore | Phase::Doubt => self.guard.escape_at(),
        };
        let incoming = [phase, self.quiet_at].into_iter().flatten().min().filter(|_| !self.paused);
        [incoming, self.guard.held_until(), self.send_until].into_iter().flatten().min()
    }

    pub(crate) fn input_arrived(&mut self, now: Instant, settings: &Settings) {
        self.quiet_at = Some(now + settings.quiet);
    }

    /// Whatever came last had come by then.
    pub(crate) fn silent_since(&mut self, arrived: Instant, settings: &Settings) {
        self.quiet_at = self.quiet_at.map(|quiet_at| quiet_at.min(arrived + settings.quiet));
    }

    /// What can be said of the bytes that come next, none being held back.
    pub(crate) fn outlook(&self) -> Outlook {
        match (self.phase, self.remaining()) {
            (Phase::Open, Some(remaining)) => Outlook::Announced(remaining as u64),
            (Phase::Open, None) => Outlook::Unknown,
            _ => Outlook::MayEnd,
        }
    }

    /// What it looks at next, `shown` bytes being shown: what may be the end of an announced number of bytes byte by
    /// byte.
    pub(crate) fn portion(&self, shown: usize) -> Portion {
        match (self.phase, self.remaining()) {
            (Phase::MarkDue { .. }, _) => Portion::Line,
            (Phase::Open, Some(remaining)) => Portion::Raw(remaining.saturating_sub(shown)),
            _ => Portion::Raw(usize::MAX),
        }
    }

    pub(crate) fn input_paused(&mut self) {
        self.paused = true;
    }

    pub(crate) fn input_resumed(&mut self, now: Instant, settings: &Settings) {
        self.paused = false;
        if self.quiet_at.is_some() {
            self.quiet_at = Some(now + settings.quiet);
        }
    }

    /// The port has taken everything that was given out, and it will have crossed the line at `left_at`.
    pub(crate) fn output_left(&mut self, now: Instant, left_at: Instant) {
        self.guard.left(now, left_at);
        self.send_until = None;
    }

    pub(crate) fn set_send_timeout(&mut self, timeout: Duration) {
        self.send_timeout = timeout;
    }

    pub(crate) fn is_stalled(&self, now: Instant) -> bool {
        self.send_until.is_some_and(|until| until <= now)
    }

    /// Gives up what the port does not take, and leaves online mode.
    pub(crate) fn stall(&mut self, now: Instant) -> StreamStep {
        self.output_left(now, now);
        self.guard.forget_held();
        self.stalled = true;
        self.close();
        StreamStep::Stalled
    }

    /// Sends bytes, so that they cannot be taken for the escape sequence.
    pub(crate) fn write(&mut self, now: Instant, bytes: Bytes, output: &mut Output) {
        if self.phase == Phase::Open {
            let bytes = self.guard.write(now, bytes);
            self.send(now, bytes, output);
        }
    }

    fn send(&mut self, now: Instant, bytes: Bytes, output: &mut Output) {
        if !bytes.is_empty() {
            // A time beyond the clock's range is no bound at all.
            self.send_until = self.send_until.or_else(|| now.checked_add(self.send_timeout));
            output.trace(|| Trace::SentPayload(bytes.clone()));
            output.write(bytes);
        }
    }

    /// Whether bytes would be sent now. They are not while it is doubtful who would get them.
    pub(crate) fn is_writable(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::MarkDue { .. })
    }

    /// Whether a byte of the payload is held back for a moment.
    pub(crate) fn holds_back(&self) -> bool {
        self.guard.is_holding()
    }

    pub(crate) fn close(&mut self) {
        if matches!(self.phase, Phase::Open | Phase::MarkDue { .. } | Phase::Doubt) {
            self.phase = Phase::GuardBefore;
        }
    }

    pub(crate) fn timeout(
        &mut self,
        now: Instant,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> StreamStep {
        if !self.paused && self.quiet_at.is_some_and(|quiet_at| quiet_at <= now) {
            self.quiet_at = None;
            let step = self.silence(now, settings, reader, output);
            if step != StreamStep::Wait {
                return step;
            }
        }
        if let Some(held) = self.guard.release(now) {
            self.send(now, held, output);
        }
        if self.paused {
            return StreamStep::Wait;
        }
        match self.phase {
            Phase::MarkDue { until } if until <= now => {
                self.close();
                StreamStep::Again
            }
            Phase::GuardBefore if self.may_escape(now) => {
                self.send_escape(output);
                self.phase =
                    Phase::Answer { until: now + guard(settings.escape_guard) + settings.escape_wait };
                StreamStep::Again
            }
            Phase::Doubt if self.may_escape(now) => {
                self.send_escape(output);
                self.phase = Phase::Answer { until: now + guard(settings.escape_guard) + PROOF };
                StreamStep::Again
            }
            Phase::Answer { until } if until <= now => self.unanswered(reader, output),
            _ => StreamStep::Wait,
        }
    }

    fn may_escape(&self, now: Instant) -> bool {
        self.guard.escape_at().is_some_and(|at| at <= now)
    }

    fn send_escape(&mut self, output: &mut Output) {
        (self.escaped, self.echo_due) = (true, true);
        output.trace(|| Trace::Sent(ESCAPE.to_vec()));
        output.write(Bytes::from_static(ESCAPE));
    }

    /// Whether what is sent to find the line again can reach a peer, should the stream not have ended.
    pub(crate) fn has_peer(&self) -> bool {
        self.ending.has_peer() && !self.proven
    }
}
