//! A request and its bytes.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::super::TlsSettings;

/// The methods that the module's client has.
/// Source: M37 p861, p866.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// DELETE
    Delete,
    /// POST
    Post,
    /// PUT
    Put,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Delete => "DELETE",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put)
    }
}

/// A request.
#[derive(Clone)]
pub(crate) struct Request {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `None` is plain TCP.
    pub tls: Option<TlsSettings>,
    /// The method.
    pub method: Method,
    /// The path and query, as they go into the request line.
    pub resource: String,
    /// More header lines, `Name: value`, sent as they are after the client's own.
    pub headers: Vec<String>,
    /// User name and password of basic authentication.
    pub basic_auth: Option<(String, String)>,
    /// The type of the body; `None` sends no `Content-Type`.
    pub content_type: Option<String>,
    /// The body of POST and PUT; ignored by the other methods.
    pub body: Bytes,
    /// The body of the answer keeps the framing of its chunks.
    pub chunks_as_they_come: bool,
    /// Bound of dialling, handshake and sending together.
    pub connect_timeout: Duration,
    /// How long to wait for the head of the answer, and then for each further piece of its body.
    pub timeout: Duration,
}

impl Request {
    /// The head of the request. `None` if a part would break out of its line.
    ///
    /// What the module sends besides `Connection: close` (M37 p863, p867) is printed nowhere; `Host` must be there,
    /// since it speaks HTTP/1.1, and a body needs its length.
    pub(super) fn head(&self) -> Option<String> {
        let target = (self.method.name(), self.resource.as_str());
        if !fits_target(&self.resource) || !self.lines().iter().all(|line| fits_line(line)) {
            return None;
        }
        let mut head = format!("{} {} HTTP/1.1\r\n", target.0, target.1);
        for line in self.lines() {
            head.push_str(&line);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        Some(head)
    }

    /// The body that goes with the method.
    pub(super) fn payload(&self) -> &[u8] {
        if self.method.has_body() { &self.body } else { &[] }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("Host: {}", self.authority())];
        if let Some((user, password)) = &self.basic_auth {
            let encoded = openssl::base64::encode_block(format!("{user}:{password}").as_bytes());
            lines.push(format!("Authorization: Basic {encoded}"));
        }
        lines.push("Connection: close".to_owned());
        if self.method.has_body() {
            if let Some(content_type) = &self.content_type {
                lines.push(format!("Content-Type: {content_type}"));
            }
            lines.push(format!("Content-Length: {}", self.body.len()));
        }
        lines.extend(self.headers.iter().cloned());
        lines
    }

    /// The host as `Host` wants it: an IPv6 address in brackets, a port only if it is not the scheme's own.
    fn authority(&self) -> String {
        let bare_v6 = self.host.parse::<std::net::Ipv6Addr>().is_ok();
        let host = if bare_v6 { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.tls.is_some() { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

fn fits_line(line: &str) -> bool {
    !line.is_empty() && !line.contains(['\r', '\n', '\0'])
}

fn fits_target(resource: &str) -> bool {
    !resource.is_empty() && !resource.contains(|letter: char| letter.is_ascii_control() || letter == ' ')
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Header lines carry tokens, and resources carry them in queries: neither is shown.
        formatter
            .debug_struct("Request")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls.is_some())
            .field("method", &self.method)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
