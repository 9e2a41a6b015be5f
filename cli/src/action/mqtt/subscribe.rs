//! `telit mqtt sub`: messages as they arrive.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;
use serde_json::json;
use telit_core::Category;
use telit_mqtt::{Message, MqttClient};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::broker::{BrokerArguments, disconnect, qos};
use super::topic;
use crate::args::Arguments;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::port;

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

/// Shows messages until there were enough, the time is over or the user interrupts.
pub(super) async fn run(
    arguments: &Arguments,
    command: &SubscribeArguments,
    output: &Output,
) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    command.topic.iter().try_for_each(|filter| topic::check_filter(filter))?;
    let options = command.broker.options(arguments, output)?;
    let session = interrupt.or(port::open_online(&arguments.global)).await?;
    let connecting = async { Ok(MqttClient::connect(&session.modem, options).await?) };
    let client = interrupt.or(connecting).await?;
    let outcome = receive_all(&client, command, &mut interrupt, output).await;
    disconnect(&client).await;
    outcome
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
