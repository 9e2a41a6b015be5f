//! `telit aws shadow`: what the device reports, what is desired of it, and the difference.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use telit_core::Category;
use telit_mqtt::MqttClient;
use telit_mqtt::aws::shadow::{Delta, Document, Shadow, Update};
use telit_mqtt::aws::{AwsIot, check_shadow_name};
use tokio::time::Instant;

use super::device::{Device, DeviceArguments};
use crate::args::Arguments;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::port;

/// What to do with a shadow.
#[derive(Debug, Subcommand)]
pub(crate) enum ShadowCommand {
    /// Show the shadow
    Get(ShadowArguments),
    /// Report a state, or say what is desired
    Update(UpdateArguments),
    /// Show what is desired and not reported, now and whenever it changes
    #[command(
        after_help = "Ctrl-C or SIGTERM ends it: exit code 0 without --count or after enough of them, otherwise 1. \
--timeout does the same with exit code 5 in place of 1."
    )]
    Watch(WatchArguments),
}

/// Which shadow.
#[derive(Args, Debug)]
pub(crate) struct ShadowArguments {
    #[command(flatten)]
    device: DeviceArguments,
    /// Name of the shadow; without it the classic one
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// Options of `aws shadow update`.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args(["reported", "desired"]))]
pub(crate) struct UpdateArguments {
    #[command(flatten)]
    shadow: ShadowArguments,
    /// State that the device reports; null removes a value
    #[arg(long, value_name = "JSON", value_parser = state)]
    reported: Option<Value>,
    /// State that is desired of the device; null removes a value
    #[arg(long, value_name = "JSON", value_parser = state)]
    desired: Option<Value>,
    /// Only if the shadow has this version
    #[arg(long, value_name = "N")]
    for_version: Option<u64>,
}

/// Options of `aws shadow watch`.
#[derive(Args, Debug)]
pub(crate) struct WatchArguments {
    #[command(flatten)]
    shadow: ShadowArguments,
    /// End after so many of them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after so many seconds; with --count that is an error
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
}

const EXAMPLE: &str = r#"{"celsius":21.5}"#;

/// A state is an object.
fn state(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(state @ Value::Object(_)) => Ok(state),
        Ok(_) => Err(format!("a state is an object, such as {EXAMPLE}")),
        Err(error) => Err(format!("it is no JSON: {error}; a state is an object, such as {EXAMPLE}")),
    }
}

pub(super) async fn run(
    arguments: &Arguments,
    command: &ShadowCommand,
    output: &Output,
) -> Result<(), Failure> {
    match command {
        ShadowCommand::Get(command) => get(arguments, command, output).await,
        ShadowCommand::Update(command) => update(arguments, command, output).await,
        ShadowCommand::Watch(command) => watch(arguments, command, output).await,
    }
}

impl ShadowArguments {
    /// What the command line says, checked before the port is opened.
    fn aws(&self, arguments: &Arguments) -> Result<AwsIot, Failure> {
        if let Some(name) = &self.name {
            check_shadow_name(name).map_err(|error| {
                Failure::from(error).hint(
                    "give --name the name of a shadow: letters, digits, : _ and -; without it the classic one is meant",
                )
            })?;
        }
        self.device.aws(arguments)
    }

    fn of(&self, client: &MqttClient, aws: &AwsIot) -> Result<Shadow<Value>, Failure> {
        Ok(match &self.name {
            None => Shadow::classic(client, aws.thing())?,
            Some(name) => Shadow::named(client, aws.thing(), name)?,
        })
    }
}

async fn get(arguments: &Arguments, command: &ShadowArguments, output: &Output) -> Result<(), Failure> {
    let aws = command.aws(arguments)?;
    let device = command.device.connect(arguments, &aws).await?;
    let outcome = command.of(&device.client, &aws)?.get().await;
    device.disconnect().await;
    let object = object(&outcome?);
    output.result(&object, || format!("{object:#}"))
}

fn object(document: &Document<Value>) -> Value {
    let Document { desired, reported, delta, version, timestamp, .. } = document;
    json!({
        "version": version, "timestamp": timestamp, "desired": desired, "reported": reported, "delta": delta,
    })
}

async fn update(arguments: &Arguments, command: &UpdateArguments, output: &Output) -> Result<(), Failure> {
    let mut update = Update::new();
    if let Some(state) = &command.reported {
        update = update.reported(state.clone());
    }
    if let Some(state) = &command.desired {
        update = update.desired(state.clone());
    }
    if let Some(version) = command.for_version {
        update = update.for_version(version);
    }
    update.check().map_err(|error| {
        Failure::from(error).hint("a shadow is JSON of 8 KiB and 8 levels at most, without null in arrays")
    })?;
    let aws = command.shadow.aws(arguments)?;
    let device = command.shadow.device.connect(arguments, &aws).await?;
    let outcome = command.shadow.of(&device.client, &aws)?.update(update).await;
    device.disconnect().await;
    let version = outcome?.version;
    output.result(&json!({ "version": version }), || format!("the shadow has version {version} now"))
}

async fn watch(arguments: &Arguments, command: &WatchArguments, output: &Output) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    let aws = command.shadow.aws(arguments)?;
    let Some(connected) = interrupt.or(command.shadow.device.connect(arguments, &aws)).await else {
        port::settle(&mut interrupt).await;
        return command.interrupted(0);
    };
    let device = connected?;
    let outcome = follow(&device, &aws, command, &mut interrupt, output).await;
    device.disconnect().await;
    outcome
}

async fn follow(
    device: &Device,
    aws: &AwsIot,
    command: &WatchArguments,
    interrupt: &mut Interrupt,
    output: &Output,
) -> Result<(), Failure> {
    let shadow = command.shadow.of(&device.client, aws)?;
    let Some(watch) = interrupt.or(shadow.watch()).await else {
        return command.interrupted(0);
    };
    let mut watch = watch?;
    let deadline = command.timeout.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut shown = 0;
    while command.count.is_none_or(|count| shown < count) {
        tokio::select! {
            delta = watch.next() => {
                let state = device.client.state();
                let delta = delta.ok_or_else(|| {
                    Failure::new(state.category(), format!("the connection ended: {state}"))
                })?;
                show(&delta?, output)?;
                shown += 1;
            }
            () = at(deadline) => return command.late(shown),
            () = interrupt.received() => return command.interrupted(shown),
        }
    }
    Ok(())
}

fn show(delta: &Delta<Value>, output: &Output) -> Result<(), Failure> {
    let object = json!({ "version": delta.version, "state": delta.state });
    output.result(&object, || format!("version {}: {}", delta.version, delta.state))
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl WatchArguments {
    fn late(&self, shown: u64) -> Result<(), Failure> {
        self.unfinished(
            Category::Network,
            "the time is over",
            shown,
            "check the thing, the shadow and --timeout",
        )
    }

    fn interrupted(&self, shown: u64) -> Result<(), Failure> {
        self.unfinished(Category::Other, "interrupted", shown, "run it again to wait for the rest")
    }

    fn unfinished(&self, category: Category, reason: &str, shown: u64, hint: &str) -> Result<(), Failure> {
        match self.count {
            None => Ok(()),
            Some(count) => {
                Err(Failure::new(category, format!("{reason}: {shown} of {count} changes came")).hint(hint))
            }
        }
    }
}
