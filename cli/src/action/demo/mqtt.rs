//! An MQTT session that lends TLS to others and comes back.

use std::time::Duration;

use telit_core::{Category, Modem};
use telit_mqtt::{Message, MqttClient, MqttOptions, MqttSecurity, QoS, Subscription};
use telit_simulator::servers::TestServers;
use tokio::time::timeout;

use super::report::Done;
use super::{HOSTILE, differs, module};
use crate::failure::Failure;

/// Device, direction and purpose as levels, as AWS IoT recommends it.
const TELEMETRY: &str = "dt/demo/virtual-module/telemetry";
const COMMANDS: &str = "cmd/demo/virtual-module/#";
const COMMAND: &str = "cmd/demo/virtual-module/reboot";

/// How long a message may take on loopback.
const PATIENCE: Duration = Duration::from_secs(30);

/// A session with two subscriptions.
pub(super) struct Session {
    client: MqttClient,
    telemetry: Subscription,
    commands: Subscription,
}

/// Connects with mutual TLS, and publishes and receives on two topics.
pub(super) async fn talk(modem: &Modem, servers: &TestServers) -> Result<Done<Session>, Failure> {
    let security = MqttSecurity::Tls(module::tls_options(servers)?);
    let options = MqttOptions::new(TestServers::BROKER_NAME, TestServers::CLIENT_NAME, security)
        .port(module::BROKER_PORT);
    let client = MqttClient::connect(modem, options).await?;
    let telemetry = client.subscribe(TELEMETRY, QoS::AtLeastOnce).await?;
    let commands = client.subscribe(COMMANDS, QoS::AtLeastOnce).await?;
    let mut session = Session { client, telemetry, commands };
    let bytes = session.exchange().await?;
    let messages = servers.broker().messages();
    if !messages.iter().any(|message| message.topic == TELEMETRY && message.payload == HOSTILE) {
        return Err(differs("the message at the broker"));
    }
    let text = format!("{}, mutual TLS: {bytes} bytes to {TELEMETRY} and back", TestServers::BROKER_NAME);
    Ok(Done::new(session, text).fact("bytes", bytes).fact("topic", TELEMETRY))
}

impl Session {
    /// Gives TLS to others; the subscriptions stay.
    pub(super) async fn pause(&self) -> Result<Done<()>, Failure> {
        self.client.pause().await?;
        Ok(Done::new((), "disconnected; the subscriptions are kept"))
    }

    /// Takes TLS back; the subscriptions work as before.
    pub(super) async fn resume(&mut self) -> Result<Done<()>, Failure> {
        self.client.resume().await?;
        let bytes = self.exchange().await?;
        let text = format!("the subscriptions work again: {bytes} bytes there and back");
        Ok(Done::new((), text).fact("bytes", bytes))
    }

    pub(super) async fn close(self) -> Result<Done<()>, Failure> {
        self.client.disconnect().await?;
        Ok(Done::new((), "disconnected"))
    }

    /// Publishes on both topics and receives what was published, byte by byte the same.
    async fn exchange(&mut self) -> Result<usize, Failure> {
        self.client.publish(TELEMETRY, HOSTILE, QoS::AtLeastOnce).await?;
        let message = next(&mut self.telemetry).await?;
        if message.topic != TELEMETRY || message.payload != HOSTILE {
            return Err(differs("the message"));
        }
        self.client.publish(COMMAND, "", QoS::AtLeastOnce).await?;
        let message = next(&mut self.commands).await?;
        if message.topic != COMMAND || !message.payload.is_empty() {
            return Err(differs("the command"));
        }
        Ok(HOSTILE.len())
    }
}

async fn next(subscription: &mut Subscription) -> Result<Message, Failure> {
    let missing = || Failure::new(Category::Network, "the message did not come back");
    timeout(PATIENCE, subscription.next()).await.ok().flatten().ok_or_else(missing)
}
