//! What a request sends.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_core::Stream;
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::timeout;

use crate::error::RequestError;

type Failure = Box<dyn Error + Send + Sync>;
type Blocks = Pin<Box<dyn Stream<Item = Result<Bytes, Failure>> + Send>>;

const READ_SIZE: usize = 4096;
/// Most bytes of a stream that is read into memory, so that it can be sent again.
const SMALL: u64 = 64 * 1024;

/// The body of a request: bytes, or a stream.
///
/// The module is told the length before it takes the first byte, and nothing can take a started body back. So a stream
/// for the module is read to its end, in memory, before anything is sent: one of at most 1 MiB, or as much as the module
/// says that it takes. On this computer ([`Engine::Socket`](crate::Engine::Socket)) it is sent as it comes; one of unknown
/// length is sent in chunks. A stream that gives nothing for the request's timeout is given up
/// ([`RequestError::InvalidBody`]).
///
/// Bytes can be sent again, which redirects and [`Retry`](crate::Retry) may need; so can a stream with an announced length
/// of 64 KiB at most. A longer one cannot.
///
/// ```
/// use telit_https::RequestBody;
///
/// let json = RequestBody::from("{\"on\":true}");
/// let file = RequestBody::from_reader(5, &b"hello"[..]);
/// let log = RequestBody::wrap_reader(&b"one\ntwo\n"[..]);
/// assert_eq!((json.length(), file.length(), log.length()), (Some(11), Some(5), None));
/// ```
#[derive(Default)]
pub struct RequestBody(Source);

#[derive(Default)]
enum Source {
    #[default]
    Empty,
    Bytes(Bytes),
    Stream {
        /// `None`: unknown.
        length: Option<u64>,
        blocks: Blocks,
    },
}

/// What reading a body into memory led to.
pub(crate) enum Collected {
    Whole(Bytes),
    /// It is longer than that. Nothing of it is lost.
    Longer(RequestBody),
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
        Self::stream(Some(length), IntoFailure(Box::pin(stream)))
    }

    /// A reader that gives exactly `length` bytes, such as an open file.
    pub fn from_reader<R: AsyncRead + Send + 'static>(length: u64, reader: R) -> Self {
        Self::stream(Some(length), ReaderBlocks(Box::pin(reader)))
    }

    /// A stream of unknown length.
    pub fn wrap_stream<S, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<Failure>,
    {
        Self::stream(None, IntoFailure(Box::pin(stream)))
    }

    /// A reader of unknown length, such as a pipe.
    pub fn wrap_reader<R: AsyncRead + Send + 'static>(reader: R) -> Self {
        Self::stream(None, ReaderBlocks(Box::pin(reader)))
    }

    /// Any other body, whose length is known if its size hint tells exactly. Trailers are refused when they come.
    pub fn wrap<B>(body: B) -> Self
    where
        B: http_body::Body + Send + 'static,
        B::Error: Into<Failure>,
    {
        // One of our own knows more than its frames tell.
        let mut body = Some(body);
        let own = (&mut body as &mut dyn Any).downcast_mut::<Option<Self>>().and_then(Option::take);
        match (own, body) {
            (Some(own), _) => own,
            (None, Some(body)) => match body.size_hint().exact() {
                Some(0) => Self::empty(),
                length => Self::stream(length, DataFrames(Box::pin(body))),
            },
            (None, None) => Self::empty(),
        }
    }

    /// Its length in bytes; `None` if it is unknown.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        match &self.0 {
            Source::Empty => Some(0),
            Source::Bytes(bytes) => Some(bytes.len() as u64),
            Source::Stream { length, .. } => *length,
        }
    }

    fn stream(
        length: Option<u64>,
        blocks: impl Stream<Item = Result<Bytes, Failure>> + Send + 'static,
    ) -> Self {
        Self(Source::Stream { length, blocks: Box::pin(blocks) })
    }

    /// The same once more; `None` if it can be sent once only.
    pub(crate) fn try_clone(&self) -> Option<Self> {
        match &self.0 {
            Source::Empty => Some(Self::empty()),
            Source::Bytes(bytes) => Some(bytes.clone().into()),
            Source::Stream { .. } => None,
        }
    }

    /// Reads a short stream into memory, so that it can be sent again. `patience` as for [`collect`](Self::collect).
    pub(crate) async fn settle(self, patience: Duration) -> Result<Self, RequestError> {
        match &self.0 {
            Source::Stream { length: Some(length), .. } if *length <= SMALL => {
                match self.collect(SMALL, patience).await? {
                    Collected::Whole(bytes) => Ok(bytes.into()),
                    Collected::Longer(body) => Ok(body),
                }
            }
            _ => Ok(self),
        }
    }

    /// All bytes, checked against the length that was promised, if they are no more than `limit` or in memory already. Each
    /// block may take `patience` to come.
    pub(crate) async fn collect(self, limit: u64, patience: Duration) -> Result<Collected, RequestError> {
        match self.0 {
            Source::Empty => Ok(Collected::Whole(Bytes::new())),
            Source::Bytes(bytes) => Ok(Collected::Whole(bytes)),
            Source::Stream { length: Some(length), blocks } if length > limit => {
                Ok(Collected::Longer(Self(Source::Stream { length: Some(length), blocks })))
            }
            Source::Stream { length, blocks } => collect(length, blocks, limit, patience).await,
        }
    }

    /// The next block; `None` at the end. A failure of the source ends it.
    pub(crate) fn poll_block(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        match &mut self.0 {
            Source::Empty => Poll::Ready(None),
            Source::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Source::Empty;
                Poll::Ready(Some(Ok(bytes)))
            }
            Source::Stream { blocks, .. } => {
                let block = ready!(blocks.as_mut().poll_next(context));
                if !matches!(block, Some(Ok(_))) {
                    self.0 = Source::Empty;
                }
                Poll::Ready(block)
            }
        }
    }
}

async fn collect(
    length: Option<u64>,
    mut blocks: Blocks,
    limit: u64,
    patience: Duration,
) -> Result<Collected, RequestError> {
    let mut collected = BytesMut::new();
    while let Some(block) = next(&mut blocks, patience).await? {
        collected.extend_from_slice(&block.map_err(|error| failed(&*error))?);
        let so_far = collected.len() as u64;
        if let Some(length) = length.filter(|length| so_far > *length) {
            return Err(too_many(length));
        }
        if so_far > limit {
            let blocks = Behind { first: Some(collected.freeze()), rest: blocks };
            return Ok(Collected::Longer(RequestBody::stream(length, blocks)));
        }
    }
    let so_far = collected.len() as u64;
    match length.filter(|length| so_far < *length) {
        Some(length) => Err(too_few(so_far, length)),
        None => Ok(Collected::Whole(collected.freeze())),
    }
}

async fn next(
    blocks: &mut Blocks,
    patience: Duration,
) -> Result<Option<Result<Bytes, Failure>>, RequestError> {
    let next = poll_fn(|context| blocks.as_mut().poll_next(context));
    timeout(patience, next).await.map_err(|_| too_slow(patience))
}

/// Its source owes bytes for so long.
pub(crate) fn too_slow(patience: Duration) -> RequestError {
    invalid(format!("it gave nothing within {patience:?}"))
}

pub(crate) fn failed(error: &(dyn Error + 'static)) -> RequestError {
    invalid(format!("reading it failed: {error}"))
}

pub(crate) fn too_many(length: u64) -> RequestError {
    invalid(format!("it gives more than the {length} bytes that were announced"))
}

pub(crate) fn too_few(got: u64, length: u64) -> RequestError {
    invalid(format!("it gives {got} bytes, {length} were announced"))
}

/// A body that the client's options do not allow.
pub(crate) fn too_large(limit: u64) -> RequestError {
    invalid(format!("it has more than the {limit} bytes that the client sends at most"))
}

pub(crate) fn invalid(reason: String) -> RequestError {
    RequestError::InvalidBody { reason }
}

/// What was read already, and what is still to come.
struct Behind {
    first: Option<Bytes>,
    rest: Blocks,
}

impl Stream for Behind {
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => self.rest.as_mut().poll_next(context),
        }
    }
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

struct ReaderBlocks<R>(Pin<Box<R>>);

impl<R: AsyncRead> Stream for ReaderBlocks<R> {
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

struct DataFrames<B>(Pin<Box<B>>);

impl<B> Stream for DataFrames<B>
where
    B: http_body::Body,
    B::Error: Into<Failure>,
{
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let frame = ready!(self.0.as_mut().poll_frame(context));
        Poll::Ready(frame.map(|frame| match frame.map_err(Into::into)?.into_data() {
            Ok(mut data) => Ok(data.copy_to_bytes(data.remaining())),
            Err(_) => Err("it has trailers, which are not sent".into()),
        }))
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        self.poll_block(context).map(|block| block.map(|block| block.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Source::Empty)
    }

    fn size_hint(&self) -> SizeHint {
        self.length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl fmt::Debug for RequestBody {
    /// Bodies can be secret, so only the length is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length() {
            Some(length) => write!(f, "RequestBody({length} bytes)"),
            None => f.write_str("RequestBody(unknown length)"),
        }
    }
}

impl From<()> for RequestBody {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

impl From<Bytes> for RequestBody {
    fn from(bytes: Bytes) -> Self {
        Self(if bytes.is_empty() { Source::Empty } else { Source::Bytes(bytes) })
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
    use http_body_util::{BodyExt, Full, StreamBody};

    use tokio::io::AsyncReadExt;
    use tokio::time::Instant;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    struct Pieces(Vec<Result<&'static str, &'static str>>);

    impl Stream for Pieces {
        type Item = Result<Bytes, &'static str>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let piece = if self.0.is_empty() { None } else { Some(self.0.remove(0)) };
            Poll::Ready(piece.map(|piece| piece.map(|text| Bytes::from_static(text.as_bytes()))))
        }
    }

    /// A pipe whose other end says nothing.
    struct Never;

    impl AsyncRead for Never {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<std::io::Result<()>> {
            Poll::Pending
        }
    }

    async fn whole(body: RequestBody) -> Bytes {
        match body.collect(u64::MAX, PATIENCE).await.unwrap() {
            Collected::Whole(bytes) => bytes,
            Collected::Longer(body) => panic!("{body:?}"),
        }
    }

    #[tokio::test]
    async fn bytes_streams_and_readers() {
        assert_eq!(whole(RequestBody::from(vec![0, 255])).await, &[0, 255][..]);
        let pieces = || Pieces(vec![Ok("he"), Ok(""), Ok("llo")]);
        assert_eq!(whole(RequestBody::from_stream(5, pieces())).await, "hello");
        assert_eq!(whole(RequestBody::wrap_stream(pieces())).await, "hello");
        let long: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        let reader = RequestBody::from_reader(10_000, std::io::Cursor::new(long.clone()));
        assert_eq!(whole(reader).await, long);
        assert_eq!(whole(RequestBody::wrap_reader(std::io::Cursor::new(long.clone()))).await, long);
        assert_eq!(RequestBody::empty().length(), Some(0));
    }

    #[tokio::test]
    async fn the_promised_length_is_kept_or_nothing_is_sent() {
        let reason = |body: RequestBody| async {
            let Err(error) = body.collect(u64::MAX, PATIENCE).await else { panic!("it was taken") };
            error.to_string()
        };
        let short = RequestBody::from_stream(6, Pieces(vec![Ok("hello")]));
        assert_eq!(reason(short).await, "invalid request body: it gives 5 bytes, 6 were announced");
        let long = RequestBody::from_stream(4, Pieces(vec![Ok("hello")]));
        assert!(reason(long).await.ends_with("more than the 4 bytes that were announced"));
        let failing = RequestBody::from_stream(4, Pieces(vec![Ok("he"), Err("disk on fire")]));
        assert_eq!(reason(failing).await, "invalid request body: reading it failed: disk on fire");
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_gives_nothing_is_given_up() {
        let patience = Duration::from_secs(30);
        for body in [
            RequestBody::wrap_reader(Never),
            RequestBody::from_reader(9, AsyncReadExt::chain(&b"hello"[..], Never)),
        ] {
            let began = Instant::now();
            let Err(error) = body.collect(100, patience).await else { panic!("it was taken") };
            assert_eq!(error.to_string(), "invalid request body: it gave nothing within 30s");
            assert_eq!(began.elapsed(), patience);
        }
    }

    #[tokio::test]
    async fn what_is_in_memory_is_taken_whatever_its_length() {
        let Collected::Whole(bytes) = RequestBody::from("hello, world").collect(6, PATIENCE).await.unwrap()
        else {
            panic!("it was in memory already")
        };
        assert_eq!(bytes, "hello, world");
    }

    #[tokio::test]
    async fn what_is_too_long_for_memory_is_given_back_whole() {
        for body in [
            RequestBody::from_stream(12, Pieces(vec![Ok("hello, "), Ok("world")])),
            RequestBody::wrap_stream(Pieces(vec![Ok("hello, "), Ok("world")])),
        ] {
            let length = body.length();
            let Collected::Longer(body) = body.collect(6, PATIENCE).await.unwrap() else { panic!("it fits") };
            assert_eq!(body.length(), length);
            assert_eq!(whole(body).await, "hello, world");
        }
        let fits =
            RequestBody::wrap_stream(Pieces(vec![Ok("hello, "), Ok("world")])).collect(12, PATIENCE).await;
        assert!(matches!(fits, Ok(Collected::Whole(bytes)) if bytes == "hello, world"));
    }

    #[tokio::test]
    async fn other_peoples_bodies() {
        let full = RequestBody::wrap(Full::new(Bytes::from_static(b"hello")));
        assert_eq!((full.length(), whole(full).await), (Some(5), Bytes::from_static(b"hello")));
        assert_eq!(RequestBody::wrap(String::from("abc")).length(), Some(3));
        let own = RequestBody::wrap(RequestBody::from("hello"));
        assert!(own.try_clone().is_some(), "it is still known to be bytes");
        assert_eq!(BodyExt::collect(own).await.unwrap().to_bytes(), "hello");
    }

    #[tokio::test]
    async fn trailers_are_refused() {
        let frames =
            Frames(vec![Frame::data(Bytes::from_static(b"a")), Frame::trailers(http::HeaderMap::new())]);
        let body = RequestBody::wrap(StreamBody::new(frames));
        assert_eq!(body.length(), None);
        let Err(error) = body.collect(100, PATIENCE).await else { panic!("they were dropped") };
        assert!(error.to_string().ends_with("it has trailers, which are not sent"), "{error}");
    }

    struct Frames(Vec<Frame<Bytes>>);

    impl Stream for Frames {
        type Item = Result<Frame<Bytes>, std::convert::Infallible>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(if self.0.is_empty() { None } else { Some(Ok(self.0.remove(0))) })
        }
    }

    #[tokio::test]
    async fn short_streams_can_be_sent_again_and_long_ones_once() {
        let short = RequestBody::from_stream(5, Pieces(vec![Ok("hello")]));
        assert!(short.try_clone().is_none());
        let settled = short.settle(PATIENCE).await.unwrap();
        assert_eq!(whole(settled.try_clone().unwrap()).await, "hello");
        let long = RequestBody::from_reader(SMALL + 1, tokio::io::repeat(0));
        assert!(long.settle(PATIENCE).await.unwrap().try_clone().is_none());
        let unknown = RequestBody::wrap_stream(Pieces(vec![Ok("hello")]));
        assert!(unknown.settle(PATIENCE).await.unwrap().try_clone().is_none());
    }

    #[test]
    fn bodies_are_not_shown() {
        assert_eq!(format!("{:?}", RequestBody::from("s3cr3t")), "RequestBody(6 bytes)");
        let unknown = RequestBody::wrap_reader(&b"s3cr3t"[..]);
        assert_eq!(format!("{unknown:?}"), "RequestBody(unknown length)");
    }
}
