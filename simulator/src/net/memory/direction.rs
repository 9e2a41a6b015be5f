//! One direction of a stream in memory.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use bytes::Bytes;
use tokio::io::ReadBuf;
use tokio::time::Instant;

/// How much may be under way, as in the buffers of a socket.
const CAPACITY: usize = 64 * 1024;

/// How one side ends its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemoryEnd {
    /// In an orderly way: with `close_notify` where there is TLS.
    Orderly,
    /// FIN alone.
    Fin,
    Reset,
}

/// What is under way, shared by who writes and who reads.
#[derive(Debug, Default)]
pub(super) struct Direction(Mutex<State>);

#[derive(Debug, Default)]
pub(super) struct State {
    /// Each with the moment of its arrival.
    pieces: VecDeque<(Instant, Bytes)>,
    length: usize,
    pub(super) end: Option<(Instant, MemoryEnd)>,
    /// Nobody will read any more.
    pub(super) abandoned: bool,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
}

impl Direction {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Sends as much as there is room for, to arrive at `at`.
    pub(super) fn put(&mut self, bytes: &[u8], at: Instant) -> usize {
        let count = bytes.len().min(CAPACITY - self.length);
        if let Some(taken) = bytes.get(..count).filter(|taken| !taken.is_empty()) {
            self.pieces.push_back((at, Bytes::copy_from_slice(taken)));
            self.length += count;
            self.wake_reader();
        }
        count
    }

    /// Takes what has arrived.
    pub(super) fn take(&mut self, buffer: &mut ReadBuf<'_>, now: Instant) -> usize {
        let before = buffer.filled().len();
        while buffer.remaining() > 0
            && let Some((at, piece)) = self.pieces.front_mut()
            && *at <= now
        {
            let count = piece.len().min(buffer.remaining());
            buffer.put_slice(&piece.split_to(count));
            if piece.is_empty() {
                self.pieces.pop_front();
            }
        }
        let count = buffer.filled().len() - before;
        self.length -= count;
        if count > 0 {
            self.wake_writer();
        }
        count
    }

    /// Ends it, unless it has ended.
    pub(super) fn finish(&mut self, at: Instant, end: MemoryEnd) {
        self.end.get_or_insert((at, end));
        self.wake_reader();
        self.wake_writer();
    }

    /// The reader is gone.
    pub(super) fn abandon(&mut self) {
        self.abandoned = true;
        self.pieces.clear();
        self.length = 0;
        self.wake_writer();
    }

    /// When there is something to read, at the earliest.
    pub(super) fn due(&self) -> Option<Instant> {
        let piece = self.pieces.front().map(|(at, _)| *at);
        piece.or_else(|| self.end.map(|(at, _)| at))
    }

    pub(super) fn wake_reader(&mut self) {
        self.reader.take().into_iter().for_each(Waker::wake);
    }

    fn wake_writer(&mut self) {
        self.writer.take().into_iter().for_each(Waker::wake);
    }
}
