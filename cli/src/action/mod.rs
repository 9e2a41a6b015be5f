//! One file a command.

pub(crate) mod at;
pub(crate) mod demo;
pub(crate) mod ftps;
pub(crate) mod https;
mod info;
pub(crate) mod mqtt;
mod provision;
pub(crate) mod simulate;

use crate::args::{Arguments, Command};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;

/// Runs the command, or gives up when the user interrupts it. Commands whose ordinary end is an
/// interruption see to it themselves.
pub(crate) async fn run(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let work = dispatch(arguments, output);
    match &arguments.command {
        Command::Simulate(_) | Command::Mqtt(mqtt::MqttCommand::Sub(_)) => work.await,
        _ => Interrupt::listen()?.or(work).await,
    }
}

async fn dispatch(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    match &arguments.command {
        Command::Info => Box::pin(info::run(arguments, output)).await,
        Command::Provision => Box::pin(provision::run(arguments, output)).await,
        Command::Mqtt(command) => Box::pin(mqtt::run(arguments, command, output)).await,
        Command::Https(command) => Box::pin(https::run(arguments, command, output)).await,
        Command::Ftps(command) => Box::pin(ftps::run(arguments, command, output)).await,
        Command::At(command) => Box::pin(at::run(arguments, command, output)).await,
        Command::Simulate(command) => Box::pin(simulate::run(arguments, command, output)).await,
        Command::Demo(command) => Box::pin(demo::run(arguments, command, output)).await,
    }
}
