//! `telit aws`: device shadows and jobs of AWS IoT.

pub(super) mod advice;
mod device;
mod jobs;
mod shadow;

use clap::Subcommand;
use jobs::JobsArguments;
use shadow::ShadowCommand;

use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;

/// What to do with AWS IoT.
#[derive(Debug, Subcommand)]
pub(crate) enum AwsCommand {
    /// Read, change or follow a device shadow
    #[command(subcommand)]
    Shadow(ShadowCommand),
    /// List the jobs that are not done, or show one
    Jobs(JobsArguments),
}

impl AwsCommand {
    /// Whether an interruption is its ordinary end.
    pub(crate) fn follows(&self) -> bool {
        matches!(self, Self::Shadow(ShadowCommand::Watch(_)))
    }
}

/// Runs one of them.
pub(crate) async fn run(arguments: &Arguments, command: &AwsCommand, output: &Output) -> Result<(), Failure> {
    match command {
        AwsCommand::Shadow(command) => shadow::run(arguments, command, output).await,
        AwsCommand::Jobs(command) => jobs::run(arguments, command, output).await,
    }
}
