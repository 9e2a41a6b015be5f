//! Connecting, pausing, resuming and ending the connection on request.

use super::{Task, now};
use crate::backend::{Connected, Connection, Subscribed};
use crate::client::request::Answer;
use crate::engine::Patience;
use crate::error::{ConnectError, DisconnectError};
use crate::state::ClientState;

impl Task {
    pub(super) async fn pause(&mut self) -> Result<(), DisconnectError> {
        if !self.post.keeps_offline() {
            self.send_what_waits().await;
        }
        if self.session.is_connected() {
            self.drain().await;
        }
        match self.session.state() {
            ClientState::Connected | ClientState::Reconnecting(_) => self.go_down(ClientState::Paused).await,
            // It was lost just now, which has given TLS back too.
            _ => Ok(()),
        }
    }

    pub(super) async fn resume(&mut self, answer: Answer<(), ConnectError>) {
        match self.session.state() {
            ClientState::Connected => drop(answer.send(Ok(()))),
            ClientState::Reconnecting(_) => {
                self.resuming.push(answer);
                if let Some(reconnector) = &mut self.reconnector {
                    reconnector.hurry(now());
                }
            }
            _ => {
                self.drops.forgive_all();
                drop(answer.send(self.come_up(false).await));
            }
        }
    }

    pub(super) async fn come_up(&mut self, discard: bool) -> Result<(), ConnectError> {
        // Nothing is ours before that, so what becomes of the module during the wait is no loss.
        let turn = self.backend.turn(Patience::Asked).await?;
        self.follow_module();
        let filters = self.registry.filters();
        let Connected { connection, subscribed } = self.backend.connect(turn, &filters).await?;
        self.arrive(connection, subscribed, discard).await
    }

    /// There is a connection. Reads what waits; `discard`: it belongs to a session that is over.
    pub(super) async fn arrive(
        &mut self,
        connection: Connection,
        subscribed: Subscribed,
        discard: bool,
    ) -> Result<(), ConnectError> {
        let before = self.session.state();
        self.session.connected(now(), connection.instance());
        self.known.set_session_present(connection.session_present());
        self.connection = Some(connection);
        if let Err(error) = subscribed {
            self.blame_subscription(&error);
            // The subscriptions stay, so that it can be tried again.
            let end = self.take_down().await;
            self.session.down(before);
            let lost = end.err().filter(DisconnectError::is_link_lost);
            return Err(lost.map_or_else(|| error.into(), ConnectError::from));
        }
        self.open_post();
        self.forgive_restart();
        self.discarding = discard;
        self.drain().await;
        self.discarding = false;
        match self.session.state() {
            ClientState::Lost(reason) | ClientState::Reconnecting(reason) => {
                Err(ConnectError::NotConnected { reason })
            }
            _ => {
                self.announce();
                self.unsubscribe_orphans().await;
                Ok(())
            }
        }
    }

    /// What can be published is known since the first connection.
    fn open_post(&mut self) {
        self.retry.begin_anew();
        self.orphans.begin_anew();
        if let Some(carries) = self.backend.carries() {
            self.post.learn(carries, self.backend.options().rules.as_ref());
        }
    }

    /// A restart that was noticed while connecting may have been long before. The module tells.
    fn forgive_restart(&mut self) {
        let health = self.health.now();
        if self.has_restarted() && health.port_losses == self.began.port_losses {
            self.began = health;
            self.session.look_at_once(now());
        }
    }

    /// Ends the connection, or what is done to bring it back, on request.
    pub(super) async fn go_down(&mut self, state: ClientState) -> Result<(), DisconnectError> {
        self.stop_returning().await;
        let result = self.take_down().await;
        self.drops.lost(now(), false);
        if let Some(reconnector) = &mut self.reconnector {
            reconnector.stop();
        }
        self.session.down(state);
        if state == ClientState::Closed {
            self.registry.end();
        }
        self.resuming.clear();
        self.announce();
        result
    }

    /// Ends the connection in order; what arrives meanwhile is still read.
    pub(super) async fn take_down(&mut self) -> Result<(), DisconnectError> {
        let Some(mut connection) = self.connection.take() else {
            return Ok(());
        };
        self.backend.say_goodbye(&mut connection).await?;
        self.read_announced(&mut connection).await;
        self.backend.free(connection).await
    }
}
