//! Online mode: raw bytes both ways, and the end of it.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::engine::{Event, Settings, StreamEnd};
use super::escape_guard::EscapeGuard;
use super::exchange::StreamEnding;
use super::output::{Output, Trace};
use super::pending::flush_trace;
use super::portion::Portion;
use super::reader::{Found, Reader};
use super::reply::Line;
use super::result_code::is_no_carrier;
use super::unsolicited;

const ESCAPE: &[u8] = b"+++";
/// How long after the guard time the answer to an escape sequence may take that is to prove something.
const PROOF: Duration = Duration::from_secs(2);
/// How far from the end of the input a mark can start: the mark itself and a few unsolicited lines.
const TAIL_WINDOW: usize = 256;
/// The longest mark: `NO CARRIER:SSL,10,6` and its line ends.
const LONGEST_MARK: usize = 40;

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

    pub(crate) fn step(
        &mut self,
        now: Instant,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> StreamStep {
        if self.received == 0 && reader.is_line_end_damaged() {
            // The first byte of the data would be none of theirs, and the last one would be missing.
            output.trace(|| Trace::Remark("the line end behind CONNECT is damaged"));
            return StreamStep::Ended { end: StreamEnd::Lost, in_step: false };
        }
        if !reader.settle() {
            return StreamStep::Wait;
        }
        if !matches!(self.phase, Phase::MarkDue { .. }) {
            flush_trace(reader, output);
        }
        if reader.is_empty() {
            return StreamStep::Wait;
        }
        match (self.phase, self.remaining()) {
            (Phase::MarkDue { .. }, _) => self.step_mark(reader, output),
            (Phase::Open, Some(remaining)) if remaining <= reader.peek().len() => {
                self.step_last_bytes(now, remaining, settings, reader, output)
            }
            _ => self.step_data(reader, output),
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

    /// A module in command mode leaves the escape sequence unanswered: the mark before it was the end.
    fn unanswered(&mut self, reader: &mut Reader, output: &mut Output) -> StreamStep {
        match last_mark(reader.peek(), false).filter(|end| self.counts(*end)) {
            Some(end) => {
                self.proven = true;
                self.hand_on(end.start, reader, output);
                self.ended(end, reader, output)
            }
            None => StreamStep::Ended { end: self.told(StreamEnd::Lost), in_step: false },
        }
    }

    /// Hands on everything that cannot be the beginning of the end.
    fn step_data(&mut self, reader: &mut Reader, output: &mut Output) -> StreamStep {
        if self.may_be_echo(reader.peek()) {
            return StreamStep::Wait;
        }
        let certain = reader.peek().len() - self.possible_end(reader.peek());
        if certain > 0 && self.phase == Phase::Doubt {
            // More came behind it, so it was no end.
            self.phase = Phase::Open;
        }
        self.hand_on(certain, reader, output);
        StreamStep::Wait
    }

    /// A module that has restarted is in command mode, and echoes the escape sequence instead of answering it. Those
    /// are no data; if the module answers, they were.
    fn may_be_echo(&self, here: &[u8]) -> bool {
        self.echo_due && matches!(self.phase, Phase::Answer { .. }) && ESCAPE.starts_with(here)
    }

    /// All announced bytes are here, if what stands behind them is the mark. Otherwise the stream may have been
    /// cut, with the mark among what looks like the last bytes, and silence tells.
    fn step_last_bytes(
        &mut self,
        now: Instant,
        remaining: usize,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> StreamStep {
        let here = reader.peek();
        let is_mark = |tail| matches!(Tail::of(tail, false), Tail::Mark { .. });
        let certain = here.len() - self.possible_end(here);
        if certain < remaining && !here.get(remaining..).is_some_and(is_mark) {
            self.hand_on(certain, reader, output);
            return StreamStep::Wait;
        }
        self.hand_on(remaining, reader, output);
        self.phase = Phase::MarkDue { until: now + settings.escape_wait };
        StreamStep::Again
    }

    fn step_mark(&self, reader: &mut Reader, output: &mut Output) -> StreamStep {
        match reader.take_line() {
            Found::Nothing => return StreamStep::Wait,
            Found::Overlong => {}
            Found::Line(line) => {
                flush_trace(reader, output);
                if is_no_carrier(&String::from_utf8_lossy(&line)) {
                    return self.closed_by(Line::new(line));
                }
                output.event(Event::Unsolicited(Line::new(line)));
            }
        }
        StreamStep::Again
    }

    /// Nothing arrived for a while: a complete mark at the end of the input was the end.
    fn silence(
        &mut self,
        now: Instant,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> StreamStep {
        if let Some(end) = last_mark(reader.peek(), self.escaped).filter(|end| self.counts(*end)) {
            self.hand_on(end.start, reader, output);
            return match self.is_doubtful(end) {
                true => self.doubt(now, settings),
                false => self.ended(end, reader, output),
            };
        }
        if self.phase == Phase::Doubt {
            self.phase = Phase::Open;
        }
        if self.may_be_echo(reader.peek()) {
            return StreamStep::Wait;
        }
        let held = reader.peek().len();
        let all = self.remaining().map_or(held, |remaining| remaining.min(held));
        self.hand_on(all, reader, output);
        if self.phase == Phase::Open && self.remaining() == Some(0) {
            self.phase = Phase::MarkDue { until: now + settings.escape_wait };
            return StreamStep::Again;
        }
        StreamStep::Wait
    }

    fn counts(&self, end: Mark) -> bool {
        self.ending != StreamEnding::NamedMarkAndSilence || end.is_ok || end.is_named
    }

    /// On a TLS socket the module can name the socket in its mark. A mark that does not is what a peer could have
    /// sent by chance.
    fn is_doubtful(&self, end: Mark) -> bool {
        self.ending == StreamEnding::ProvenMarkAndSilence && !end.is_ok && !end.is_named
    }

    /// While the escape sequence is under way anyway, its answer tells.
    fn doubt(&mut self, now: Instant, settings: &Settings) -> StreamStep {
        match self.phase {
            Phase::Open => self.phase = Phase::Doubt,
            Phase::Answer { until } => {
                self.phase = Phase::Answer { until: until.min(now + guard(settings.escape_guard) + PROOF) };
            }
            Phase::Doubt | Phase::GuardBefore | Phase::MarkDue { .. } => {}
        }
        StreamStep::Wait
    }

    fn ended(&self, end: Mark, reader: &mut Reader, output: &mut Output) -> StreamStep {
        let Found::Line(line) = reader.take_line() else {
            return StreamStep::Wait;
        };
        flush_trace(reader, output);
        let end = match end.is_ok {
            true => StreamEnd::Suspended,
            false => StreamEnd::Closed { line: Line::new(line) },
        };
        // The peer can send the same bytes and stop, so the line has to prove that it is back.
        StreamStep::Ended { end: self.told(end), in_step: false }
    }

    /// How it ended: that bytes were dropped matters more than what came afterwards.
    fn told(&self, end: StreamEnd) -> StreamEnd {
        if self.stalled { StreamEnd::Stalled { waited: self.send_timeout } } else { end }
    }

    /// Whether what is sent to find the line again can reach a peer, should the stream not have ended.
    pub(crate) fn has_peer(&self) -> bool {
        self.ending.has_peer() && !self.proven
    }

    fn closed_by(&self, line: Line) -> StreamStep {
        // If the escape sequence crossed the end it now stands in the module's command line.
        StreamStep::Ended { end: self.told(StreamEnd::Closed { line }), in_step: !self.escaped }
    }

    fn hand_on(&mut self, count: usize, reader: &mut Reader, output: &mut Output) {
        if let Some(data) = reader.take_raw(count).filter(|data| !data.is_empty()) {
            self.received += data.len() as u64;
            self.echo_due = false;
            output.trace(|| Trace::ReceivedPayload(data.clone()));
            output.event(Event::StreamData(data));
        }
    }

    fn remaining(&self) -> Option<usize> {
        match self.ending {
            StreamEnding::Length(length) => {
                Some(usize::try_from(length.saturating_sub(self.received)).unwrap_or(usize::MAX))
            }
            StreamEnding::ReceiveOnly
            | StreamEnding::MarkAndSilence
            | StreamEnding::ProvenMarkAndSilence
            | StreamEnding::NamedMarkAndSilence => None,
        }
    }

    /// How many bytes at the end of the input could be the end of the stream.
    fn possible_end(&self, bytes: &[u8]) -> usize {
        let from = bytes.len().saturating_sub(TAIL_WINDOW);
        let window = bytes.get(from..).unwrap_or_default();
        let starts = memchr::memchr_iter(b'\r', window);
        let mut candidates = starts
            .filter(|&start| Tail::of(window.get(start..).unwrap_or_default(), self.escaped) != Tail::No);
        candidates.next().map_or(0, |start| window.len() - start)
    }
}

/// The guard time and a fifth, since the module's clock is not ours.
pub(crate) fn guard(escape_guard: Duration) -> Duration {
    escape_guard + escape_guard / 5
}

/// A complete mark in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    start: usize,
    is_ok: bool,
    /// It says which connection ended.
    is_named: bool,
}

/// What a tail of the input could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tail {
    No,
    /// The beginning of a mark.
    Partial,
    /// A mark, perhaps with unsolicited lines behind it.
    Mark {
        is_ok: bool,
    },
}

impl Tail {
    fn of(bytes: &[u8], ok_counts: bool) -> Self {
        const START: &[u8] = b"\r\n";
        const WORDS: [&[u8]; 3] = [b"NO CARRIER", b"NOCARRIER", b"OK\r\n"];
        let Some(text) = bytes.strip_prefix(START) else {
            return if START.starts_with(bytes) { Self::Partial } else { Self::No };
        };
        let words = WORDS.iter().take(if ok_counts { 3 } else { 2 });
        for word in words {
            if word.starts_with(text) {
                let whole_ok = text == *word && text.starts_with(b"OK");
                return if whole_ok { Self::Mark { is_ok: true } } else { Self::Partial };
            }
            if text.starts_with(word) {
                return Self::behind_word(text, text.starts_with(b"OK"));
            }
        }
        Self::No
    }

    fn behind_word(text: &[u8], is_ok: bool) -> Self {
        let Some(end) = memchr::memmem::find(text, b"\r\n") else {
            return if text.len() < LONGEST_MARK { Self::Partial } else { Self::No };
        };
        let detail_is_printable = text.iter().take(end).all(|byte| (b' '..=b'~').contains(byte));
        let behind = String::from_utf8_lossy(text.get(end + 2..).unwrap_or_default()).into_owned();
        if end >= LONGEST_MARK || !detail_is_printable || !only_unsolicited(&behind) {
            return Self::No;
        }
        Self::Mark { is_ok }
    }
}

/// Complete lines must be known unsolicited codes; an incomplete last one may still become one. They begin with a
/// line end.
fn only_unsolicited(text: &str) -> bool {
    let complete = text.rfind(['\r', '\n']).map_or(0, |end| end + 1);
    let lines = text.get(..complete).unwrap_or_default().split(['\r', '\n']);
    (text.is_empty() || text.starts_with(['\r', '\n']))
        && lines.filter(|line| !line.is_empty()).all(unsolicited::is_known)
}

/// `NO CARRIER:SSL,<SSId>...`. Source: M37 p878.
fn is_named(mark: &[u8]) -> bool {
    let line = mark.trim_ascii_start().split(|byte| *byte == b'\r').next().unwrap_or_default();
    let detail = line.splitn(2, |byte| *byte == b':').nth(1).unwrap_or_default();
    detail.trim_ascii_start().starts_with(b"SSL,")
}

fn last_mark(bytes: &[u8], ok_counts: bool) -> Option<Mark> {
    let from = bytes.len().saturating_sub(TAIL_WINDOW);
    let window = bytes.get(from..).unwrap_or_default();
    memchr::memrchr_iter(b'\r', window).find_map(|start| {
        match Tail::of(window.get(start..).unwrap_or_default(), ok_counts) {
            Tail::Mark { is_ok } => {
                let text = window.get(start..).unwrap_or_default();
                Some(Mark { start: from + start, is_ok, is_named: is_named(text) })
            }
            Tail::Partial | Tail::No => None,
        }
    })
}
