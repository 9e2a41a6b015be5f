//! The client as a `tower` service.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use crate::body::Body;
use crate::client::HttpsClient;
use crate::error::RequestError;

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, RequestError>> + Send>>;

/// With the feature `tower`. It is always ready: requests wait for their turn when they are sent.
impl<B> Service<Request<B>> for HttpsClient
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    B::Data: Send,
{
    type Response = Response<Body>;
    type Error = RequestError;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), RequestError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Answer {
        let client = self.clone();
        Box::pin(async move { client.send(request).await })
    }
}
