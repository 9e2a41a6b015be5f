//! The answer's body, as it arrives.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_body::{Frame, SizeHint};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::body_error::BodyError;
use crate::body_reader::BodyReader;

/// Most bytes that are read for nothing.
const DISCARD_LIMIT: usize = 64 * 1024;
/// For so long they are waited for: a server can send one byte now and then for ever.
const DISCARD_TIME: Duration = Duration::from_secs(10);

/// What the task that reads from the module hands over.
#[derive(Debug)]
pub(crate) enum Piece {
    Data(Bytes),
    /// The last piece: nothing else follows, and TLS has been given back.
    End(Result<(), BodyError>),
}

/// The body of an answer, block by block in the order of arrival.
///
/// Sixteen blocks, from the module about 24 kB, are fetched ahead, so the module is soon free for others. A longer body
/// holds the module's TLS until it has been read to its end or dropped. Dropped early, a short rest is read and thrown
/// away, a long one, or one that takes longer than ten seconds, is left on the module, and the next request reads it and
/// throws it away, on whichever channel of the module it is made; a connection of this computer is closed.
///
/// If the server announces no length, the module cannot tell the end of the body from a connection that broke: such a body
/// is never [`Truncated`](BodyError::Truncated). This computer can, where the module tells how a connection ended
/// ([`BrokenOff`](BodyError::BrokenOff)).
///
/// A restart of the module is an error like a lost port, whether a length was announced or not.
///
/// The end comes only after TLS was given back, unless the client keeps it. Trailers are not handed on.
///
/// It is a [`http_body::Body`], and a [`Stream`] of blocks as well; [`into_async_read`](Self::into_async_read) makes a reader
/// of it.
#[derive(Debug)]
pub struct Body {
    pieces: mpsc::Receiver<Piece>,
    remaining: Option<u64>,
    received: u64,
    /// Most bytes that are taken.
    limit: u64,
    ended: bool,
}

impl Body {
    pub(crate) fn new(pieces: mpsc::Receiver<Piece>, length: Option<u64>, limit: u64) -> Self {
        Self { pieces, remaining: length, received: 0, limit, ended: false }
    }

    /// How many bytes are still to come, if that is known.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        self.remaining
    }

    /// The next block; `None` at the end. From the module it takes at most 75 seconds a block of the
    /// [`block_size`](crate::HttpsOptions::block_size), while nothing else is sent on the port. On this computer the server
    /// may be silent for the [`timeout`](crate::HttpsOptions::timeout), and the end takes three minutes at most, until the
    /// connection is closed.
    ///
    /// # Errors
    /// See [`BodyError`]. After an error comes `None`.
    ///
    /// # Cancel safety
    /// No byte is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        poll_fn(|context| self.poll_block(context)).await
    }

    /// All that is still to come, at most `limit` bytes. Takes as long as [`next`](Self::next) for each block.
    ///
    /// # Errors
    /// See [`BodyError`].
    ///
    /// # Cancel safety
    /// Dropping the future drops the body.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, BodyError> {
        let limit = limit as u64;
        let too_large = |length: u64| length > limit;
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

    /// All that is still to come, at most `limit` bytes, read as JSON. With the feature `json`.
    ///
    /// ```no_run
    /// # async fn example(client: telit_https::HttpsClient) -> Result<(), Box<dyn std::error::Error>> {
    /// #[derive(serde::Deserialize)]
    /// struct Reading {
    ///     celsius: f64,
    /// }
    ///
    /// let answer = client.get("https://api.example/v1/reading").await?;
    /// let reading: Reading = answer.into_body().json(4096).await?;
    /// println!("{} °C", reading.celsius);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`BodyError`].
    ///
    /// # Cancel safety
    /// Dropping the future drops the body.
    #[cfg(feature = "json")]
    pub async fn json<T: serde::de::DeserializeOwned>(self, limit: usize) -> Result<T, BodyError> {
        let bytes = self.bytes(limit).await?;
        serde_json::from_slice(&bytes).map_err(|error| BodyError::NotJson { reason: error.to_string() })
    }

    /// Reads and throws away what nobody wants, if it is short and comes soon, so that its connection is of use.
    pub(crate) async fn discard(self) {
        drop(timeout(DISCARD_TIME, self.bytes(DISCARD_LIMIT)).await);
    }

    /// A reader of the same bytes. Its errors carry a [`BodyError`].
    #[must_use]
    pub fn into_async_read(self) -> BodyReader {
        BodyReader::new(self)
    }

    pub(crate) fn poll_block(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if self.received.saturating_add(self.remaining.unwrap_or(0)) > self.limit {
            return Poll::Ready(Some(Err(self.too_large())));
        }
        let piece = ready!(self.pieces.poll_recv(context));
        if let Some(Piece::Data(block)) = piece {
            let length = block.len() as u64;
            self.remaining = self.remaining.map(|remaining| remaining.saturating_sub(length));
            self.received += length;
            let fits = self.received <= self.limit;
            return Poll::Ready(Some(if fits { Ok(block) } else { Err(self.too_large()) }));
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

    /// Nobody wants the rest.
    fn too_large(&mut self) -> BodyError {
        self.ended = true;
        self.pieces.close();
        BodyError::TooLarge { limit: self.limit }
    }
}

impl Stream for Body {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_block(context)
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.poll_block(context).map(|block| block.map(|block| block.map(Frame::data)))
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
    use tokio::time::{Instant, sleep};

    use super::*;

    async fn body(pieces: Vec<Piece>, length: Option<u64>) -> Body {
        let (sender, receiver) = mpsc::channel(8);
        for piece in pieces {
            sender.send(piece).await.unwrap();
        }
        Body::new(receiver, length, u64::MAX)
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
    async fn the_clients_limit_is_kept_however_the_body_is_read() {
        for (length, blocks) in [(Some(6), 0), (None, 1)] {
            let mut body = body(vec![data("abc"), data("def"), Piece::End(Ok(()))], length).await;
            body.limit = 5;
            for _ in 0..blocks {
                body.next().await.unwrap().unwrap();
            }
            assert_eq!(body.next().await, Some(Err(BodyError::TooLarge { limit: 5 })), "{length:?}");
            assert_eq!(body.next().await, None);
        }
        let mut body = body(vec![data("abc"), data("def"), Piece::End(Ok(()))], Some(6)).await;
        body.limit = 6;
        assert_eq!(body.bytes(100).await, Ok(Bytes::from_static(b"abcdef")));
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_wants_is_not_waited_for_without_end() {
        let (sender, receiver) = mpsc::channel(1);
        let trickle = async {
            while sender.send(data("a")).await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        };
        let began = Instant::now();
        let (_, ()) = tokio::join!(trickle, async {
            Body::new(receiver, None, u64::MAX).discard().await;
            assert_eq!(began.elapsed(), DISCARD_TIME);
        });
    }

    #[cfg(feature = "json")]
    #[tokio::test]
    async fn json_or_an_error() {
        let json =
            |text| async move { body(vec![data(text), Piece::End(Ok(()))], None).await.json(100).await };
        assert_eq!(json("[1,2]").await, Ok(vec![1, 2]));
        let error = json("[1,").await.unwrap_err();
        assert!(matches!(&error, BodyError::NotJson { reason } if reason.contains("EOF")), "{error}");
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
