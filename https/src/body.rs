//! The answer's body, as it arrives.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use telit_core::{Category, CommandError};
use tokio::sync::mpsc;

/// A body was not received whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// It ended before its announced length: the server or the network broke off.
    #[error("the body ended after {got} of {expected} bytes")]
    Truncated {
        /// How many bytes came.
        got: u64,
        /// How many were announced.
        expected: u64,
    },
    /// The module has restarted, and the rest is gone with it.
    #[error("the module has restarted after {got} bytes of the body")]
    ModuleRestarted {
        /// How many bytes came.
        got: u64,
    },
    /// An exchange with the module failed; how much is missing is unknown.
    #[error("reading the body failed: {0}")]
    Link(CommandError),
    /// It is longer than the caller allows.
    #[error("the body is longer than {limit} bytes")]
    TooLarge {
        /// The caller's limit.
        limit: usize,
    },
    /// It is not UTF-8.
    #[error("the body is not UTF-8 text")]
    NotText,
    /// The runtime was shut down while the body was read.
    #[error("reading the body was stopped together with its runtime")]
    Stopped,
}

impl BodyError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Truncated { .. } => Category::Network,
            Self::ModuleRestarted { .. } => Category::Link,
            Self::Link(error) => error.category(),
            Self::TooLarge { .. } | Self::NotText => Category::Verification,
            Self::Stopped => Category::Other,
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Truncated { .. } => {
                Some("ask again; a Range header can fetch the rest if the server knows ranges")
            }
            Self::ModuleRestarted { .. } => Some("ask again when the module is on line"),
            Self::Link(_) => Some("smaller blocks and hardware flow control help on lines that lose bytes"),
            Self::TooLarge { .. } => Some("allow more, or read it block by block"),
            Self::NotText | Self::Stopped => None,
        }
    }
}

/// What the task that reads from the module hands over.
#[derive(Debug)]
pub(crate) enum Piece {
    Data(Bytes),
    /// The last piece: nothing else follows, and TLS has been given back.
    End(Result<(), BodyError>),
}

/// The body of an answer, block by block in the order of arrival.
///
/// Up to about 24 kB are fetched ahead, so the module is soon free for others. A longer body holds the
/// module's TLS until it has been read to its end or dropped. Dropped early, a short rest is read and
/// thrown away, a long one is left on the module.
///
/// If the server announces no length, the module cannot tell the end of the body from a connection that
/// broke: such a body is never [`Truncated`](BodyError::Truncated).
///
/// A restart of the module is an error like a lost port, whether a length was announced or not.
///
/// The end comes only after TLS was given back, unless the client keeps it.
#[derive(Debug)]
pub struct Body {
    pieces: mpsc::Receiver<Piece>,
    remaining: Option<u64>,
    ended: bool,
}

impl Body {
    pub(crate) fn new(pieces: mpsc::Receiver<Piece>, length: Option<u64>) -> Self {
        Self { pieces, remaining: length, ended: false }
    }

    /// How many bytes are still to come, if that is known.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        self.remaining
    }

    /// The next block; `None` at the end. Takes at most 75 seconds a block of the
    /// [`block_size`](crate::HttpsOptions::block_size), while nothing else is sent on the port.
    ///
    /// # Errors
    /// See [`BodyError`]. After an error comes `None`.
    ///
    /// # Cancel safety
    /// No byte is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// All that is still to come, at most `limit` bytes. Takes as long as [`next`](Self::next) for each block.
    ///
    /// # Errors
    /// See [`BodyError`].
    ///
    /// # Cancel safety
    /// Dropping the future drops the body.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, BodyError> {
        let too_large = |length: u64| length > limit as u64;
        if self.remaining.is_some_and(too_large) {
            return Err(BodyError::TooLarge { limit });
        }
        let mut collected = BytesMut::new();
        while let Some(block) = self.next().await {
            let block = block?;
            if too_large(collected.len() as u64 + block.len() as u64) {
                return Err(BodyError::TooLarge { limit });
            }
            collected.extend_from_slice(&block);
        }
        Ok(collected.freeze())
    }

    /// All that is still to come as UTF-8 text, at most `limit` bytes.
    ///
    /// # Errors
    /// See [`BodyError`].
    ///
    /// # Cancel safety
    /// Dropping the future drops the body.
    pub async fn text(self, limit: usize) -> Result<String, BodyError> {
        let bytes = self.bytes(limit).await?;
        String::from_utf8(bytes.into()).map_err(|_| BodyError::NotText)
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let piece = ready!(self.pieces.poll_recv(context));
        if let Some(Piece::Data(block)) = piece {
            self.remaining = self.remaining.map(|remaining| remaining.saturating_sub(block.len() as u64));
            return Poll::Ready(Some(Ok(block)));
        }
        self.ended = true;
        Poll::Ready(match piece {
            Some(Piece::End(Err(error))) => Some(Err(error)),
            None => Some(Err(BodyError::Stopped)),
            Some(_) => {
                self.remaining = Some(0);
                None
            }
        })
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.poll_next(context).map(|block| block.map(|block| block.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn body(pieces: Vec<Piece>, length: Option<u64>) -> Body {
        let (sender, receiver) = mpsc::channel(8);
        for piece in pieces {
            sender.send(piece).await.unwrap();
        }
        Body::new(receiver, length)
    }

    fn data(text: &'static str) -> Piece {
        Piece::Data(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn blocks_then_the_end() {
        let mut body = body(vec![data("ab"), data("c"), Piece::End(Ok(()))], Some(3)).await;
        assert_eq!(http_body::Body::size_hint(&body).exact(), Some(3));
        assert_eq!(body.next().await, Some(Ok(Bytes::from_static(b"ab"))));
        assert_eq!(body.remaining(), Some(1));
        assert_eq!(body.next().await, Some(Ok(Bytes::from_static(b"c"))));
        assert_eq!(body.next().await, None);
        assert_eq!(body.next().await, None);
        assert!(http_body::Body::is_end_stream(&body));
    }

    #[tokio::test]
    async fn a_task_that_is_gone_is_no_end() {
        let mut body = body(vec![data("ab")], None).await;
        assert_eq!(body.next().await, Some(Ok(Bytes::from_static(b"ab"))));
        assert_eq!(body.next().await, Some(Err(BodyError::Stopped)));
        assert_eq!(body.next().await, None);
    }

    #[tokio::test]
    async fn limits_are_kept_with_and_without_length() {
        let whole = || vec![data("abc"), data("def"), Piece::End(Ok(()))];
        assert_eq!(body(whole(), Some(6)).await.bytes(6).await, Ok(Bytes::from_static(b"abcdef")));
        assert_eq!(body(whole(), Some(6)).await.bytes(5).await, Err(BodyError::TooLarge { limit: 5 }));
        assert_eq!(body(whole(), None).await.bytes(5).await, Err(BodyError::TooLarge { limit: 5 }));
    }

    #[tokio::test]
    async fn text_is_utf_8_or_an_error() {
        let text = body(vec![data("gr\u{fc}"), data("n"), Piece::End(Ok(()))], None).await;
        assert_eq!(text.text(10).await.as_deref(), Ok("grün"));
        let bytes = Piece::Data(Bytes::from_static(&[0xff]));
        assert_eq!(body(vec![bytes, Piece::End(Ok(()))], None).await.text(10).await, Err(BodyError::NotText));
    }

    #[tokio::test]
    async fn works_with_the_tools_for_http_bodies() {
        use http_body_util::BodyExt;
        let truncated = BodyError::Truncated { got: 2, expected: 5 };
        let broken = body(vec![data("ab"), Piece::End(Err(truncated.clone()))], Some(5)).await;
        assert_eq!(broken.collect().await.unwrap_err(), truncated);
    }
}
