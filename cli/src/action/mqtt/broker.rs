//! The broker, and how a session with it ends.

use clap::{Args, ValueEnum};
use telit_core::{Category, Modem};
use telit_mqtt::{Engine, EngineChoice, MqttClient, MqttOptions, MqttSecurity, QoS, Reconnect};

use crate::args::Arguments;
use crate::failure::Failure;
use crate::port::{self, Session};
use crate::secret;

/// A module in the network.
pub(super) async fn open(arguments: &Arguments, options: &MqttOptions) -> Result<Session, Failure> {
    let session = port::open(&arguments.global).await?;
    // Whoever has to do without wants to know before the wait for a network.
    EngineChoice::of(&session.modem, options).await?;
    port::bring_up(&session, &arguments.global).await?;
    Ok(session)
}

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
    /// Name or address of the broker
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
    /// DANGER: no TLS; everybody on the way reads and changes everything
    #[arg(long)]
    plain: bool,
}

impl BrokerArguments {
    pub(super) fn options(&self, arguments: &Arguments) -> Result<MqttOptions, Failure> {
        let mut options = MqttOptions::new(&self.host, &self.client_id, self.security(arguments)?)
            .engine(self.engine.into());
        if !arguments.global.recovery.recover {
            // Scripts want to know about a loss.
            options = options.reconnect(Reconnect::never());
        }
        if let Some(port) = self.port_number {
            options = options.port(port);
        }
        if let Some(user) = &self.username {
            let password = self.password_env.as_deref().map(secret::from_environment).transpose()?;
            options = options.credentials(user, password.unwrap_or_default());
        }
        Ok(options)
    }

    /// Errors on the way to the broker name it.
    pub(super) async fn connect(&self, modem: &Modem, options: MqttOptions) -> Result<MqttClient, Failure> {
        MqttClient::connect(modem, options).await.map_err(|error| {
            let on_the_way = matches!(error.category(), Category::Network | Category::Other);
            let failure = Failure::from(error);
            if on_the_way { failure.about(format!("{}:{}", self.host, self.port())) } else { failure }
        })
    }

    fn port(&self) -> u16 {
        self.port_number.unwrap_or(if self.plain { 1883 } else { 8883 })
    }

    fn security(&self, arguments: &Arguments) -> Result<MqttSecurity, Failure> {
        if self.plain {
            Ok(MqttSecurity::DangerPlain)
        } else {
            Ok(MqttSecurity::Tls(arguments.tls.options()?))
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
