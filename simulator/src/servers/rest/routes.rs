//! The answers.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use futures_core::Stream;
use serde_json::{Value, json};

use super::files::{self, Files};
use super::record::RecordedRequest;
use crate::journal::Journal;
use crate::pattern::{pattern, pattern_byte};

/// Beyond this a body would only fill the memory.
const LONGEST_BODY: usize = 64 * 1024 * 1024;
const CHUNK: usize = 1000;

/// What requests leave behind. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub(super) requests: Journal<RecordedRequest>,
    pub(super) telemetry: Journal<Bytes>,
    pub(super) files: Files,
    max_body: usize,
}

impl Shared {
    pub(super) fn new(max_body: usize) -> Self {
        Self { requests: Journal::new(), telemetry: Journal::new(), files: Files::default(), max_body }
    }
}

pub(super) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/health", get(|| async { json_answer(StatusCode::OK, &json!({ "status": "ok" })) }))
        .route(
            "/echo",
            get(echo_query).post(echo_body).put(echo_body).delete(|| async { StatusCode::NO_CONTENT }),
        )
        .route("/bytes/{length}", get(exact_bytes))
        .route("/chunked/{length}", get(chunked_bytes))
        .route("/status/{code}", any(chosen_status))
        .route("/redirect/{code}", any(redirect))
        .route("/files/{name}", get(files::fetch).with_state(shared.files.clone()))
        .route("/slow/{milliseconds}", get(late))
        .route("/headers", get(request_headers))
        .route("/telemetry", get(list_telemetry).post(store_telemetry).delete(forget_telemetry))
        .layer(middleware::from_fn_with_state(shared.clone(), record))
        .with_state(shared)
}

/// Writes every request down before it is answered, also those no route takes.
async fn record(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, shared.max_body).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    shared.requests.push(RecordedRequest::new(&parts, body.clone()));
    next.run(Request::from_parts(parts, Body::from(body))).await
}

async fn echo_query(RawQuery(query): RawQuery) -> String {
    query.unwrap_or_default()
}

async fn echo_body(headers: HeaderMap, body: Bytes) -> Response {
    let mut response = body.into_response();
    match headers.get(header::CONTENT_TYPE) {
        Some(content_type) => response.headers_mut().insert(header::CONTENT_TYPE, content_type.clone()),
        None => response.headers_mut().remove(header::CONTENT_TYPE),
    };
    response
}

async fn exact_bytes(Path(length): Path<usize>) -> Response {
    if length > LONGEST_BODY {
        return StatusCode::BAD_REQUEST.into_response();
    }
    pattern(length).into_response()
}

async fn chunked_bytes(Path(length): Path<usize>) -> Response {
    if length > LONGEST_BODY {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))];
    (headers, Body::from_stream(Chunks { next: 0, length })).into_response()
}

async fn chosen_status(Path(code): Path<u16>) -> Response {
    let Some(status) = StatusCode::from_u16(code).ok().filter(|_| (200..600).contains(&code)) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut response = match status {
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED => {
            status.into_response()
        }
        _ => (status, format!("status {code}\n")).into_response(),
    };
    if status.is_redirection() {
        response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/health"));
    }
    response
}

async fn redirect(Path(code): Path<u16>, RawQuery(query): RawQuery) -> Response {
    let location = query.and_then(|query| HeaderValue::from_str(&query).ok());
    match (StatusCode::from_u16(code).ok().filter(StatusCode::is_redirection), location) {
        (Some(status), Some(location)) => (status, [(header::LOCATION, location)]).into_response(),
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn late(Path(milliseconds): Path<u32>) -> Response {
    tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
    json_answer(StatusCode::OK, &json!({ "waited_ms": milliseconds }))
}

async fn request_headers(headers: HeaderMap) -> Response {
    let mut shown = BTreeMap::<&str, String>::new();
    for (name, value) in &headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        shown
            .entry(name.as_str())
            .and_modify(|known| {
                known.push_str(", ");
                known.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    json_answer(StatusCode::OK, &json!(shown))
}

async fn store_telemetry(State(shared): State<Shared>, body: Bytes) -> Response {
    shared.telemetry.push(body);
    json_answer(StatusCode::CREATED, &json!({ "stored": shared.telemetry.len() }))
}

async fn list_telemetry(State(shared): State<Shared>) -> Response {
    let as_json = |body: &Bytes| {
        serde_json::from_slice(body)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(body).into_owned()))
    };
    let stored: Vec<Value> = shared.telemetry.all().iter().map(as_json).collect();
    json_answer(StatusCode::OK, &Value::from(stored))
}

async fn forget_telemetry(State(shared): State<Shared>) -> StatusCode {
    shared.telemetry.clear();
    StatusCode::NO_CONTENT
}

fn json_answer(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], value.to_string())
        .into_response()
}

/// The pattern in pieces, so that no content length is known beforehand.
struct Chunks {
    next: usize,
    length: usize,
}

impl Stream for Chunks {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let end = self.length.min(self.next + CHUNK);
        if self.next == end {
            return Poll::Ready(None);
        }
        let chunk = (self.next..end).map(|position| pattern_byte(position as u64)).collect();
        self.next = end;
        Poll::Ready(Some(Ok(chunk)))
    }
}
