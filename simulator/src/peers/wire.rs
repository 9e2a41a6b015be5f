//! One connection of a peer that reads and writes at the same time.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::StreamEnd;
use crate::net::memory::{MemoryEnd, MemoryStream};

/// How much is read at once.
const PIECE: usize = 16 * 1024;

/// A stream with what came and what is still to go.
#[derive(Debug)]
pub(super) struct Wire {
    stream: MemoryStream,
    pub(super) input: BytesMut,
    pub(super) output: BytesMut,
    broken: bool,
}

/// What happened on a [`Wire`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// So many bytes came into the input.
    Received(usize),
    /// So many bytes of the output are on their way.
    Sent(usize),
    Ended(StreamEnd),
}

impl Wire {
    pub(super) fn new(stream: MemoryStream) -> Self {
        Self { stream, input: BytesMut::new(), output: BytesMut::new(), broken: false }
    }

    pub(super) fn is_secured(&self) -> bool {
        self.stream.is_secured()
    }

    /// Writes what is there, and reads if that is wanted.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(super) async fn next(&mut self, reading: bool) -> Progress {
        poll_fn(|context| self.poll(reading, context)).await
    }

    /// Ends our direction in an orderly way, or as `end` says.
    pub(super) fn finish(&self, end: MemoryEnd) {
        self.stream.finish(end);
    }

    /// Breaks the connection off.
    pub(super) fn reset(mut self) {
        self.stream.reset_on_drop();
    }

    fn poll(&mut self, reading: bool, context: &mut Context<'_>) -> Poll<Progress> {
        if !self.output.is_empty()
            && !self.broken
            && let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(context, &self.output)
        {
            match written {
                Ok(count) => {
                    self.output.advance(count);
                    return Poll::Ready(Progress::Sent(count));
                }
                // How it ended is for the reader to find out.
                Err(_) => self.broken = true,
            }
        }
        if reading || self.broken { self.poll_read(context) } else { Poll::Pending }
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Progress> {
        let mut piece = [0; PIECE];
        let mut buffer = ReadBuf::new(&mut piece);
        let read = std::task::ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
        let count = buffer.filled().len();
        if read.is_err() || count == 0 {
            return Poll::Ready(Progress::Ended(self.stream.end().unwrap_or(StreamEnd::Reset)));
        }
        self.input.extend_from_slice(buffer.filled());
        Poll::Ready(Progress::Received(count))
    }
}
