//! A plain server on axum that answers in every shape it can.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONNECTION, CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version};
use bytes::Bytes;
use futures_core::Stream;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::contents;

/// A type with everything in it that stands between the values of `#HTTPRING`.
pub(super) const ODD_TYPE: &str = r#"multipart/mixed; boundary="a, 5"; x=';'"#;
pub(super) const LONG_VALUE: usize = 3000;
pub(super) const MANY: usize = 80;
/// Larger than every body that is sent.
const LARGEST: usize = 1 << 20;
const CHUNK: usize = 700;

pub(super) struct Shapes {
    address: SocketAddr,
    _serving: JoinSet<()>,
}

impl Shapes {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback has free ports");
        let address = listener.local_addr().expect("it is bound");
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            axum::serve(listener, Router::new().fallback(answer)).await.expect("it serves");
        });
        Self { address, _serving: serving }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn answer(request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let sent = to_bytes(body, LARGEST).await.expect("the body is whole");
    let mut segments = head.uri.path().trim_start_matches('/').split('/');
    let shape = segments.next().unwrap_or_default();
    let content = segments.next().map_or_else(Bytes::new, contents::named);
    let mut response = shaped(shape, content, &head.headers);
    if shape == "echo" {
        *response.body_mut() = Body::from(sent);
        match head.headers.get(CONTENT_TYPE) {
            Some(kind) => response.headers_mut().insert(CONTENT_TYPE, kind.clone()),
            None => response.headers_mut().remove(CONTENT_TYPE),
        };
    }
    response
}

fn shaped(shape: &str, content: Bytes, asked: &HeaderMap) -> Response<Body> {
    let length = content.len();
    let mut response = Response::new(Body::from(content.clone()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    match shape {
        "length" => {
            if let Some((first, last)) = asked.get(RANGE).and_then(range) {
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                *response.body_mut() = Body::from(content.slice(first..=last));
                add(&mut response, CONTENT_RANGE, &format!("bytes {first}-{last}/{length}"));
            }
        }
        "last" => add(&mut response, CONNECTION, "close"),
        "chunked" => *response.body_mut() = Body::from_stream(Pieces(content)),
        "until-close" => {
            // Of this version there are no chunks.
            *response.version_mut() = Version::HTTP_10;
            *response.body_mut() = Body::from_stream(Pieces(content));
        }
        "untyped" => drop(response.headers_mut().remove(CONTENT_TYPE)),
        "odd-type" => {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(ODD_TYPE));
        }
        "long-header" => add(&mut response, HeaderName::from_static("x-long"), &"x".repeat(LONG_VALUE)),
        "many-headers" => {
            (0..MANY).for_each(|n| add(&mut response, name(&format!("x-header-{n}")), &n.to_string()));
        }
        "same-headers" => {
            ["a=1", "b=2", "c=3"].iter().for_each(|cookie| add(&mut response, name("set-cookie"), cookie));
        }
        "echo" => {}
        status => {
            let status: StatusCode = status.parse().expect("it is a shape or a status");
            *response.status_mut() = status;
            if status.is_redirection() {
                add(&mut response, LOCATION, "/length/1");
            }
            if matches!(status.as_u16(), 204 | 304) {
                *response.body_mut() = Body::empty();
                response.headers_mut().remove(CONTENT_TYPE);
            }
        }
    }
    response
}

fn add(response: &mut Response<Body>, name: HeaderName, value: &str) {
    response.headers_mut().append(name, value.parse().expect("it is a header value"));
}

fn name(text: &str) -> HeaderName {
    text.parse().expect("it is a header name")
}

/// First and last byte.
fn range(value: &HeaderValue) -> Option<(usize, usize)> {
    let (first, last) = value.to_str().ok()?.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// The content in pieces, so that its length is not known beforehand.
struct Pieces(Bytes);

impl Stream for Pieces {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let count = self.0.len().min(CHUNK);
        Poll::Ready(Some(Ok(self.0.split_to(count))))
    }
}
