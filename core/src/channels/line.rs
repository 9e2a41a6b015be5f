//! What the task that owns the port and the streams of its channels share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::lost::ChannelLost;
use crate::multiplexer::{ChannelEnd, Dlci, Session, SessionEnd, SessionEvent, SessionSettings};

/// A session, and who waits for what in it.
#[derive(Debug)]
pub(super) struct Line {
    state: Mutex<State>,
    /// Somebody has written, read, opened or closed: the task has to look.
    pub(super) touched: Notify,
    /// A channel has opened or closed, or the session is over.
    pub(super) settled: Notify,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) session: Session,
    pub(super) channels: Vec<ChannelState>,
    /// Why nothing works any more.
    pub(super) lost: Option<ChannelLost>,
    /// Octets that the session has given out, and how many of them have crossed the line.
    given: u64,
    left: u64,
}

#[derive(Debug)]
pub(super) struct ChannelState {
    pub(super) dlci: Dlci,
    pub(super) is_open: bool,
    /// It has a stream.
    pub(super) is_taken: bool,
    /// Why it is closed.
    pub(super) end: Option<ChannelEnd>,
    /// Counts how often it was opened: a stream is of one time.
    pub(super) opened: u64,
    /// What had been given out when its last data were.
    given: u64,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
    pub(super) flusher: Option<Waker>,
}

impl ChannelState {
    fn new(dlci: Dlci) -> Self {
        Self {
            dlci,
            is_open: false,
            is_taken: false,
            end: None,
            opened: 0,
            given: 0,
            reader: None,
            writer: None,
            flusher: None,
        }
    }

    fn wake_all(&mut self) {
        [self.reader.take(), self.writer.take(), self.flusher.take()]
            .into_iter()
            .flatten()
            .for_each(Waker::wake);
    }
}

/// The clock of the runtime, so that a paused test clock moves the session too.
pub(super) fn now() -> std::time::Instant {
    Instant::now().into_std()
}

impl Line {
    pub(super) fn begin(settings: SessionSettings) -> Arc<Self> {
        let channels = (1..=settings.channels).filter_map(Dlci::new).map(ChannelState::new).collect();
        let session = Session::begin(now(), settings);
        let state = State { session, channels, lost: None, given: 0, left: 0 };
        Arc::new(Self { state: Mutex::new(state), touched: Notify::new(), settled: Notify::new() })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to the session, and tells whoever waits for what came of it.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = act(&mut state);
        let settled = state.settle();
        drop(state);
        if settled {
            self.settled.notify_waiters();
        }
        result
    }

    /// The port is gone.
    pub(super) fn lose(&self, reason: ChannelLost) {
        self.with(|state| state.lose(reason));
        self.settled.notify_waiters();
    }
}

impl State {
    pub(super) fn channel(&mut self, dlci: Dlci) -> Option<&mut ChannelState> {
        self.channels.iter_mut().find(|channel| channel.dlci == dlci)
    }

    /// The next octets for the port, and how many have been given out with them.
    pub(super) fn next_output(&mut self) -> Option<(Bytes, u64)> {
        let unsent = |session: &Session, channel: &ChannelState| session.unsent(channel.dlci);
        let before: Vec<usize> = self.channels.iter().map(|channel| unsent(&self.session, channel)).collect();
        let octets = self.session.poll_output(now())?;
        self.given += octets.len() as u64;
        for (channel, before) in self.channels.iter_mut().zip(before) {
            if unsent(&self.session, channel) < before {
                channel.given = self.given;
                channel.writer.take().into_iter().for_each(Waker::wake);
            }
        }
        Some((octets, self.given))
    }

    /// So many of the octets that were given out have crossed the line.
    pub(super) fn left(&mut self, count: u64) {
        self.left = count;
    }

    /// Whether everything that was written to a channel has crossed the line.
    pub(super) fn is_flushed(&mut self, dlci: Dlci) -> bool {
        let (unsent, left) = (self.session.unsent(dlci), self.left);
        unsent == 0 && self.channel(dlci).is_none_or(|channel| channel.given <= left)
    }

    /// Whether somebody waits for octets to have crossed the line.
    pub(super) fn is_awaited(&self) -> bool {
        self.left < self.given && self.channels.iter().any(|channel| channel.flusher.is_some())
    }

    fn settle(&mut self) -> bool {
        let mut settled = false;
        while let Some(event) = self.session.poll_event() {
            settled |= self.apply(event);
        }
        for index in 0..self.channels.len() {
            let Some(dlci) = self.channels.get(index).map(|channel| channel.dlci) else { break };
            let (readable, flushed) = (self.session.unread(dlci) > 0, self.is_flushed(dlci));
            if let Some(channel) = self.channels.get_mut(index) {
                let reader = channel.reader.take_if(|_| readable);
                let flusher = channel.flusher.take_if(|_| flushed);
                reader.into_iter().chain(flusher).for_each(Waker::wake);
            }
        }
        settled
    }

    fn apply(&mut self, event: SessionEvent) -> bool {
        match event {
            SessionEvent::Opened(dlci) => {
                if let Some(channel) = self.channel(dlci) {
                    (channel.is_open, channel.is_taken) = (true, false);
                    channel.opened += 1;
                    channel.end = None;
                }
            }
            SessionEvent::Closed(dlci, end) => {
                tracing::debug!(%dlci, %end, "a channel is closed");
                if let Some(channel) = self.channel(dlci) {
                    channel.is_open = false;
                    channel.end = Some(end);
                    channel.wake_all();
                }
            }
            SessionEvent::Signals(dlci, signals) => {
                tracing::trace!(%dlci, ?signals, "the module's signals");
                return false;
            }
            SessionEvent::Ended(end) => {
                let reason = ChannelLost::Session(end);
                match end {
                    SessionEnd::ByHost => tracing::debug!(%reason, "the multiplexer is closed"),
                    _ => tracing::warn!(%reason, "all channels are lost"),
                }
                self.lose(reason);
            }
        }
        true
    }

    fn lose(&mut self, reason: ChannelLost) {
        self.lost.get_or_insert(reason);
        self.channels.iter_mut().for_each(ChannelState::wake_all);
    }
}
