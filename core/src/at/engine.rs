//! The engine: one exchange at a time, in step with the module whatever happens.

use std::fmt;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::counted_code::{self, Front};
use super::exchange::{Exchange, Shape};
use super::output::{Output, Trace};
use super::pending::{Pending, Step, flush_trace};
use super::portion::{Portion, Shown};
use super::reader::{Found, Reader};
use super::reply::{Line, Reply};
use super::result_code::ModuleError;
use super::resync::{Cause, Resync, ResyncStep, Trouble};
use super::stream::{Stream, StreamStep};

/// Times and limits of the engine. The defaults fit every platform of the guide.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Pause after the end of an answer before the next command. Default 20 ms. Source: M37 p34.
    pub pause: Duration,
    /// Silence that ends data of unknown length, and that is awaited before a probe. Default 200 ms.
    pub quiet: Duration,
    /// How long a probe may stay unanswered before the next one. Default 1 s.
    pub probe_wait: Duration,
    /// The module's escape guard time, S12. Default 1 s. A [`Modem`](crate::Modem) that it opened itself reads it
    /// from the module before the first stream. Source: M37 p138.
    pub escape_guard: Duration,
    /// How long the port may take for one write to a stream, before the rest of it is dropped and the stream is
    /// left. Default 60 s. [`Engine::stream_send_timeout`] changes it for one stream.
    pub send_timeout: Duration,
    /// How long leaving online mode may take after the guard time. Default 10 s.
    pub escape_wait: Duration,
    /// Longest line taken from the module. Default 8 KiB.
    pub line_limit: usize,
    /// Most memory for the information lines of one answer: their bytes, and 32 more for each. Default 256 KiB.
    pub reply_limit: usize,
    /// Whether the port may be in any state: the first command is preceded by finding the line.
    /// Default false.
    pub unknown_state: bool,
    /// Lines that the module sends when it has started, which are unsolicited even while the line is being looked
    /// for. To the driver they show a restart as an echo does. Default none.
    pub start_up_lines: Vec<String>,
    /// Whether [`Engine::poll_trace`] gives anything. Default false.
    pub trace: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pause: Duration::from_millis(20),
            quiet: Duration::from_millis(200),
            probe_wait: Duration::from_secs(1),
            escape_guard: Duration::from_secs(1),
            send_timeout: Duration::from_secs(60),
            escape_wait: Duration::from_secs(10),
            line_limit: 8 * 1024,
            reply_limit: 256 * 1024,
            unknown_state: false,
            start_up_lines: Vec::new(),
            trace: false,
        }
    }
}

/// What the engine found out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The exchange that was begun has ended. After a stream exchange succeeded, the stream is open.
    Completed(Result<Reply, Failure>),
    /// Bytes of the open stream.
    StreamData(Bytes),
    /// The open stream has ended.
    StreamEnded(StreamEnd),
    /// A line that no command asked for. A code that carries data (`SSLSRING` in ring mode 2) is one line
    /// with its raw bytes.
    Unsolicited(Line),
    /// The module echoes commands although it was told not to: it has probably restarted.
    EchoSeen,
    /// The command that switches the echo off was echoed: it was on until now.
    EchoWasOn,
    /// The engine is out of step: bytes of [`Engine::poll_output`] that were not written yet must not
    /// be written any more. The module could take the rest of a payload for commands.
    OutputAbandoned,
}

/// Why an exchange failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The module refused the command.
    Refused(ModuleError),
    /// No final result within the deadline. The command may have taken effect.
    TimedOut {
        /// How long the engine waited in the last phase of the exchange.
        waited: Duration,
    },
    /// The answer does not have the expected shape. The command may have taken effect.
    Unexpected(&'static str),
    /// The module answers nothing at all. The command was not sent.
    NotResponding,
}

/// How a data stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamEnd {
    /// The module closed it; `line` is its `NO CARRIER` line with whatever cause it names.
    Closed {
        /// The line that ended the stream.
        line: Line,
    },
    /// The module answered the escape sequence with `OK`: the connection stays, suspended.
    Suspended,
    /// The module did not come back from online mode within the bound.
    Lost,
    /// The port did not take a write in time: the rest of it was dropped, and a part of it may have gone. Whether
    /// the connection still stands, the module has to be asked.
    Stalled {
        /// How long the port had for it.
        waited: Duration,
    },
    /// The port closed or failed.
    LinkLost {
        /// What the port said.
        reason: String,
    },
}

/// The I/O-free AT engine. Its contract is written in the [module documentation](super).
pub struct Engine {
    settings: Settings,
    reader: Reader,
    output: Output,
    state: State,
    last_input: Option<Instant>,
    dropped: u64,
    resyncs: u64,
}

enum State {
    Idle {
        ready_at: Option<Instant>,
        /// The last byte of the answer may still come.
        line_end_due: bool,
    },
    Pending(Box<Pending>),
    Stream(Stream),
    Resync(Box<Resync>),
}

/// Whether bytes that are looked at break the silence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    /// They have just arrived.
    New,
    /// They have been here for a while.
    Old,
}

impl fmt::Debug for Engine {
    /// What is on its way in or out can be secret, so it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Idle { .. } => "idle",
            State::Pending(_) => "waits for an answer",
            State::Stream(_) => "online",
            State::Resync(_) => "looks for the line",
        };
        f.debug_struct("Engine")
            .field("state", &state)
            .field("dropped_bytes", &self.dropped)
            .field("resyncs", &self.resyncs)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// An idle engine.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            reader: Reader::new(settings.line_limit, settings.trace),
            output: Output::new(settings.trace),
            state: if settings.unknown_state {
                State::Resync(Box::new(Resync::unknown()))
            } else {
                State::Idle { ready_at: None, line_end_due: false }
            },
            last_input: None,
            dropped: 0,
            resyncs: 0,
            settings,
        }
    }

    /// Forgets nearly everything about the module, because the bytes come from another stream now: it may be in any
    /// state. What was not handed out yet is dropped, the exchange or stream under way ends in no event. That the module
    /// may wait for the rest of a payload, it may on a new stream too.
    pub fn begin_on_new_stream(&mut self, now: Instant) {
        let entry = match &self.state {
            State::Pending(pending) => pending.trouble(now).entry,
            State::Resync(resync) => resync.open_entry(),
            State::Idle { .. } | State::Stream(_) => None,
        };
        self.reader = Reader::new(self.settings.line_limit, self.settings.trace);
        self.output = Output::new(self.settings.trace);
        self.state = State::Resync(Box::new(Resync::unknown_with(entry)));
    }

    /// The module has restarted, so that it holds no entry open any more.
    pub fn module_restarted(&mut self) {
        if let State::Resync(resync) = &mut self.state {
            resync.forget_entry();
        }
    }

    /// The module's escape guard time, for everything that begins from now on. See [`Settings::escape_guard`].
    pub fn set_escape_guard(&mut self, escape_guard: Duration) {
        self.settings.escape_guard = escape_guard;
    }

    /// Whether [`begin`](Self::begin) may be called now.
    #[must_use]
    pub fn is_ready(&self, now: Instant) -> bool {
        match &self.state {
            State::Idle { ready_at, .. } => ready_at.is_none_or(|ready_at| ready_at <= now),
            State::Resync(resync) => resync.gave_up(),
            State::Pending(_) | State::Stream(_) => false,
        }
    }

    /// Sends the command of an exchange. Ends in one [`Event::Completed`].
    ///
    /// Call it only when [`is_ready`](Self::is_ready); otherwise the exchange fails as
    /// [`Failure::NotResponding`] without being sent.
    pub fn begin(&mut self, now: Instant, exchange: Exchange) {
        match &mut self.state {
            State::Idle { .. } => {
                self.give_up_stale_code(now);
                let (pending, line) = Pending::new(now, exchange);
                self.output.trace(|| pending.sent_trace());
                self.output.write(line);
                self.state = State::Pending(Box::new(pending));
            }
            State::Resync(resync) if resync.gave_up() => {
                resync.restart(now, &self.settings, exchange);
            }
            _ => self.output.event(Event::Completed(Err(Failure::NotResponding))),
        }
    }

    /// Whether an exchange was begun that is not sent yet, because the line is being looked for.
    #[must_use]
    pub fn is_exchange_unsent(&self) -> bool {
        matches!(&self.state, State::Resync(resync) if resync.is_exchange_waiting())
    }

    /// Forgets the exchange that is not sent yet. It ends in no [`Event::Completed`].
    pub fn forget_unsent(&mut self) {
        if let State::Resync(resync) = &mut self.state {
            resync.forget_waiting();
        }
    }

    /// Tells that the input is not read, because nobody takes the data of the stream: silence means nothing
    /// until [`input_resumed`](Self::input_resumed).
    pub fn input_paused(&mut self) {
        if let State::Stream(stream) = &mut self.state {
            stream.input_paused();
        }
    }

    /// Tells that the input was not read for a while, so that silence counts from now.
    pub fn input_resumed(&mut self, now: Instant) {
        if let State::Stream(stream) = &mut self.state {
            stream.input_resumed(now, &self.settings);
        }
    }

    /// Where arriving bytes are appended. Call [`handle_input`](Self::handle_input) afterwards.
    pub fn input(&mut self) -> &mut BytesMut {
        self.reader.buffer()
    }

    /// Works on the bytes that were appended to [`input`](Self::input).
    pub fn handle_input(&mut self, now: Instant) {
        self.last_input = Some(now);
        self.understand(now, Age::New);
    }

    /// Fires what is due. Harmless when nothing is.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.fire(now) {
            self.reader.hide();
        }
        self.understand(now, Age::Old);
    }

    fn fire(&mut self, now: Instant) -> bool {
        match &mut self.state {
            State::Idle { ready_at, .. } => {
                if ready_at.is_some_and(|ready_at| ready_at <= now) {
                    *ready_at = None;
                }
                false
            }
            State::Pending(pending) => {
                let step = pending.timeout(now, &mut self.reader, &mut self.output);
                self.apply_pending(now, step)
            }
            State::Stream(stream) if stream.is_stalled(now) => {
                let step = stream.stall(now);
                self.apply_stream(now, step)
            }
            State::Stream(stream) => {
                let step = stream.timeout(now, &self.settings, &mut self.reader, &mut self.output);
                self.apply_stream(now, step)
            }
            State::Resync(resync) => {
                let step = resync.timeout(now, &self.settings, &mut self.reader, &mut self.output);
                self.apply_resync(now, step)
            }
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Idle { ready_at, .. } => *ready_at,
            State::Pending(pending) => pending.next_timeout(),
            State::Stream(stream) => stream.next_timeout(),
            State::Resync(resync) => resync.next_timeout(),
        }
    }

    /// The next bytes to write to the module.
    pub fn poll_output(&mut self) -> Option<Bytes> {
        self.output.next_bytes()
    }

    /// Tells that the port has taken every byte of [`poll_output`](Self::poll_output), and that the last of them
    /// will have crossed the line at `left_at`: now, unless the line is known to be slower.
    ///
    /// The silences around the escape sequence count from there, so without it a stream is never left.
    pub fn output_left(&mut self, now: Instant, left_at: Instant) {
        self.output.left(left_at);
        if let State::Stream(stream) = &mut self.state {
            stream.output_left(now, left_at);
        }
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.output.next_event()
    }

    /// The next step for a transcript, if [`Settings::trace`] is on.
    pub fn poll_trace(&mut self) -> Option<Trace> {
        self.output.next_trace()
    }

    /// How long the port may take for one write to the open stream, from the next write on.
    pub fn stream_send_timeout(&mut self, timeout: Duration) {
        if let State::Stream(stream) = &mut self.state {
            stream.set_send_timeout(timeout);
        }
    }

    /// Sends bytes on the open stream; ignored while [`is_stream_writable`](Self::is_stream_writable) is false.
    ///
    /// Payload that the module would take for the escape sequence, `+++` alone between two silences, is torn
    /// apart by a silence of its own: its last byte leaves 1.2 guard times later, 2.4 at most.
    ///
    /// If [`output_left`](Self::output_left) does not follow within [`Settings::send_timeout`], the rest is
    /// abandoned and the stream is left: [`StreamEnd::Stalled`].
    pub fn stream_write(&mut self, now: Instant, bytes: Bytes) {
        if let State::Stream(stream) = &mut self.state {
            stream.write(now, bytes, &mut self.output);
        }
    }

    /// Whether [`stream_write`](Self::stream_write) would send now. While it is doubtful whether the stream has
    /// ended it would not.
    #[must_use]
    pub fn is_stream_writable(&self) -> bool {
        matches!(&self.state, State::Stream(stream) if stream.is_writable())
    }

    /// Whether the open stream still holds back a byte that was written.
    #[must_use]
    pub fn stream_holds_back(&self) -> bool {
        matches!(&self.state, State::Stream(stream) if stream.holds_back())
    }

    /// Leaves online mode by the escape sequence. Ends in one [`Event::StreamEnded`].
    pub fn stream_close(&mut self) {
        if let State::Stream(stream) = &mut self.state {
            stream.close();
        }
    }

    /// Bytes that were thrown away to get back in step.
    #[must_use]
    pub fn dropped_bytes(&self) -> u64 {
        self.dropped
    }

    /// How often the engine had to get back in step.
    #[must_use]
    pub fn resync_count(&self) -> u64 {
        self.resyncs
    }

    /// The answer to a command must not count as the data that a damaged head promises.
    fn give_up_stale_code(&mut self, now: Instant) {
        if self.last_input.is_none_or(|last| last + self.settings.quiet > now) {
            return;
        }
        // Behind one may be another.
        while let given_up @ 1.. = counted_code::give_up(&mut self.reader) {
            self.dropped += given_up as u64;
            self.reader.hide();
            self.understand(now, Age::Old);
        }
    }

    /// Works on everything that is here, portion by portion. Whatever a portion leads to begins to read anew, so that
    /// only the bytes decide, and not how many of them came together.
    fn understand(&mut self, now: Instant, age: Age) {
        loop {
            while self.step(now) {
                self.reader.hide();
            }
            match self.reader.show(self.portion()) {
                Shown::Bytes if age == Age::New => self.bytes_arrived(now),
                Shown::Bytes | Shown::LineFeed => {}
                Shown::Nothing => break,
            }
        }
        self.dropped += self.reader.take_discarded() as u64;
        match &self.state {
            State::Idle { .. } => flush_trace(&mut self.reader, &mut self.output),
            State::Resync(resync) => resync.trace(&Found::Nothing, &mut self.reader, &mut self.output),
            State::Pending(_) | State::Stream(_) => {}
        }
    }

    fn portion(&self) -> Portion {
        let shown = self.reader.peek().len();
        match &self.state {
            State::Idle { .. } | State::Resync(_) => Portion::Line,
            State::Pending(pending) => pending.portion(shown),
            State::Stream(stream) => stream.portion(shown),
        }
    }

    /// Tells the state that it is not silent.
    fn bytes_arrived(&mut self, now: Instant) {
        match &mut self.state {
            State::Pending(pending) => pending.input_arrived(now, &self.settings),
            State::Stream(stream) => stream.input_arrived(now, &self.settings),
            State::Resync(resync) => resync.input_arrived(now, &self.settings),
            State::Idle { .. } => {}
        }
    }

    /// One step of understanding the input. True: there may be more to do.
    fn step(&mut self, now: Instant) -> bool {
        match &mut self.state {
            State::Idle { .. } => self.step_idle(now),
            State::Pending(pending) => {
                let step = pending.step(now, &self.settings, &mut self.reader, &mut self.output);
                self.apply_pending(now, step)
            }
            State::Stream(stream) => {
                let step = stream.step(now, &self.settings, &mut self.reader, &mut self.output);
                self.apply_stream(now, step)
            }
            State::Resync(resync) => {
                let step = resync.step(now, &self.settings, &mut self.reader, &mut self.output);
                self.apply_resync(now, step)
            }
        }
    }

    fn step_idle(&mut self, now: Instant) -> bool {
        if !self.reader.settle() {
            return false;
        }
        if matches!(self.state, State::Idle { line_end_due: true, .. }) {
            // The last byte of the answer has come only now: the pause counts from here.
            self.become_idle(now);
        }
        self.reader.skip_line_ends();
        match counted_code::take(&mut self.reader, &mut self.output) {
            Front::Other => {}
            Front::Unfinished => return false,
            Front::Code(code) => {
                self.output.event(Event::Unsolicited(Line::new(code)));
                return true;
            }
        }
        match self.reader.take_line() {
            Found::Line(line) => self.output.event(Event::Unsolicited(Line::new(line))),
            Found::Overlong => {}
            Found::Nothing => return false,
        }
        flush_trace(&mut self.reader, &mut self.output);
        true
    }

    fn apply_pending(&mut self, now: Instant, step: Step) -> bool {
        match step {
            Step::Wait => return false,
            Step::Again => {}
            Step::Done(result) => {
                self.become_idle(now);
                self.output.event(Event::Completed(result));
            }
            Step::Connected(reply, ending) => {
                self.state = State::Stream(Stream::new(now, &self.settings, ending));
                self.output.event(Event::Completed(Ok(reply)));
            }
            Step::Lost(failure) => {
                let mut trouble = self.trouble(now);
                if matches!(failure, Failure::Refused(_)) {
                    trouble.entry = None;
                }
                self.output.event(Event::Completed(Err(failure)));
                self.become_resync(now, trouble);
            }
            Step::Unsure(result) => {
                let held = Some(result);
                self.become_resync(now, Trouble { held, cause: Cause::Silence, ..self.trouble(now) });
            }
        }
        true
    }

    fn apply_stream(&mut self, now: Instant, step: StreamStep) -> bool {
        match step {
            StreamStep::Wait => return false,
            StreamStep::Again => {}
            StreamStep::Stalled => {
                self.output.trace(|| Trace::Remark("the port takes nothing"));
                self.abandon_output();
            }
            StreamStep::Ended { end, in_step } => {
                self.output.event(Event::StreamEnded(end));
                if in_step {
                    self.become_idle(now);
                } else {
                    let has_peer = matches!(&self.state, State::Stream(stream) if stream.has_peer());
                    let cause = if has_peer { Cause::StreamOpen } else { Cause::Unknown };
                    self.become_resync(now, Trouble { cause, ..Trouble::default() });
                }
            }
        }
        true
    }

    fn apply_resync(&mut self, now: Instant, step: ResyncStep) -> bool {
        match step {
            ResyncStep::Wait => return false,
            ResyncStep::Again => {}
            ResyncStep::Dropped(bytes) => self.dropped += bytes,
            ResyncStep::InStep(waiting) => {
                self.complete_held();
                self.become_idle(now);
                if let Some(exchange) = waiting {
                    self.begin(now, exchange);
                }
            }
            ResyncStep::GaveUp { waiting } => {
                self.complete_held();
                self.abandon_output();
                if waiting {
                    self.output.event(Event::Completed(Err(Failure::NotResponding)));
                }
                return false;
            }
        }
        true
    }

    fn become_idle(&mut self, now: Instant) {
        let ready_at = (!self.settings.pause.is_zero()).then(|| now + self.settings.pause);
        self.state = State::Idle { ready_at, line_end_due: self.reader.is_line_end_open() };
    }

    fn become_resync(&mut self, now: Instant, trouble: Trouble) {
        self.resyncs += 1;
        self.output.trace(|| Trace::Remark("looking for the line again"));
        self.abandon_output();
        self.state = State::Resync(Box::new(Resync::new(now, &self.settings, trouble)));
    }

    fn trouble(&self, now: Instant) -> Trouble {
        match &self.state {
            State::Pending(pending) => pending.trouble(now),
            _ => Trouble::default(),
        }
    }

    fn abandon_output(&mut self) {
        self.output.drop_bytes();
        self.output.event(Event::OutputAbandoned);
    }

    /// An answer whose end only silence told counts if nothing followed it.
    fn complete_held(&mut self) {
        if let State::Resync(resync) = &mut self.state
            && let Some((held, disturbed)) = resync.take_held()
        {
            let result = match disturbed || resync.gave_up() {
                true => Err(Failure::Unexpected("more followed what looked like the end of the answer")),
                false => held,
            };
            self.output.event(Event::Completed(result));
        }
    }
}

/// The shape of the exchange ends in a stream; needed by the driver to hand out the right end.
pub(crate) fn opens_stream(exchange: &Exchange) -> bool {
    matches!(exchange.expect.0, Shape::Stream { .. })
}
