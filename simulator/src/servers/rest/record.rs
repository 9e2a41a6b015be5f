//! What a client asked.

use std::fmt;

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use bytes::Bytes;

/// One request as it reached the server.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method, such as `GET`.
    pub method: String,
    /// Path and query, such as `/echo?a=1`.
    pub target: String,
    /// Names in lower case and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body; empty without one.
    pub body: Bytes,
}

impl RecordedRequest {
    /// The value of the first header with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn new(parts: &Parts, body: Bytes) -> Self {
        let header_text = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Self {
            method: parts.method.to_string(),
            target: parts.uri.to_string(),
            headers: parts.headers.iter().map(header_text).collect(),
            body,
        }
    }
}

/// Without header values, as one of them may be a password.
impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header_names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("target", &self.target)
            .field("headers", &header_names)
            .field("body_length", &self.body.len())
            .finish()
    }
}
