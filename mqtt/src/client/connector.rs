//! Making and ending the connection: every flow of several commands that has to finish or be undone.

use std::sync::OnceLock;
use std::time::Duration;

use telit_core::at::Command;
use telit_core::exclusive::{Service, TlsLease};
use telit_core::platform::MqttProfile;
use telit_core::{CommandError, Modem, tls};

use super::instance::{INSTANCE, InstanceClaim};
use crate::capabilities::{Capabilities, client_of};
use crate::commands::{
    ConfigureBroker, ConfigurePacketTimeout, ConfigureSession, Connect, ConnectionState, Disconnect,
    EnableClient, EnabledClients, IsConfiguredFor, Subscribe,
};
use crate::dialect::Dialect;
use crate::error::ConnectError;
use crate::message::QoS;
use crate::options::{MqttOptions, MqttSecurity, check_seconds};
use crate::state::LossReason;
use crate::topic::TopicFilter;

/// Knows how to reach the broker.
#[derive(Debug)]
pub(super) struct Connector {
    modem: Modem,
    profile: &'static MqttProfile,
    options: MqttOptions,
    dialect: OnceLock<Dialect>,
}

/// How long to wait for another service of this program to give TLS back.
#[derive(Clone, Copy, Debug)]
pub(super) enum Patience {
    /// As long as the options say.
    Asked,
    /// Until it is our turn.
    Unbounded,
}

/// What is left of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remains {
    /// All of it.
    Connection,
    /// A client that is not connected, or not to our broker.
    Client,
    Nothing,
}

/// Whether all subscriptions were made again.
pub(super) type Subscribed = Result<(), ConnectError>;

/// Logged in. The subscriptions may not have been made again, which is undone by whoever can read messages.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) connection: Connection,
    pub(super) subscribed: Subscribed,
}

/// What is held while there is a connection. Dropping it leaves the module as it is; the next owner of TLS
/// then finds and cleans that.
#[derive(Debug)]
pub(super) struct Connection {
    lease: Option<TlsLease>,
    _claim: InstanceClaim,
    /// The module's client may exist.
    touched: bool,
}

impl Connector {
    pub(super) fn new(modem: Modem, options: MqttOptions) -> Result<Self, ConnectError> {
        let mqtt = client_of(modem.profile())?;
        options.check(mqtt)?;
        options.check_rules(mqtt)?;
        let connector = Self { modem, profile: mqtt, options, dialect: OnceLock::new() };
        // What the encoder refuses is refused before anything is sent.
        connector.broker(false).exchange()?;
        connector.login().exchange()?;
        if matches!(connector.options.security, MqttSecurity::DangerPlain) {
            tracing::warn!(
                "the connection is not encrypted: everybody on the way can read and change everything"
            );
        }
        Ok(connector)
    }

    pub(super) fn modem(&self) -> &Modem {
        &self.modem
    }

    pub(super) fn profile(&self) -> &'static MqttProfile {
        self.profile
    }

    pub(super) fn options(&self) -> &MqttOptions {
        &self.options
    }

    /// Known since the first connection.
    pub(super) fn dialect(&self) -> Option<&Dialect> {
        self.dialect.get()
    }

    /// How long a command may take that waits for one answer of the broker.
    pub(super) fn acknowledgement(&self) -> Duration {
        self.options.packet_timeout_on(self.profile) + self.modem.profile().timeouts.mqtt_packet_margin
    }

    /// Connects and subscribes, or leaves the module as it was.
    pub(super) async fn connect(
        &self,
        lease: Option<TlsLease>,
        filters: &[(TopicFilter, QoS)],
    ) -> Result<Connected, ConnectError> {
        let mut connection = None;
        let result = self.establish(lease, filters, &mut connection).await;
        self.settle(result, connection).await
    }

    /// Goes as far as it gets: what has to be undone is in `connection`, whenever the future is dropped.
    pub(super) async fn establish(
        &self,
        lease: Option<TlsLease>,
        filters: &[(TopicFilter, QoS)],
        connection: &mut Option<Connection>,
    ) -> Result<Subscribed, ConnectError> {
        let claim = match InstanceClaim::take(self.modem.channel()) {
            Ok(claim) => claim,
            Err(busy) => {
                release(lease);
                return Err(busy.into());
            }
        };
        let connection = connection.insert(Connection { lease, _claim: claim, touched: false });
        self.bring_up(connection).await?;
        Ok(self.subscribe_all(filters).await)
    }

    /// Makes the outcome of [`establish`](Self::establish) whole: a connection, or nothing left of one.
    pub(super) async fn settle(
        &self,
        result: Result<Subscribed, ConnectError>,
        connection: Option<Connection>,
    ) -> Result<Connected, ConnectError> {
        match (result, connection) {
            (Ok(subscribed), Some(connection)) => Ok(Connected { connection, subscribed }),
            (Ok(_), None) => Err(ConnectError::Closed),
            (Err(error), connection) => {
                self.undo(connection).await;
                Err(error)
            }
        }
    }

    pub(super) async fn undo(&self, connection: Option<Connection>) {
        if let Some(connection) = connection
            && let Err(error) = self.end(connection).await
        {
            tracing::warn!(%error, "the module's MQTT client could not be freed");
        }
    }

    /// What the module has of our connection after its port was away. It may be another module by now.
    pub(super) async fn remains(&self) -> Result<Remains, CommandError> {
        let Some(state) = self.modem.run(ConnectionState { instance: INSTANCE }).await? else {
            return Ok(Remains::Nothing);
        };
        let ours = state == 1 && self.modem.run(IsConfiguredFor(&self.broker(false))).await?;
        Ok(if ours { Remains::Connection } else { Remains::Client })
    }

    /// The session is new to the broker, or may be: whether it remembers us is not told.
    async fn subscribe_all(&self, filters: &[(TopicFilter, QoS)]) -> Subscribed {
        for (filter, qos) in filters {
            let result = self.modem.run(self.subscribe_command(filter.clone(), *qos)).await;
            result
                .map_err(|error| ConnectError::Resubscribe { filter: filter.as_str().to_owned(), error })?;
        }
        Ok(())
    }

    pub(super) fn takes_qos(&self) -> bool {
        self.dialect().is_some_and(|dialect| dialect.subscribe_qos_field)
    }

    pub(super) fn subscribe_command(&self, filter: TopicFilter, qos: QoS) -> Subscribe {
        let qos = self.takes_qos().then_some(qos);
        Subscribe { instance: INSTANCE, filter, qos, deadline: self.acknowledgement() }
    }

    /// Says good-bye to the broker; whether that works does not matter. Messages can still be read.
    pub(super) async fn say_goodbye(&self) -> Result<(), CommandError> {
        match self.modem.run(Disconnect { instance: INSTANCE, deadline: self.acknowledgement() }).await {
            Err(error) if error.is_link_lost() => Err(error),
            _ => Ok(()),
        }
    }

    /// Frees the module's client and gives TLS back.
    pub(super) async fn free(&self, connection: Connection) -> Result<(), CommandError> {
        self.modem.run(EnableClient { instance: INSTANCE, on: false }).await?;
        release(connection.lease);
        Ok(())
    }

    /// Ends a connection that may be in any state.
    pub(super) async fn end(&self, connection: Connection) -> Result<(), CommandError> {
        if !connection.touched {
            release(connection.lease);
            return Ok(());
        }
        self.say_goodbye().await?;
        self.free(connection).await
    }

    /// The right to use TLS, if it is needed.
    pub(super) async fn lease(&self, patience: Patience) -> Result<Option<TlsLease>, ConnectError> {
        if !matches!(self.options.security, MqttSecurity::Tls(_)) {
            return Ok(None);
        }
        let wait = match patience {
            Patience::Unbounded => return Ok(Some(self.modem.acquire_tls(Service::Mqtt).await?)),
            Patience::Asked => self.options.tls_wait,
        };
        if !wait.is_zero()
            && let Ok(lease) = tokio::time::timeout(wait, self.modem.acquire_tls(Service::Mqtt)).await
        {
            return Ok(Some(lease?));
        }
        Ok(Some(self.modem.try_acquire_tls(Service::Mqtt).await?))
    }

    /// The order of commands that the guide shows. Source: SSL guide 10.1.3.
    async fn bring_up(&self, connection: &mut Connection) -> Result<(), ConnectError> {
        let tls_socket_field = self.learn_dialect().await?.tls_socket_field;
        self.clean(connection).await?;
        connection.touched = true;
        self.run(EnableClient { instance: INSTANCE, on: true }).await?;
        self.run(self.broker(tls_socket_field)).await?;
        if let (MqttSecurity::Tls(options), Some(lease)) = (&self.options.security, &connection.lease) {
            let options = options.for_host(&self.options.host);
            tls::apply(&self.modem, lease, INSTANCE, &options).await?;
        }
        let keep_alive = self.options.keep_alive_on(self.profile);
        let clean_session = self.options.clean_session;
        self.run(ConfigureSession { instance: INSTANCE, keep_alive, clean_session }).await?;
        let timeout = self.options.packet_timeout_on(self.profile);
        self.run(ConfigurePacketTimeout { instance: INSTANCE, timeout }).await?;
        self.log_in().await
    }

    /// Enabling twice is an error, so what a dead program left enabled goes first. Source: IPE28 p136.
    async fn clean(&self, connection: &mut Connection) -> Result<(), ConnectError> {
        if self.run(EnabledClients { instance: INSTANCE }).await? {
            connection.touched = true;
            tracing::info!("an earlier MQTT session was still enabled, ending it");
            self.say_goodbye().await.map_err(ConnectError::of_command)?;
            self.run(EnableClient { instance: INSTANCE, on: false }).await?;
        }
        Ok(())
    }

    async fn log_in(&self) -> Result<(), ConnectError> {
        let state = ConnectionState { instance: INSTANCE };
        match self.modem.run(self.login()).await {
            // `OK` alone has been seen without a connection, so the state decides. Source: M37 p1016.
            Ok(()) => match self.run(state).await? {
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

    async fn run<C>(&self, command: C) -> Result<C::Response, ConnectError>
    where
        C: Command + Send + Sync,
        C::Response: Send,
    {
        self.modem.run(command).await.map_err(ConnectError::of_command)
    }

    /// Asks the module once how its commands are written, and holds the options against it.
    async fn learn_dialect(&self) -> Result<&Dialect, ConnectError> {
        if let Some(dialect) = self.dialect.get() {
            return Ok(dialect);
        }
        let dialect = Capabilities::learn(&self.modem).await?.dialect();
        let (options, profile) = (&self.options, self.profile);
        check_seconds("keep-alive", options.keep_alive_on(profile), &dialect.keep_alive)?;
        check_seconds("packet timeout", options.packet_timeout_on(profile), &dialect.packet_timeout)?;
        Ok(self.dialect.get_or_init(|| dialect))
    }

    fn broker(&self, tls_socket_field: bool) -> ConfigureBroker {
        ConfigureBroker {
            instance: INSTANCE,
            host: self.options.host.clone(),
            port: self.options.port_number(),
            context: self.modem.context_id(),
            tls: matches!(self.options.security, MqttSecurity::Tls(_)),
            tls_socket: tls_socket_field.then_some(INSTANCE),
        }
    }

    fn login(&self) -> Connect {
        Connect {
            instance: INSTANCE,
            client_id: self.options.client_id.clone(),
            user: self.options.user.clone(),
            password: self.options.password.clone(),
            deadline: self
                .options
                .connect_timeout
                .unwrap_or_else(|| self.modem.profile().timeouts.mqtt_connect),
        }
    }
}

fn release(lease: Option<TlsLease>) {
    if let Some(lease) = lease {
        lease.release();
    }
}
