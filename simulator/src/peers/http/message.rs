//! Requests and answers.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

/// One request as it reached the server.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// Path and query, such as `/echo?a=1`.
    pub target: String,
    /// Names and values as they came, in order.
    pub headers: Vec<(String, String)>,
    /// The body; empty without one.
    pub body: Bytes,
    /// Whether it came over TLS.
    pub secured: bool,
}

impl Request {
    /// The value of the first header with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// Without header values and the query, as they may hold a token.
impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        formatter
            .debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("headers", &names)
            .field("body_length", &self.body.len())
            .field("secured", &self.secured)
            .finish()
    }
}

/// An answer, and how it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
    pub(super) framing: Framing,
    pub(super) delay: Duration,
    /// The connection is reset after so many bytes of the body.
    pub(super) cut: Option<usize>,
    /// There is no answer at all.
    pub(super) silent: bool,
}

/// How the end of a body shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length,
    Chunks(usize),
    Close,
}

impl Response {
    /// An answer without a body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            framing: Framing::Length,
            delay: Duration::ZERO,
            cut: None,
            silent: false,
        }
    }

    /// 200, with a body of this type.
    pub fn ok(content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::new(200).header("Content-Type", content_type).body(body)
    }

    /// No answer: the server takes the request and waits until the client gives up.
    pub fn silence() -> Self {
        Self { silent: true, ..Self::new(200) }
    }

    /// Adds a header line, as it is.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body. Unless told otherwise the server announces its length.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends the body in chunks of this size, at least 1, without announcing its length.
    pub fn chunked(mut self, size: usize) -> Self {
        self.framing = Framing::Chunks(size.max(1));
        self
    }

    /// Sends the body without announcing its length: it ends with the connection.
    pub fn until_close(mut self) -> Self {
        self.framing = Framing::Close;
        self
    }

    /// Waits before the answer.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Resets the connection after so many bytes of the body.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    /// The answer in bytes, without what comes after the cut.
    pub(super) fn to_bytes(&self, with_body: bool) -> Vec<u8> {
        let mut bytes = self.head().into_bytes();
        if with_body && self.may_have_body() {
            let kept = self.cut.unwrap_or(self.body.len()).min(self.body.len());
            let body = self.body.get(..kept).unwrap_or_default();
            match self.framing {
                Framing::Length | Framing::Close => bytes.extend_from_slice(body),
                Framing::Chunks(size) => {
                    for chunk in body.chunks(size) {
                        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                        bytes.extend_from_slice(chunk);
                        bytes.extend_from_slice(b"\r\n");
                    }
                    if self.cut.is_none() {
                        bytes.extend_from_slice(b"0\r\n\r\n");
                    }
                }
            }
        }
        bytes
    }

    fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        match self.framing {
            Framing::Length if self.may_have_body() => {
                head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
            }
            Framing::Chunks(_) => head.push_str("Transfer-Encoding: chunked\r\n"),
            Framing::Length | Framing::Close => {}
        }
        head.push_str("Connection: close\r\n\r\n");
        head
    }

    /// RFC 9110, 6.4.1
    fn may_have_body(&self) -> bool {
        !matches!(self.status, 100..=199 | 204 | 304)
    }
}

fn reason(status: u16) -> &'static str {
    http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Other")
}

/// A file, or the part of it that the request asks for.
pub(super) fn part(request: &Request, content_type: &str, content: &Bytes) -> Response {
    let whole = Response::ok(content_type, content.clone()).header("Accept-Ranges", "bytes");
    let Some((first, last)) = request.header("range").and_then(|range| range_of(range, content.len())) else {
        return whole;
    };
    let total = content.len();
    match content.get(first..last) {
        Some(part) if !part.is_empty() => {
            let range = format!("bytes {first}-{}/{total}", last - 1);
            Response::new(206)
                .header("Content-Type", content_type)
                .header("Content-Range", &range)
                .body(content.slice_ref(part))
        }
        _ => Response::new(416).header("Content-Range", &format!("bytes */{total}")),
    }
}

/// First and last, the last excluded. `None` if it is not one range of bytes: then it does not count.
fn range_of(range: &str, total: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    match (first, last) {
        ("", suffix) => Some((total.saturating_sub(suffix.parse().ok()?), total)),
        (first, "") => Some((first.parse().ok()?, total)),
        (first, last) => {
            let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then_some((first, last.saturating_add(1).min(total)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (range, expected) in [
            ("bytes=0-9", Some((0, 10))),
            ("bytes=90-", Some((90, 100))),
            ("bytes=90-1000", Some((90, 100))),
            ("bytes=-10", Some((90, 100))),
            ("bytes=100-", Some((100, 100))),
            ("bytes=9-0", None),
            ("bytes=0-1,5-6", None),
            ("lines=0-1", None),
        ] {
            assert_eq!(range_of(range, 100), expected, "{range}");
        }
    }

    #[test]
    fn an_answer_in_bytes() {
        let answer = Response::ok("text/plain", "hello").header("ETag", "\"x\"");
        assert_eq!(
            answer.to_bytes(true),
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: \"x\"\r\nContent-Length: 5\r\n\
              Connection: close\r\n\r\nhello"
        );
        let chunks = Response::new(201).body("hello").chunked(3);
        assert_eq!(
            chunks.to_bytes(true),
            b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
              3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
        );
        assert_eq!(
            Response::new(204).to_bytes(true),
            b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
        );
    }
}
