//! A further channel of a module whose first one is looked after.
//!
//! What is done about the module (its radio, a restart, the network) is done on the first channel. A further one gets
//! its stream and its settings back, and is up when the module is.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::recovery::{FIRST_ANSWER, OPENING};
use super::source::PortSource;
use super::task::VERBOSE;
use crate::Backoff;
use crate::commands::{ReadErrorFormat, SerialNumber};
use crate::driver::{HealthWatch, ModuleState, PortSlot, RestartSign};
use crate::error::CommandError;
use crate::modem::Modem;

/// A restart that both channels have seen is one if they are not further apart. The first one is looked at as soon as
/// another one has seen it.
const SAME_RESTART: Duration = Duration::from_secs(60);

pub(super) struct Follower {
    pub(super) modem: Modem,
    pub(super) slot: PortSlot,
    pub(super) source: Box<dyn PortSource>,
    pub(super) backoff: Backoff,
    /// The module of the first channel, where the port may come to belong to another one.
    pub(super) serial_number: Option<String>,
    /// What is known of the module on its first channel.
    pub(super) lead: HealthWatch,
    /// Has the module looked at on its first channel.
    pub(super) look: Arc<Notify>,
    pub(super) restarts: Restarts,
}

/// The restarts that were compared so far.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    own: u64,
    lead: u64,
    /// When this channel has seen one that the first one has not.
    ahead: Option<Instant>,
    /// The next one of this channel is the first one's, which it was told of.
    told: bool,
}

impl Follower {
    /// Until it is aborted, or the channel is closed.
    pub(super) async fn run(mut self) {
        let (mut health, mut lead) = (self.modem.health(), self.lead.clone());
        loop {
            self.compare_restarts().await;
            if health.now().state != ModuleState::Up {
                self.mend().await;
                continue;
            }
            let changed = tokio::select! {
                changed = health.changed() => changed,
                changed = lead.changed() => changed,
            };
            if changed.is_none() {
                return;
            }
        }
    }

    /// A restart that the first channel has seen is one for this channel too, unless it was seen here as well. One that
    /// is seen here first is no secret to the first channel for long.
    async fn compare_restarts(&mut self) {
        let (own, lead) = (self.modem.health().now(), self.lead.now());
        if std::mem::replace(&mut self.restarts.own, own.restarts) != own.restarts
            && !std::mem::take(&mut self.restarts.told)
        {
            self.restarts.ahead = Some(Instant::now());
            self.look.notify_one();
        }
        if std::mem::replace(&mut self.restarts.lead, lead.restarts) != lead.restarts
            && self.restarts.ahead.take().is_none_or(|seen| seen.elapsed() > SAME_RESTART)
        {
            self.restarts.told = true;
            self.slot.restarted(own).await;
        }
    }

    async fn mend(&mut self) {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.attempt().await {
                Ok(true) => return,
                Ok(false) => {}
                Err(reason) => tracing::debug!(reason, attempt, "a channel is not back yet"),
            }
            sleep(self.backoff.draw(attempt)).await;
        }
    }

    /// Whether the channel is up again.
    async fn attempt(&mut self) -> Result<bool, String> {
        self.ensure_port().await?;
        self.ensure_answer().await?;
        let before = self.modem.health().now();
        if self.lead.up().await.is_err() {
            self.modem.health_record().set_state(ModuleState::Down);
            // Until somebody is at work on the module again.
            self.lead.changed().await;
            return Ok(false);
        }
        Ok(self.modem.health_record().set_up(before).is_some())
    }

    async fn ensure_port(&self) -> Result<(), String> {
        if self.slot.is_occupied() {
            return Ok(());
        }
        let stream = within(OPENING, self.source.open()).await?.map_err(|error| error.to_string())?;
        self.slot.put_in(stream).await;
        Ok(())
    }

    /// A channel that does not answer, or not as this module, is opened again.
    async fn ensure_answer(&self) -> Result<(), String> {
        let answer = self.ask().await;
        if answer.is_err() {
            self.slot.take_out().await;
        }
        answer
    }

    async fn ask(&self) -> Result<(), String> {
        let known = self.modem.health().now();
        match within(FIRST_ANSWER, self.modem.run(ReadErrorFormat)).await? {
            Ok(VERBOSE) | Err(CommandError::Refused { .. }) => {}
            Ok(_) => self.modem.restarted(RestartSign::Settings, known).await,
            Err(error) => return Err(error.to_string()),
        }
        let Some(expected) = &self.serial_number else { return Ok(()) };
        let found = self.modem.run(SerialNumber).await.map_err(|error| error.to_string())?;
        match found == *expected {
            true => Ok(()),
            false => Err("the port belongs to another module now".to_owned()),
        }
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, String> {
    timeout(limit, work).await.map_err(|_| "it takes too long".to_owned())
}
