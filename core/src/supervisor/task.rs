//! Noticing that something was lost.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::Request;
use super::event::{Cause, SupervisorEvent};
use super::recovery::Recovery;
use crate::at::Line;
use crate::commands::{ActiveContexts, ReadErrorFormat};
use crate::driver::{Health, HealthWatch, Loss, ModuleDown, ModuleState, Unsolicited};
use crate::error::CommandError;
use crate::modem::{ServiceEvent, ServiceEvents};

/// What [`VerboseErrors`](crate::commands::VerboseErrors) sets.
const VERBOSE: u8 = 2;
/// How often in a row the module may fail to answer the question before it counts as silent.
const LOOKS: u32 = 2;

pub(super) struct Task {
    recovery: Recovery,
    asked: mpsc::Receiver<Request>,
    health: HealthWatch,
    services: ServiceEvents,
    lines: Option<Unsolicited>,
    /// What was known when the module was last in order.
    seen: Health,
}

enum Wake {
    Health(Option<Health>),
    Line(Option<Result<Line, u64>>),
    Service(Option<Result<ServiceEvent, u64>>),
    Asked(Option<Request>),
    Heartbeat,
}

impl Task {
    pub(super) fn new(recovery: Recovery, asked: mpsc::Receiver<Request>) -> Self {
        let (health, services) = (recovery.modem.health(), recovery.modem.service_events());
        let (lines, seen) = (Some(recovery.modem.channel().unsolicited()), health.now());
        Self { recovery, asked, health, services, lines, seen }
    }

    /// Until it is aborted.
    pub(super) async fn run(mut self) {
        loop {
            match self.wake().await {
                Wake::Health(Some(health)) => self.health_changed(health).await,
                Wake::Health(None) => return,
                Wake::Line(Some(line)) => self.line_arrived(line).await,
                Wake::Line(None) => self.lines = None,
                Wake::Service(Some(Ok(event))) => self.recovery.events.send(SupervisorEvent::Service(event)),
                Wake::Service(Some(Err(missed))) => {
                    self.recovery.events.send(SupervisorEvent::Missed(missed))
                }
                Wake::Service(None) => return,
                Wake::Asked(Some(request)) => self.asked(request).await,
                Wake::Asked(None) => return,
                Wake::Heartbeat => self.look().await,
            }
        }
    }

    async fn wake(&mut self) -> Wake {
        let heartbeat = self.recovery.options.heartbeat.filter(|_| self.seen.state == ModuleState::Up);
        let listens = self.lines.is_some();
        tokio::select! {
            biased;
            event = self.services.next() => Wake::Service(event),
            health = self.health.changed() => Wake::Health(health),
            line = next_line(self.lines.as_mut()), if listens => Wake::Line(line),
            asked = self.asked.recv() => Wake::Asked(asked),
            () = sleep(heartbeat.unwrap_or(Duration::MAX)), if heartbeat.is_some() => Wake::Heartbeat,
        }
    }

    async fn health_changed(&mut self, health: Health) {
        match self.seen.loss_until(&health) {
            Some(Loss::ModuleRestarted) => self.recover(Cause::Echo).await,
            Some(Loss::PortLost) => self.recover(Cause::PortLost).await,
            None if health.troubles != self.seen.troubles && health.state == ModuleState::Up => {
                self.look().await
            }
            None => self.seen = health,
        }
    }

    async fn line_arrived(&mut self, line: Result<Line, u64>) {
        let Ok(line) = line else { return };
        let text = line.text();
        if self.recovery.options.start_up_lines.iter().any(|known| *known == text) {
            self.recovery.modem.restarted().await;
            self.recover(Cause::StartUpLine).await;
        }
    }

    /// Asks the module whether it is still the one that was brought on line.
    async fn look(&mut self) {
        match self.find_loss().await {
            Some(cause) => self.recover(cause).await,
            None => self.seen = self.health_now(),
        }
    }

    async fn find_loss(&self) -> Option<Cause> {
        for _ in 0..LOOKS {
            let format = self.recovery.modem.run(ReadErrorFormat).await;
            match self.seen.loss_until(&self.recovery.health()) {
                Some(Loss::ModuleRestarted) => return Some(Cause::Echo),
                Some(Loss::PortLost) => return Some(Cause::PortLost),
                None => {}
            }
            match format {
                Ok(VERBOSE) => return self.context_lost().await,
                Ok(_) => {
                    self.recovery.modem.restarted().await;
                    return Some(Cause::SettingsLost);
                }
                // Whoever refuses is there.
                Err(CommandError::Refused { .. }) => return self.context_lost().await,
                Err(_) => {}
            }
        }
        Some(Cause::Silence)
    }

    async fn context_lost(&self) -> Option<Cause> {
        let active = self.recovery.modem.run(ActiveContexts).await.ok()?;
        (!active.contains(&self.recovery.modem.context_id())).then_some(Cause::ContextLost)
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

    async fn recover(&mut self, cause: Cause) {
        self.recovery.run(cause, self.seen).await;
        self.seen = self.health_now();
        self.lines = Some(self.recovery.modem.channel().unsolicited());
    }

    fn health_now(&mut self) -> Health {
        self.health.seen()
    }
}

async fn next_line(lines: Option<&mut Unsolicited>) -> Option<Result<Line, u64>> {
    match lines {
        Some(lines) => lines.next().await,
        None => std::future::pending().await,
    }
}
