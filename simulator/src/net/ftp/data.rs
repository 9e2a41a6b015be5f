//! The two ends of a transfer.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::super::{Connection, NetError};
use super::control::TransferGuard;
use super::reply::Class;
use super::session::Shared;
use super::{FtpError, Reply};

/// A data connection that is open, and its hold on the session.
#[derive(Debug)]
pub(super) struct Transfer {
    /// `None` after the data ended or broke.
    pub connection: Option<Connection>,
    /// The server's final word, if it came instead of a preliminary one.
    pub completed: Option<Reply>,
    pub session: Arc<Shared>,
    /// Released when the transfer is over.
    pub guard: Option<TransferGuard>,
    /// How the transfer ended, to say it again.
    pub outcome: Option<Result<(), FtpError>>,
}

impl Transfer {
    /// Waits for the server's word on the transfer. Can be called again if it was dropped.
    async fn conclude(&mut self) -> Result<(), FtpError> {
        let reply = match self.completed.take() {
            Some(reply) => Ok(reply),
            None => self.session.control.lock().await.completion().await,
        };
        let outcome = match reply {
            Ok(reply) if reply.class() == Class::Completed => Ok(()),
            Ok(reply) => Err(FtpError::Refused(reply)),
            Err(error) => Err(error),
        };
        self.end(outcome.clone());
        outcome
    }

    fn broken(&mut self, error: impl Into<NetError>) -> FtpError {
        let error = FtpError::Data(error.into());
        self.end(Err(error.clone()));
        error
    }

    fn end(&mut self, outcome: Result<(), FtpError>) {
        self.connection = None;
        self.guard = None;
        self.outcome = Some(outcome);
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Not an end of file: the server must not take half a file for a whole one.
            connection.abort();
        }
    }
}

/// An incoming transfer. Nothing is read ahead of the caller, so that the server feels its pace.
///
/// Dropping it before the end aborts the transfer; the session is usable again when the server has acknowledged
/// that, which its next command waits for.
#[derive(Debug)]
pub(crate) struct DataReceiver(pub(super) Transfer);

impl DataReceiver {
    /// The next piece, never empty, at most `limit` bytes (at least 1). `None` is the end, after the server has
    /// confirmed that it was the whole (226); it stays the end. There is no time-out while data can come.
    ///
    /// # Errors
    /// `Data`, `Refused` (the server says that the transfer failed), `Timeout` and `Closed` (its word is missing).
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn next(&mut self, limit: usize) -> Result<Option<Bytes>, FtpError> {
        let transfer = &mut self.0;
        if let Some(connection) = &mut transfer.connection {
            let mut piece = BytesMut::new().limit(limit.max(1));
            match connection.read_buf(&mut piece).await {
                // Over TLS, too, the close of the connection is the end of the file; many servers leave out the
                // close_notify. Whether it was the whole is what the reply says.
                Ok(0) => transfer.connection = None,
                Ok(_) => return Ok(Some(piece.into_inner().freeze())),
                Err(error) => return Err(transfer.broken(error)),
            }
        }
        match &transfer.outcome {
            Some(outcome) => outcome.clone()?,
            None => transfer.conclude().await?,
        }
        Ok(None)
    }
}

/// An outgoing transfer. Dropping it without [`DataSender::finish`] aborts it.
#[derive(Debug)]
pub(crate) struct DataSender(pub(super) Transfer);

impl DataSender {
    /// Sends all of `bytes`; waits while the server does not take them.
    ///
    /// # Errors
    /// `Data`.
    ///
    /// # Cancel safety
    /// Part of the bytes may have been sent; the transfer can only be dropped then.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), FtpError> {
        let Some(connection) = &mut self.0.connection else {
            return Err(FtpError::Data(NetError::Closed));
        };
        let sent = async {
            connection.write_all(bytes).await?;
            connection.flush().await
        };
        sent.await.map_err(|error| self.0.broken(error))
    }

    /// Ends the file and waits for the server's word on it.
    ///
    /// # Errors
    /// `Data`, `Refused`, `Timeout`, `Closed`.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the end of the file open.
    pub(crate) async fn finish(mut self) -> Result<(), FtpError> {
        let Some(mut connection) = self.0.connection.take() else {
            return Err(FtpError::Data(NetError::Closed));
        };
        let limit = self.0.session.options.timeout;
        match timeout(limit, connection.shutdown()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(self.0.broken(error)),
            Err(_) => return Err(self.0.broken(NetError::Timeout)),
        }
        // The socket stays open, and is read from, until the server has everything: closing it with a TLS 1.3 ticket
        // unread would send a reset, which costs the server the tail of the file.
        tokio::select! {
            biased;
            concluded = self.0.conclude() => concluded,
            () = drain_for_ever(&mut connection) => Ok(()),
        }
    }
}

async fn drain_for_ever(connection: &mut Connection) {
    if let Err(error) = connection.drain().await {
        tracing::debug!(%error, "the data connection broke after its end");
    }
    std::future::pending().await
}
