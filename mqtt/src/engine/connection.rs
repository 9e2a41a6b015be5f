//! Making and ending the connection: every flow of several commands that has to finish or be undone.

use futures_core::future::BoxFuture;
use telit_core::CommandError;
use telit_core::at::{Command, Exchange};
use telit_core::modem::Together;
use telit_core::tls;

use super::{Engine, Place};
use crate::commands::{
    ConfigurePacketTimeout, ConfigureSession, ConnectionState, Disconnect, EnableClient, EnabledClients,
    IsConfiguredFor, UnreadMessages,
};
use crate::error::{ConnectError, tells_silence};
use crate::message::QoS;
use crate::options::MqttSecurity;
use crate::state::LossReason;
use crate::topic::TopicFilter;

/// What is held while there is a connection. Dropping it leaves the module as it is; the next owner of TLS
/// then finds and cleans that.
#[derive(Debug)]
pub(crate) struct Connection {
    place: Place,
    /// The module's client may exist.
    touched: bool,
    /// Everything is configured and nobody is logged in: a login is all that is missing.
    idle: bool,
    /// Escapes in strings may be on for the sake of a last will.
    pub(super) escapes_on: bool,
}

/// Whether all subscriptions were made again.
pub(crate) type Subscribed = Result<(), NotSubscribed>;

/// A subscription that could not be made again.
#[derive(Debug)]
pub(crate) struct NotSubscribed {
    pub(crate) filter: TopicFilter,
    pub(crate) error: CommandError,
    /// The broker hung up on it, or refused it.
    pub(crate) by_broker: bool,
}

/// What is left of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remains {
    /// All of it.
    Connection,
    /// A client that is not connected, or not to our broker.
    Client,
    Nothing,
}

impl Connection {
    /// The number of the module's client.
    pub(crate) fn instance(&self) -> u8 {
        self.place.instance()
    }

    /// Whether a login is all that is missing.
    pub(crate) fn is_idle(&self) -> bool {
        self.idle
    }
}

impl Engine {
    /// A connection of which nothing is made yet.
    pub(crate) fn begin(place: Place) -> Connection {
        Connection { place, touched: false, idle: false, escapes_on: false }
    }

    /// Goes as far as it gets: what has to be undone is in `connection`, whenever the future is dropped.
    pub(crate) async fn establish(
        &self,
        connection: &mut Connection,
        filters: &[(TopicFilter, QoS)],
    ) -> Result<Subscribed, ConnectError> {
        let up = self.bring_up(connection).await;
        up.inspect_err(|_| self.modem.distrust_stored_profile())?;
        Ok(self.subscribe_all(connection, filters).await)
    }

    /// Logs out of a connection that may be lost, and leaves all that the next login needs: TLS as it was verified, and
    /// the right to use it.
    pub(crate) async fn rest(&self, connection: &mut Connection) -> Result<(), CommandError> {
        self.say_goodbye(connection).await?;
        connection.idle = true;
        Ok(())
    }

    /// Logs in again on what [`rest`](Self::rest) has left. Source: M37 p1016.
    pub(crate) async fn log_in_again(
        &self,
        connection: &mut Connection,
        filters: &[(TopicFilter, QoS)],
    ) -> Result<Subscribed, ConnectError> {
        connection.idle = false;
        self.log_in(connection.instance()).await?;
        Ok(self.subscribe_all(connection, filters).await)
    }

    pub(crate) async fn undo(&self, connection: Connection) {
        if let Err(error) = self.end(connection).await {
            tracing::warn!(%error, "the module's MQTT client could not be freed");
        }
    }

    /// What the module has of our connection after its port was away. It may be another module by now.
    pub(crate) async fn remains(&self, connection: &Connection) -> Result<Remains, CommandError> {
        let instance = connection.instance();
        let Some(state) = self.modem.run(ConnectionState { instance }).await? else {
            return Ok(Remains::Nothing);
        };
        let ours = state == 1 && self.modem.run(IsConfiguredFor(&self.broker(instance, false))).await?;
        Ok(if ours { Remains::Connection } else { Remains::Client })
    }

    /// Says good-bye to the broker; whether that works does not matter. Messages can still be read.
    pub(crate) async fn say_goodbye(&self, connection: &Connection) -> Result<(), CommandError> {
        let command = Disconnect { instance: connection.instance(), deadline: self.acknowledgement() };
        match self.modem.run(command).await {
            Err(error) if error.is_link_lost() => Err(error),
            _ => Ok(()),
        }
    }

    /// Frees the module's client and gives TLS back.
    pub(crate) async fn free(&self, connection: Connection) -> Result<(), CommandError> {
        self.modem.run(EnableClient { instance: connection.instance(), on: false }).await?;
        connection.place.release();
        Ok(())
    }

    /// Ends a connection that may be in any state.
    async fn end(&self, mut connection: Connection) -> Result<(), CommandError> {
        if !connection.touched {
            connection.place.release();
            return Ok(());
        }
        let refused = self.refuse_escapes(&mut connection).await;
        self.say_goodbye(&connection).await?;
        self.free(connection).await?;
        refused
    }

    /// The order of commands that the guide shows. Source: SSL guide 10.1.3.
    fn bring_up<'a>(&'a self, connection: &'a mut Connection) -> BoxFuture<'a, Result<(), ConnectError>> {
        Box::pin(async move {
            let instance = connection.instance();
            let tls_socket_field = self.learn_dialect().await?.tls_socket_field;
            let will = self.prepare_will(instance).await?;
            self.clean(connection).await?;
            connection.touched = true;
            let is_configured = Box::pin(self.configure_together(connection, tls_socket_field)).await?;
            if !is_configured {
                self.run(EnableClient { instance, on: true }).await?;
                self.run(self.broker(instance, tls_socket_field)).await?;
            }
            if let (MqttSecurity::Tls(options), Some(lease)) =
                (&self.options.security, connection.place.lease())
            {
                let options = options.for_host(&self.options.host);
                tls::apply(&self.modem, lease, instance, &options).await?;
            }
            if !is_configured {
                self.run(self.session(instance)).await?;
                self.run(self.packet_timeout(instance)).await?;
            }
            self.leave_will(connection, will).await?;
            self.log_in(instance).await
        })
    }

    /// Creates and configures the client, and reads what TLS holds, on one line. False: nothing of it is left.
    async fn configure_together(
        &self,
        connection: &mut Connection,
        tls_socket_field: bool,
    ) -> Result<bool, ConnectError> {
        if !self.modem.may_chain() {
            return Ok(false);
        }
        let instance = connection.instance();
        let mut members = vec![
            EnableClient { instance, on: true }.exchange()?,
            self.broker(instance, tls_socket_field).exchange()?,
            self.session(instance).exchange()?,
            self.packet_timeout(instance).exchange()?,
        ];
        if let (MqttSecurity::Tls(options), Some(lease)) = (&self.options.security, connection.place.lease())
        {
            let options = options.for_host(&self.options.host);
            members.extend(tls::reads_of_apply(&self.modem, lease, instance, &options).await?);
        }
        // The last answer proves that all was done.
        members.push(EnabledClients { instance }.exchange()?);
        match self.modem.together(&members).await.map_err(ConnectError::of_command)? {
            Together::Done => Ok(true),
            Together::NotSent => Ok(false),
            // Which of them were done shows.
            Together::Failed => self.clean(connection).await.map(|()| false),
        }
    }

    fn session(&self, instance: u8) -> ConfigureSession {
        let keep_alive = self.options.keep_alive_on(self.profile);
        ConfigureSession { instance, keep_alive, clean_session: self.options.clean_session }
    }

    fn packet_timeout(&self, instance: u8) -> ConfigurePacketTimeout {
        ConfigurePacketTimeout { instance, timeout: self.options.packet_timeout_on(self.profile) }
    }

    /// Enabling twice is an error, so what a dead program left enabled goes first. Source: IPE28 p136.
    async fn clean(&self, connection: &mut Connection) -> Result<(), ConnectError> {
        let instance = connection.instance();
        if self.run(EnabledClients { instance }).await? {
            connection.touched = true;
            tracing::info!("an earlier MQTT session was still enabled, ending it");
            self.say_goodbye(connection).await.map_err(ConnectError::of_command)?;
            self.run(EnableClient { instance, on: false }).await?;
        }
        Ok(())
    }

    async fn log_in(&self, instance: u8) -> Result<(), ConnectError> {
        let state = ConnectionState { instance };
        // `OK` alone has been seen without a connection, so the state decides; what waits is asked for next.
        // Source: M37 p1016.
        let reads = [state.exchange()?, UnreadMessages { instance }.exchange()?];
        match Box::pin(self.modem.run_and_read(self.login(instance), &reads)).await {
            Ok(()) => match self.state_after_login(state, &reads).await? {
                Some(1) => Ok(()),
                Some(other) => Err(ConnectError::NotConnected { reason: LossReason::from_state(other) }),
                None => Err(ConnectError::NotConnected { reason: LossReason::ModuleRestarted }),
            },
            Err(error) => match ConnectError::specific(&error) {
                Some(specific) => Err(specific),
                None => {
                    let state = self.modem.run(state).await.ok().flatten();
                    Err(ConnectError::of_login(error, state))
                }
            },
        }
    }

    async fn state_after_login(
        &self,
        state: ConnectionState,
        reads: &[Exchange],
    ) -> Result<Option<u64>, ConnectError> {
        self.modem.look_ahead(reads).await.map_err(ConnectError::of_command)?;
        self.run(state).await
    }

    /// The session is new to the broker, or may be: whether it remembers us is not told.
    async fn subscribe_all(&self, connection: &Connection, filters: &[(TopicFilter, QoS)]) -> Subscribed {
        for (filter, qos) in filters {
            if let Err(error) = self.subscribe(connection, filter.clone(), *qos).await {
                let by_broker = self.has_answered(connection, &error).await;
                return Err(NotSubscribed { filter: filter.clone(), error, by_broker });
            }
        }
        Ok(())
    }

    /// Whether the broker has answered, if only by hanging up: nothing is wrong with the way to it.
    async fn has_answered(&self, connection: &Connection, error: &CommandError) -> bool {
        let Some(refusal) = error.module_error() else {
            return false;
        };
        match self.state(connection).await {
            Ok(Some(1)) => !tells_silence(refusal),
            Ok(Some(state)) => LossReason::from_state(state).is_by_broker(),
            _ => false,
        }
    }

    pub(super) async fn run<C>(&self, command: C) -> Result<C::Response, ConnectError>
    where
        C: Command + Send + Sync,
        C::Response: Send,
    {
        self.modem.run(command).await.map_err(ConnectError::of_command)
    }
}
