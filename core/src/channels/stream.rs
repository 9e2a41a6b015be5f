//! One channel as a byte stream.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::line::{Line, State, now};
use super::lost::ChannelLost;
use crate::multiplexer::Dlci;

/// One channel of a multiplexed line as a byte stream. It is closed when it is dropped.
///
/// Its flush waits until what was written has crossed the line, between the data of other channels.
#[derive(Debug)]
pub struct ChannelStream {
    line: Arc<Open>,
    dlci: Dlci,
    opened: u64,
}

/// Keeps a line open; when the last one goes, the multiplexer is closed.
#[derive(Debug)]
pub(super) struct Open(pub(super) Arc<Line>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.with(|state| state.session.close(now()));
        self.0.touched.notify_one();
    }
}

impl ChannelStream {
    pub(super) fn new(line: Arc<Open>, dlci: Dlci, opened: u64) -> Self {
        Self { line, dlci, opened }
    }

    /// The number of the channel.
    #[must_use]
    pub fn dlci(&self) -> Dlci {
        self.dlci
    }

    fn line(&self) -> &Line {
        &self.line.0
    }

    /// Why the channel is not there any more.
    fn lost(&self, state: &mut State) -> Option<ChannelLost> {
        if let Some(lost) = &state.lost {
            return Some(lost.clone());
        }
        let opened = self.opened;
        let channel = state.channel(self.dlci)?;
        if channel.is_open && channel.opened == opened {
            return None;
        }
        Some(ChannelLost::Channel(channel.end.unwrap_or(crate::multiplexer::ChannelEnd::ByHost)))
    }

    /// Whether the channel has not been opened again since.
    fn is_current(&self, state: &mut State) -> bool {
        state.channel(self.dlci).is_some_and(|channel| channel.opened == self.opened)
    }
}

impl AsyncRead for ChannelStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let dlci = self.dlci;
        let octets = self.line().with(|state| {
            if !self.is_current(state) {
                return Err(self.lost(state));
            }
            let octets = state.session.read(now(), dlci, buffer.remaining());
            if !octets.is_empty() || buffer.remaining() == 0 {
                return Ok(octets);
            }
            let lost = self.lost(state);
            if let Some(channel) = state.channel(dlci).filter(|_| lost.is_none()) {
                channel.reader = Some(context.waker().clone());
            }
            Err(lost)
        });
        match octets {
            Ok(octets) => {
                buffer.put_slice(&octets);
                // The module may have to be told to go on, or the port to be read again.
                self.line().touched.notify_one();
                Poll::Ready(Ok(()))
            }
            Err(Some(lost)) => Poll::Ready(Err(lost.into())),
            Err(None) => Poll::Pending,
        }
    }
}

impl AsyncWrite for ChannelStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        if octets.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let written = self.line().with(|state| {
            if let Some(lost) = self.lost(state) {
                return Err(lost);
            }
            let written = state.session.write(self.dlci, octets);
            if let Some(channel) = state.channel(self.dlci).filter(|_| written == 0) {
                channel.writer = Some(context.waker().clone());
            }
            Ok(written)
        });
        match written {
            Ok(0) => Poll::Pending,
            Ok(written) => {
                self.line().touched.notify_one();
                Poll::Ready(Ok(written))
            }
            Err(lost) => Poll::Ready(Err(lost.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.line().with(|state| {
            if let Some(lost) = self.lost(state) {
                return Err(lost);
            }
            let flushed = state.is_flushed(self.dlci);
            if let Some(channel) = state.channel(self.dlci).filter(|_| !flushed) {
                channel.flusher = Some(context.waker().clone());
            }
            Ok(flushed)
        });
        match flushed {
            Ok(true) => Poll::Ready(Ok(())),
            Ok(false) => {
                // The task may sleep although the octets have crossed the line by now.
                self.line().touched.notify_one();
                Poll::Pending
            }
            Err(lost) => Poll::Ready(Err(lost.into())),
        }
    }

    /// The channel is closed when the stream is dropped.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}

impl Drop for ChannelStream {
    fn drop(&mut self) {
        self.line().with(|state| {
            if self.is_current(state) {
                state.session.close_channel(now(), self.dlci);
                if let Some(channel) = state.channel(self.dlci) {
                    channel.is_open = false;
                }
            }
        });
        self.line().touched.notify_one();
    }
}
