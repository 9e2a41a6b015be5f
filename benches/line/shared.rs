//! A line that the SDK has, and that a bare loop borrows: both measure the same one.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use super::Bare;

/// The host's end of a line.
#[derive(Debug, Clone)]
pub struct SharedLine(Arc<Mutex<State>>);

/// The end that is given to the SDK. It stands still while the line is lent.
#[derive(Debug)]
pub struct SdkEnd(SharedLine);

#[derive(Debug)]
struct State {
    stream: DuplexStream,
    lent: bool,
    waiting: Option<Waker>,
}

impl SharedLine {
    /// Shares a line.
    #[must_use]
    pub fn new(stream: DuplexStream) -> (Self, SdkEnd) {
        let line = Self(Arc::new(Mutex::new(State { stream, lent: false, waiting: None })));
        (line.clone(), SdkEnd(line))
    }

    /// Takes the line from the SDK until the loop is dropped.
    #[must_use]
    pub fn borrow(&self) -> Bare {
        self.lock().lent = true;
        Bare::new(self.clone())
    }

    pub(super) fn give_back(&self) {
        let mut state = self.lock();
        state.lent = false;
        if let Some(waiting) = state.waiting.take() {
            waiting.wake();
        }
    }

    pub(super) fn poll<T>(
        &self,
        act: impl FnOnce(Pin<&mut DuplexStream>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        act(Pin::new(&mut self.lock().stream))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SdkEnd {
    fn poll<T>(
        &self,
        context: &mut Context<'_>,
        act: impl FnOnce(Pin<&mut DuplexStream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let mut state = self.0.lock();
        if state.lent {
            state.waiting = Some(context.waker().clone());
            return Poll::Pending;
        }
        let polled = act(Pin::new(&mut state.stream), context);
        if polled.is_pending() {
            state.waiting = Some(context.waker().clone());
        }
        polled
    }
}

impl AsyncRead for SdkEnd {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll(context, |stream, context| stream.poll_read(context, buffer))
    }
}

impl AsyncWrite for SdkEnd {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(context, |stream, context| stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(context, |stream, context| stream.poll_shutdown(context))
    }
}
