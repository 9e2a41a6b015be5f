//! What is tried to find the line, and in which order.

use std::time::{Duration, Instant};

use super::{Phase, Resync, ResyncStep, send};
use crate::at::escape_guard::guard;
use crate::at::output::{Output, Trace};
use crate::at::settings::Settings;

/// The probe reads a setting, so it changes nothing, and its answer has a prefix of its own.
const PROBE: &[u8] = b"AT+CMEE?\r";
pub(super) const PROBE_ANSWER: &str = "+CMEE";
/// Abandons an entry that Ctrl-Z would close; the CR ends whatever line the key may have ended up in.
/// Source: M37 p741-744.
pub(super) const ESCAPE_KEY: &[u8] = b"\x1b\r";
/// Leaves online mode. Source: M37 p138.
pub(super) const ESCAPE_SEQUENCE: &[u8] = b"+++";
/// Fills up a counted entry: more than the largest block but HTTP's takes. Source: M37 p808, p912.
static FILLING: [u8; 1600] = [b'\r'; 1600];

/// Takes a module back to commands that an earlier owner has left multiplexing: the multiplexer close down, as a whole frame
/// of the control channel. Elsewhere it is eight bytes that end no line, abandon no entry and escape from nothing.
/// Source: 3GPP TS 27.010 5.4.6.3.3.
pub(super) const CLOSE_DOWN: &[u8] = b"\xf9\x03\xef\x05\xc3\x01\xf2\xf9";
/// How long a module may take to answer that, and to be back in command mode.
const CLOSE_DOWN_WAIT: Duration = Duration::from_millis(500);

/// The longest guard time that register S12 can hold. Source: M37 p138.
const LONGEST_GUARD: Duration = Duration::from_millis(255 * 20);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    Nothing,
    EscapeKey,
    EscapeSequence,
    /// The same, for a module whose guard time nobody has asked for yet.
    PatientEscapeSequence,
    Filling,
    /// A module that multiplexes understands nothing else.
    CloseDown,
}

/// What is tried before each probe.
pub(super) const LADDER: &[Remedy] = &[
    Remedy::Nothing,
    Remedy::Nothing,
    Remedy::EscapeKey,
    Remedy::EscapeSequence,
    Remedy::Filling,
    Remedy::Nothing,
];
/// The module may still count bytes of a payload that was sent: everything intrusive would complete it.
pub(super) const PROBES_ONLY: &[Remedy] = &[Remedy::Nothing; 6];
/// A prompt stands open that the escape key closes.
pub(super) const ESCAPE_KEY_FIRST: &[Remedy] =
    &[Remedy::EscapeKey, Remedy::Nothing, Remedy::EscapeSequence, Remedy::Filling, Remedy::Nothing];
/// The peer of a connection may still get everything that is sent.
pub(super) const ESCAPE_FIRST: &[Remedy] = &[
    Remedy::EscapeSequence,
    Remedy::Nothing,
    Remedy::EscapeKey,
    Remedy::EscapeSequence,
    Remedy::Filling,
    Remedy::Nothing,
];
/// What is tried behind all that on a module that has not been spoken to yet. The close down comes last: the peer of a
/// connection gets none of it as long as anything else can lead out of online mode.
const FOR_STRANGERS: &[Remedy] = &[Remedy::PatientEscapeSequence, Remedy::CloseDown];

impl Resync {
    fn next_remedy(&self) -> Option<Remedy> {
        let further = if self.stranger && self.entry.is_none() { FOR_STRANGERS } else { &[] };
        self.ladder.iter().chain(further).nth(self.rung).copied()
    }

    pub(super) fn climb(&mut self, now: Instant, settings: &Settings, output: &mut Output) -> ResyncStep {
        let Some(remedy) = self.next_remedy() else { return self.give_up(output) };
        self.rung += 1;
        if self.entry.as_mut().is_some_and(|entry| !entry.admits(now, PROBE.len())) {
            return self.give_up(output);
        }
        match remedy {
            Remedy::Nothing => {}
            Remedy::EscapeKey => send(output, ESCAPE_KEY),
            Remedy::Filling => send(output, &FILLING),
            Remedy::EscapeSequence => return self.escape(now, guard(settings.escape_guard)),
            Remedy::PatientEscapeSequence => {
                return self.escape(now, guard(settings.escape_guard.max(LONGEST_GUARD)));
            }
            Remedy::CloseDown => {
                send(output, CLOSE_DOWN);
                self.phase = Phase::Left { until: now + CLOSE_DOWN_WAIT };
                return ResyncStep::Again;
            }
        }
        self.probe(now, settings, output)
    }

    fn give_up(&mut self, output: &mut Output) -> ResyncStep {
        self.phase = Phase::GaveUp;
        output.trace(|| Trace::Remark("the module does not answer"));
        ResyncStep::GaveUp { waiting: self.waiting.take().is_some() }
    }

    fn escape(&mut self, now: Instant, silence: Duration) -> ResyncStep {
        self.phase = Phase::Guard { until: now + silence, silence };
        ResyncStep::Again
    }

    pub(super) fn probe(&mut self, now: Instant, settings: &Settings, output: &mut Output) -> ResyncStep {
        send(output, PROBE);
        self.phase = Phase::Probing { until: now + settings.probe_wait, answered: false };
        ResyncStep::Again
    }
}
