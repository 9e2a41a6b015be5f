//! `telit mqtt sub`: messages as they arrive.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;
use serde_json::json;
use telit_core::{Category, Modem};
use telit_mqtt::{Message, MqttClient};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::broker::{BrokerArguments, disconnect, qos};
use super::topic;
use crate::args::Arguments;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::{Output, printable};
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
    let options = command.broker.options(arguments)?;
    let connecting = async {
        let session = command.broker.open(arguments, &options).await?;
        let client = command.broker.connect(arguments, &session.modem, options).await?;
        Ok::<_, Failure>((session, client))
    };
    let Some(connected) = interrupt.or(connecting).await else {
        port::settle(&mut interrupt).await;
        return command.interrupted(0);
    };
    let (session, client) = connected?;
    let outcome = receive_all(&session.modem, &client, command, &mut interrupt, output).await;
    disconnect(&client).await;
    outcome
}

async fn receive_all(
    modem: &Modem,
    client: &MqttClient,
    command: &SubscribeArguments,
    interrupt: &mut Interrupt,
    output: &Output,
) -> Result<(), Failure> {
    let Some(messages) = interrupt.or(subscribe(client, command)).await else {
        return command.interrupted(0);
    };
    let mut messages = messages?;
    output.remark(&format!("subscribed to {}", command.topic.join(", ")));
    let deadline = command.timeout.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut received = 0;
    while command.count.is_none_or(|count| received < count) {
        tokio::select! {
            message = messages.recv() => {
                let Some(message) = message else {
                    return Err(ended(modem, client).await);
                };
                show(&message, output)?;
                received += 1;
            }
            () = at(deadline) => return command.late(received),
            () = interrupt.received() => return command.interrupted(received),
        }
    }
    Ok(())
}

/// One queue for all filters. A message that belongs to several comes from the first of them only, and what another
/// filter covers is not subscribed to: the broker might send it for each.
async fn subscribe(
    client: &MqttClient,
    command: &SubscribeArguments,
) -> Result<mpsc::UnboundedReceiver<Message>, Failure> {
    let (sender, messages) = mpsc::unbounded_channel();
    let filters = topic::without_covered(&command.topic);
    for (index, filter) in filters.iter().enumerate() {
        let mut subscription = client.subscribe(*filter, qos(command.qos)).await?;
        let earlier: Vec<String> = filters.iter().take(index).map(|filter| (*filter).to_owned()).collect();
        let sender = sender.clone();
        tokio::spawn(async move {
            while let Some(message) = subscription.next().await {
                if earlier.iter().any(|filter| topic::matches(filter, &message.topic)) {
                    continue;
                }
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
    }
    Ok(messages)
}

/// Why no more messages come. About a port that is gone the port itself says most.
async fn ended(modem: &Modem, client: &MqttClient) -> Failure {
    let state = client.state();
    let category = state.category();
    if category == Category::Link
        && let Err(error) = port::probe(modem).await
    {
        return error.into();
    }
    let failure = Failure::new(category, format!("the connection ended: {state}"));
    if category == Category::Network {
        return failure
            .hint("run it again; brokers end a session when another client uses the same --client-id");
    }
    failure
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

impl SubscribeArguments {
    /// The time is over before the count was reached: an error only if there was one to reach.
    fn late(&self, received: u64) -> Result<(), Failure> {
        self.unfinished(
            Category::Network,
            "the time is over",
            received,
            "check topic, publisher and --timeout",
        )
    }

    /// The same for an interruption, which without a count is the ordinary end.
    fn interrupted(&self, received: u64) -> Result<(), Failure> {
        self.unfinished(Category::Other, "interrupted", received, "run it again to wait for the rest")
    }

    fn unfinished(&self, category: Category, reason: &str, received: u64, hint: &str) -> Result<(), Failure> {
        match self.count {
            None => Ok(()),
            Some(count) => {
                let message = format!("{reason}: {received} of {count} messages arrived");
                Err(Failure::new(category, message).hint(hint))
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
