//! `telit at`: one command as a person types it.

use std::time::Duration;

use clap::Args;
use serde_json::json;
use telit_core::CommandError;
use telit_core::at::{CommandLine, Exchange, Expect};

use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::port;

/// The slowest commands of the manuals answer within three minutes. Source: M37 p20.
const DEADLINE: Duration = Duration::from_secs(180);

/// Options of `at`.
#[derive(Args, Debug)]
pub(crate) struct AtArguments {
    /// The command line, such as 'AT+CGMM'
    #[arg(value_name = "COMMAND")]
    line: String,
}

impl AtArguments {
    fn line(&self) -> Result<CommandLine, Failure> {
        // The module answers nothing to any other line.
        if !self.line.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("AT")) {
            return Err(Failure::usage("a command line starts with AT").hint("such as telit at 'AT+CGMM'"));
        }
        CommandLine::verbatim(&self.line).map_err(Failure::usage)
    }
}

pub(crate) async fn run(
    arguments: &Arguments,
    command: &AtArguments,
    output: &Output,
) -> Result<(), Failure> {
    let line = command.line()?;
    let session = port::open(&arguments.global).await?;
    let shows_keys = line.name().to_ascii_uppercase().ends_with("#SSLSECDATA");
    let exchange = Exchange::new(line, Expect::text()).deadline(DEADLINE).refuse_prompt();
    let exchange = if shows_keys { exchange.secret() } else { exchange };
    let reply = session.modem.channel().execute(exchange).await.map_err(explain)?;
    let lines: Vec<String> = reply.lines().iter().map(ToString::to_string).collect();
    if output.is_json() {
        return output::line(&json!({ "lines": lines, "ok": true }).to_string());
    }
    lines.iter().try_for_each(|line| output::line(line))?;
    output::line("OK")
}

/// Commands that go on after their line, with a prompt or a connection, cannot be sent as one.
fn explain(error: CommandError) -> Failure {
    match error {
        CommandError::Unexpected { detail, .. } => Failure::usage(detail).hint(
            "such commands belong to telit provision, mqtt, https, ftps and socket; the module was brought back",
        ),
        error => error.into(),
    }
}
