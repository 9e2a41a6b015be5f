//! An HTTP/1.1 server behind a TLS front.

mod files;
mod record;
mod routes;

use std::future::IntoFuture;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::task::AbortHandle;

pub use self::record::RecordedRequest;
use self::routes::Shared;
use super::front::{Front, FrontOptions, Handshake};
use super::{Authority, Issued, ServerError};

/// TLS and limits of a [`RestServer`].
#[derive(Debug, Clone)]
#[must_use]
pub struct RestOptions {
    front: FrontOptions,
    max_body: usize,
}

impl RestOptions {
    /// Asks for no client certificate.
    pub fn server_tls(certificate: &Issued) -> Self {
        Self::with_front(FrontOptions::new(certificate))
    }

    /// Demands a client certificate from `authority`.
    pub fn mutual_tls(certificate: &Issued, authority: &Authority) -> Self {
        Self::with_front(FrontOptions::new(certificate).require_client_certificate(authority))
    }

    /// Speaks TLS as told.
    pub fn with_front(front: FrontOptions) -> Self {
        Self { front, max_body: 16 * 1024 * 1024 }
    }

    /// The largest request body taken, in bytes; 16 MiB by default. More gives status 413.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }
}

/// axum on a plain loopback port, and a [`Front`] with TLS before it.
///
/// | Request | Answer |
/// |---|---|
/// | `GET /health` | `{"status":"ok"}` |
/// | `GET /echo?text` | the query as it came, as `text/plain` |
/// | `POST`, `PUT /echo` | the body back with its content type |
/// | `DELETE /echo` | 204 |
/// | `GET /bytes/{n}` | the first n bytes of [`pattern`](super::pattern), with a content length |
/// | `GET /chunked/{n}` | the same in chunks of 1000, without a content length |
/// | any `/status/{code}` | that status, 200 to 599; with a `Location: /health` for 3xx |
/// | any `/redirect/{code}?url` | that status with the query as its `Location` |
/// | `GET /files/{name}` | a file from [`put_file`](Self::put_file), whole or a range of it, with an entity tag |
/// | `GET /slow/{ms}` | `{"waited_ms":…}` after that long |
/// | `GET /headers` | the request's headers as a JSON object |
/// | `POST /telemetry` | 201, stores the body |
/// | `GET /telemetry` | a JSON array of what was stored; bodies that are no JSON become strings |
/// | `DELETE /telemetry` | 204, forgets what was stored |
///
/// `HEAD` works wherever `GET` does. Header names come in lower case. Dropping it closes both ports.
#[derive(Debug)]
pub struct RestServer {
    front: Front,
    plain_addr: SocketAddr,
    shared: Shared,
    serving: AbortHandle,
}

impl RestServer {
    /// Starts the server; returns once it accepts connections.
    ///
    /// # Errors
    /// [`ServerError::Tls`] for a TLS set-up that cannot work, [`ServerError::Io`] when no port could be had.
    pub async fn start(options: &RestOptions) -> Result<Self, ServerError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(ServerError::io("listen on a loopback port"))?;
        let plain_addr = listener.local_addr().map_err(ServerError::io("read the port listened on"))?;
        let front = Front::start(&options.front, plain_addr).await?;
        let shared = Shared::new(options.max_body);
        let serving =
            tokio::spawn(axum::serve(listener, routes::router(shared.clone())).into_future()).abort_handle();
        Ok(Self { front, plain_addr, shared, serving })
    }

    /// The address with TLS.
    pub fn addr(&self) -> SocketAddr {
        self.front.addr()
    }

    /// The address without TLS.
    pub fn plain_addr(&self) -> SocketAddr {
        self.plain_addr
    }

    /// The TLS side, with its log of handshakes.
    pub fn front(&self) -> &Front {
        &self.front
    }

    /// Short for [`Front::handshakes`] of [`front`](Self::front).
    pub fn handshakes(&self) -> Vec<Handshake> {
        self.front.handshakes()
    }

    /// Every request so far, complete with its body.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.requests.all()
    }

    /// Waits until `count` requests have come since the start and returns all of them.
    ///
    /// # Cancel safety
    /// Nothing is lost when dropped.
    pub async fn wait_for_requests(&self, count: usize) -> Vec<RecordedRequest> {
        self.shared.requests.at_least(count).await
    }

    /// A file under `/files/`, in place of an earlier one, which had another entity tag.
    pub fn put_file(&self, name: &str, content: impl Into<bytes::Bytes>) {
        self.shared.files.put(name, content.into());
    }

    /// The next body under `/files/` that is longer breaks off after so many bytes, with its connection.
    pub fn cut_next_file_after(&self, bytes: usize) {
        self.shared.files.cut_next_after(bytes);
    }

    /// The bodies stored by `POST /telemetry`.
    pub fn telemetry(&self) -> Vec<bytes::Bytes> {
        self.shared.telemetry.all()
    }
}

impl Drop for RestServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
