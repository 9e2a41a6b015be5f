//! Sending a request and receiving its answer.

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::super::{Connection, NetError, Network};
use super::body::{self, Body};
use super::head::{self, Head};
use super::{Method, Request};

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum HttpError {
    /// The resource or a header line does not fit into one line; nothing was sent.
    #[error("the request cannot be written")]
    Invalid,
    /// Dialling, the handshake or sending failed.
    #[error("sending: {0}")]
    Sending(NetError),
    /// The request was sent, and no whole head of an answer came within the time-out.
    #[error("no answer")]
    NoAnswer,
    /// The request was sent, and the connection ended before a head of an answer was whole.
    #[error("receiving: {0}")]
    Receiving(NetError),
    /// What came is not an HTTP/1 answer, or its head is too large.
    #[error("malformed answer: {0}")]
    Malformed(String),
}

/// An answer, its body still on the way.
#[derive(Debug)]
pub(crate) struct Response {
    /// The status code, 200 to 999: informational answers are passed over.
    pub status: u16,
    /// The value of `Content-Type`.
    pub content_type: Option<String>,
    /// The value of `Content-Length`; `None` with chunked framing, which overrides it.
    pub content_length: Option<u64>,
    /// The body; empty for HEAD, 204 and 304.
    pub body: Body,
}

/// A request that is sent and waits for its answer. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct Pending {
    connection: Connection,
    request: Request,
    sent: Instant,
}

/// Dials and sends the request: what `AT#HTTPQRY` and `AT#HTTPSND` answer `OK` for (M37 p863).
///
/// # Errors
/// `Invalid`, `Sending`.
///
/// # Cancel safety
/// Dropping the future closes the connection; part of the request may have been sent.
pub(crate) async fn send(network: &Network, request: Request) -> Result<Pending, HttpError> {
    // Nothing is dialled for a request that cannot be written.
    request.head().ok_or(HttpError::Invalid)?;
    let limit = request.connect_timeout;
    let sending = async { send_on(connect(network, &request).await?, request).await };
    timeout(limit, sending).await.unwrap_or(Err(HttpError::Sending(NetError::Timeout)))
}

/// Dials, and sends nothing.
///
/// # Errors
/// `Sending`.
pub(crate) async fn connect(network: &Network, request: &Request) -> Result<Connection, HttpError> {
    let (tls, limit) = (request.tls.as_ref(), request.connect_timeout);
    let connection = network.connect(&request.host, request.port, tls, limit).await;
    connection.map_err(HttpError::Sending)
}

/// Sends the request on a connection that was dialled for it.
///
/// # Errors
/// `Invalid`, `Sending`.
pub(crate) async fn send_on(mut connection: Connection, request: Request) -> Result<Pending, HttpError> {
    let head = request.head().ok_or(HttpError::Invalid)?;
    let sending = async {
        connection.write_all(head.as_bytes()).await?;
        connection.write_all(request.payload()).await?;
        connection.flush().await
    };
    match sending.await {
        Ok(()) => Ok(Pending { connection, request, sent: Instant::now() }),
        Err(error) => Err(HttpError::Sending(error.into())),
    }
}

impl Pending {
    /// Waits for the head of the answer; the time-out counts from the moment the request was sent. The body follows
    /// through [`Response::body`].
    ///
    /// # Errors
    /// `NoAnswer`, `Receiving`, `Malformed`.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub(crate) async fn response(self) -> Result<Response, HttpError> {
        let Self { mut connection, request, sent } = self;
        let mut input = BytesMut::new();
        let head = timeout_at(sent + request.timeout, receive_head(&mut connection, &mut input))
            .await
            .map_err(|_| HttpError::NoAnswer)??;
        let framing = head.framing(request.method == Method::Head, request.chunks_as_they_come);
        Ok(Response {
            status: head.status,
            content_type: head.content_type,
            content_length: head.content_length,
            body: body::start(connection, input, framing, request.timeout),
        })
    }
}

/// [`send`] and [`Pending::response`] in one.
///
/// # Errors
/// Any [`HttpError`].
pub(crate) async fn request(network: &Network, request: Request) -> Result<Response, HttpError> {
    send(network, request).await?.response().await
}

async fn receive_head(connection: &mut Connection, input: &mut BytesMut) -> Result<Head, HttpError> {
    loop {
        while let Some(head) = head::take(input).map_err(HttpError::Malformed)? {
            if head.status >= 200 {
                return Ok(head);
            }
        }
        receive_line(connection, input).await?;
    }
}

/// Reads until a line has ended: only then can the head be whole.
async fn receive_line(connection: &mut Connection, input: &mut BytesMut) -> Result<(), HttpError> {
    loop {
        let known = input.len();
        match connection.read_buf(input).await {
            Ok(0) => return Err(HttpError::Receiving(NetError::Closed)),
            Ok(_) if input.get(known..).is_some_and(|fresh| fresh.contains(&b'\n')) => return Ok(()),
            Ok(_) if input.len() > head::LARGEST => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(HttpError::Receiving(error.into())),
        }
    }
}
