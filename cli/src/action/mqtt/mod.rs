//! `telit mqtt`: publish to and receive from a broker.

mod broker;
mod publish;
mod subscribe;
mod topic;

use clap::Subcommand;
use publish::PublishArguments;
use subscribe::SubscribeArguments;

use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;

/// What to do with the broker.
#[derive(Debug, Subcommand)]
pub(crate) enum MqttCommand {
    /// Publish messages
    #[command(
        after_help = "Each message goes to every --topic. With --lines standard input is read to its end; Ctrl-C or \
SIGTERM ends it earlier, after the message under way."
    )]
    Pub(PublishArguments),
    /// Show messages as they arrive
    #[command(
        after_help = "Ctrl-C or SIGTERM ends it: exit code 0 without --count or after enough messages, otherwise 1. \
--timeout does the same with exit code 5 in place of 1."
    )]
    Sub(SubscribeArguments),
}

/// Runs either of the two.
pub(crate) async fn run(
    arguments: &Arguments,
    command: &MqttCommand,
    output: &Output,
) -> Result<(), Failure> {
    match command {
        MqttCommand::Pub(publish) => publish::run(arguments, publish, output).await,
        MqttCommand::Sub(subscribe) => subscribe::run(arguments, subscribe, output).await,
    }
}
