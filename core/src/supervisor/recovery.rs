//! Getting a module back that cannot be used.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};
use tracing::field::Empty;

use super::event::{Cause, EventSender, SupervisorEvent};
use super::ladder::{Finding, Ladder, Remedy};
use super::options::SupervisorOptions;
use super::source::PortSource;
use super::task::VERBOSE;
use crate::commands::{Functionality, Model, ReadErrorFormat, RebootModule, RestartModule};
use crate::driver::{Health, ModuleState, PortSlot, RestartSign};
use crate::error::{CommandError, Outcome};
use crate::modem::{BringUpError, Modem};

/// What a supervisor needs to get a module back.
pub(super) struct Recovery {
    pub(super) modem: Modem,
    pub(super) options: SupervisorOptions,
    pub(super) events: EventSender,
    source: Box<dyn PortSource>,
    slot: PortSlot,
    /// The next attempt may come sooner.
    hurry: Arc<Notify>,
}

/// An attempt that failed: what it showed, and in words.
struct Failed {
    finding: Finding,
    because: String,
}

/// How a recovery ended.
struct Ended {
    attempts: u32,
    result: Result<Health, String>,
}

/// How long opening the port may take.
pub(super) const OPENING: Duration = Duration::from_secs(30);
/// How long the user's hook may take.
const RESETTING: Duration = Duration::from_secs(120);
/// How long the module's first answer may take: the port may be busy with the longest command, or with a stream that
/// nobody will end.
pub(super) const FIRST_ANSWER: Duration = Duration::from_secs(240);
/// What was written to flash last needs time before a restart. Source: M37 p623-624.
const FLASH: Duration = Duration::from_secs(5);

impl Recovery {
    pub(super) fn new(
        modem: Modem,
        source: Box<dyn PortSource>,
        slot: PortSlot,
        options: SupervisorOptions,
        events: EventSender,
        hurry: Arc<Notify>,
    ) -> Self {
        Self { modem, options, events, source, slot, hurry }
    }

    pub(super) fn health(&self) -> Health {
        self.modem.health_record().now()
    }

    /// From the moment a loss is noticed until the module is on line again or given up. `before` is what was known
    /// when it was last in order. Gives what is known afterwards.
    pub(super) async fn run(&self, cause: Cause, before: Health) -> Health {
        // Not around the work: the tasks of ports that are opened meanwhile would hold the span for as long as they run.
        let span = tracing::info_span!("recovery", %cause, attempts = Empty, outcome = Empty, otel.status_code = Empty);
        let started = Instant::now();
        tracing::warn!(%cause, "recovering the module");
        self.modem.health_record().set_state(ModuleState::Recovering);
        self.events.send(SupervisorEvent::Lost { cause: cause.clone() });
        let Ended { attempts, result } = self.climb().await;
        let (outcome, status) = if result.is_ok() { ("on line", "OK") } else { ("given up", "ERROR") };
        span.record("attempts", attempts).record("outcome", outcome).record("otel.status_code", status);
        drop(span);
        let took = started.elapsed();
        let (after, event) = match result {
            Ok(health) => {
                let restarted = health.restarts != before.restarts;
                tracing::info!(?took, restarted, "the module is back");
                (health, SupervisorEvent::Recovered { cause, restarted, attempts, took })
            }
            Err(reason) => {
                let health = self.health();
                self.modem.health_record().set_state(ModuleState::Down);
                tracing::error!(reason, "the module is given up");
                (
                    Health { state: ModuleState::Down, ..health },
                    SupervisorEvent::GaveUp { cause, reason, took },
                )
            }
        };
        self.events.send(event);
        after
    }

    /// Tries, and applies ever stronger remedies while that fails.
    async fn climb(&self) -> Ended {
        let mut ladder = Ladder::new(self.options.max_attempts, self.options.reset.is_some());
        // The first attempt comes at once: a hint from before it is used up.
        pin!(self.hurry.notified()).enable();
        loop {
            let Failed { finding, because } = match self.attempt().await {
                Ok(health) => return Ended { attempts: ladder.tried(), result: Ok(health) },
                Err(failed) => failed,
            };
            let Some(remedy) = ladder.next(finding) else {
                return Ended { attempts: ladder.tried(), result: Err(because) };
            };
            tracing::info!(?remedy, because, "the module cannot be used yet");
            let attempt = ladder.tried();
            self.events.send(SupervisorEvent::Trying { remedy, attempt, because });
            self.apply(remedy).await;
            tokio::select! {
                () = sleep(self.options.backoff.draw(attempt)) => {}
                () = self.hurry.notified() => {}
            }
        }
    }

    /// Whether the module can be used; then it is up.
    async fn attempt(&self) -> Result<Health, Failed> {
        self.ensure_port().await?;
        self.ensure_answer().await?;
        self.ensure_same_model().await?;
        let before = self.health();
        self.modem.bring_up().await.map_err(|error| match error {
            BringUpError::Command(error) => self.failed(&error),
            BringUpError::Context { reason, .. } if reason.module_error().is_none() => self.failed(&reason),
            error => Failed { finding: Finding::OffLine, because: error.to_string() },
        })?;
        self.modem.health_record().set_up(before).ok_or_else(|| Failed {
            finding: Finding::Silent,
            because: "it was lost again meanwhile".to_owned(),
        })
    }

    /// A module that refuses the question has answered. One that has lost its settings gets them again.
    async fn ensure_answer(&self) -> Result<(), Failed> {
        let known = self.health();
        match timeout(FIRST_ANSWER, self.modem.run(ReadErrorFormat)).await {
            Ok(Ok(VERBOSE) | Err(CommandError::Refused { .. })) => Ok(()),
            Ok(Ok(_)) => {
                self.modem.restarted(RestartSign::Settings, known).await;
                Ok(())
            }
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(_) => {
                Err(Failed { finding: Finding::Silent, because: "the port is busy and stays so".to_owned() })
            }
        }
    }

    async fn ensure_port(&self) -> Result<(), Failed> {
        if self.slot.is_occupied() {
            return Ok(());
        }
        let no_port = |error: std::io::Error| Failed { finding: Finding::NoPort, because: error.to_string() };
        let opened = timeout(OPENING, self.source.open()).await;
        let stream = opened.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())).map_err(no_port)?;
        self.slot.put_in(stream).await;
        Ok(())
    }

    /// Another module may have been plugged in. The same model is taken for the same module: whatever it has stored is
    /// compared anyway.
    async fn ensure_same_model(&self) -> Result<(), Failed> {
        let model = self.modem.run(Model).await.map_err(|error| self.failed(&error))?;
        if model == self.modem.model() {
            return Ok(());
        }
        let because = format!("the module is a {model} now, it was a {}", self.modem.model());
        Err(Failed { finding: Finding::NoPort, because })
    }

    fn failed(&self, error: &CommandError) -> Failed {
        let finding = match error {
            CommandError::LinkLost { .. } => Finding::NoPort,
            CommandError::NotResponding { .. }
            | CommandError::TimedOut { .. }
            | CommandError::Restarted { .. } => Finding::Silent,
            _ => Finding::OffLine,
        };
        Failed { finding, because: error.to_string() }
    }

    /// Whether it helps shows the next attempt.
    async fn apply(&self, remedy: Remedy) {
        match remedy {
            Remedy::TryAgain => {}
            Remedy::ReopenPort => self.slot.take_out().await,
            Remedy::CycleRadio => self.cycle_radio().await,
            Remedy::RestartModule => self.restart_module().await,
            Remedy::ResetHardware => self.reset_hardware().await,
        }
    }

    /// The SIM is off meanwhile, and may ask for its PIN afterwards. Source: M37 p82.
    async fn cycle_radio(&self) {
        for level in [Functionality::RadioOff, Functionality::Full] {
            if let Err(error) = self.modem.run(level).await {
                tracing::warn!(%error, ?level, "the radio could not be switched");
            }
        }
    }

    async fn restart_module(&self) {
        sleep(FLASH).await;
        let known = self.health();
        let result = match self.modem.run(RestartModule).await {
            Err(CommandError::Refused { .. }) => self.modem.run(RebootModule).await,
            result => result,
        };
        match result {
            // A module that restarts may not come to its `OK`.
            Err(error) if error.outcome() != Outcome::Unknown => {
                tracing::warn!(%error, "the module could not be restarted");
            }
            _ => self.restarted(known).await,
        }
    }

    async fn reset_hardware(&self) {
        let Some(reset) = &self.options.reset else { return };
        let known = self.health();
        match timeout(RESETTING, reset.reset())
            .await
            .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
        {
            Ok(()) => self.restarted(known).await,
            Err(error) => tracing::warn!(%error, "the hardware could not be reset"),
        }
    }

    /// A module whose user profile says so does not echo after a restart, so it is told here.
    async fn restarted(&self, known: Health) {
        self.modem.restarted(RestartSign::Caused, known).await;
    }
}

/// Whoever waits for a module that nobody is at work on any more would wait for ever.
impl Drop for Recovery {
    fn drop(&mut self) {
        if self.health().state == ModuleState::Recovering {
            self.modem.health_record().set_state(ModuleState::Down);
        }
    }
}
