//! `telit mqtt pub`: one message.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use telit_mqtt::{Engine, EngineChoice, MqttClient, Publish};
use tokio::io::AsyncReadExt;

use super::broker::{BrokerArguments, disconnect, open, qos};
use super::topic;
use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;
use crate::transfer;

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

/// Publishes and waits for the broker's acknowledgement.
pub(super) async fn run(
    arguments: &Arguments,
    command: &PublishArguments,
    output: &Output,
) -> Result<(), Failure> {
    topic::check_name(&command.topic)?;
    let payload = command.payload().await?;
    let bytes = payload.len();
    let options = command.broker.options(arguments)?.largest_payload(bytes);
    let message = Publish::new(&command.topic, payload).qos(qos(command.qos)).retain(command.retain);
    let session = open(arguments, &options).await?;
    if EngineChoice::of(&session.modem, &options).await?.engine == Engine::Module {
        // What the module cannot carry costs no connection.
        MqttClient::capabilities(&session.modem).await?.check(&message)?;
    }
    let client = command.broker.connect(&session.modem, options).await?;
    let outcome = client.send(message).await;
    disconnect(&client).await;
    outcome?;
    let object = json!({ "published": true, "bytes": bytes });
    output.result(&object, || format!("{bytes} bytes published to {}", command.topic))
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
