//! The body of a request on its way: exactly as long as announced, or not at all.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::error::RequestError;
use crate::request_body::{RequestBody, failed, too_few, too_large, too_many};

/// A body that keeps to its announced length: one that gives too little or too much fails before its last byte is sent, so
/// that no server takes it for whole.
#[derive(Debug)]
pub(super) struct Outgoing {
    body: RequestBody,
    announced: Option<u64>,
    limit: u64,
    given: u64,
    /// The last bytes that were announced, until it is known that nothing follows them.
    held: Option<Bytes>,
    ended: bool,
    state: Arc<OutgoingState>,
}

/// What others can see of a body on its way.
#[derive(Debug, Default)]
pub(super) struct OutgoingState {
    /// The source owes bytes.
    waiting: AtomicBool,
    failure: Mutex<Option<RequestError>>,
}

/// It has failed; the state says how.
#[derive(Debug)]
pub(super) struct Failed;

impl Outgoing {
    /// A body of at most `limit` bytes.
    pub(super) fn new(body: RequestBody, limit: u64) -> Self {
        let announced = body.length();
        let state = Arc::default();
        Self { body, announced, limit, given: 0, held: None, ended: false, state }
    }

    pub(super) fn state(&self) -> Arc<OutgoingState> {
        Arc::clone(&self.state)
    }

    /// The body, of which nothing has been sent.
    pub(super) fn into_body(self) -> RequestBody {
        self.body
    }

    fn poll_block(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, RequestError>>> {
        while !self.ended {
            let block = self.body.poll_block(context);
            self.state.waiting.store(block.is_pending(), Ordering::Relaxed);
            match ready!(block) {
                None => return Poll::Ready(self.end()),
                Some(Err(error)) => return Poll::Ready(Some(Err(failed(&*error)))),
                Some(Ok(block)) if block.is_empty() => {}
                Some(Ok(block)) => match self.take(block) {
                    Ok(Some(block)) => return Poll::Ready(Some(Ok(block))),
                    Ok(None) => {}
                    Err(error) => return Poll::Ready(Some(Err(error))),
                },
            }
        }
        Poll::Ready(None)
    }

    /// A block that can be sent at once; `None` if it is held.
    fn take(&mut self, block: Bytes) -> Result<Option<Bytes>, RequestError> {
        self.given += block.len() as u64;
        match self.announced {
            Some(announced) if self.given > announced => Err(too_many(announced)),
            Some(announced) if self.given == announced => {
                self.held = Some(block);
                Ok(None)
            }
            _ if self.given > self.limit => Err(too_large(self.limit)),
            _ => Ok(Some(block)),
        }
    }

    /// The source has given all.
    fn end(&mut self) -> Option<Result<Bytes, RequestError>> {
        self.ended = true;
        match self.announced {
            Some(announced) if self.given < announced => Some(Err(too_few(self.given, announced))),
            _ => self.held.take().map(Ok),
        }
    }
}

impl OutgoingState {
    /// Whether the source is waited for.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How the body failed, if it did.
    pub(super) fn failure(&self) -> Option<RequestError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fail(&self, error: RequestError) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Failed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failed>>> {
        Poll::Ready(match ready!(self.poll_block(context)) {
            None => None,
            Some(Ok(block)) => Some(Ok(Frame::data(block))),
            Some(Err(error)) => {
                self.ended = true;
                self.state.fail(error);
                Some(Err(Failed))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.announced == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.announced
            .map_or_else(SizeHint::default, |length| SizeHint::with_exact(length - self.given.min(length)))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request's body failed")
    }
}

impl Error for Failed {}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use futures_core::Stream;
    use http_body::Body;

    use super::*;

    struct Pieces(Vec<Result<&'static str, &'static str>>);

    impl Stream for Pieces {
        type Item = Result<Bytes, &'static str>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let piece = if self.0.is_empty() { None } else { Some(self.0.remove(0)) };
            Poll::Ready(piece.map(|piece| piece.map(|text| Bytes::from_static(text.as_bytes()))))
        }
    }

    /// What is sent, and how it failed.
    async fn sent(body: RequestBody, limit: u64) -> (String, Option<String>) {
        let outgoing = Outgoing::new(body, limit);
        let state = outgoing.state();
        let (mut outgoing, mut sent) = (pin!(outgoing), String::new());
        while let Some(Ok(frame)) = poll_fn(|context| outgoing.as_mut().poll_frame(context)).await {
            sent.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
        (sent, state.failure().map(|error| error.to_string()))
    }

    #[tokio::test]
    async fn a_body_that_keeps_its_word_is_sent_whole() {
        let pieces = || Pieces(vec![Ok("he"), Ok(""), Ok("llo"), Ok("")]);
        for body in [
            RequestBody::from("hello"),
            RequestBody::from_stream(5, pieces()),
            RequestBody::wrap_stream(pieces()),
        ] {
            assert_eq!(sent(body, 5).await, ("hello".to_owned(), None));
        }
        assert_eq!(sent(RequestBody::empty(), 5).await, (String::new(), None));
    }

    #[tokio::test]
    async fn a_body_that_does_not_never_looks_whole() {
        let pieces = || Pieces(vec![Ok("hel"), Ok("lo"), Ok("!")]);
        let (text, error) = sent(RequestBody::from_stream(5, pieces()), u64::MAX).await;
        assert_eq!(text, "hel");
        assert!(error.unwrap().contains("it gives more than the 5 bytes"));
        let (text, error) = sent(RequestBody::from_stream(7, pieces()), u64::MAX).await;
        assert!(text.len() < 7);
        assert!(error.unwrap().contains("it gives 6 bytes, 7 were announced"));
        let failing = Pieces(vec![Ok("he"), Err("disk on fire")]);
        let (text, error) = sent(RequestBody::wrap_stream(failing), u64::MAX).await;
        assert_eq!(
            (text.as_str(), error.unwrap().ends_with("reading it failed: disk on fire")),
            ("he", true)
        );
        let (text, error) = sent(RequestBody::wrap_stream(pieces()), 4).await;
        assert_eq!(text, "hel");
        assert!(error.unwrap().contains("more than the 4 bytes"));
    }

    #[tokio::test]
    async fn a_source_that_owes_bytes_is_known() {
        let mut outgoing = Outgoing::new(RequestBody::wrap_reader(tokio::io::duplex(8).0), 8);
        let state = outgoing.state();
        let first =
            poll_fn(|context| Poll::Ready(Pin::new(&mut outgoing).poll_frame(context).is_ready())).await;
        // The other end of the pipe is gone, which is its end.
        assert!(first && !state.is_waiting());
        let (near, _far) = tokio::io::duplex(8);
        let mut outgoing = Outgoing::new(RequestBody::wrap_reader(near), 8);
        let state = outgoing.state();
        let first =
            poll_fn(|context| Poll::Ready(Pin::new(&mut outgoing).poll_frame(context).is_ready())).await;
        assert!(!first && state.is_waiting());
    }
}
