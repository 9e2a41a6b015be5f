//! A connection that waits outside online mode.

use std::time::Duration;

use super::ending::{Closure, SocketEnding};
use super::error::SocketError;
use super::link::{Closed, Link};
use super::loss;
use super::status::{self, SocketStatus};
use super::tls_socket::TlsSocket;
use crate::at::Command;
use crate::commands::{ReceiveBlock, ResumeSocket, SocketCounters, SocketState};
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

    /// Back to online mode. Bytes that were not read before are read first.
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
        if let Some(ending) = self.closed_meanwhile().await? {
            return Err(self.ended(ending).await);
        }
        let exchange = ResumeSocket { socket: self.link.socket(), end: self.link.end }
            .exchange()
            .map_err(CommandError::from)?;
        match self.link.modem.channel().open_stream(exchange).await {
            Ok(stream) => Ok(TlsSocket::online(*self.link, stream)),
            Err(CommandError::Refused { error, .. }) => {
                let told = match Closure::parse(error.text()) {
                    Some(Closure::Socket(_, ending)) => Some(ending),
                    _ => self.closed_meanwhile().await?,
                };
                Err(self.ended(told.unwrap_or(SocketEnding::Unknown)).await)
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

    /// Closes the connection and gives the module's socket back.
    ///
    /// # Errors
    /// The module could not be told.
    ///
    /// # Cancel safety
    /// Dropped, it goes on in the background.
    pub async fn close(self) -> Result<(), SocketError> {
        self.link.finish().await
    }

    /// How the connection ended since it was suspended, if it did.
    async fn closed_meanwhile(&mut self) -> Result<Option<SocketEnding>, SocketError> {
        let mut doubtful = false;
        while let Some(line) = self.link.lines.try_next() {
            match line.map(|line| self.link.closure(&line.text())) {
                Ok(Some(Closed::This(ending))) => return Ok(Some(ending)),
                Ok(Some(Closed::Perhaps)) | Err(_) => doubtful = true,
                Ok(None) => {}
            }
        }
        let closed = doubtful && self.status().await?.state != SocketState::Open;
        Ok(closed.then_some(SocketEnding::Unknown))
    }

    /// Fetches what is left in the module and gives the socket back.
    async fn ended(self, ending: SocketEnding) -> SocketError {
        let link = self.link;
        let fetched = fetch_rest(&link).await;
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

/// Fetches what is left in the module; more than can be kept if the connection stands after all.
async fn fetch_rest(link: &Link) -> Result<(), SocketError> {
    loop {
        match receive(link).await {
            Ok(data) if data.is_empty() => return Ok(()),
            Ok(data) => link.buffers.push_unbridled(data)?,
            Err(error) => {
                tracing::debug!(%error, "the rest of an ended connection cannot be read");
                return Ok(());
            }
        }
    }
}

async fn receive(link: &Link) -> Result<bytes::Bytes, CommandError> {
    let timeout = link.limits.receive_timeout;
    let wait = Duration::from_millis(u64::from(timeout) * 100);
    let deadline = wait + link.modem.profile().timeouts.tls_receive_margin;
    let command = ReceiveBlock { socket: link.socket(), most: link.limits.receive, timeout, deadline };
    Ok(link.modem.run(command).await?.data)
}
