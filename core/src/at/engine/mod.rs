//! The engine: one exchange at a time, in step with the module whatever happens.

mod input;
mod online;
mod transition;

use std::fmt;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use input::Age;

use super::block_ends::BlockEnds;
use super::event::{Event, Failure};
use super::exchange::Exchange;
use super::output::{Output, Trace};
use super::pending::Pending;
use super::reader::{Reader, make_room};
use super::resync::Resync;
use super::settings::Settings;
use super::stream::Stream;

pub use online::Outlook;

/// The I/O-free AT engine. Its contract is written in the [module documentation](super).
pub struct Engine {
    settings: Settings,
    reader: Reader,
    output: Output,
    block_ends: BlockEnds,
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
    /// A port that is idle, as most are most of the time, has no room for it.
    Pending(Box<Pending>),
    Stream(Box<Stream>),
    Resync(Box<Resync>),
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
            block_ends: BlockEnds::default(),
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
        self.block_ends = BlockEnds::default();
        self.state = State::Resync(Box::new(Resync::unknown_with(entry)));
    }

    /// The module has restarted, so that it holds no entry open any more. An exchange under way was most likely swallowed:
    /// it has two more seconds to be answered, then it ends as [`Failure::Restarted`]. Its echo or a part of its answer shows
    /// that the module is at work on it: then it has its whole time again.
    ///
    /// A [start-up line](Settings::start_up_lines) tells the same by itself: do not call this for one.
    pub fn module_restarted(&mut self, now: Instant) {
        match &mut self.state {
            State::Resync(resync) => resync.forget_entry(),
            State::Pending(pending) => pending.module_restarted(now),
            State::Idle { .. } | State::Stream(_) => {}
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

    /// Whether [`begin`](Self::begin) may be called as soon as the pause is over, if there is one.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle { .. })
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
                if let Some(length) = pending.longest_body() {
                    self.reader.make_room_for_body(length);
                }
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

    /// Where arriving bytes are appended. Call [`handle_input`](Self::handle_input) afterwards.
    #[inline]
    pub fn input(&mut self) -> &mut BytesMut {
        self.reader.buffer()
    }

    /// [`input`](Self::input) with room for a read of `size` bytes, or for fewer where making more would be work: for half
    /// of them at least.
    #[inline]
    pub fn input_with_room(&mut self, size: usize) -> &mut BytesMut {
        make_room(self.reader.buffer(), size);
        self.reader.buffer()
    }

    /// Works on the bytes that were appended to [`input`](Self::input).
    pub fn handle_input(&mut self, now: Instant) {
        self.last_input = Some(now);
        if !self.waits_for_body(now) {
            self.understand(now, Age::New);
        }
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
    #[inline]
    pub fn poll_event(&mut self) -> Option<Event> {
        // Most reads lead to none, or it was the last one: that is told where it is asked.
        if self.output.has_events() { self.output.next_event() } else { None }
    }

    /// The next step for a transcript, if [`Settings::trace`] is on.
    pub fn poll_trace(&mut self) -> Option<Trace> {
        self.output.next_trace()
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
}
