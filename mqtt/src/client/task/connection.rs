//! Connecting, pausing, resuming and losing the connection.

use telit_core::CommandError;

use super::{Task, now};
use crate::client::instance::INSTANCE;
use crate::commands::ReadMessage;
use crate::error::ConnectError;
use crate::state::{ClientState, LossReason};

impl Task {
    pub(super) async fn pause(&mut self) -> Result<(), CommandError> {
        if !self.session.is_connected() {
            return Ok(());
        }
        self.drain().await;
        if !self.session.is_connected() {
            // It was lost just now, which has given TLS back too.
            return Ok(());
        }
        self.go_down(ClientState::Paused).await
    }

    pub(super) async fn resume(&mut self) -> Result<(), ConnectError> {
        if self.session.is_connected() {
            return Ok(());
        }
        self.come_up(false).await
    }

    pub(super) async fn come_up(&mut self, discard: bool) -> Result<(), ConnectError> {
        // Lines from before say nothing about the new connection.
        while self.unsolicited.try_next().is_some() {}
        let before = self.session.state();
        self.connection = Some(self.connector.establish().await?);
        self.session.connected(now());
        if let Err(error) = self.resubscribe().await {
            // The subscriptions stay, so that resuming can be tried again.
            let end = self.take_down().await;
            self.session.down(before);
            return Err(end.err().filter(CommandError::is_link_lost).map_or(error, ConnectError::of_command));
        }
        self.discarding = discard;
        self.drain().await;
        self.discarding = false;
        match self.session.state() {
            ClientState::Lost(reason) => Err(ConnectError::NotConnected { reason }),
            _ => {
                self.announce();
                Ok(())
            }
        }
    }

    /// The session is new to the broker, or may be: whether it remembers us is not told.
    pub(super) async fn resubscribe(&self) -> Result<(), ConnectError> {
        for (filter, qos) in self.registry.filters() {
            let command = self.subscribe_command(filter.clone(), qos);
            let result = self.connector.modem().run(command).await;
            result
                .map_err(|error| ConnectError::Resubscribe { filter: filter.as_str().to_owned(), error })?;
        }
        Ok(())
    }

    /// Ends the connection on request.
    pub(super) async fn go_down(&mut self, state: ClientState) -> Result<(), CommandError> {
        let result = self.take_down().await;
        self.session.down(state);
        if state == ClientState::Closed {
            self.registry.end();
        }
        self.announce();
        result
    }

    /// Ends the connection in order; what arrives meanwhile is still read.
    pub(super) async fn take_down(&mut self) -> Result<(), CommandError> {
        let Some(connection) = self.connection.take() else {
            return Ok(());
        };
        self.connector.say_goodbye().await?;
        self.take_lines();
        while let Some(slot) = self.session.next_announced() {
            if let Ok(Some(message)) =
                self.connector.modem().run(ReadMessage { instance: INSTANCE, slot }).await
            {
                self.deliver(message);
            }
        }
        self.connector.free(connection).await
    }

    /// The connection is gone although nobody asked for it.
    ///
    /// TLS is given back, so that others are not held up. Reconnecting by itself would begin here.
    pub(super) async fn lost(&mut self, reason: LossReason) {
        if self.session.state() == ClientState::Lost(LossReason::LinkLost) {
            return;
        }
        tracing::warn!(%reason, "the MQTT connection is lost");
        self.session.down(ClientState::Lost(reason));
        let connection = self.connection.take();
        let reachable = !matches!(reason, LossReason::LinkLost | LossReason::ModuleSilent);
        if let (Some(connection), true) = (connection, reachable)
            && let Err(error) = self.connector.end(connection).await
        {
            tracing::warn!(%error, "the module's MQTT client could not be freed");
        }
        self.registry.end();
        self.announce();
    }
}
