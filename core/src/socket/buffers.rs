//! What stands between the application and the task that drives its socket.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::ReadBuf;
use tokio::sync::Notify;

use super::ending::SocketEnding;
use super::error::SocketError;
use super::pump::Demand;

/// Bytes that wait for the application. While they are more, nothing is read from the module.
const INCOMING: usize = 32 * 1024;
/// Bytes that wait for the module. While they are as many, nothing is taken from the application.
const OUTGOING: usize = 16 * 1024;
/// Bytes that wait for the application where the peer cannot be held up.
const UNBRIDLED: usize = 1024 * 1024;

/// Bytes of a terminated entry that the module takes for editing. Source: M37 p741-744.
const EDITING_BYTES: [u8; 3] = [0x08, 0x1a, 0x1b];

#[derive(Debug)]
pub(super) struct Buffers {
    state: Mutex<State>,
    /// The application has done something.
    changed: Notify,
    /// Bytes that would edit the entry are refused.
    refuse_editing: bool,
}

#[derive(Debug, Default)]
struct State {
    incoming: VecDeque<Bytes>,
    incoming_length: usize,
    received: u64,
    /// The peer may judge the client certificate when the connection stands.
    tls13: bool,
    outgoing: BytesMut,
    /// Bytes that the module has been given and has not yet accepted.
    in_flight: usize,
    sent: u64,
    /// How the reading side ends.
    read_end: Option<ReadEnd>,
    /// The application knows how it ends.
    heard: bool,
    /// The peer takes nothing any more.
    send_end: Option<SocketEnding>,
    /// What became of bytes that were written and not accepted; nothing more can be written.
    write_error: Option<SocketError>,
    /// The application writes no more.
    shut_down: bool,
    /// The application wants the connection to end.
    closing: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Clone, Debug)]
enum ReadEnd {
    Ended(SocketEnding),
    Failed(SocketError),
}

impl Buffers {
    /// Bytes that would edit the entry can be refused. With TLS 1.3 the peer judges the client certificate when the
    /// connection stands.
    pub(super) fn new(refuse_editing: bool, tls13: bool) -> Self {
        let state = State { tls13, ..State::default() };
        Self { state: Mutex::new(state), changed: Notify::new(), refuse_editing }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The application's side.
impl Buffers {
    pub(super) fn poll_read(&self, context: &Context<'_>, target: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if target.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut state = self.lock();
        if state.incoming_length > 0 {
            state.copy_to(target);
            drop(state);
            self.changed.notify_one();
            return Poll::Ready(Ok(()));
        }
        match state.read_end.clone() {
            None => {
                state.reader = Some(context.waker().clone());
                Poll::Pending
            }
            Some(ReadEnd::Ended(ending)) if ending.error_kind().is_none() => Poll::Ready(Ok(())),
            Some(_) => Poll::Ready(Err(state.tell_end().into())),
        }
    }

    pub(super) fn poll_write(&self, context: &Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.lock();
        state.check_writable()?;
        if let Some(byte) = self.uncarriable(bytes) {
            return Poll::Ready(Err(SocketError::Uncarriable { byte }.into()));
        }
        let room = OUTGOING.saturating_sub(state.outgoing.len());
        if room == 0 && !bytes.is_empty() {
            state.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        state.outgoing.extend_from_slice(taken);
        let count = taken.len();
        drop(state);
        self.changed.notify_one();
        Poll::Ready(Ok(count))
    }

    /// All of a write is looked at, whatever there is room for, so that nothing of one that is refused is sent.
    fn uncarriable(&self, bytes: &[u8]) -> Option<u8> {
        if !self.refuse_editing {
            return None;
        }
        let [backspace, end, escape] = EDITING_BYTES;
        let position = memchr::memchr3(backspace, end, escape, bytes)?;
        bytes.get(position).copied()
    }

    pub(super) fn poll_flush(&self, context: &Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        if let Some(error) = state.write_error.clone() {
            return Poll::Ready(Err(error.into()));
        }
        if state.outgoing.is_empty() && state.in_flight == 0 {
            return Poll::Ready(Ok(()));
        }
        if state.read_end.is_some() {
            return Poll::Ready(Err(state.tell_end().into()));
        }
        state.writer = Some(context.waker().clone());
        Poll::Pending
    }

    /// No more writes.
    pub(super) fn shut_down(&self) {
        self.lock().shut_down = true;
    }

    /// What was written goes out, what comes is thrown away, then the connection ends.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closing = true;
        state.shut_down = true;
        state.incoming.clear();
        state.incoming_length = 0;
        drop(state);
        self.changed.notify_one();
    }

    pub(super) fn ending(&self) -> Option<SocketEnding> {
        match self.lock().read_end {
            Some(ReadEnd::Ended(ending)) => Some(ending),
            _ => None,
        }
    }

    /// Fails once the connection has ended: its number may be somebody else's.
    pub(super) fn check_open(&self) -> Result<(), SocketError> {
        let mut state = self.lock();
        if state.read_end.is_some() { Err(state.tell_end()) } else { Ok(()) }
    }

    /// What a connection comes to that has ended instead of being suspended.
    pub(super) fn ended_while_suspended(&self) -> SocketError {
        let ending = self.ending().unwrap_or(SocketEnding::Unknown);
        SocketError::EndedWhileSuspended { ending, unread: self.unread() }
    }

    /// What a closing application should hear: of bytes that it wrote, and of a failure that nothing has told it.
    pub(super) fn outcome(&self) -> Result<(), SocketError> {
        let state = self.lock();
        match (&state.write_error, &state.read_end) {
            (Some(error), _) => Err(error.clone()),
            (None, Some(ReadEnd::Failed(error))) if !state.heard => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Takes everything that was not read.
    pub(super) fn unread(&self) -> Bytes {
        let mut state = self.lock();
        state.incoming_length = 0;
        let mut unread = BytesMut::new();
        state.incoming.drain(..).for_each(|chunk| unread.extend_from_slice(&chunk));
        unread.freeze()
    }

    /// Bytes that the module accepted, and bytes that came.
    pub(super) fn totals(&self) -> (u64, u64) {
        let state = self.lock();
        (state.sent, state.received)
    }
}

/// The task's side.
impl Buffers {
    /// Until the application has done something since the last time.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(super) fn demand(&self) -> Demand {
        let state = self.lock();
        let room = match state.closing {
            true => usize::MAX,
            false => INCOMING.saturating_sub(state.incoming_length),
        };
        Demand { room, outgoing: state.outgoing.len(), closing: state.closing }
    }

    /// Hands bytes to the application, whether there is room or not.
    pub(super) fn push(&self, data: Bytes) {
        let mut state = self.lock();
        state.received += data.len() as u64;
        if data.is_empty() || state.closing {
            return;
        }
        state.incoming_length += data.len();
        state.incoming.push_back(data);
        state.wake_reader();
    }

    /// Like [`push`](Self::push), for data that nothing can hold up.
    pub(super) fn push_unbridled(&self, data: Bytes) -> Result<(), SocketError> {
        if self.lock().incoming_length + data.len() > UNBRIDLED {
            return Err(SocketError::Overflow { capacity: UNBRIDLED });
        }
        self.push(data);
        Ok(())
    }

    /// Takes bytes to give them to the module.
    pub(super) fn take(&self, most: usize) -> Bytes {
        let mut state = self.lock();
        let length = most.min(state.outgoing.len());
        let taken = state.outgoing.split_to(length).freeze();
        state.in_flight += length;
        state.wake_writer();
        taken
    }

    /// The module has accepted everything that was taken.
    pub(super) fn accepted(&self) {
        let mut state = self.lock();
        state.sent += std::mem::take(&mut state.in_flight) as u64;
        state.wake_writer();
    }

    /// The module has not accepted what was taken; nothing more is sent.
    pub(super) fn not_accepted(&self, error: SocketError) {
        let mut state = self.lock();
        state.write_error.get_or_insert(error);
        state.outgoing.clear();
        state.in_flight = 0;
        state.wake_writer();
    }

    /// The peer takes nothing any more, although not everything that came was handed over yet.
    pub(super) fn sending_ended(&self, ending: SocketEnding) {
        let mut state = self.lock();
        state.send_end.get_or_insert(ending);
        if state.in_flight > 0 || !state.outgoing.is_empty() {
            // What came first may still wait in the module.
            state.write_error.get_or_insert(SocketError::Ended { ending, before_first_byte: false });
            state.outgoing.clear();
            state.in_flight = 0;
        }
        state.wake_writer();
    }

    /// The connection has ended, and everything that came was handed over.
    pub(super) fn ended(&self, ending: SocketEnding) {
        let mut state = self.lock();
        state.read_end.get_or_insert(ReadEnd::Ended(ending));
        state.finish();
    }

    /// Nothing more can be said about the connection.
    pub(super) fn failed(&self, error: SocketError) {
        let mut state = self.lock();
        state.read_end.get_or_insert(ReadEnd::Failed(error));
        state.finish();
    }
}

impl State {
    fn copy_to(&mut self, target: &mut ReadBuf<'_>) {
        while let Some(front) = self.incoming.front_mut() {
            let count = front.len().min(target.remaining());
            target.put_slice(front.get(..count).unwrap_or_default());
            front.advance(count);
            self.incoming_length -= count;
            if !front.is_empty() {
                return;
            }
            self.incoming.pop_front();
        }
    }

    fn check_writable(&mut self) -> io::Result<()> {
        if let Some(error) = &self.write_error {
            return Err(error.clone().into());
        }
        let kind = io::ErrorKind::BrokenPipe;
        match (&self.read_end, self.send_end) {
            (Some(_), _) => Err(io::Error::new(kind, self.tell_end())),
            (None, Some(ending)) => {
                Err(io::Error::new(kind, SocketError::Ended { ending, before_first_byte: false }))
            }
            (None, None) if self.shut_down => {
                Err(io::Error::new(kind, "the socket was shut down for writing"))
            }
            (None, None) => Ok(()),
        }
    }

    /// The application is told how the connection has ended.
    fn tell_end(&mut self) -> SocketError {
        self.heard = true;
        self.ended_error()
    }

    fn ended_error(&self) -> SocketError {
        match &self.read_end {
            Some(ReadEnd::Failed(error)) => error.clone(),
            Some(ReadEnd::Ended(ending)) => {
                SocketError::Ended { ending: *ending, before_first_byte: self.tls13 && self.received == 0 }
            }
            None => SocketError::Ended { ending: SocketEnding::Unknown, before_first_byte: false },
        }
    }

    /// What was not accepted now never will be.
    fn finish(&mut self) {
        if self.in_flight > 0 || !self.outgoing.is_empty() {
            let error = self.ended_error();
            self.write_error.get_or_insert(error);
            self.outgoing.clear();
            self.in_flight = 0;
        }
        self.wake_reader();
        self.wake_writer();
    }

    fn wake_reader(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn wake_writer(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }
}
