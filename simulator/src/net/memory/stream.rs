//! A byte stream between two tasks that ends as a TCP or TLS connection does.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::super::link::Carrier;
use super::super::tls::TlsFailure;
use super::super::{NetError, StreamEnd};
use super::direction::{Direction, MemoryEnd};

/// One end of a stream. Dropping it sends FIN, or a reset if the network that carries it was lost.
#[derive(Debug)]
pub(crate) struct MemoryStream {
    incoming: Arc<Direction>,
    outgoing: Arc<Direction>,
    handshake: Arc<Handshake>,
    local: SocketAddr,
    peer: SocketAddr,
    latency: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    /// How the other side ended, once that has been read.
    end: Option<StreamEnd>,
    last_word: MemoryEnd,
    carrier: Option<Carrier>,
}

/// What both ends know of TLS.
#[derive(Debug)]
pub(crate) struct Handshake {
    failure: Option<TlsFailure>,
    suite: Mutex<Option<u16>>,
}

impl Handshake {
    /// Whether TLS was agreed on.
    pub(crate) fn is_secured(&self) -> bool {
        self.suite().is_some()
    }

    fn suite(&self) -> Option<u16> {
        *self.suite.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryStream {
    /// Two ends of one stream: that of who dialled, and that of who was dialled. What one side sends reaches the other
    /// after `latency`. A handshake over it fails with `failure`, if that is given.
    pub(super) fn pair(
        (dialler, dialled): (SocketAddr, SocketAddr),
        latency: Duration,
        failure: Option<TlsFailure>,
    ) -> (Self, Self) {
        let (there, back) = (Arc::new(Direction::default()), Arc::new(Direction::default()));
        let handshake = Arc::new(Handshake { failure, suite: Mutex::new(None) });
        let end = |incoming: &Arc<Direction>, outgoing: &Arc<Direction>, local, peer| Self {
            incoming: Arc::clone(incoming),
            outgoing: Arc::clone(outgoing),
            handshake: Arc::clone(&handshake),
            local,
            peer,
            latency,
            waiting: None,
            end: None,
            last_word: MemoryEnd::Fin,
            carrier: None,
        };
        (end(&back, &there, dialler, dialled), end(&there, &back, dialled, dialler))
    }

    pub(crate) fn local_address(&self) -> SocketAddr {
        self.local
    }

    pub(crate) fn peer_address(&self) -> SocketAddr {
        self.peer
    }

    /// It ends with this network.
    pub(in super::super) fn carry(&mut self, carrier: Carrier) {
        self.carrier = Some(carrier);
    }

    /// Waits until the other side has agreed on TLS. `false`: it has ended instead.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn secured(&self) -> bool {
        poll_fn(|context| {
            let mut state = self.incoming.state();
            if self.handshake.is_secured() || state.end.is_some() {
                return Poll::Ready(self.handshake.is_secured());
            }
            state.reader = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Agrees on TLS with `suite`, in two round trips and without a byte.
    pub(crate) async fn secure(&mut self, suite: u16) -> Result<(), NetError> {
        // A stream that is given up on the way must not look like one that was closed.
        let last_word = std::mem::replace(&mut self.last_word, MemoryEnd::Reset);
        wait(4 * self.latency).await;
        if let Some(failure) = self.handshake.failure {
            return Err(NetError::tls(failure, "the peer was told to fail the handshake"));
        }
        *self.handshake.suite.lock().unwrap_or_else(PoisonError::into_inner) = Some(suite);
        self.last_word = last_word;
        // The other side may wait for it.
        self.outgoing.state().wake_reader();
        Ok(())
    }

    /// The suite that was agreed on; `None` without TLS.
    pub(crate) fn suite(&self) -> Option<u16> {
        self.handshake.suite()
    }

    /// Whether TLS was agreed on.
    pub(crate) fn is_secured(&self) -> bool {
        self.handshake.is_secured()
    }

    /// What will be known of TLS, also when the stream is gone.
    pub(crate) fn handshake(&self) -> Arc<Handshake> {
        Arc::clone(&self.handshake)
    }

    /// How the other side ended, once reading has met that.
    pub(crate) fn end(&self) -> Option<StreamEnd> {
        self.end
    }

    /// Dropping it resets the stream from now on.
    pub(crate) fn reset_on_drop(&mut self) {
        self.last_word = MemoryEnd::Reset;
    }

    /// Ends our direction; the other one goes on.
    pub(crate) fn finish(&self, end: MemoryEnd) {
        self.outgoing.state().finish(Instant::now() + self.latency, end);
    }

    fn met(&mut self, end: MemoryEnd) -> io::Result<()> {
        let secured = self.is_secured();
        let end = self.end.get_or_insert(match end {
            MemoryEnd::Orderly if secured => StreamEnd::CloseNotify,
            MemoryEnd::Orderly | MemoryEnd::Fin => StreamEnd::Fin,
            MemoryEnd::Reset => StreamEnd::Reset,
        });
        if *end == StreamEnd::Reset { Err(NetError::Reset.into()) } else { Ok(()) }
    }

    /// Waits until what is under way has arrived.
    fn poll_arrival(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let due = {
                let mut state = self.incoming.state();
                let Some(due) = state.due() else {
                    state.reader = Some(context.waker().clone());
                    return Poll::Pending;
                };
                due
            };
            if due <= Instant::now() {
                self.waiting = None;
                return Poll::Ready(());
            }
            let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep_until(due)));
            if waiting.deadline() != due {
                waiting.as_mut().reset(due);
            }
            std::task::ready!(waiting.as_mut().poll(context));
        }
    }
}

async fn wait(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

impl AsyncRead for MemoryStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_arrival(context));
        let mut state = self.incoming.state();
        if state.take(buffer, Instant::now()) > 0 || buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let end = state.end.map_or(MemoryEnd::Fin, |(_, end)| end);
        drop(state);
        Poll::Ready(self.met(end))
    }
}

impl AsyncWrite for MemoryStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if matches!(self.incoming.state().end, Some((_, MemoryEnd::Reset))) {
            return Poll::Ready(Err(NetError::Reset.into()));
        }
        let mut state = self.outgoing.state();
        if state.abandoned || state.end.is_some() {
            return Poll::Ready(Err(NetError::Reset.into()));
        }
        let count = state.put(bytes, Instant::now() + self.latency);
        if count == 0 && !bytes.is_empty() {
            state.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.finish(MemoryEnd::Orderly);
        Poll::Ready(Ok(()))
    }
}

impl Drop for MemoryStream {
    fn drop(&mut self) {
        let at = Instant::now() + self.latency;
        let lost = self.carrier.as_ref().is_some_and(Carrier::is_lost);
        let last_word = if lost { MemoryEnd::Reset } else { self.last_word };
        let mut outgoing = self.outgoing.state();
        if last_word == MemoryEnd::Reset {
            // It overtakes an orderly end that the other side has not read yet.
            outgoing.end = None;
        }
        outgoing.finish(at, last_word);
        drop(outgoing);
        self.incoming.state().abandon();
    }
}
