//! `telit`: the services inside Telit cellular modules, for people at a bench and for scripts.

mod action;
mod args;
mod clock;
mod failure;
mod help;
mod interrupt;
mod log;
mod manifest;
mod multiplex;
mod output;
mod port;
mod recovery;
mod remote;
mod reset_command;
mod resolve;
mod secret;
mod server;
mod source;
mod tls;
mod transfer;
#[cfg(feature = "simulator")]
mod virtual_module;

use std::process::ExitCode;

use args::Arguments;
use failure::Failure;
use output::Output;

fn main() -> ExitCode {
    failure::hide_backtraces();
    let arguments = match help::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => return failure::report_arguments(&error),
    };
    log::start(arguments.global.verbose, arguments.global.quiet);
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    arguments.check()?;
    let output = Output::new(arguments.global.json, arguments.global.quiet);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let outcome = action::run(arguments, &output).await;
        multiplex::close().await;
        outcome
    });
    // A thread that waits for standard input must not hold the program.
    runtime.shutdown_background();
    outcome
}
