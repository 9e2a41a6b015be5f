//! One file a command.

pub(crate) mod at;
pub(crate) mod aws;
#[cfg(feature = "simulator")]
mod aws_broker;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod ftps;
pub(crate) mod https;
mod info;
pub(crate) mod mqtt;
pub(crate) mod provision;
#[cfg(feature = "simulator")]
mod replay;
pub(crate) mod simulate;
pub(crate) mod socket;

use telit_core::Category;

use crate::args::{Arguments, Command};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::port;

/// Runs the command, or gives up when the user interrupts it. Commands whose ordinary end is an
/// interruption see to it themselves.
pub(crate) async fn run(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let work = dispatch(arguments, output);
    if ends_by_interruption(&arguments.command) {
        return work.await;
    }
    let mut interrupt = Interrupt::listen()?;
    if let Some(outcome) = interrupt.or(work).await {
        return outcome;
    }
    match &arguments.command {
        Command::Doctor(_) => port::put_back(&mut interrupt, *output).await,
        _ => port::settle(&mut interrupt).await,
    }
    Err(interrupted(&arguments.command))
}

fn ends_by_interruption(command: &Command) -> bool {
    match command {
        Command::Simulate(_) | Command::Mqtt(mqtt::MqttCommand::Sub(_)) => true,
        Command::Aws(command) => command.follows(),
        _ => false,
    }
}

const PART_IS_KEPT: &str = "the part file is kept: run it again with --resume to go on from there";

fn interrupted(command: &Command) -> Failure {
    let hint = match command {
        Command::Ftps(ftps::FtpsCommand::Get(_)) => PART_IS_KEPT,
        Command::Https(https) if https.keeps_a_part() => PART_IS_KEPT,
        Command::Ftps(ftps::FtpsCommand::Put(_) | ftps::FtpsCommand::Append(_)) => {
            "the file on the server may be incomplete: check its size before sending it again"
        }
        Command::Mqtt(_) | Command::Aws(_) | Command::Https(_) | Command::Socket(_) => {
            "the server may have got it: run it again if doing it twice does no harm"
        }
        _ => "run it again",
    };
    Failure::new(Category::Other, "interrupted").hint(hint)
}

async fn dispatch(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    match &arguments.command {
        Command::Info => Box::pin(info::run(arguments, output)).await,
        Command::Provision(command) => Box::pin(provision::run(arguments, command, output)).await,
        Command::Mqtt(command) => Box::pin(mqtt::run(arguments, command, output)).await,
        Command::Aws(command) => Box::pin(aws::run(arguments, command, output)).await,
        Command::Https(command) => Box::pin(https::run(arguments, command, output)).await,
        Command::Ftps(command) => Box::pin(ftps::run(arguments, command, output)).await,
        Command::Socket(command) => Box::pin(socket::run(arguments, command)).await,
        Command::Doctor(command) => Box::pin(doctor::run(arguments, command, output)).await,
        Command::At(command) => Box::pin(at::run(arguments, command, output)).await,
        Command::Simulate(command) => Box::pin(simulate::run(arguments, command, output)).await,
        Command::Demo(command) => Box::pin(demo::run(arguments, command, output)).await,
    }
}
