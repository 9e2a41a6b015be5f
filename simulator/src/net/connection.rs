//! A dialled byte stream, TCP or TLS, that can tell how it ended.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use super::NetError;
use super::link::{Link, LinkLoss};
use super::memory::MemoryStream;
use super::stream::Stream;
use super::tls::{self, TlsVersion};

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamEnd {
    /// TLS `close_notify`: the only authenticated end of a TLS stream.
    CloseNotify,
    /// TCP FIN. On a TLS stream: without `close_notify`, so the data may be truncated.
    Fin,
    /// TCP RST, or another fatal socket error.
    Reset,
    /// A fatal TLS alert of the peer, or a record that broke the protocol (then without a number).
    Alert(Option<u8>),
    /// The cellular network was lost.
    NetworkDown,
}

/// An open connection. Reading gives 0 bytes at an orderly end ([`StreamEnd::CloseNotify`], [`StreamEnd::Fin`]) and an
/// error at any other; [`Connection::end`] tells which it was.
///
/// Errors from reading and writing convert back with `NetError::from`. Dropping closes the socket; `shutdown` sends
/// `close_notify` and FIN first.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Stream,
    link: Link,
    // One for each direction: halves of a split stream are polled by two tasks, and a future wakes the last one only.
    loss_while_reading: LinkLoss,
    loss_while_writing: LinkLoss,
    peer: SocketAddr,
    local: SocketAddr,
    end: Option<StreamEnd>,
    sent: u64,
    received: u64,
}

impl Connection {
    pub(super) fn plain(socket: TcpStream, link: Link) -> io::Result<Self> {
        let addresses = (socket.peer_addr()?, socket.local_addr()?);
        Ok(Self::new(Stream::Plain(socket), addresses, link))
    }

    pub(super) fn in_memory(mut stream: MemoryStream, link: Link) -> Self {
        stream.carry(link.carrier());
        let addresses = (stream.peer_address(), stream.local_address());
        Self::new(Stream::Memory(Box::new(stream)), addresses, link)
    }

    fn new(stream: Stream, (peer, local): (SocketAddr, SocketAddr), link: Link) -> Self {
        Self {
            stream,
            loss_while_reading: link.loss(),
            loss_while_writing: link.loss(),
            link,
            peer,
            local,
            end: None,
            sent: 0,
            received: 0,
        }
    }

    /// The suite in use, by its IANA number; `None` without TLS.
    pub(crate) fn suite(&self) -> Option<u16> {
        self.stream.suite()
    }

    /// The TLS version in use; `None` without TLS, and in memory, where there are no records.
    pub(crate) fn version(&self) -> Option<TlsVersion> {
        self.stream.version()
    }

    /// How the stream ended, once reading or writing has met the end. The first cause stays.
    pub(crate) fn end(&self) -> Option<StreamEnd> {
        self.end
    }

    /// The real address of the peer.
    pub(crate) fn peer_address(&self) -> SocketAddr {
        self.peer
    }

    /// Our own real address.
    pub(crate) fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Bytes of the application sent and received since the dial.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        (self.sent, self.received)
    }

    /// Closes in order: `close_notify` and FIN, then what the peer still sends is read and dropped until it has closed,
    /// too, or `limit` is over.
    ///
    /// A socket that is closed with unread bytes (a TLS 1.3 ticket will do) sends a reset, and the peer may lose what
    /// was sent last.
    pub(crate) async fn close(mut self, limit: Duration) {
        let goodbye = async {
            self.shutdown().await?;
            self.drain().await
        };
        match tokio::time::timeout(limit, goodbye).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the connection broke while it was closed"),
            Err(_) => tracing::debug!("the peer did not close in time"),
        }
    }

    /// Reads to the end and drops what it reads.
    pub(super) async fn drain(&mut self) -> io::Result<()> {
        let mut unwanted = [0; 4096];
        while self.read(&mut unwanted).await? > 0 {}
        Ok(())
    }

    /// Closes at once with a reset, so that the peer cannot take what it got for the whole.
    pub(crate) fn abort(mut self) {
        self.stream.reset_on_close();
    }

    /// Makes the TLS handshake over a plain connection. The caller bounds the time and must have read everything that
    /// came before the handshake.
    pub(super) async fn secured(self, client: &tls::Client) -> Result<Self, NetError> {
        let Self { stream, loss_while_reading, .. } = self;
        let stream = tokio::select! {
            biased;
            () = loss_while_reading => return Err(NetError::NetworkDown),
            done = stream.secured(client) => done?,
        };
        Ok(Self { stream, loss_while_reading: self.link.loss(), ..self })
    }

    fn ended(&mut self, how: StreamEnd) {
        self.end.get_or_insert(how);
    }

    fn network_lost(&mut self) -> io::Error {
        self.ended(StreamEnd::NetworkDown);
        self.stream.reset_on_close();
        NetError::NetworkDown.into()
    }

    /// Notes an error of the stream. `Ok` for an end that is orderly to the reader.
    fn failed(&mut self, error: io::Error) -> io::Result<()> {
        let (how, error) = tls::classify_stream_error(error);
        self.ended(how);
        match how {
            StreamEnd::Fin | StreamEnd::CloseNotify => Ok(()),
            _ => Err(error.into()),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        match this.end {
            Some(StreamEnd::CloseNotify | StreamEnd::Fin) => return Poll::Ready(Ok(())),
            Some(StreamEnd::NetworkDown) => return Poll::Ready(Err(NetError::NetworkDown.into())),
            _ => {}
        }
        if Pin::new(&mut this.loss_while_reading).poll(context).is_ready() {
            return Poll::Ready(Err(this.network_lost()));
        }
        let before = buffer.filled().len();
        match ready!(Pin::new(&mut this.stream).poll_read(context, buffer)) {
            Ok(()) => {
                let count = buffer.filled().len() - before;
                if count == 0 {
                    let end = this.stream.orderly_end(context);
                    this.ended(end);
                }
                this.received += count as u64;
                this.link.count_received(count);
                Poll::Ready(Ok(()))
            }
            Err(error) => Poll::Ready(this.failed(error)),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.end == Some(StreamEnd::NetworkDown)
            || Pin::new(&mut this.loss_while_writing).poll(context).is_ready()
        {
            return Poll::Ready(Err(this.network_lost()));
        }
        match ready!(Pin::new(&mut this.stream).poll_write(context, bytes)) {
            Ok(count) => {
                this.sent += count as u64;
                this.link.count_sent(count);
                Poll::Ready(Ok(count))
            }
            Err(error) => {
                // The cause is left to the reader, who may still find the alert that explains a broken pipe.
                let (_, error) = tls::classify_stream_error(error);
                Poll::Ready(Err(error.into()))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
