//! Bringing a lost connection back.

use std::sync::Arc;

use telit_core::driver::ModuleState;
use telit_core::modem::ServiceChange;

use super::job::{End, Job};
use super::{Task, now};
use crate::backend::{Connected, Turn};
use crate::error::ConnectError;
use crate::reconnect::{Back, Failure, Step};
use crate::state::{ClientState, Event, LossReason};

impl Task {
    /// Begins what is due.
    pub(super) async fn step(&mut self) {
        let ClientState::Reconnecting(reason) = self.session.state() else {
            return;
        };
        if self.job.is_some() {
            return;
        }
        self.forget_what_a_restart_ended().await;
        let held = self.connection.as_ref().is_some_and(|connection| !connection.is_idle());
        let state = self.health.now().state;
        let Some(reconnector) = &mut self.reconnector else {
            return;
        };
        match reconnector.next_step(now(), state, held) {
            Step::Wait => {}
            Step::Look => self.begin_look(),
            Step::Attempt(number) => self.begin_attempt(number).await,
            Step::GiveUp => {
                self.abandon_connection().await;
                self.tell(Event::GaveUp { error: ConnectError::NotConnected { reason } });
                self.give_up(reason);
            }
        }
    }

    async fn forget_what_a_restart_ended(&mut self) {
        if self.connection.is_some() && self.has_restarted() {
            self.abandon_connection().await;
            self.session.down(ClientState::Reconnecting(LossReason::ModuleRestarted));
            self.announce();
        }
    }

    fn begin_look(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.follow_module();
            self.job = Some(Job::look(Arc::clone(&self.backend), connection));
        }
    }

    async fn begin_attempt(&mut self, number: u32) {
        // Another module may be behind a port that was away.
        if self.began.loss_until(&self.health.now()).is_some() {
            self.abandon_connection().await;
        }
        self.follow_module();
        self.tell(Event::Reconnecting { attempt: number });
        let backend = Arc::clone(&self.backend);
        self.job = Some(match self.connection.take() {
            Some(connection) => {
                if self.backend.options().clean_session {
                    self.orphans.clear();
                }
                Job::again(backend, connection, self.registry.filters())
            }
            None => Job::turn(backend),
        });
    }

    /// Whatever became of the module while others used TLS is over.
    fn log_in(&mut self, turn: Turn) {
        if self.backend.options().clean_session {
            // The broker has forgotten them.
            self.orphans.clear();
        }
        self.follow_module();
        let filters = self.registry.filters();
        self.job = Some(Job::attempt(Arc::clone(&self.backend), turn, filters));
    }

    /// Takes what came of a look or an attempt.
    pub(super) async fn job_ended(&mut self, end: End) {
        match end {
            End::Kept(connection) => {
                let outcome = self.arrive(connection, Ok(()), false).await;
                self.came_back(outcome);
            }
            End::Turn(turn) => self.log_in(turn),
            End::Connected(connected) => {
                let outcome = self.arrive(connected.connection, connected.subscribed, false).await;
                self.came_back(outcome);
            }
            End::Failed(error) => self.attempt_failed(error),
            End::Unseen(connection) => self.connection = Some(connection),
            End::Gone(messages) | End::Stopped(messages) => self.deliver_all(messages),
        }
    }

    fn came_back(&mut self, outcome: Result<(), ConnectError>) {
        match (outcome, self.session.state()) {
            (Ok(()), _) => self.resumed(),
            (Err(error), ClientState::Reconnecting(_)) => self.attempt_failed(error),
            (Err(error), _) => self.answer_resuming(&Err(error)),
        }
    }

    fn resumed(&mut self) {
        let Some(Back { took, attempts }) = self.reconnector.as_mut().and_then(|it| it.connected(now()))
        else {
            return;
        };
        tracing::info!(?took, attempts, "the MQTT connection is back");
        let subscriptions = self.registry.filters().len();
        self.tell(Event::Resumed { took, attempts, subscriptions });
        self.report(ServiceChange::Resumed { took });
        self.answer_resuming(&Ok(()));
    }

    fn attempt_failed(&mut self, error: ConnectError) {
        let health = self.health.now();
        let module_lost = health.state != ModuleState::Up || self.began.loss_until(&health).is_some();
        let failure = match error.is_permanent() {
            _ if module_lost => Failure::ModuleLost,
            true => Failure::Permanent,
            false => Failure::Transient,
        };
        tracing::warn!(%error, ?failure, "reconnecting failed");
        self.answer_resuming(&Err(error.clone()));
        let next = self.reconnector.as_mut().and_then(|it| it.attempt_failed(now(), failure));
        match next {
            Some((attempt, next_in)) => self.tell(Event::ReconnectFailed { attempt, error, next_in }),
            None => self.end_for(error),
        }
    }

    /// An attempt has shown that there is nothing to hope for.
    fn end_for(&mut self, error: ConnectError) {
        let reason = match (&error, self.session.state()) {
            (ConnectError::Refused { refusal }, _) => LossReason::Refused(*refusal),
            (ConnectError::Command(error), _) if error.is_link_lost() => LossReason::LinkLost,
            (_, ClientState::Reconnecting(reason)) => reason,
            _ => LossReason::Disconnected,
        };
        self.tell(Event::GaveUp { error });
        self.give_up(reason);
    }

    /// Whoever waits for the connection hears what came of it.
    pub(super) fn answer_resuming(&mut self, outcome: &Result<(), ConnectError>) {
        for answer in self.resuming.drain(..) {
            drop(answer.send(outcome.clone()));
        }
    }

    /// Ends what is under way to bring the connection back. What there is of it is held afterwards.
    pub(super) async fn stop_returning(&mut self) {
        let Some(job) = self.job.take() else { return };
        match job.stop().await {
            End::Connected(Connected { connection, .. }) | End::Kept(connection) => {
                self.session.connected(now(), connection.instance());
                self.connection = Some(connection);
                self.drain().await;
            }
            End::Unseen(connection) => self.connection = Some(connection),
            End::Gone(messages) | End::Stopped(messages) => self.deliver_all(messages),
            End::Turn(_) | End::Failed(_) => {}
        }
    }
}
