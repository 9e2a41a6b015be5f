//! TLS sockets, for modules without a client of their own for a protocol.

use telit_core::Modem;
use telit_core::platform::CipherSuite;
use telit_core::socket::{SocketError, TlsConnector, TlsSocket};
use telit_core::tls::TlsOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::outcome::Used;
use super::peer::{Failure, HOST};

/// A connection, and the suite that the module says it uses.
pub(super) struct Dialled {
    pub(super) socket: TlsSocket,
    suite: Option<CipherSuite>,
}

pub(super) async fn dial(modem: &Modem, tls: TlsOptions, port: u16) -> Result<Dialled, SocketError> {
    let socket = TlsConnector::new(modem, tls).connect(HOST, port).await?;
    let suite = socket.status().await?.suite;
    Ok(Dialled { socket, suite })
}

/// Sends a request of HTTP/1.0 and gives the whole answer.
pub(super) async fn http_get(
    modem: &Modem,
    tls: TlsOptions,
    port: u16,
    path: &str,
) -> Result<(Dialled, String), Failure> {
    let dialled = dial(modem, tls, port).await;
    let mut dialled = dialled.map_err(|error| Failure::new(error.category(), &error))?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {HOST}\r\n\r\n");
    dialled.socket.write_all(request.as_bytes()).await.expect("it is sent");
    let mut answer = Vec::new();
    dialled.socket.read_to_end(&mut answer).await.expect("the answer ends");
    Ok((dialled, String::from_utf8(answer).expect("it is text")))
}

impl Dialled {
    /// Closes, and holds what the module said against what the server told.
    pub(super) async fn close(self, told: Used) {
        self.socket.close().await.expect("it closes");
        if let Some(suite) = self.suite {
            assert_eq!(suite, told.suite, "the module says one suite, the server another");
        }
    }
}
