//! A connection outside of online mode: what the module tells of it, and what it still holds.

use std::time::Duration;

use bytes::Bytes;

use super::ending::{Closure, SocketEnding};
use super::error::SocketError;
use super::link::{Closed, Link};
use super::status;
use crate::at::ModuleError;
use crate::commands::{ReceiveBlock, SocketState};
use crate::error::CommandError;

impl Link {
    /// How the connection ended since online mode was left, if it did.
    pub(super) async fn closed_meanwhile(&mut self) -> Result<Option<SocketEnding>, SocketError> {
        let mut doubtful = false;
        while let Some(line) = self.lines.try_next() {
            match line.map(|line| self.closure(&line.text())) {
                Ok(Some(Closed::This(ending))) => return Ok(Some(ending)),
                Ok(Some(Closed::Perhaps)) | Err(_) => doubtful = true,
                Ok(None) => {}
            }
        }
        let closed = doubtful && status::read(&self.modem, self.socket()).await?.state != SocketState::Open;
        Ok(closed.then_some(SocketEnding::Unknown))
    }

    /// How the connection ended, now that the module refuses to go back to online mode.
    pub(super) async fn ending_by(&mut self, refusal: &ModuleError) -> Result<SocketEnding, SocketError> {
        let told = match Closure::parse(refusal.text()) {
            Some(Closure::Socket(_, ending)) => Some(ending),
            _ => self.closed_meanwhile().await?,
        };
        Ok(told.unwrap_or(SocketEnding::Unknown))
    }

    /// Fetches what is left in the module; more than can be kept if the connection stands after all.
    pub(super) async fn fetch_rest(&self) -> Result<(), SocketError> {
        loop {
            match self.receive().await {
                Ok(data) if data.is_empty() => return Ok(()),
                Ok(data) => self.buffers.push_unbridled(data)?,
                Err(error) => {
                    tracing::debug!(%error, "the rest of an ended connection cannot be read");
                    return Ok(());
                }
            }
        }
    }

    async fn receive(&self) -> Result<Bytes, CommandError> {
        let timeout = self.limits.receive_timeout;
        let wait = Duration::from_millis(u64::from(timeout) * 100);
        let deadline = wait + self.modem.profile().timeouts.tls_receive_margin;
        let command = ReceiveBlock { socket: self.socket(), most: self.limits.receive, timeout, deadline };
        Ok(self.modem.run(command).await?.data)
    }
}
