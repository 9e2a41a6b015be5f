//! The broker, and how a session with it ends.

use std::time::Duration;

use clap::{Args, ValueEnum};
use telit_core::{Category, Modem};
use telit_mqtt::aws::{self, Endpoint, EndpointKind};
use telit_mqtt::roots::RootCa;
use telit_mqtt::{
    ConnectError, Engine, EngineChoice, LastWill, MqttClient, MqttOptions, MqttSecurity, OfflineQueue, QoS,
    Reconnect, WhenFull,
};

use super::{host, topic};
use crate::action::aws::advice::{self, Asked};
use crate::args::Arguments;
use crate::failure::Failure;
use crate::port::{self, Session};
use crate::secret;

/// Messages that wait while the connection is away. They are published one after the other.
const QUEUED: usize = 16;

/// Who speaks MQTT.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum EngineName {
    #[default]
    Auto,
    Module,
    Host,
}

impl From<EngineName> for Engine {
    fn from(name: EngineName) -> Self {
        match name {
            EngineName::Auto => Self::Auto,
            EngineName::Module => Self::Module,
            EngineName::Host => Self::Host,
        }
    }
}

/// How to reach the broker.
#[derive(Args, Debug)]
pub(crate) struct BrokerArguments {
    /// Name or address of the broker; that of an AWS IoT endpoint brings the rules of AWS and trust in Amazon's root along
    #[arg(long, value_name = "NAME")]
    host: String,
    /// Its port [default: 8883, with --plain 1883]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    port_number: Option<u16>,
    /// Who we are; the broker ends an older session with the same id
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// User name; the password comes from --password-env
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// Environment variable that holds the password
    #[arg(long, value_name = "VAR", requires = "username")]
    password_env: Option<String>,
    /// Who speaks MQTT: auto is the module where it can, host is this computer over a TLS socket
    #[arg(long, value_name = "WHO", value_enum, default_value_t)]
    engine: EngineName,
    /// The broker keeps our subscriptions and what arrives for them until we are back with the same --client-id
    #[arg(long)]
    persistent: bool,
    /// How long the connection may be idle before the module pings the broker [default: the module's]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=65_535))]
    keep_alive: Option<u64>,
    #[command(flatten)]
    will: WillArguments,
    /// DANGER: no TLS; everybody on the way reads and changes everything
    #[arg(long)]
    plain: bool,
}

/// What the broker publishes if we are gone without a good-bye.
#[derive(Args, Debug)]
struct WillArguments {
    /// What the broker publishes if we are gone without a good-bye
    #[arg(long, value_name = "TEXT", requires = "will_topic", allow_hyphen_values = true)]
    will_message: Option<String>,
    /// Where to
    #[arg(long, value_name = "TOPIC", requires = "will_message")]
    will_topic: Option<String>,
    /// Its quality of service
    #[arg(
        long,
        value_name = "0|1|2",
        default_value_t = 1,
        requires = "will_message",
        value_parser = clap::value_parser!(u8).range(0..=2)
    )]
    will_qos: u8,
    /// The broker keeps it for later subscribers
    #[arg(long, requires = "will_message")]
    will_retain: bool,
}

impl WillArguments {
    fn last_will(&self) -> Result<Option<LastWill>, Failure> {
        let (Some(topic), Some(message)) = (&self.will_topic, &self.will_message) else {
            return Ok(None);
        };
        topic::check_name(topic)?;
        let will = LastWill::new(topic, message.clone());
        Ok(Some(will.qos(qos(self.will_qos)).retain(self.will_retain)))
    }
}

impl BrokerArguments {
    /// What the command line says, checked before the port is opened.
    pub(super) fn options(&self, arguments: &Arguments) -> Result<MqttOptions, Failure> {
        host::check(&self.host)?;
        let mut options = MqttOptions::new(&self.host, &self.client_id, self.security(arguments)?)
            .engine(self.engine.into());
        options = match arguments.global.recovery.recover {
            // Scripts want to know about a loss.
            false => options.reconnect(Reconnect::never()),
            // What is published meanwhile waits for the connection.
            true => options.offline_queue(OfflineQueue::new(QUEUED).when_full(WhenFull::Refuse)),
        };
        if self.is_aws() {
            options = options.rules(aws::RULES);
        }
        options = options.clean_session(!self.persistent);
        if let Some(seconds) = self.keep_alive {
            options = options.keep_alive(Duration::from_secs(seconds));
        }
        if let Some(will) = self.will.last_will()? {
            options = options.last_will(will);
        }
        if let Some(port) = self.port_number {
            options = options.port(port);
        }
        if let Some(user) = &self.username {
            let password = self.password_env.as_deref().map(secret::password).transpose()?;
            options = options.credentials(user, password.unwrap_or_default());
        }
        Ok(options)
    }

    /// What AWS IoT does not take it answers by hanging up, without a word.
    fn is_aws(&self) -> bool {
        self.host.parse::<Endpoint>().is_ok_and(|endpoint| *endpoint.kind() != EndpointKind::CustomDomain)
    }

    /// A module in the network.
    pub(super) async fn open(
        &self,
        arguments: &Arguments,
        options: &MqttOptions,
    ) -> Result<Session, Failure> {
        let session = port::open(&arguments.global).await?;
        // Whoever has to do without wants to know before the wait for a network.
        EngineChoice::of(&session.modem, options).await?;
        if self.is_aws() && arguments.tls.is_compatible() {
            advice::check_compatible(session.modem.profile())?;
        }
        port::bring_up(&session, &arguments.global).await?;
        Ok(session)
    }

    /// Errors on the way to the broker name it.
    pub(super) async fn connect(
        &self,
        arguments: &Arguments,
        modem: &Modem,
        options: MqttOptions,
    ) -> Result<MqttClient, Failure> {
        let connected = MqttClient::connect(modem, options).await;
        connected.map_err(|error| self.unconnected(error, arguments))
    }

    fn unconnected(&self, error: ConnectError, arguments: &Arguments) -> Failure {
        let category = error.category();
        let unreached = matches!(error, ConnectError::NotConnected { .. } | ConnectError::Network(_));
        let failure = match self.is_aws() {
            true => advice::unconnected(error, &arguments.tls, Asked::Options),
            false => error.into(),
        };
        match category {
            Category::Network if unreached => failure.hint_if(self.unusual_port()),
            _ => failure,
        }
        .about_if(
            matches!(category, Category::Network | Category::Other),
            format_args!("{}:{}", self.host, self.port()),
        )
    }

    /// Ports that mostly are for the other way to connect.
    fn unusual_port(&self) -> Option<&'static str> {
        match (self.port(), self.plain) {
            (1883, false) => {
                Some("port 1883 mostly is the one without TLS: leave --port-number out for 8883")
            }
            (8883, true) => Some("port 8883 mostly is the one with TLS: leave --plain out"),
            _ => None,
        }
    }

    fn port(&self) -> u16 {
        self.port_number.unwrap_or(if self.plain { 1883 } else { 8883 })
    }

    fn security(&self, arguments: &Arguments) -> Result<MqttSecurity, Failure> {
        if self.plain {
            Ok(MqttSecurity::DangerPlain)
        } else {
            let amazon = self.is_aws().then(|| RootCa::AmazonRootCa1.certificate()).transpose()?;
            Ok(MqttSecurity::Tls(arguments.tls.options_trusting(amazon)?))
        }
    }
}

/// The module is left without a session whatever happened before.
pub(super) async fn disconnect(client: &MqttClient) {
    if let Err(error) = client.disconnect().await {
        tracing::warn!("the session did not end in order: {error}");
    }
}

/// The quality of service with this number.
pub(super) fn qos(number: u8) -> QoS {
    match number {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        _ => QoS::ExactlyOnce,
    }
}
