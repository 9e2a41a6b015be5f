//! Noticing that something was lost.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::Request;
use super::event::{Cause, SupervisorEvent};
use super::recovery::Recovery;
use crate::commands::{ActiveContexts, ReadErrorFormat};
use crate::driver::{Health, HealthWatch, Loss, ModuleDown, ModuleState, RestartSign};
use crate::error::CommandError;
use crate::fan_in;
use crate::modem::{Modem, ServiceEvent, ServiceEvents};

/// What [`VerboseErrors`](crate::commands::VerboseErrors) sets.
pub(super) const VERBOSE: u8 = 2;
/// How often in a row the module may fail to answer the question before it counts as silent.
const LOOKS: u32 = 2;

pub(super) struct Task {
    recovery: Recovery,
    asked: fan_in::Receiver<Request>,
    /// Another channel of the module has seen something.
    look: Arc<Notify>,
    health: HealthWatch,
    services: ServiceEvents,
    /// What was known when the module was last in order.
    seen: Health,
}

enum Wake {
    Lost(Cause),
    Asked(Request),
    Look,
    Nothing,
}

impl Task {
    pub(super) fn new(recovery: Recovery, asked: fan_in::Receiver<Request>, look: Arc<Notify>) -> Self {
        let (health, services) = (recovery.modem.health(), recovery.modem.service_events());
        // What was lost since the module was opened is not known to anybody yet.
        Self { recovery, asked, look, health, services, seen: Health::default() }
    }

    /// Until it is aborted. What is done once in a while has its own memory for that while.
    pub(super) async fn run(mut self: Box<Self>) {
        // Nobody may wait for a module that is not worked on any more.
        let _last = GaveUp(self.recovery.modem.clone());
        while let Some(wake) = self.wake().await {
            match wake {
                Wake::Lost(cause) => Box::pin(self.recover(cause)).await,
                Wake::Asked(request) => Box::pin(self.asked(request)).await,
                Wake::Look => Box::pin(self.look()).await,
                Wake::Nothing => {}
            }
        }
    }

    /// `None` when nobody is there any more.
    async fn wake(&mut self) -> Option<Wake> {
        let heartbeat = self.recovery.options.heartbeat.filter(|_| self.seen.state == ModuleState::Up);
        tokio::select! {
            biased;
            wake = self.told() => wake,
            () = sleep(heartbeat.unwrap_or(Duration::MAX)), if heartbeat.is_some() => Some(Wake::Look),
        }
    }

    /// What others tell.
    async fn told(&mut self) -> Option<Wake> {
        let Self { recovery, asked, look, health, services, seen } = self;
        tokio::select! {
            biased;
            event = services.next() => event.map(|event| forward(recovery, event)),
            changed = health.changed() => changed.map(|health| judge(seen, health)),
            asked = asked.receive() => asked.map(Wake::Asked),
            () = look.notified(), if seen.state == ModuleState::Up => Some(Wake::Look),
        }
    }

    /// Asks the module whether it is still the one that was brought on line. Whatever is told meanwhile comes first:
    /// the question may have to wait behind a stream.
    async fn look(&mut self) {
        let (modem, seen) = (self.recovery.modem.clone(), self.seen);
        let mut looking = std::pin::pin!(find_loss(&modem, seen));
        let wake = loop {
            let wake = tokio::select! {
                biased;
                found = &mut looking => break found.map_or_else(|known| { self.seen = known; Wake::Nothing }, Wake::Lost),
                wake = self.told() => wake.unwrap_or(Wake::Nothing),
            };
            if matches!(wake, Wake::Lost(_) | Wake::Asked(_)) {
                break wake;
            }
        };
        match wake {
            Wake::Lost(cause) => self.recover(cause).await,
            Wake::Asked(request) => self.asked(request).await,
            Wake::Look | Wake::Nothing => {}
        }
    }

    async fn asked(&mut self, request: Request) {
        if request.is_closed() {
            return;
        }
        self.recover(Cause::Asked).await;
        let up = self.seen.state == ModuleState::Up;
        // Whoever does not wait any more does not care.
        let _heard = request.send(if up { Ok(()) } else { Err(ModuleDown) });
    }

    /// What the services tell meanwhile is handed on at once.
    async fn recover(&mut self, cause: Cause) {
        self.seen = {
            let mut running = std::pin::pin!(self.recovery.run(cause, self.seen));
            loop {
                tokio::select! {
                    biased;
                    event = self.services.next() => {
                        if let Some(event) = event {
                            forward(&self.recovery, event);
                        }
                    }
                    known = &mut running => break known,
                }
            }
        };
    }
}

fn forward(recovery: &Recovery, event: Result<ServiceEvent, u64>) -> Wake {
    recovery.events.send(match event {
        Ok(event) => SupervisorEvent::Service(event),
        Err(missed) => SupervisorEvent::Missed(missed),
    });
    Wake::Nothing
}

/// What a change of the module's health means to somebody who knew `seen`.
fn judge(seen: &mut Health, health: Health) -> Wake {
    match cause_of(*seen, health) {
        Some(cause) => Wake::Lost(cause),
        None if health.troubles != seen.troubles && health.state == ModuleState::Up => Wake::Look,
        None => {
            *seen = health;
            Wake::Nothing
        }
    }
}

fn cause_of(seen: Health, health: Health) -> Option<Cause> {
    seen.loss_until(&health).map(|loss| match loss {
        Loss::ModuleRestarted => match health.restart {
            Some(RestartSign::StartUpLine) => Cause::StartUpLine,
            Some(RestartSign::Settings) => Cause::SettingsLost,
            Some(RestartSign::Echo | RestartSign::Caused) | None => Cause::Echo,
        },
        Loss::PortLost => Cause::PortLost,
    })
}

/// What the module has lost since `seen`; otherwise what is known of it now.
async fn find_loss(modem: &Modem, seen: Health) -> Result<Cause, Health> {
    for _ in 0..LOOKS {
        let found = ask(modem).await;
        let known = modem.health_record().now();
        if let Some(cause) = cause_of(seen, known) {
            return Ok(cause);
        }
        match found {
            Ok(None) => return Err(known),
            Ok(Some(cause)) => return Ok(cause),
            Err(error) => tracing::debug!(%error, "the module does not tell whether it is in order"),
        }
    }
    Ok(Cause::Silence)
}

/// Whoever refuses a question is there.
async fn ask(modem: &Modem) -> Result<Option<Cause>, CommandError> {
    match modem.run(ReadErrorFormat).await {
        Ok(VERBOSE) | Err(CommandError::Refused { .. }) => {}
        Ok(_) => return Ok(Some(Cause::SettingsLost)),
        Err(error) => return Err(error),
    }
    match modem.run(ActiveContexts).await {
        Ok(active) => Ok((!active.contains(&modem.context_id())).then_some(Cause::ContextLost)),
        Err(CommandError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Tells everybody who waits for the module, when it goes, that nobody is at work on it.
struct GaveUp(Modem);

impl Drop for GaveUp {
    fn drop(&mut self) {
        self.0.health_record().gave_up();
    }
}
