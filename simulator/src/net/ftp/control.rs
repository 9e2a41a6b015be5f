//! The control connection, which stays in step whatever is dropped, late, or said unasked.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

use super::super::{Connection, NetError, tls};
use super::reply::{self, Class};
use super::{FtpError, Reply};

/// Held by an open transfer: while it lives, the control connection belongs to the transfer.
pub(super) type TransferGuard = Arc<()>;

#[derive(Debug)]
pub(super) struct Control {
    /// `None` once the session is closed.
    connection: Option<Connection>,
    input: BytesMut,
    /// Of a command whose sender was dropped half-way: goes out before anything else.
    output: BytesMut,
    /// Final replies that commands on the wire have still to get. More than the one that is waited for when a reply
    /// was late or its waiter was dropped.
    owed: usize,
    /// Lines of the last reply, joined.
    last: String,
    transfer: Weak<()>,
    /// The final reply to the transfer, if it was read before the transfer asked for it.
    completion: Option<Reply>,
    limit: Duration,
}

impl Control {
    /// A connection on which the server is to speak first.
    pub(super) fn new(connection: Connection, limit: Duration) -> Self {
        Self {
            connection: Some(connection),
            input: BytesMut::new(),
            output: BytesMut::new(),
            owed: 0,
            last: String::new(),
            transfer: Weak::new(),
            completion: None,
            limit,
        }
    }

    /// The server's welcome: a reply to no command.
    pub(super) async fn greeting(&mut self) -> Result<Reply, FtpError> {
        self.owed += 1;
        self.final_reply().await
    }

    /// Secures the connection after the server agreed to it.
    pub(super) async fn secure(&mut self, client: &tls::Client) -> Result<(), FtpError> {
        if !self.input.is_empty() {
            // Whoever sits in the middle must not be able to put replies in front of the protected ones.
            return Err(self.malformed("a reply ahead of the handshake"));
        }
        let connection = self.connection.take().ok_or(FtpError::Closed)?;
        let handshake = timeout(self.limit, connection.secured(client)).await;
        self.connection = Some(handshake.unwrap_or(Err(NetError::Timeout)).map_err(FtpError::Tls)?);
        Ok(())
    }

    /// Sends a command and returns the final reply to it.
    pub(super) async fn exchange(&mut self, line: &str) -> Result<Reply, FtpError> {
        self.send(line).await?;
        self.final_reply().await
    }

    /// Sends a command that opens a transfer. The reply is a preliminary one, or else the final one.
    pub(super) async fn start_transfer(&mut self, line: &str) -> Result<Reply, FtpError> {
        self.send(line).await?;
        self.completion = None;
        let reply = self.next_reply().await?;
        if reply.class() != Class::Preliminary {
            self.settled(&reply);
        }
        Ok(reply)
    }

    /// Marks the control connection as a transfer's.
    pub(super) fn guard(&mut self) -> TransferGuard {
        let guard = TransferGuard::default();
        self.transfer = Arc::downgrade(&guard);
        guard
    }

    /// The server's last word on the transfer, for the transfer itself.
    pub(super) async fn completion(&mut self) -> Result<Reply, FtpError> {
        match self.completion.take() {
            Some(reply) => Ok(reply),
            None => self.final_reply().await,
        }
    }

    /// [`FtpError::Busy`] while a transfer is open.
    pub(super) fn check_idle(&self) -> Result<(), FtpError> {
        if self.is_busy() { Err(FtpError::Busy) } else { Ok(()) }
    }

    /// The last reply, with those that have come in the meantime.
    pub(super) async fn last_message(&mut self) -> &str {
        if let Err(error) = self.take_up().await {
            tracing::debug!(%error, "the control connection is closed");
        }
        &self.last
    }

    /// The connection, for its addresses and to close it.
    pub(super) fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    /// Says goodbye, unless a transfer stands in the way, and closes.
    pub(super) async fn close(&mut self) -> Result<(), FtpError> {
        if self.connection.is_none() {
            return Err(FtpError::Closed);
        }
        let busy = self.is_busy();
        if !busy && let Err(error) = self.exchange("QUIT").await {
            tracing::debug!(%error, "no reply to QUIT");
        }
        match self.connection.take() {
            Some(connection) if busy => connection.abort(),
            Some(connection) => connection.close(self.limit).await,
            None => {}
        }
        Ok(())
    }

    fn is_busy(&self) -> bool {
        self.transfer.strong_count() > 0
    }

    /// Sends a command and leaves its reply to whoever comes next.
    pub(super) async fn send(&mut self, line: &str) -> Result<(), FtpError> {
        self.take_up().await?;
        self.flush().await?;
        self.settle().await?;
        // From here on the command counts as sent, even if this future is dropped.
        self.last.clear();
        self.owed += 1;
        self.output.extend_from_slice(line.as_bytes());
        self.output.extend_from_slice(b"\r\n");
        self.flush().await
    }

    async fn flush(&mut self) -> Result<(), FtpError> {
        let connection = self.connection.as_mut().ok_or(FtpError::Closed)?;
        let output = &mut self.output;
        let written = timeout(self.limit, async {
            while !output.is_empty() {
                connection.write_buf(output).await?;
            }
            connection.flush().await
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.broken(&error.into())),
            Err(_) => Err(FtpError::Timeout),
        }
    }

    /// Waits for the replies that nobody waits for any more, so that the next one is the next command's.
    async fn settle(&mut self) -> Result<(), FtpError> {
        while self.owed > 0 {
            self.final_reply().await?;
        }
        Ok(())
    }

    async fn final_reply(&mut self) -> Result<Reply, FtpError> {
        loop {
            let reply = self.next_reply().await?;
            if reply.class() != Class::Preliminary {
                self.settled(&reply);
                return Ok(reply);
            }
        }
    }

    fn settled(&mut self, reply: &Reply) {
        self.owed = self.owed.saturating_sub(1);
        if reply.is_farewell() {
            self.connection = None;
        }
    }

    async fn next_reply(&mut self) -> Result<Reply, FtpError> {
        match timeout(self.limit, self.receive()).await {
            Ok(received) => received,
            Err(_) => Err(FtpError::Timeout),
        }
    }

    /// # Cancel safety
    /// Nothing is lost.
    async fn receive(&mut self) -> Result<Reply, FtpError> {
        loop {
            if let Some(reply) = self.take_reply()? {
                return Ok(reply);
            }
            let connection = self.connection.as_mut().ok_or(FtpError::Closed)?;
            match connection.read_buf(&mut self.input).await {
                Ok(0) => return Err(self.broken(&NetError::Closed)),
                Ok(_) => {}
                Err(error) => return Err(self.broken(&error.into())),
            }
        }
    }

    /// Takes up what has come already, without waiting: late replies, and what a server says unasked.
    async fn take_up(&mut self) -> Result<(), FtpError> {
        loop {
            while let Some(reply) = self.take_reply()? {
                if reply.class() == Class::Preliminary {
                    continue;
                }
                self.settled(&reply);
                if self.is_busy() && self.owed == 0 {
                    self.completion = Some(reply);
                }
            }
            if !self.read_what_is_there().await? {
                return Ok(());
            }
        }
    }

    async fn read_what_is_there(&mut self) -> Result<bool, FtpError> {
        let connection = self.connection.as_mut().ok_or(FtpError::Closed)?;
        let mut bytes = [0; 1024];
        let mut buffer = ReadBuf::new(&mut bytes);
        let polled =
            poll_fn(|context| Poll::Ready(Pin::new(&mut *connection).poll_read(context, &mut buffer))).await;
        match polled {
            Poll::Pending => Ok(false),
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => Err(self.broken(&NetError::Closed)),
            Poll::Ready(Ok(())) => {
                self.input.extend_from_slice(buffer.filled());
                Ok(true)
            }
            Poll::Ready(Err(error)) => Err(self.broken(&error.into())),
        }
    }

    fn take_reply(&mut self) -> Result<Option<Reply>, FtpError> {
        let reply = reply::take(&mut self.input).map_err(|what| self.malformed(what))?;
        if let Some(reply) = &reply {
            self.last = reply.lines.join("\n");
        }
        Ok(reply)
    }

    fn malformed(&mut self, what: &str) -> FtpError {
        self.connection = None;
        FtpError::Malformed(what.to_owned())
    }

    fn broken(&mut self, error: &NetError) -> FtpError {
        tracing::debug!(%error, "the control connection ended");
        self.connection = None;
        FtpError::Closed
    }
}
