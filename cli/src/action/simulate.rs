//! `telit simulate`: a virtual module behind a serial port of its own.

use std::path::PathBuf;

use clap::Args;

use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;

/// Options of `simulate`; the platform, the line rate and the names come from the global options.
#[derive(Args, Debug)]
pub(crate) struct SimulateArguments {
    /// Where the AT port appears; each further one is another AT port of the same module
    #[arg(long, value_name = "PATH", required = true)]
    link: Vec<PathBuf>,
    /// Delay of every answer, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// A fault to inject, KIND:KEY=VALUE,... such as no-answer:command=#MQPUBS (repeatable)
    #[arg(long, value_name = "SPEC")]
    fault: Vec<String>,
    /// File that keeps the non-volatile memory
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

#[cfg(feature = "simulator")]
pub(crate) async fn run(
    arguments: &Arguments,
    command: &SimulateArguments,
    output: &Output,
) -> Result<(), Failure> {
    use crate::interrupt::Interrupt;

    let mut interrupt = Interrupt::listen()?;
    let module = start(arguments, command)?;
    // The links exist as long as these.
    let ports = command.link.iter().map(|link| attach(&module, link)).collect::<Result<Vec<_>, _>>()?;
    for link in &command.link {
        let path = link.display().to_string();
        output.result(&serde_json::json!({ "ready": path }), || format!("ready {path}"))?;
    }
    interrupt.received().await;
    drop(ports);
    module.shutdown().await;
    Ok(())
}

#[cfg(feature = "simulator")]
fn start(
    arguments: &Arguments,
    command: &SimulateArguments,
) -> Result<telit_simulator::VirtualModule, Failure> {
    use std::time::Duration;

    use crate::virtual_module::{self, Settings};

    let platform = arguments
        .global
        .platform
        .0
        .ok_or_else(|| Failure::usage("a virtual module needs a platform").hint("give --platform 37"))?;
    virtual_module::start(&Settings {
        resolve: &arguments.global.resolve,
        baud: arguments.global.baud,
        latency: Duration::from_millis(command.latency),
        faults: &command.fault,
        state: command.state.as_deref(),
        ..Settings::new(platform)
    })
}

/// Points a link at a new AT port. An old link is replaced, a file is not.
#[cfg(feature = "simulator")]
fn attach(
    module: &telit_simulator::VirtualModule,
    link: &std::path::Path,
) -> Result<telit_simulator::Pty, Failure> {
    use telit_core::Category;

    if link.symlink_metadata().is_ok_and(|metadata| !metadata.is_symlink()) {
        return Err(Failure::usage(format!("{} exists and is no link", link.display()))
            .hint("give a path that is free"));
    }
    module.attach_pty(Some(link)).map_err(|error| {
        Failure::new(Category::Link, format!("no port can be made at {}: {error}", link.display()))
    })
}

#[cfg(not(feature = "simulator"))]
pub(crate) async fn run(_: &Arguments, _: &SimulateArguments, _: &Output) -> Result<(), Failure> {
    Err(crate::port::no_simulator())
}
