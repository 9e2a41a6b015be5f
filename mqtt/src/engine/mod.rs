//! The MQTT client inside the module, as the task that owns a session sees it.
//!
//! What the task asks of it: a [`Place`], a [`Connection`] made on it with its subscriptions, publish, subscribe and
//! unsubscribe, the messages that have arrived, the state of the connection, and its end. Everything that is said in
//! `AT#MQ...` is said here.

mod claim;
mod connection;
mod exchange;
mod place;
mod will;

use std::sync::OnceLock;
use std::time::Duration;

use telit_core::Modem;
use telit_core::at::Command;
use telit_core::platform::MqttProfile;

use crate::capabilities::{Capabilities, client_of};
use crate::commands::{ConfigureBroker, Connect};
use crate::dialect::Dialect;
use crate::error::ConnectError;
use crate::options::{MqttOptions, MqttSecurity, check_seconds};

pub(crate) use connection::{Connection, NotSubscribed, Remains};
pub(crate) use exchange::Unpublished;
pub(crate) use place::{Patience, Place};

/// Knows how to reach the broker through the module's client.
#[derive(Debug)]
pub(crate) struct Engine {
    modem: Modem,
    profile: &'static MqttProfile,
    options: MqttOptions,
    dialect: OnceLock<Dialect>,
}

impl Engine {
    pub(crate) fn new(modem: Modem, options: MqttOptions) -> Result<Self, ConnectError> {
        let profile = client_of(modem.profile())?;
        options.check(profile)?;
        options.check_rules(options.keep_alive_on(profile))?;
        let engine = Self { modem, profile, options, dialect: OnceLock::new() };
        // What the encoder refuses is refused before anything is sent. All instances are written alike.
        let instance = *profile.instances.start();
        engine.broker(instance, false).exchange()?;
        engine.login(instance).exchange()?;
        engine.check_will(instance)?;
        Ok(engine)
    }

    pub(crate) fn modem(&self) -> &Modem {
        &self.modem
    }

    pub(crate) fn profile(&self) -> &'static MqttProfile {
        self.profile
    }

    pub(crate) fn options(&self) -> &MqttOptions {
        &self.options
    }

    /// Known since the first connection.
    pub(crate) fn dialect(&self) -> Option<&Dialect> {
        self.dialect.get()
    }

    /// Why payloads of so many bytes cannot be published; `None`: they can.
    pub(crate) async fn cannot_carry(&self, payload: usize) -> Result<Option<String>, ConnectError> {
        if payload == 0 {
            return Ok(None);
        }
        let limit = Capabilities::learn(&self.modem).await?.dialect().counted_limit;
        Ok(match limit {
            None => Some("this firmware has no command that carries any payload".to_owned()),
            Some(limit) if payload > limit => {
                Some(format!("the module takes payloads of at most {limit} bytes, {payload} are wanted"))
            }
            Some(_) => None,
        })
    }

    /// Whether a subscription can ask for a quality of service.
    pub(crate) fn takes_qos(&self) -> bool {
        self.dialect().is_some_and(|dialect| dialect.subscribe_qos_field)
    }

    /// How long a command may take that waits for one answer of the broker.
    fn acknowledgement(&self) -> Duration {
        self.options.packet_timeout_on(self.profile) + self.modem.profile().timeouts.mqtt_packet_margin
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

    fn broker(&self, instance: u8, tls_socket_field: bool) -> ConfigureBroker {
        ConfigureBroker {
            instance,
            host: self.options.host.clone(),
            port: self.options.port_number(),
            context: self.modem.context_id(),
            tls: matches!(self.options.security, MqttSecurity::Tls(_)),
            tls_socket: tls_socket_field.then_some(instance),
        }
    }

    fn login(&self, instance: u8) -> Connect {
        Connect {
            instance,
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
