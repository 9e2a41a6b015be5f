//! Getting back in step after an answer was late, missing or malformed.
//!
//! Wait for silence, then ask something whose answer cannot be mistaken for a late answer, and drop
//! everything that comes before it. Only then is the next command sent.
//!
//! If the question stays unanswered, something may be in the way that an earlier owner of the port left
//! behind: a half-typed line, an open prompt, online mode. A ladder of remedies goes from the harmless
//! to the intrusive, a probe after each. With the default settings it gives up after about 9 seconds, or
//! 12 seconds later if the module keeps sending. On a port that was just opened the last remedy is the escape
//! sequence for a module with the longest guard time, which takes 13 seconds more.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::counted_code::{self, Front};
use super::engine::{Event, Failure, Settings};
use super::entry::OpenEntry;
use super::exchange::{Exchange, Prompt};
use super::fields::after_prefix;
use super::output::{Output, Trace};
use super::pending::{OpenPrompt, flush_trace, send_payload};
use super::reader::{Found, Reader};
use super::reply::{Line, Reply};
use super::result_code::Final;
use super::stream::guard;
use super::unsolicited;

/// The probe reads a setting, so it changes nothing, and its answer has a prefix of its own.
const PROBE: &[u8] = b"AT+CMEE?\r";
const PROBE_ANSWER: &str = "+CMEE";
/// Abandons an entry that Ctrl-Z would close; the CR ends whatever line the key may have ended up in.
/// Source: M37 p741-744.
const ESCAPE_KEY: &[u8] = b"\x1b\r";
/// Leaves online mode. Source: M37 p138.
const ESCAPE_SEQUENCE: &[u8] = b"+++";
/// Fills up a counted entry: more than the largest block but HTTP's takes. Source: M37 p808, p912.
static FILLING: [u8; 1600] = [b'\r'; 1600];

/// What is tried before each probe.
const LADDER: &[Remedy] = &[
    Remedy::Nothing,
    Remedy::Nothing,
    Remedy::EscapeKey,
    Remedy::EscapeSequence,
    Remedy::Filling,
    Remedy::Nothing,
];
/// The module may still count bytes of a payload that was sent: everything intrusive would complete it.
const PROBES_ONLY: &[Remedy] = &[Remedy::Nothing; 6];
/// A prompt stands open that the escape key closes.
const ESCAPE_KEY_FIRST: &[Remedy] =
    &[Remedy::EscapeKey, Remedy::Nothing, Remedy::EscapeSequence, Remedy::Filling, Remedy::Nothing];
/// The peer of a connection may still get everything that is sent.
const ESCAPE_FIRST: &[Remedy] = &[
    Remedy::EscapeSequence,
    Remedy::Nothing,
    Remedy::EscapeKey,
    Remedy::EscapeSequence,
    Remedy::Filling,
    Remedy::Nothing,
];
/// How many times the quiet time a late prompt gets before the first probe could fall into it.
const LATE_PROMPT_PATIENCE: u32 = 15;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Remedy {
    Nothing,
    EscapeKey,
    EscapeSequence,
    /// The same, for a module whose guard time nobody has asked for yet.
    PatientEscapeSequence,
    Filling,
}

/// The longest guard time that register S12 can hold. Source: M37 p138.
const LONGEST_GUARD: Duration = Duration::from_millis(255 * 20);

/// How long a module that keeps sending is listened to before it counts as not responding: data of a
/// transfer that somebody has left, perhaps 64 KiB at 115200 baud, and as much again.
const FLOOD: Duration = Duration::from_secs(12);

/// How the engine got out of step, as far as it matters for the way back.
#[derive(Default)]
pub(crate) struct Trouble {
    /// A prompt that may still open.
    pub(crate) late_prompt: Option<OpenPrompt>,
    /// A counted entry that may stand open, or open yet.
    pub(crate) entry: Option<OpenEntry>,
    /// What arrives may be secret.
    pub(crate) secret: bool,
    pub(crate) cause: Cause,
    /// An answer that counts only if nothing follows it.
    pub(crate) held: Option<Result<Reply, Failure>>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    #[default]
    Unknown,
    /// A counted payload was sent, and the module may still wait for the rest of it.
    PayloadSent,
    /// A stream with a peer may stand open: it ended as if the module had ended it, and its peer can send what looks like
    /// that; or the answer to the dial was lost. The peer would get what is sent meanwhile.
    StreamOpen,
    /// A prompt opened that nobody has an answer for.
    PromptOpen,
    /// The end of an answer was recognised by the silence behind it.
    Silence,
}

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
    held: Option<Result<Reply, Failure>>,
    /// Something arrived that is neither unsolicited nor an answer to the probe.
    disturbed: bool,
    /// When something arrived last, and until when a module that keeps sending is listened to.
    last_input: Option<Instant>,
    flood_until: Option<Instant>,
    /// The exchange that is sent once the line is found again.
    waiting: Option<Exchange>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waiting for silence.
    Quiet { until: Instant, at_most: Instant },
    /// Silence before the escape sequence.
    Guard { until: Instant, silence: Duration },
    /// Silence after the escape sequence.
    Escaped { until: Instant },
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
    InStep(Option<Exchange>),
    GaveUp { waiting: bool },
}

impl Resync {
    pub(crate) fn new(now: Instant, settings: &Settings, trouble: Trouble) -> Self {
        let patience = match trouble.cause {
            // The silence has already passed.
            Cause::Silence => 0,
            _ if trouble.late_prompt.is_some() => LATE_PROMPT_PATIENCE,
            _ => 1,
        };
        let ladder = match trouble.cause {
            _ if trouble.entry.is_some_and(|entry| entry.is_kept(now)) => PROBES_ONLY,
            Cause::PayloadSent => PROBES_ONLY,
            Cause::StreamOpen => ESCAPE_FIRST,
            Cause::PromptOpen => ESCAPE_KEY_FIRST,
            Cause::Unknown | Cause::Silence => LADDER,
        };
        let patience = settings.quiet * patience;
        let patience = trouble.entry.map_or(patience, |entry| entry.patience().max(patience));
        let phase = Phase::Quiet { until: now + patience, at_most: now + patience + settings.probe_wait };
        let Trouble { late_prompt, entry, secret, held, .. } = trouble;
        Self { phase, ladder, late_prompt, entry, secret, held, stranger: false, ..Self::unknown() }
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
        self.waiting = Some(exchange);
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
            Phase::Guard { until, .. } | Phase::Escaped { until } | Phase::Probing { until, .. } => {
                Some(until)
            }
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
            Phase::Probing { .. } | Phase::Guard { .. } | Phase::Escaped { .. } | Phase::GaveUp => {}
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
            Phase::Escaped { .. } | Phase::Probing { answered: false, .. }
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
                self.phase = Phase::Escaped { until: now + silence };
                ResyncStep::Again
            }
            Phase::Escaped { .. } => {
                // The CR ends the line that the sequence would otherwise be the beginning of.
                send(output, b"\r");
                self.probe(now, settings, output)
            }
            Phase::Settling { .. } => ResyncStep::InStep(self.waiting.take()),
            Phase::GaveUp => ResyncStep::Wait,
        }
    }

    pub(crate) fn step(
        &mut self,
        now: Instant,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> ResyncStep {
        let was_discarding = reader.is_discarding();
        let is_settled = reader.settle();
        if was_discarding {
            // The rest of an overlong line is not shown with the line behind it.
            self.trace(&Found::Overlong, reader, output);
        }
        if !is_settled {
            return ResyncStep::Wait;
        }
        reader.skip_line_ends();
        if let Some(step) = self.close_late_prompt(now, settings, reader, output) {
            return step;
        }
        match counted_code::take(reader, output) {
            Front::Other => {}
            Front::Unfinished => return ResyncStep::Wait,
            Front::Code(code) => {
                output.event(Event::Unsolicited(Line::new(code)));
                return ResyncStep::Again;
            }
        }
        let found = reader.take_line();
        if found != Found::Nothing {
            self.trace(&found, reader, output);
        }
        match found {
            Found::Nothing => ResyncStep::Wait,
            Found::Overlong => {
                self.disturbed = true;
                ResyncStep::Again
            }
            Found::Line(line) => self.judge(now, settings, line, output),
        }
    }

    /// Tells what was consumed, which was `found` or is the beginning of something.
    pub(crate) fn trace(&self, found: &Found, reader: &mut Reader, output: &mut Output) {
        if let Some(consumed) = reader.take_consumed() {
            output.trace(|| match self.secret && self.disturbing(found) {
                true => Trace::Redacted { sent: false, length: consumed.len() },
                false => Trace::Received(consumed),
            });
        }
    }

    fn judge(&mut self, now: Instant, settings: &Settings, line: Bytes, output: &mut Output) -> ResyncStep {
        let text = String::from_utf8_lossy(&line).trim().to_owned();
        if unsolicited::is_known(&text) || settings.start_up_lines.contains(&text) {
            output.event(Event::Unsolicited(Line::new(line)));
            return ResyncStep::Again;
        }
        match &mut self.phase {
            Phase::Probing { answered, .. } if after_prefix(&text, PROBE_ANSWER).is_some() => {
                *answered = true
            }
            // `0` is the OK of a module in ATV0.
            Phase::Probing { answered: true, .. }
                if text == "0" || Final::parse(&text) == Some(Final::Ok) =>
            {
                self.phase = settling(now, settings);
            }
            _ => {
                if self.entry.is_some() && Final::parse(&text).is_some() {
                    self.entry_ended(now, settings);
                }
                if let (Phase::Probing { until, .. }, Some(Final::Error(_))) =
                    (&mut self.phase, Final::parse(&text))
                {
                    // The probe was refused, behind a half-typed line perhaps: ask again soon.
                    *until = (now + settings.quiet).min(*until);
                }
                self.disturbed = true;
                return ResyncStep::Dropped(line.len() as u64);
            }
        }
        ResyncStep::Again
    }

    /// The command that was given up has ended after all: nothing is entered any more.
    fn entry_ended(&mut self, now: Instant, settings: &Settings) {
        (self.entry, self.late_prompt) = (None, None);
        if let Phase::Quiet { .. } = self.phase {
            self.listen_until(now + settings.quiet, settings);
        }
    }

    /// Whether this may be part of the answer that went wrong.
    fn disturbing(&self, found: &Found) -> bool {
        match found {
            Found::Line(line) => {
                let text = String::from_utf8_lossy(line);
                !unsolicited::is_known(text.trim())
                    && after_prefix(text.trim(), PROBE_ANSWER).is_none()
                    && Final::parse(text.trim()).is_none()
            }
            Found::Overlong | Found::Nothing => true,
        }
    }

    /// A prompt that opens late would take the next command for data. It is closed with what was meant
    /// for it: the escape key where that abandons the entry, otherwise the announced payload, unless a question was sent
    /// before, which may stand in front of it.
    ///
    /// Source: M37 p741-744.
    fn close_late_prompt(
        &mut self,
        now: Instant,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> Option<ResyncStep> {
        if reader.peek().first() != Some(&b'>') {
            return None;
        }
        let open = self.late_prompt.take()?;
        let width = if open.prompt == Prompt::CountedTriple { 3 } else { 1 };
        let is_other = reader.peek().iter().take(width).any(|byte| *byte != b'>');
        if is_other || reader.peek().len() < width {
            self.late_prompt = Some(open);
            return (!is_other).then_some(ResyncStep::Wait);
        }
        reader.drop_front(width);
        flush_trace(reader, output);
        if let Some(entry) = self.entry.filter(OpenEntry::is_spoiled) {
            self.listen_until(now + entry.patience(), settings);
            return Some(ResyncStep::Again);
        }
        match open.prompt {
            Prompt::Terminated => {
                self.listen_until(now + settings.quiet, settings);
                send(output, ESCAPE_KEY);
            }
            Prompt::Counted | Prompt::CountedTriple => {
                // From here on it is like any payload that was sent.
                let patience =
                    self.entry.map_or(settings.quiet, |entry| entry.patience().max(settings.quiet));
                self.listen_until(now + patience, settings);
                send_payload(open.prompt, &open.payload, true, output);
            }
        }
        Some(ResyncStep::Again)
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

    fn next_remedy(&self) -> Option<Remedy> {
        let patient = self.stranger && self.entry.is_none() && self.rung == self.ladder.len();
        self.ladder.get(self.rung).copied().or_else(|| patient.then_some(Remedy::PatientEscapeSequence))
    }

    fn climb(&mut self, now: Instant, settings: &Settings, output: &mut Output) -> ResyncStep {
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

    fn probe(&mut self, now: Instant, settings: &Settings, output: &mut Output) -> ResyncStep {
        send(output, PROBE);
        self.phase = Phase::Probing { until: now + settings.probe_wait, answered: false };
        ResyncStep::Again
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
