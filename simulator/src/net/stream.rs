//! What carries a connection: a socket, TLS over a socket, or a stream in memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use openssl::ssl::{ErrorCode, SslRef};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::memory::MemoryStream;
use super::tls::{self, TlsFailure, TlsStream, TlsVersion};
use super::{NetError, StreamEnd};

#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(TlsStream),
    Memory(Box<MemoryStream>),
}

/// A stream that can be polled, whichever it is.
trait Bytes: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Bytes for T {}

impl Stream {
    /// Makes the TLS handshake over a plain stream.
    pub(super) async fn secured(self, client: &tls::Client) -> Result<Self, NetError> {
        match self {
            Self::Plain(socket) => client.handshake(socket).await.map(Self::Tls),
            Self::Memory(mut stream) if !stream.is_secured() => {
                stream.secure(client.best_suite()).await?;
                Ok(Self::Memory(stream))
            }
            Self::Tls(_) | Self::Memory(_) => Err(NetError::tls(TlsFailure::Handshake, "TLS is already on")),
        }
    }

    /// The suite in use, by its IANA number.
    pub(super) fn suite(&self) -> Option<u16> {
        match self {
            Self::Memory(stream) => stream.suite(),
            _ => self.tls()?.current_cipher().map(|cipher| u16::from_be_bytes(cipher.protocol_id())),
        }
    }

    pub(super) fn version(&self) -> Option<TlsVersion> {
        TlsVersion::from_openssl(self.tls()?.version2()?)
    }

    /// Closing it resets the connection from now on.
    pub(super) fn reset_on_close(&mut self) {
        let socket = match self {
            Self::Memory(stream) => return stream.reset_on_drop(),
            Self::Plain(socket) => &*socket,
            Self::Tls(stream) => stream.socket(),
        };
        if let Err(error) = socket.set_zero_linger() {
            tracing::debug!(%error, "the socket cannot be reset");
        }
    }

    /// Which of the two orderly ends it is. Reading gives 0 bytes for both; looking once more tells.
    pub(super) fn orderly_end(&mut self, context: &mut Context<'_>) -> StreamEnd {
        match self {
            Self::Plain(_) => StreamEnd::Fin,
            Self::Memory(stream) => stream.end().unwrap_or(StreamEnd::Fin),
            Self::Tls(TlsStream::Plain(stream)) => match stream.as_mut().poll_peek(context, &mut [0]) {
                Poll::Ready(Err(error)) if error.code() == ErrorCode::ZERO_RETURN => StreamEnd::CloseNotify,
                _ => StreamEnd::Fin,
            },
            // It cannot be looked at. OpenSSL 3 calls the other end an error.
            Self::Tls(TlsStream::Resumable(_)) => StreamEnd::CloseNotify,
        }
    }

    fn tls(&self) -> Option<&SslRef> {
        match self {
            Self::Plain(_) | Self::Memory(_) => None,
            Self::Tls(stream) => Some(stream.ssl()),
        }
    }

    fn bytes(&mut self) -> Pin<&mut dyn Bytes> {
        Pin::new(match self {
            Self::Plain(socket) => socket,
            Self::Memory(stream) => stream,
            Self::Tls(TlsStream::Plain(stream)) => stream,
            Self::Tls(TlsStream::Resumable(stream)) => stream,
        })
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.bytes().poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.bytes().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.bytes().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.bytes().poll_shutdown(context)
    }
}
