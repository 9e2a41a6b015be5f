//! A connection that waits outside online mode.

use super::ending::SocketEnding;
use super::error::SocketError;
use super::link::Link;
use super::loss;
use super::status::{self, SocketStatus};
use super::tls_socket::TlsSocket;
use crate::at::Command;
use crate::commands::{ResumeSocket, SocketCounters};
use crate::error::CommandError;

/// A connection that was in online mode and will be again. Other commands run meanwhile; what the peer sends waits
/// in the module.
///
/// Dropping it closes the connection in the background.
#[derive(Debug)]
#[must_use = "the connection is closed when it is dropped"]
pub struct SuspendedSocket {
    link: Box<Link>,
}

impl SuspendedSocket {
    pub(super) fn new(link: Box<Link>) -> Self {
        Self { link }
    }

    /// Back to online mode. Bytes that were not read before are read first. Takes 75 seconds at most.
    ///
    /// # Errors
    /// [`SocketError::EndedWhileSuspended`] holds what the peer had still sent; [`SocketError::Overflow`] if that is
    /// more than 1 MiB. [`SocketError::ModuleRestarted`], and a port that was lost: what had come and was not read is
    /// gone too.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn resume(self) -> Result<TlsSocket, SocketError> {
        loss::check(&self.link.basis)?;
        let basis = self.link.basis.clone();
        match self.go_on().await {
            Ok(socket) => Ok(socket),
            Err(error) => Err(loss::explain(&basis, error).await),
        }
    }

    async fn go_on(mut self) -> Result<TlsSocket, SocketError> {
        if let Some(ending) = self.link.closed_meanwhile().await? {
            return Err(self.ended(ending).await);
        }
        let exchange = ResumeSocket { socket: self.link.socket(), end: self.link.end }
            .exchange()
            .map_err(CommandError::from)?;
        match self.link.modem.channel().open_stream(exchange).await {
            Ok(stream) => Ok(TlsSocket::online(*self.link, stream)),
            Err(CommandError::Refused { error, .. }) => {
                let ending = self.link.ending_by(&error).await?;
                Err(self.ended(ending).await)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the module is connected, and with which cipher suite.
    ///
    /// # Errors
    /// A failed command.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn status(&self) -> Result<SocketStatus, SocketError> {
        loss::check(&self.link.basis)?;
        status::read(&self.link.modem, self.link.socket()).await
    }

    /// What the module has counted since the connection was made; `None` if it counts nothing.
    ///
    /// # Errors
    /// A failed command.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn counters(&self) -> Result<Option<SocketCounters>, SocketError> {
        loss::check(&self.link.basis)?;
        status::counters(&self.link.modem, self.link.socket()).await
    }

    /// Closes the connection and gives the module's socket back. Takes 75 seconds at most.
    ///
    /// # Errors
    /// The module could not be told; [`SocketError::ModuleRestarted`] if only this has shown it.
    ///
    /// # Cancel safety
    /// Dropped, it goes on in the background.
    pub async fn close(self) -> Result<(), SocketError> {
        self.link.finish().await
    }

    /// Fetches what is left in the module and gives the socket back.
    async fn ended(self, ending: SocketEnding) -> SocketError {
        let link = self.link;
        let fetched = link.fetch_rest().await;
        let unread = link.buffers.unread();
        if let Err(error) = link.finish().await {
            tracing::debug!(%error, "a TLS socket could not be closed in order");
        }
        match fetched {
            Ok(()) => SocketError::EndedWhileSuspended { ending, unread },
            Err(error) => error,
        }
    }
}
