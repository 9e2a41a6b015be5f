//! The socket as its user holds it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

use super::buffers::Buffers;
use super::command_mode::CommandMode;
use super::ending::SocketEnding;
use super::error::SocketError;
use super::link::Link;
use super::online_mode::{OnlineMode, Suspend};
use super::status::{self, SocketStatus};
use super::suspended::SuspendedSocket;
use crate::commands::SocketCounters;
use crate::driver::DataStream;
use crate::exclusive::Leaving;
use crate::modem::Modem;

/// A TLS connection through the module: an ordinary byte stream.
///
/// # Reading
/// Every byte that the peer sent before it closed can be read, whatever the bytes are. Then reading tells how the
/// connection ended, as far as the module does: see [`SocketEnding`]. A peer that sends faster than the application
/// reads is held up.
///
/// # Writing
/// A write is complete when the bytes are in the socket's buffer; `flush` waits until the module has accepted them:
/// in command mode its answer says so, in online mode that the port has taken them; a serial line may still be carrying the last. That the peer has them no module
/// tells. A write that fails says whether the last bytes may have gone ([in command mode](SocketError::NotSent),
/// [online](SocketError::Stalled)). If the line has lost bytes of a block, other bytes can have taken their place; the
/// connection is closed then, so nothing follows them
/// ([`ShortPayload::Waits`](crate::at::ShortPayload::Waits)). The module cannot
/// close one direction alone, so `shutdown` flushes and refuses later writes, and reading goes on.
///
/// Each block of 1500 bytes in command mode, 4096 online, takes at most
/// [`send_timeout`](super::TlsConnector::send_timeout) and 10 seconds; one that fails is told at most a minute later.
/// 16 KiB can wait to be sent.
///
/// # Closing
/// [`close`](Self::close) sends what was written and hangs up in order. Dropping the socket does the same in the
/// background, and nobody hears of errors.
///
/// # Cancel safety
/// Reading, writing and flushing can be dropped and repeated at any time; no byte is lost or doubled.
#[derive(Debug)]
pub struct TlsSocket {
    buffers: Arc<Buffers>,
    modem: Modem,
    socket: u8,
    /// Asks to leave online mode; `None` in command mode.
    suspend: Option<oneshot::Sender<Suspend>>,
    done: oneshot::Receiver<Result<(), SocketError>>,
    leaving: Leaving,
    /// Somebody else has the connection now.
    handed_over: bool,
}

impl TlsSocket {
    pub(super) fn in_command_mode(link: Link) -> Self {
        let (socket, done) = Self::around(&link, None);
        CommandMode::start(link, done);
        socket
    }

    pub(super) fn online(link: Link, stream: DataStream) -> Self {
        let (mut socket, done) = Self::around(&link, None);
        socket.suspend = Some(OnlineMode::start(link, stream, done));
        socket
    }

    fn around(
        link: &Link,
        suspend: Option<oneshot::Sender<Suspend>>,
    ) -> (Self, oneshot::Sender<Result<(), SocketError>>) {
        let (tell, done) = oneshot::channel();
        let socket = Self {
            buffers: Arc::clone(&link.buffers),
            modem: link.modem.clone(),
            socket: link.socket(),
            suspend,
            done,
            leaving: link.slot.leaving(),
            handed_over: false,
        };
        (socket, tell)
    }

    /// Sends what was written, closes the connection and gives the module's socket back. Bytes that were not read
    /// are thrown away. With a peer that takes nothing it takes three minutes at most for each 1500 bytes that wait to be
    /// sent, less online.
    ///
    /// # Errors
    /// Something that was written was not accepted, or the module could not be told. The connection has failed, as when
    /// the module has restarted, and no read, write or question has told that before: what was written last may not have
    /// reached the peer.
    ///
    /// # Cancel safety
    /// Dropped, it goes on in the background.
    pub async fn close(mut self) -> Result<(), SocketError> {
        self.leave();
        // Without an answer the task is gone, and the runtime with it.
        let finished = (&mut self.done).await.unwrap_or(Ok(()));
        self.buffers.outcome().and(finished)
    }

    /// How the connection ended; `None` while it stands, or after a failure of the link to the module. It may be
    /// known before everything was read.
    #[must_use]
    pub fn ending(&self) -> Option<SocketEnding> {
        self.buffers.ending()
    }

    /// How many bytes the module has accepted, and how many have come.
    #[must_use]
    pub fn totals(&self) -> (u64, u64) {
        self.buffers.totals()
    }

    /// Whether the module is connected, and with which cipher suite.
    ///
    /// # Errors
    /// [`SocketError::Online`] in online mode; how the connection ended, if it has; a failed command.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn status(&self) -> Result<SocketStatus, SocketError> {
        self.check_answers()?;
        status::read(&self.modem, self.socket).await
    }

    /// What the module has counted since the connection was made; `None` if it counts nothing.
    ///
    /// # Errors
    /// [`SocketError::Online`] in online mode; how the connection ended, if it has; a failed command.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn counters(&self) -> Result<Option<SocketCounters>, SocketError> {
        self.check_answers()?;
        status::counters(&self.modem, self.socket).await
    }

    /// Leaves online mode and keeps the connection: what was written is sent, then the escape sequence with its
    /// silences before and behind and a question, about five seconds in all, 75 at most. Other commands and services run afterwards.
    ///
    /// On modules without `#SKIPESC` the peer gets the three plus signs of the escape sequence too.
    /// Source: M37 p165.
    ///
    /// # Errors
    /// [`SocketError::NotOnline`] in command mode; the connection has ended.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn suspend(mut self) -> Result<SuspendedSocket, SocketError> {
        let suspend = self.suspend.take().ok_or(SocketError::NotOnline)?;
        let (give, link) = oneshot::channel();
        // A task that is gone drops the sender of the answer.
        drop(suspend.send(give));
        match link.await {
            Ok(Ok(link)) => {
                self.handed_over = true;
                Ok(SuspendedSocket::new(link))
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(self.buffers.ended_while_suspended()),
        }
    }

    fn leave(&self) {
        self.leaving.soon();
        self.buffers.close();
    }

    fn check_answers(&self) -> Result<(), SocketError> {
        self.buffers.check_open()?;
        if self.suspend.is_some() { Err(SocketError::Online) } else { Ok(()) }
    }
}

impl Drop for TlsSocket {
    fn drop(&mut self) {
        if !self.handed_over {
            self.leave();
        }
    }
}

impl AsyncRead for TlsSocket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.buffers.poll_read(context, target)
    }
}

impl AsyncWrite for TlsSocket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.buffers.poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.buffers.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.buffers.shut_down();
        self.buffers.poll_flush(context)
    }
}
