//! `telit mqtt`: publish to and receive from a broker.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::{Args, Subcommand};
use serde_json::json;
use telit_core::Category;
use telit_mqtt::{Message, MqttClient, MqttOptions, MqttSecurity, Publish, QoS};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::args::Arguments;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::{port, secret, transfer};

/// What to do with the broker.
#[derive(Debug, Subcommand)]
pub(crate) enum MqttCommand {
    /// Publish one message
    Pub(PublishArguments),
    /// Show messages as they arrive
    Sub(SubscribeArguments),
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
    /// DANGER: no TLS; everybody on the way reads and changes everything
    #[arg(long)]
    plain: bool,
}

/// Options of `mqtt pub`.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("payload").required(true).args(["message", "file", "stdin"]))]
pub(crate) struct PublishArguments {
    #[command(flatten)]
    broker: BrokerArguments,
    /// What it is about
    #[arg(long)]
    topic: String,
    /// Quality of service
    #[arg(long, value_name = "0|1|2", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=2))]
    qos: u8,
    /// The broker keeps the message for later subscribers
    #[arg(long)]
    retain: bool,
    /// The payload as text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    message: Option<String>,
    /// The payload from a file
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The payload from standard input
    #[arg(value_name = "-", value_parser = ["-"])]
    stdin: Option<String>,
}

/// Options of `mqtt sub`.
#[derive(Args, Debug)]
pub(crate) struct SubscribeArguments {
    #[command(flatten)]
    broker: BrokerArguments,
    /// What to receive; + and # stand for levels (repeatable)
    #[arg(long, value_name = "FILTER", required = true)]
    topic: Vec<String>,
    /// Highest quality of service
    #[arg(long, value_name = "0|1|2", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=2))]
    qos: u8,
    /// End after so many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after so many seconds; with --count that is an error
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
}

/// Runs either of the two.
pub(crate) async fn run(
    arguments: &Arguments,
    command: &MqttCommand,
    output: &Output,
) -> Result<(), Failure> {
    match command {
        MqttCommand::Pub(publish) => publish_one(arguments, publish, output).await,
        MqttCommand::Sub(subscribe) => receive(arguments, subscribe, output).await,
    }
}

async fn publish_one(
    arguments: &Arguments,
    command: &PublishArguments,
    output: &Output,
) -> Result<(), Failure> {
    let options = command.broker.options(arguments, output)?;
    let payload = command.payload().await?;
    let bytes = payload.len();
    let session = port::open_online(&arguments.global).await?;
    let client = MqttClient::connect(&session.modem, options).await?;
    let message = Publish::new(&command.topic, payload).qos(qos(command.qos)).retain(command.retain);
    let outcome = client.send(message).await;
    disconnect(&client).await;
    outcome?;
    let object = json!({ "published": true, "bytes": bytes });
    output.result(&object, || format!("{bytes} bytes published to {}", command.topic))
}

async fn receive(
    arguments: &Arguments,
    command: &SubscribeArguments,
    output: &Output,
) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    let options = command.broker.options(arguments, output)?;
    let session = interrupt.or(port::open_online(&arguments.global)).await?;
    let connecting = async { Ok(MqttClient::connect(&session.modem, options).await?) };
    let client = interrupt.or(connecting).await?;
    let outcome = receive_all(&client, command, &mut interrupt, output).await;
    disconnect(&client).await;
    outcome
}

/// The module is left without a session whatever happened before.
async fn disconnect(client: &MqttClient) {
    if let Err(error) = client.disconnect().await {
        tracing::warn!("the session did not end in order: {error}");
    }
}

async fn receive_all(
    client: &MqttClient,
    command: &SubscribeArguments,
    interrupt: &mut Interrupt,
    output: &Output,
) -> Result<(), Failure> {
    let mut messages = interrupt.or(subscribe(client, command)).await?;
    output.remark(&format!("subscribed to {}", command.topic.join(", ")));
    let deadline = command.timeout.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut received = 0;
    while command.count.is_none_or(|count| received < count) {
        tokio::select! {
            message = messages.recv() => {
                let message = message.ok_or_else(|| ended(client))?;
                show(&message, output)?;
                received += 1;
            }
            () = at(deadline) => return command.unfinished(received, "the time is over"),
            () = interrupt.received() => return command.unfinished(received, "interrupted"),
        }
    }
    Ok(())
}

/// One queue for all topics. A message that matches several of them comes as often.
async fn subscribe(
    client: &MqttClient,
    command: &SubscribeArguments,
) -> Result<mpsc::UnboundedReceiver<Message>, Failure> {
    let (sender, messages) = mpsc::unbounded_channel();
    for topic in &command.topic {
        let mut subscription = client.subscribe(topic, qos(command.qos)).await?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while let Some(message) = subscription.next().await {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
    }
    Ok(messages)
}

fn ended(client: &MqttClient) -> Failure {
    Failure::new(Category::Network, format!("the connection ended: {}", client.state()))
        .hint("run it again; brokers end a session when another client uses the same --client-id")
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn show(message: &Message, output: &Output) -> Result<(), Failure> {
    let Message { topic, payload, .. } = message;
    let object = json!({
        "topic": topic,
        "payload_base64": BASE64.encode(payload),
        "bytes": payload.len(),
    });
    output.result(&object, || format!("{} {}", printable(topic), shown(payload)))
}

/// Text as it is; anything else, which could confuse a terminal, by its size.
fn shown(payload: &[u8]) -> String {
    match std::str::from_utf8(payload) {
        Ok(text) => printable(text),
        Err(_) => format!("[{} bytes, no text; see --json]", payload.len()),
    }
}

/// Control characters as escapes.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    shown
}

fn qos(number: u8) -> QoS {
    match number {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        _ => QoS::ExactlyOnce,
    }
}

impl BrokerArguments {
    fn options(&self, arguments: &Arguments, output: &Output) -> Result<MqttOptions, Failure> {
        let mut options = MqttOptions::new(&self.host, &self.client_id, self.security(arguments, output)?);
        if let Some(port) = self.port_number {
            options = options.port(port);
        }
        if let Some(user) = &self.username {
            let password = self.password_env.as_deref().map(secret::from_environment).transpose()?;
            options = options.credentials(user, password.unwrap_or_default());
        }
        Ok(options)
    }

    fn security(&self, arguments: &Arguments, output: &Output) -> Result<MqttSecurity, Failure> {
        if !self.plain {
            return Ok(MqttSecurity::Tls(arguments.tls.options()?));
        }
        output.remark("warning: --plain: no TLS, everybody on the way can read and change everything");
        Ok(MqttSecurity::DangerPlain)
    }
}

impl PublishArguments {
    async fn payload(&self) -> Result<Vec<u8>, Failure> {
        match (&self.message, &self.file) {
            (Some(text), _) => Ok(text.clone().into_bytes()),
            (None, Some(path)) => transfer::read_input(path),
            (None, None) => {
                let mut payload = Vec::new();
                tokio::io::stdin().read_to_end(&mut payload).await?;
                Ok(payload)
            }
        }
    }
}

impl SubscribeArguments {
    /// Ends before the count was reached: an error only if there was one to reach.
    fn unfinished(&self, received: u64, reason: &str) -> Result<(), Failure> {
        match self.count {
            None => Ok(()),
            Some(count) => {
                let message = format!("{reason}: {received} of {count} messages arrived");
                Err(Failure::new(Category::Network, message).hint("check topic, publisher and --timeout"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_not_confused() {
        assert_eq!(shown("21.5 °C".as_bytes()), "21.5 °C");
        assert_eq!(shown(b"a\x1b[2J\r\n"), "a\\u{1b}[2J\\r\\n");
        assert_eq!(shown(b"\xff\xfe"), "[2 bytes, no text; see --json]");
    }
}
