//! Getting back in step after an answer was late, missing or malformed.
//!
//! Wait for silence, then ask something whose answer cannot be mistaken for a late answer, and drop
//! everything that comes before it. Only then is the next command sent.
//!
//! If the question stays unanswered, something may be in the way that an earlier owner of the port left
//! behind: a half-typed line, an open prompt, online mode. A ladder of remedies goes from the harmless
//! to the intrusive, a probe after each. With the default settings it gives up after about 9 seconds, or
//! 12 seconds later if the module keeps sending. On a port that was just opened two remedies follow, which take 15 seconds
//! more: the escape sequence for a module with the longest guard time, and the close down of a multiplexer that an earlier
//! owner has left running.

mod ladder;
mod listening;
mod trouble;

use std::time::{Duration, Instant};

use bytes::Bytes;

use ladder::{ESCAPE_FIRST, ESCAPE_SEQUENCE, LADDER, PROBES_ONLY, Remedy};
pub(crate) use trouble::{Cause, Trouble};

use super::command_line::CommandLine;
use super::counted_code;
use super::entry::OpenEntry;
use super::event::Failure;
use super::exchange::Exchange;
use super::output::{Output, Trace};
use super::pending::OpenPrompt;
use super::reader::Reader;
use super::reply::Reply;
use super::settings::Settings;

/// How long a module that keeps sending is listened to before it counts as not responding: data of a
/// transfer that somebody has left, perhaps 64 KiB at 115200 baud, and as much again.
const FLOOD: Duration = Duration::from_secs(12);

pub(crate) struct Resync {
    phase: Phase,
    ladder: &'static [Remedy],
    /// The next rung of the ladder.
    rung: usize,
    /// The module has not been spoken to yet: its guard time is not known.
    stranger: bool,
    late_prompt: Option<OpenPrompt>,
    entry: Option<OpenEntry>,
    secret: bool,
    command: Option<CommandLine>,
    held: Option<Result<Reply, Failure>>,
    /// Something arrived that is neither unsolicited nor an answer to the probe.
    disturbed: bool,
    /// When something arrived last, and until when a module that keeps sending is listened to.
    last_input: Option<Instant>,
    flood_until: Option<Instant>,
    /// The exchange that is sent once the line is found again.
    waiting: Option<Box<Exchange>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waiting for silence.
    Quiet { until: Instant, at_most: Instant },
    /// Silence before the escape sequence.
    Guard { until: Instant, silence: Duration },
    /// Silence after the escape sequence, or after the close down of a multiplexer.
    Left { until: Instant },
    /// A probe was sent; `answered`: its information line has come.
    Probing { until: Instant, answered: bool },
    /// The probe was answered; earlier probes may still be.
    Settling { until: Instant, at_most: Instant },
    /// No probe was answered.
    GaveUp,
}

pub(crate) enum ResyncStep {
    Wait,
    Again,
    Dropped(u64),
    InStep(Option<Box<Exchange>>),
    GaveUp { waiting: bool },
}

impl Resync {
    pub(crate) fn new(now: Instant, settings: &Settings, trouble: Trouble) -> Self {
        let (patience, ladder) = (trouble.patience(settings), trouble.ladder(now));
        let phase = Phase::Quiet { until: now + patience, at_most: now + patience + settings.probe_wait };
        let Trouble { late_prompt, entry, secret, command, held, .. } = trouble;
        Self { phase, ladder, late_prompt, entry, secret, command, held, stranger: false, ..Self::unknown() }
    }

    /// The state of a port that somebody else may have used: nothing is known until the first command.
    pub(crate) fn unknown() -> Self {
        Self {
            phase: Phase::GaveUp,
            ladder: LADDER,
            rung: 0,
            stranger: true,
            late_prompt: None,
            entry: None,
            secret: false,
            command: None,
            held: None,
            disturbed: false,
            last_input: None,
            flood_until: None,
            waiting: None,
        }
    }

    /// The same, and the module may hold an entry open.
    pub(crate) fn unknown_with(entry: Option<OpenEntry>) -> Self {
        Self { entry, ..Self::unknown() }
    }

    pub(crate) fn open_entry(&self) -> Option<OpenEntry> {
        self.entry
    }

    pub(crate) fn forget_entry(&mut self) {
        self.entry = None;
    }

    pub(crate) fn gave_up(&self) -> bool {
        self.phase == Phase::GaveUp
    }

    /// Looks for the line again, and sends `exchange` when it is found.
    pub(crate) fn restart(&mut self, now: Instant, settings: &Settings, exchange: Exchange) {
        let stranger = self.stranger;
        // It was given its time already.
        let entry = self.entry.filter(|entry| entry.is_kept(now));
        let found = Self::new(now, settings, Trouble::default());
        let ladder = if entry.is_some() { PROBES_ONLY } else { found.ladder };
        *self = Self { stranger, ladder, entry, ..found };
        self.waiting = Some(Box::new(exchange));
    }

    pub(crate) fn is_exchange_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Nobody waits for the exchange any more that would be sent.
    pub(crate) fn forget_waiting(&mut self) {
        self.waiting = None;
    }

    /// The answer that was held back, and whether something followed it.
    pub(crate) fn take_held(&mut self) -> Option<(Result<Reply, Failure>, bool)> {
        self.held.take().map(|result| (result, self.disturbed))
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Quiet { until, at_most } | Phase::Settling { until, at_most } => Some(until.min(at_most)),
            Phase::Guard { until, .. } | Phase::Left { until } | Phase::Probing { until, .. } => Some(until),
            Phase::GaveUp => None,
        }
    }

    pub(crate) fn input_arrived(&mut self, now: Instant, settings: &Settings) {
        self.last_input = Some(now);
        self.flood_until.get_or_insert(now + FLOOD);
        match &mut self.phase {
            Phase::Quiet { until, .. } | Phase::Settling { until, .. } => {
                *until = (*until).max(now + settings.quiet);
            }
            Phase::Probing { .. } | Phase::Guard { .. } | Phase::Left { .. } | Phase::GaveUp => {}
        }
    }

    /// The module is sending, and a probe would be answered behind all that.
    fn is_flooded(&self, now: Instant, settings: &Settings) -> bool {
        self.last_input.is_some_and(|last| now < last + settings.quiet)
            && self.flood_until.is_some_and(|until| now < until)
    }

    pub(crate) fn timeout(
        &mut self,
        now: Instant,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> ResyncStep {
        if self.next_timeout().is_some_and(|due| due > now) {
            return ResyncStep::Wait;
        }
        // The answer to a probe must not count as the data that a damaged head promises.
        let given_up = if self.is_flooded(now, settings) { 0 } else { counted_code::give_up(reader) };
        match self.fire(now, settings, output) {
            ResyncStep::Again => ResyncStep::Dropped(given_up as u64),
            step => step,
        }
    }

    fn fire(&mut self, now: Instant, settings: &Settings, output: &mut Output) -> ResyncStep {
        match self.phase {
            // With ATQ1 the probe's information line is all that comes. Source: M37 p145.
            Phase::Probing { answered: true, .. } => {
                self.phase = settling(now, settings);
                ResyncStep::Again
            }
            // Nobody sends without end in command mode.
            Phase::Quiet { .. } if self.entry.is_none() && self.is_flooded(now, settings) => {
                self.ladder = ESCAPE_FIRST;
                self.climb(now, settings, output)
            }
            // Online mode is the likely reason for a flood, and it ends with the next remedy but one.
            Phase::Left { .. } | Phase::Probing { answered: false, .. }
                if self.is_flooded(now, settings) && self.has_escaped() =>
            {
                self.listen(now, settings);
                ResyncStep::Again
            }
            Phase::Quiet { .. } | Phase::Probing { .. } => self.climb(now, settings, output),
            Phase::Guard { silence, .. } => {
                if let Some(until) = output.left_at().map(|left| left + silence).filter(|until| *until > now)
                {
                    // What was sent before is still on the line.
                    self.phase = Phase::Guard { until, silence };
                    return ResyncStep::Again;
                }
                send(output, ESCAPE_SEQUENCE);
                self.phase = Phase::Left { until: now + silence };
                ResyncStep::Again
            }
            Phase::Left { .. } => {
                // The CR ends the line that what was sent would otherwise be the beginning of.
                send(output, b"\r");
                self.probe(now, settings, output)
            }
            Phase::Settling { .. } => ResyncStep::InStep(self.waiting.take()),
            Phase::GaveUp => ResyncStep::Wait,
        }
    }

    /// The escape sequence was tried already.
    fn has_escaped(&self) -> bool {
        self.ladder.iter().take(self.rung).any(|remedy| *remedy == Remedy::EscapeSequence)
    }

    fn listen(&mut self, now: Instant, settings: &Settings) {
        let at_most = self.flood_until.unwrap_or(now);
        self.phase = Phase::Quiet { until: now + settings.quiet, at_most };
    }

    fn listen_until(&mut self, until: Instant, settings: &Settings) {
        self.phase = Phase::Quiet { until, at_most: until + settings.probe_wait };
    }
}

/// A module that never falls silent for long must not hold up the next command for ever.
fn settling(now: Instant, settings: &Settings) -> Phase {
    Phase::Settling { until: now + settings.quiet, at_most: now + settings.quiet + settings.probe_wait }
}

fn send(output: &mut Output, bytes: &'static [u8]) {
    output.trace(|| Trace::Sent(bytes.to_vec()));
    output.write(Bytes::from_static(bytes));
}
