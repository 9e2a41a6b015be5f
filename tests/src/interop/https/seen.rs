//! What a client saw of an answer.

use std::fmt;

use bytes::Bytes;
use http::Response;
use http::header::CONTENT_TYPE;
use telit_https::Body;

/// More than every body here.
const LARGEST: usize = 1 << 20;

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    pub(super) body: Bytes,
}

impl Seen {
    /// Reads the body to its end.
    pub(super) async fn by_sdk(response: Response<Body>) -> Result<Self, String> {
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let status = response.status().as_u16();
        let body = response.into_body().bytes(LARGEST).await;
        let body = body.map_err(|error| format!("status {status}, and its body: {error}"))?;
        Ok(Self { status, content_type, body })
    }

    /// The module tells the content type with the status codes 200 to 206 only. Source: M37 p862.
    pub(super) fn without_what_the_module_hides(self) -> Self {
        let content_type = self.content_type.filter(|_| (200..=206).contains(&self.status));
        Self { content_type, ..self }
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, content_type, body } = self;
        let (length, beginning) = (body.len(), body.slice(..body.len().min(60)));
        write!(f, "{status} {content_type:?} {length} bytes: {}", beginning.escape_ascii())
    }
}
