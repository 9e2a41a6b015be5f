//! `telit mqtt`: publish to and receive from a broker.

mod broker;
mod host;
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
        after_help = "Each message goes to every --topic. With --engine auto a module that cannot publish any bytes, \
--lines as well as larger payloads, leaves MQTT to this computer where there is TLS. With --lines standard input is read to its end; Ctrl-C or \
SIGTERM ends it earlier, after the message under way."
    )]
    Pub(PublishArguments),
    /// Show messages as they arrive
    #[command(
        after_help = "A message that belongs to several --topic is shown once. Only where two of them share some topics and \
none has all of the other's (a/+ and +/b) a broker may send it once for each, and then it is shown as often. Ctrl-C or SIGTERM ends it: exit code 0 without --count or after enough messages, otherwise 1. \
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
        MqttCommand::Pub(publish) => Box::pin(publish::run(arguments, publish, output)).await,
        MqttCommand::Sub(subscribe) => Box::pin(subscribe::run(arguments, subscribe, output)).await,
    }
}
