//! Noticing that the connection, the module or its port is lost.

use telit_core::driver::{Loss, ModuleState};
use telit_core::exclusive::Service;
use telit_core::modem::ServiceChange;

use super::{Task, now};
use crate::backend::{Backend, Connection, Trouble};
use crate::error::{ConnectError, DisconnectError};
use crate::reconnect::Reconnector;
use crate::state::{ClientState, LossReason};

impl Task {
    /// Everything that is lost from now on is ours.
    pub(super) fn follow_module(&mut self) {
        // In this order: a port that is lost in between shows twice, not never.
        self.began = self.health.now();
        self.lines = Some(self.backend.modem().channel().unsolicited());
    }

    /// Whether the module has restarted since the connection was made.
    pub(super) fn has_restarted(&self) -> bool {
        self.began.loss_until(&self.health.now()) == Some(Loss::ModuleRestarted)
    }

    /// What became of the module since the last look.
    pub(super) async fn look_at_module(&mut self) {
        let health = self.health.now();
        let came_back = health.state == ModuleState::Up && self.last_state != ModuleState::Up;
        self.last_state = health.state;
        if !self.session.is_connected() {
            return;
        }
        match self.began.loss_until(&health) {
            Some(Loss::ModuleRestarted) => self.lost(LossReason::ModuleRestarted).await,
            Some(_) => self.link_lost().await,
            // Whatever was done to the module may have ended the connection.
            None if came_back => self.session.look_at_once(now()),
            None => {}
        }
    }

    /// What a failed command says about the module.
    pub(super) async fn notice_loss(&mut self, error: &Trouble) {
        if error.is_link_lost() {
            self.link_lost().await;
        } else {
            self.look_at_module().await;
        }
    }

    /// The port to the module is gone.
    pub(super) async fn link_lost(&mut self) {
        match self.session.state() {
            // Whether it was kept shows when the port is back. Nobody else can use TLS until then.
            ClientState::Connected if self.port_comes_back() && self.reconnector.is_some() => {
                self.blame(LossReason::LinkLost);
                self.begin_absence(LossReason::LinkLost);
            }
            ClientState::Connected => self.lost(LossReason::LinkLost).await,
            ClientState::Paused | ClientState::Lost(_) if !self.port_comes_back() => {
                self.give_up(LossReason::LinkLost);
            }
            _ => {}
        }
    }

    /// Somebody opens it again, or has.
    fn port_comes_back(&self) -> bool {
        let health = self.health.now();
        match health.state {
            ModuleState::Recovering => true,
            ModuleState::Up => self.began.loss_until(&health).is_some(),
            _ => false,
        }
    }

    /// A connection that runs by itself has ended.
    pub(super) async fn connection_ended(&mut self) {
        match self.connection.as_ref().and_then(Connection::lost) {
            Some(LossReason::LinkLost) => self.link_lost().await,
            Some(reason) => self.lost(reason).await,
            None => {}
        }
    }

    /// The connection is gone although nobody asked for it. TLS is given back, so that others are not held up.
    pub(super) async fn lost(&mut self, reason: LossReason) {
        if !self.session.is_connected() {
            return;
        }
        self.blame(reason);
        let reachable =
            !matches!(reason, LossReason::LinkLost | LossReason::ModuleSilent | LossReason::ModuleRestarted);
        if reachable && let Err(error) = self.put_to_rest().await {
            tracing::warn!(%error, "the connection could not be ended in order");
            self.abandon_connection().await;
        }
        if !reachable {
            self.abandon_connection().await;
        }
        match (&self.reconnector, reason) {
            (None, _) => self.give_up(reason),
            (Some(_), LossReason::LinkLost) => self.give_up(reason),
            _ => self.begin_absence(reason),
        }
    }

    /// Ends a connection that is lost. If it comes back soon, the module stays as it is, but for the login.
    async fn put_to_rest(&mut self) -> Result<(), DisconnectError> {
        let Some(mut connection) = self.connection.take() else {
            return Ok(());
        };
        let soon = self.reconnector.as_ref().is_some_and(Reconnector::returns_soon);
        if !soon || !self.backend.rest(&mut connection).await? {
            self.connection = Some(connection);
            let ended = self.take_down().await;
            self.abandon_connection().await;
            return ended;
        }
        self.read_announced(&mut connection).await;
        self.connection = Some(connection);
        Ok(())
    }

    /// What has come was acknowledged, so it is delivered.
    pub(super) async fn abandon_connection(&mut self) {
        if let Some(connection) = self.connection.take() {
            let messages = Backend::abandon(connection).await;
            self.deliver_all(messages);
        }
    }

    /// From now on the connection is on its way back.
    fn begin_absence(&mut self, reason: LossReason) {
        tracing::warn!(%reason, "the MQTT connection is lost");
        let begins = self.reconnector.as_mut().is_some_and(|reconnector| reconnector.lost(now()));
        self.session.down(ClientState::Reconnecting(reason));
        if begins {
            self.report(ServiceChange::Lost { reason: reason.to_string() });
        }
        self.announce();
    }

    /// The connection is gone for good.
    pub(super) fn give_up(&mut self, reason: LossReason) {
        if self.session.state() == ClientState::Lost(reason) {
            return;
        }
        tracing::warn!(%reason, "the MQTT connection is lost for good");
        let away = self.reconnector.as_ref().is_some_and(|reconnector| reconnector.is_away());
        if let Some(reconnector) = &mut self.reconnector {
            reconnector.stop();
        }
        self.session.down(ClientState::Lost(reason));
        self.registry.end();
        self.orphans.clear();
        if !away {
            self.report(ServiceChange::Lost { reason: reason.to_string() });
        }
        self.report(ServiceChange::GaveUp { reason: reason.to_string() });
        self.answer_resuming(&Err(ConnectError::NotConnected { reason }));
        self.announce();
    }

    pub(super) fn report(&self, change: ServiceChange) {
        self.backend.modem().report(Service::Mqtt, change);
    }
}
