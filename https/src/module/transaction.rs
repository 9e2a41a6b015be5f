//! One request from the lease to the end of the body, in a task of its own.
//!
//! Nobody who drops a future can leave the module half configured: the task goes on, reads what nobody
//! wants, and gives TLS back.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use telit_core::at::ModuleError;
use telit_core::driver::Loss;
use telit_core::exclusive::{Holder, Service, ServiceBusy, TlsLease};
use telit_core::modem::Basis;
use telit_core::tls::{TlsFailure, prepare};
use telit_core::{Category, CommandError, Modem};
use tokio::sync::{OwnedMutexGuard, mpsc, oneshot};
use tokio::time::Instant;

use crate::body::Piece;
use crate::body_error::BodyError;
use crate::error::{RequestError, is_behind_payload, is_silence};
use crate::module::body_progress::{BodyProgress, NextRead};
use crate::module::commands::{Configure, ProfileSettings, ReadProfile, Receive};
use crate::module::prepared::RequestCommand;
use crate::module::ring::Ring;
use crate::module::switch_off::{Kept, switch_off};
use crate::module::wait_for_ring::wait_for_ring;
use crate::options::whole_seconds;
use crate::shared::Shared;
use crate::target::Target;

/// Blocks that are fetched ahead of the reader.
const FETCHED_AHEAD: usize = 16;
/// The module starts to count the timeout before it says that the request was sent.
const CLOCKS_APART: Duration = Duration::from_millis(500);

pub(super) struct Transaction {
    pub(super) shared: Arc<Shared>,
    pub(super) turn: Turn,
    pub(super) target: Target,
    pub(super) command: RequestCommand,
    /// How long the server may take.
    pub(super) timeout: Duration,
}

/// The client's turn and the module's TLS. A client without TLS takes it too: the module's HTTP client serves one.
pub(super) struct Turn {
    /// Holds what is kept between requests.
    pub(super) turn: OwnedMutexGuard<Option<Kept>>,
    pub(super) lease: TlsLease,
    /// What everything that is set up stands on.
    pub(super) basis: Basis,
    /// TLS was kept: it is set up, and on for HTTP.
    pub(super) kept: bool,
}

/// The answer's head, and its body as it comes.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) ring: Ring,
    pub(super) pieces: mpsc::Receiver<Piece>,
    /// The length of the body; `None` if unknown.
    pub(super) length: Option<u64>,
}

/// What reading the body led to.
pub(super) enum Pumped {
    /// Nothing of this answer is left on the module.
    Finished(Result<(), BodyError>),
    /// The rest was left on the module.
    Abandoned,
}

impl Transaction {
    pub(super) async fn run(self, caller: oneshot::Sender<Result<Answer, RequestError>>) {
        match self.exchange(&caller).await {
            Ok(Some(ring)) => self.deliver(ring, caller).await,
            // The caller is gone, and nothing was sent.
            Ok(None) => self.finish(true).await,
            Err(error) => {
                let error = self.explain(error).await;
                tracing::debug!(%error, "no answer");
                self.finish_failed(&error).await;
                drop(caller.send(Err(error)));
            }
        }
    }

    /// Names the restart if one is behind an error.
    async fn explain(&self, error: RequestError) -> RequestError {
        let basis = &self.turn.basis;
        let loss = if error.is_silence() { basis.ask_for_loss().await } else { basis.loss() };
        match loss {
            Some(Loss::ModuleRestarted) => {
                RequestError::ModuleRestarted { sent: error.may_have_taken_effect() }
            }
            _ => error,
        }
    }

    /// Sends the request and waits for its answer; `None` if the caller was gone before it was sent.
    async fn exchange(
        &self,
        caller: &oneshot::Sender<Result<Answer, RequestError>>,
    ) -> Result<Option<Ring>, RequestError> {
        self.set_up().await?;
        self.check_basis("#HTTPCFG", false)?;
        if caller.is_closed() {
            return Ok(None);
        }
        tracing::debug!(host = %self.target.host, resource = %self.target.resource, "request");
        // Before sending: the answer may come before the command's own OK.
        let mut unsolicited = self.modem().channel().unsolicited();
        let mut sent = self.command.run(self.modem()).await;
        if let Some(refused) = sent.as_ref().err()
            && self.has_made_way(refused, caller).await?
        {
            if caller.is_closed() {
                return Ok(None);
            }
            unsolicited = self.modem().channel().unsolicited();
            sent = self.command.run(self.modem()).await;
        }
        match sent {
            Err(error) if is_busy(&error) => return Err(self.busy().await.into()),
            sent => sent.map_err(|error| RequestError::of_request(error, &self.target))?,
        }
        let (options, timeout) = (&self.shared.options, self.timeout);
        let patience = timeout + self.modem().profile().timeouts.http_ring_margin;
        let sent_at = Instant::now();
        let ring = wait_for_ring(&mut unsolicited, options.profile, patience, &self.turn.basis).await?;
        self.check_basis("#HTTPRING", true)?;
        if ring.status == 0 && sent_at.elapsed() + CLOCKS_APART < timeout {
            return Err(RequestError::NoAnswer { host: self.target.host.clone() });
        }
        if ring.status == 0 {
            return Err(RequestError::TimedOut { host: self.target.host.clone(), timeout });
        }
        Ok(Some(ring))
    }

    /// Clears what an earlier request has left, if a refusal is about that. Gives whether it is worth another try.
    async fn has_made_way(
        &self,
        refused: &CommandError,
        caller: &oneshot::Sender<Result<Answer, RequestError>>,
    ) -> Result<bool, RequestError> {
        // Of one that was refused behind its body nobody knows what has gone.
        if is_behind_payload(refused) {
            return Ok(false);
        }
        if is_wrong_state(refused) {
            self.clear(caller).await?;
            return Ok(true);
        }
        Ok(refused.category() == Category::Busy && self.clear_elsewhere(caller).await)
    }

    /// Fails if the module is not the one any more that was set up: what it answers is not to be trusted.
    fn check_basis(&self, command: &str, sent: bool) -> Result<(), RequestError> {
        match self.turn.basis.loss() {
            None => Ok(()),
            Some(Loss::ModuleRestarted) => Err(RequestError::ModuleRestarted { sent }),
            Some(_) => Err(port_lost(command, sent).into()),
        }
    }

    /// Source: SSL guide 8.2.
    async fn set_up(&self) -> Result<(), RequestError> {
        match &self.shared.tls {
            Some(tls) if !self.turn.kept => {
                // What is set up for an address must not be kept for a name.
                let tls = match self.shared.options.keep_tls {
                    true => tls.clone(),
                    false => tls.for_host(&self.target.host),
                };
                prepare(self.modem(), &self.turn.lease, &tls).await?;
                self.configure().await
            }
            // Writing what is there would wear the flash.
            _ if self.is_configured().await? => Ok(()),
            _ => self.configure().await,
        }
    }

    async fn is_configured(&self) -> Result<bool, RequestError> {
        let deadline = self.modem().profile().timeouts.local;
        let held = self.modem().run(ReadProfile { profile: self.shared.options.profile, deadline }).await?;
        Ok(held == Some(self.settings()))
    }

    pub(super) async fn configure(&self) -> Result<(), RequestError> {
        let deadline = self.modem().profile().timeouts.local;
        let (profile, settings) = (self.shared.options.profile, self.settings());
        match self.modem().run(Configure { profile, settings, deadline }).await {
            Err(error) if is_busy(&error) => Err(self.busy().await.into()),
            result => Ok(result?),
        }
    }

    fn settings(&self) -> ProfileSettings {
        ProfileSettings {
            host: self.target.host.clone(),
            port: self.target.port,
            tls: self.shared.tls.is_some(),
            timeout_seconds: whole_seconds(self.timeout),
            context_id: self.modem().context_id(),
        }
    }

    /// Our lease cleaned this port, so whoever holds TLS now sits on another port of the module.
    async fn busy(&self) -> ServiceBusy {
        let owner = self.modem().tls_owner().await;
        ServiceBusy { holder: Holder::OtherPort(owner.ok().flatten().unwrap_or(Service::Http)) }
    }

    /// Hands the answer over, the body block by block.
    async fn deliver(self, ring: Ring, caller: oneshot::Sender<Result<Answer, RequestError>>) {
        tracing::debug!(status = ring.status, length = ring.length, "answer");
        let has_body = !self.command.is_head() && !matches!(ring.status, 100..=199 | 204 | 304);
        let length = if has_body { ring.length } else { Some(0) };
        let mut progress = match has_body {
            true => BodyProgress::new(length, self.block_size()),
            false => BodyProgress::absent(),
        };
        let (pieces, receiver) = mpsc::channel(FETCHED_AHEAD);
        // A caller that is gone is noticed by the pump.
        drop(caller.send(Ok(Answer { ring, pieces: receiver, length })));
        let pumped = self.pump(&mut progress, &pieces).await;
        let (in_order, end) = match pumped {
            Ok(Pumped::Finished(end)) => (end.is_ok(), end),
            Ok(Pumped::Abandoned) => (false, Ok(())),
            Err(error) => (false, Err(self.body_error(error, progress.so_far()).await)),
        };
        match &end {
            Err(BodyError::Link(_) | BodyError::ModuleRestarted { .. }) => drop(self),
            _ => self.finish(in_order).await,
        }
        drop(pieces.send(Piece::End(end)).await);
    }

    async fn body_error(&self, error: CommandError, got: u64) -> BodyError {
        let basis = &self.turn.basis;
        let loss = if is_silence(&error) { basis.ask_for_loss().await } else { basis.loss() };
        match loss {
            Some(Loss::ModuleRestarted) => BodyError::ModuleRestarted { got },
            _ if error.is_mark_missing() => BodyError::MarkMissing { got },
            _ if error.module_error().is_some() => BodyError::Refused { got, error },
            _ => BodyError::Link(error),
        }
    }

    async fn pump(
        &self,
        progress: &mut BodyProgress,
        pieces: &mpsc::Sender<Piece>,
    ) -> Result<Pumped, CommandError> {
        loop {
            let length = match progress.next() {
                NextRead::Complete => return Ok(Pumped::Finished(Ok(()))),
                NextRead::Truncated { received: got, expected } => {
                    return Ok(Pumped::Finished(Err(BodyError::Truncated { got, expected })));
                }
                NextRead::Block { length } => length,
            };
            if pieces.is_closed() {
                return self.discard_short(progress.clone()).await;
            }
            let Some(block) = self.read_block(progress, length).await? else {
                continue;
            };
            if !block.is_empty() {
                // Whether the reader is gone is asked before the next block.
                drop(pieces.send(Piece::Data(block)).await);
            }
        }
    }

    /// One block; `None` if the module has no more.
    pub(super) async fn read_block(
        &self,
        progress: &mut BodyProgress,
        length: Option<usize>,
    ) -> Result<Option<Bytes>, CommandError> {
        let read = self.modem().run(self.receive(length)).await;
        if self.turn.basis.loss().is_some() {
            // A module that has lost the answer refuses as at its end.
            return Err(read
                .err()
                .filter(|error| error.module_error().is_none())
                .unwrap_or_else(|| port_lost("#HTTPRCV", true)));
        }
        match read {
            Ok(block) => {
                progress.received(block.len());
                Ok(Some(block))
            }
            Err(error) if is_end(&error) => {
                progress.refused();
                Ok(None)
            }
            // The line has lost bytes, or the server has ended; what came is not trusted, and asking again tells which.
            Err(error @ CommandError::Unexpected { .. }) if error.is_mark_missing() => Err(error),
            Err(CommandError::Unexpected { .. }) if length.is_some() && !self.has_more().await? => {
                progress.refused();
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the module has another block, which is lost by that.
    async fn has_more(&self) -> Result<bool, CommandError> {
        let read = self.modem().run(self.receive(None)).await;
        if self.turn.basis.loss().is_some() {
            return Err(port_lost("#HTTPRCV", true));
        }
        match read {
            Ok(block) => Ok(!block.is_empty()),
            Err(error) if is_end(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) fn receive(&self, length: Option<usize>) -> Receive {
        let options = &self.shared.options;
        let deadline = self.modem().profile().timeouts.http_receive;
        Receive { profile: options.profile, most: options.block_size, length, deadline }
    }

    /// After a failure the module may answer no more; then the next owner of TLS cleans up.
    async fn finish_failed(self, error: &RequestError) {
        match error {
            RequestError::Command(_) | RequestError::Setup(_) | RequestError::Busy(_) => drop(self),
            error if error.category() == Category::Link => drop(self),
            _ => self.finish(false).await,
        }
    }

    /// Gives TLS back, or keeps it for the next request of this client.
    async fn finish(self, in_order: bool) {
        let settings = self.settings();
        let Turn { mut turn, lease, basis, .. } = self.turn;
        let kept = Kept { lease, settings, basis };
        if in_order && self.shared.options.keep_tls && kept.settings.tls {
            *turn = Some(kept);
        } else if let Err(error) = switch_off(&self.shared, kept).await {
            tracing::warn!(%error, "TLS could not be switched off, its next owner will do it");
        }
    }

    pub(super) fn block_size(&self) -> usize {
        usize::from(self.shared.options.block_size)
    }

    pub(super) fn modem(&self) -> &Modem {
        &self.shared.modem
    }
}

/// The module may have run on, and nothing says that it did.
fn port_lost(command: &str, sent: bool) -> CommandError {
    let reason = "the port was lost meanwhile, or the module has restarted".to_owned();
    CommandError::LinkLost { command: command.to_owned(), reason, sent }
}

fn is_busy(error: &CommandError) -> bool {
    error.category() == Category::Busy || TlsFailure::of(error) == Some(TlsFailure::AlreadyActivated)
}

/// Source: M37 p23.
fn is_wrong_state(error: &CommandError) -> bool {
    error.module_error().is_some_and(|error| error.is(&[551], "wrong state"))
}

/// Whether a refusal to give more says nothing but that there is no more. The manual names no error for that; one that
/// names another reason is no end of the body. Source: M37 p23, p870.
fn is_end(error: &CommandError) -> bool {
    let says_nothing = |error: &ModuleError| error.number().is_none() && error.text().is_empty();
    is_wrong_state(error) || error.module_error().is_some_and(says_nothing)
}
