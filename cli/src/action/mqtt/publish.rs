//! `telit mqtt pub`: one message, or one a line, to one or more topics.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use telit_mqtt::{Engine, EngineChoice, MqttClient, Publish};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Stdin};

use super::broker::{BrokerArguments, disconnect, qos};
use super::topic;
use crate::args::Arguments;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::transfer;

/// A line that a module's MQTT client has to carry to be used for `--lines`: a document such as a device shadow.
const LINE: usize = 8 * 1024;

/// Options of `mqtt pub`.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("payload").required(true).args(["message", "file", "stdin", "lines"]))]
pub(crate) struct PublishArguments {
    #[command(flatten)]
    broker: BrokerArguments,
    /// Where to (repeatable)
    #[arg(long, required = true)]
    topic: Vec<String>,
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
    /// Each line of standard input is a message, as soon as it is there
    #[arg(long)]
    lines: bool,
    /// The payload from standard input
    #[arg(value_name = "-", value_parser = standard_input)]
    stdin: Option<String>,
}

fn standard_input(text: &str) -> Result<String, &'static str> {
    match text {
        "-" => Ok(text.to_owned()),
        _ => Err("a payload is given as --message TEXT, --file FILE, - for standard input, or --lines"),
    }
}

/// Publishes and waits for the broker's acknowledgement of each message.
pub(super) async fn run(
    arguments: &Arguments,
    command: &PublishArguments,
    output: &Output,
) -> Result<(), Failure> {
    command.topic.iter().try_for_each(|name| topic::check_name(name))?;
    let payload = command.payload().await?;
    // Nobody knows what comes in lines but that it can be anything, and that is what an empty payload needs too.
    let largest = payload.as_ref().map_or(LINE, Vec::len).max(1);
    let options = command.broker.options(arguments)?.largest_payload(largest);
    let session = command.broker.open(arguments, &options).await?;
    if let Some(payload) = &payload
        && EngineChoice::of(&session.modem, &options).await?.engine == Engine::Module
    {
        // What the module cannot carry costs no connection.
        let capabilities = MqttClient::capabilities(&session.modem).await?;
        command.topic.iter().try_for_each(|topic| capabilities.check(&command.to(topic, payload)))?;
    }
    let client = command.broker.connect(arguments, &session.modem, options).await?;
    let outcome = match payload {
        Some(payload) => command.publish(&client, &payload, output).await,
        None => command.publish_lines(&client, output).await,
    };
    disconnect(&client).await;
    outcome
}

impl PublishArguments {
    /// The one payload; `None` with `--lines`.
    async fn payload(&self) -> Result<Option<Vec<u8>>, Failure> {
        Ok(match (&self.message, &self.file) {
            (Some(text), _) => Some(text.clone().into_bytes()),
            (None, Some(path)) => Some(transfer::read_input(path)?),
            (None, None) if self.lines => None,
            (None, None) => {
                let mut payload = Vec::new();
                tokio::io::stdin().read_to_end(&mut payload).await?;
                Some(payload)
            }
        })
    }

    fn to(&self, topic: &str, payload: &[u8]) -> Publish {
        Publish::new(topic, payload.to_vec()).qos(qos(self.qos)).retain(self.retain)
    }

    async fn publish(&self, client: &MqttClient, payload: &[u8], output: &Output) -> Result<(), Failure> {
        let bytes = payload.len();
        for topic in &self.topic {
            client.send(self.to(topic, payload)).await?;
            let object = json!({ "published": true, "topic": topic, "bytes": bytes });
            output.result(&object, || format!("{bytes} bytes published to {topic}"))?;
        }
        Ok(())
    }

    async fn publish_lines(&self, client: &MqttClient, output: &Output) -> Result<(), Failure> {
        let mut interrupt = Interrupt::listen()?;
        let mut input = BufReader::new(tokio::io::stdin());
        while let Some(line) = interrupt.or(next_line(&mut input)).await {
            let Some(line) = line? else { break };
            self.publish(client, &line, output).await?;
        }
        Ok(())
    }
}

/// A line without its end; `None` after the last one.
async fn next_line(input: &mut BufReader<Stdin>) -> Result<Option<Vec<u8>>, Failure> {
    let mut line = Vec::new();
    if input.read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    let text = line.strip_suffix(b"\n").unwrap_or(&line);
    Ok(Some(text.strip_suffix(b"\r").unwrap_or(text).to_vec()))
}
