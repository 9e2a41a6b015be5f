//! What a request sends.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use tokio::io::{AsyncRead, ReadBuf};

use crate::error::RequestError;

type Failure = Box<dyn Error + Send + Sync>;

const READ_SIZE: usize = 4096;

/// The body of a request: bytes, or a stream whose length is known.
///
/// The module is told the length before it takes the first byte, and nothing can take a started body
/// back. So a stream is read to its end, in memory, before anything is sent.
///
/// ```
/// use telit_https::RequestBody;
///
/// let json = RequestBody::from("{\"on\":true}");
/// let file = RequestBody::from_reader(5, &b"hello"[..]);
/// assert_eq!((json.len(), file.len()), (11, 5));
/// ```
#[derive(Default)]
pub struct RequestBody(Source);

#[derive(Default)]
enum Source {
    #[default]
    Empty,
    Bytes(Bytes),
    Stream {
        length: u64,
        stream: Pin<Box<dyn Stream<Item = Result<Bytes, Failure>> + Send>>,
    },
}

impl RequestBody {
    /// No body.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// A stream that gives exactly `length` bytes.
    pub fn from_stream<S, E>(length: u64, stream: S) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<Failure>,
    {
        Self(Source::Stream { length, stream: Box::pin(IntoFailure(Box::pin(stream))) })
    }

    /// A reader that gives exactly `length` bytes, such as an open file.
    pub fn from_reader<R: AsyncRead + Send + 'static>(length: u64, reader: R) -> Self {
        Self(Source::Stream { length, stream: Box::pin(Blocks(Box::pin(reader))) })
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.0 {
            Source::Empty => 0,
            Source::Bytes(bytes) => bytes.len() as u64,
            Source::Stream { length, .. } => *length,
        }
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All bytes, checked against the length that was promised.
    pub(crate) async fn collect(self) -> Result<Bytes, RequestError> {
        match self.0 {
            Source::Empty => Ok(Bytes::new()),
            Source::Bytes(bytes) => Ok(bytes),
            Source::Stream { length, stream } => collect(length, stream).await,
        }
    }
}

async fn collect(
    length: u64,
    mut stream: Pin<Box<dyn Stream<Item = Result<Bytes, Failure>> + Send>>,
) -> Result<Bytes, RequestError> {
    let mut collected = BytesMut::new();
    while let Some(block) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
        let block = block.map_err(|error| invalid(format!("reading it failed: {error}")))?;
        collected.extend_from_slice(&block);
        if collected.len() as u64 > length {
            return Err(invalid(format!("it gives more than the {length} bytes that were announced")));
        }
    }
    if (collected.len() as u64) < length {
        return Err(invalid(format!("it gives {} bytes, {length} were announced", collected.len())));
    }
    Ok(collected.freeze())
}

fn invalid(reason: String) -> RequestError {
    RequestError::InvalidBody { reason }
}

struct IntoFailure<S>(Pin<Box<S>>);

impl<S, E> Stream for IntoFailure<S>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Into<Failure>,
{
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context).map(|item| item.map(|block| block.map_err(Into::into)))
    }
}

struct Blocks<R>(Pin<Box<R>>);

impl<R: AsyncRead> Stream for Blocks<R> {
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut space = [0; READ_SIZE];
        let mut buffer = ReadBuf::new(&mut space);
        let reader = pin!(&mut self.0);
        Poll::Ready(match ready!(reader.poll_read(context, &mut buffer)) {
            Ok(()) if buffer.filled().is_empty() => None,
            Ok(()) => Some(Ok(Bytes::copy_from_slice(buffer.filled()))),
            Err(error) => Some(Err(error.into())),
        })
    }
}

impl fmt::Debug for RequestBody {
    /// Bodies can be secret, so only the length is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestBody({} bytes)", self.len())
    }
}

impl From<()> for RequestBody {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

impl From<Bytes> for RequestBody {
    fn from(bytes: Bytes) -> Self {
        Self(Source::Bytes(bytes))
    }
}

impl From<Vec<u8>> for RequestBody {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for RequestBody {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static [u8]> for RequestBody {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl From<&'static str> for RequestBody {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pieces(Vec<Result<&'static str, &'static str>>);

    impl Stream for Pieces {
        type Item = Result<Bytes, &'static str>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let piece = if self.0.is_empty() { None } else { Some(self.0.remove(0)) };
            Poll::Ready(piece.map(|piece| piece.map(|text| Bytes::from_static(text.as_bytes()))))
        }
    }

    #[tokio::test]
    async fn bytes_streams_and_readers() {
        assert_eq!(RequestBody::from(vec![0, 255]).collect().await.unwrap(), &[0, 255][..]);
        let stream = RequestBody::from_stream(5, Pieces(vec![Ok("he"), Ok(""), Ok("llo")]));
        assert_eq!(stream.collect().await.unwrap(), "hello");
        let long: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        let reader = RequestBody::from_reader(10_000, std::io::Cursor::new(long.clone()));
        assert_eq!(reader.collect().await.unwrap(), long);
        assert!(RequestBody::empty().is_empty());
    }

    #[tokio::test]
    async fn the_promised_length_is_kept_or_nothing_is_sent() {
        let reason = |body: RequestBody| async { body.collect().await.unwrap_err().to_string() };
        let short = RequestBody::from_stream(6, Pieces(vec![Ok("hello")]));
        assert_eq!(reason(short).await, "invalid request body: it gives 5 bytes, 6 were announced");
        let long = RequestBody::from_stream(4, Pieces(vec![Ok("hello")]));
        assert!(reason(long).await.ends_with("more than the 4 bytes that were announced"));
        let failing = RequestBody::from_stream(4, Pieces(vec![Ok("he"), Err("disk on fire")]));
        assert_eq!(reason(failing).await, "invalid request body: reading it failed: disk on fire");
    }

    #[test]
    fn bodies_are_not_shown() {
        assert_eq!(format!("{:?}", RequestBody::from("s3cr3t")), "RequestBody(6 bytes)");
    }
}
