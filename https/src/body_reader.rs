//! The answer's body as a reader.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, ReadBuf};

use crate::body::Body;

/// The body of an answer as a tokio reader. Made by [`Body::into_async_read`].
///
/// An [`io::Error`] carries the [`BodyError`](crate::BodyError) as its source. After one comes the end of the stream.
///
/// # Cancel safety
/// Reading can be dropped and repeated at any time; no byte is lost.
#[derive(Debug)]
pub struct BodyReader {
    body: Body,
    block: Bytes,
}

impl BodyReader {
    pub(crate) fn new(body: Body) -> Self {
        Self { body, block: Bytes::new() }
    }
}

impl AsyncRead for BodyReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if target.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        while self.block.is_empty() {
            match ready!(self.body.poll_block(context)) {
                Some(block) => self.block = block.map_err(io::Error::other)?,
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = self.block.len().min(target.remaining());
        target.put_slice(&self.block.copy_to_bytes(length));
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::sync::mpsc;

    use super::*;
    use crate::body::Piece;
    use crate::body_error::BodyError;

    async fn reader(pieces: Vec<Piece>) -> BodyReader {
        let (sender, receiver) = mpsc::channel(8);
        for piece in pieces {
            sender.send(piece).await.unwrap();
        }
        Body::new(receiver, None, u64::MAX).into_async_read()
    }

    fn data(text: &'static str) -> Piece {
        Piece::Data(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn blocks_become_bytes() {
        let mut reader = reader(vec![data("hello, "), data(""), data("world"), Piece::End(Ok(()))]).await;
        let mut first = [0; 5];
        reader.read_exact(&mut first).await.unwrap();
        let mut rest = String::new();
        reader.read_to_string(&mut rest).await.unwrap();
        assert_eq!((&first[..], rest.as_str()), (&b"hello"[..], ", world"));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_an_error_and_no_end() {
        let broken = BodyError::BrokenOff { got: 5 };
        let mut reader = reader(vec![data("hello"), Piece::End(Err(broken.clone()))]).await;
        let mut got = Vec::new();
        let error = reader.read_to_end(&mut got).await.unwrap_err();
        assert_eq!(error.get_ref().unwrap().downcast_ref::<BodyError>(), Some(&broken));
        assert_eq!(got, b"hello");
        assert_eq!(reader.read(&mut [0; 5]).await.unwrap(), 0);
    }
}
