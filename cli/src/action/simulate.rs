//! `telit simulate`: a virtual module behind a serial port of its own.

#[cfg(feature = "simulator")]
use std::path::Path;
use std::path::PathBuf;

use clap::Args;

#[cfg(feature = "simulator")]
use super::aws_broker::AwsBroker;
use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;

/// Options of `simulate`; the platform, the line rate and the names come from the global options.
#[derive(Args, Debug)]
pub(crate) struct SimulateArguments {
    /// Where the AT port appears; each further one is another AT port of the same module
    ///
    /// A module has three AT parsers, each with settings of its own, and a port leads to the next free one. AT+CMUX=0 on a port
    /// makes it a multiplexed line (3GPP TS 27.010, basic option): its channels 1 to 3 lead to the parsers that have no
    /// port.
    #[arg(long, value_name = "PATH", required = true)]
    link: Vec<PathBuf>,
    /// Delay of every answer, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// A fault to inject, KIND:KEY=VALUE,... such as no-answer:command=#MQPUBS (repeatable)
    ///
    /// Kinds: drop-byte, damage-byte (at or one-in), urc (text), garbage (bytes), error (code), delay (ms), no-answer,
    /// reboot, hang, unplug, net-loss (ms), echo-on, net-cut (after). Those that a command brings on take its
    /// beginning (command), which of them (nth), and how often (times).
    #[arg(long, value_name = "SPEC")]
    fault: Vec<String>,
    /// File that keeps the non-volatile memory
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Play AWS IoT Core beside the module; its certificates and keys go into this folder
    ///
    /// The module reaches it as a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com:8883, every other client at the address
    /// that is printed. ca.pem is what to trust. device.pem and device.key are those of the thing `device`, which may do
    /// everything. claim.pem and claim.key are good for fleet provisioning with the template `fleet` and its parameter
    /// `SerialNumber`. Why a connection was closed is told, other than by AWS.
    #[arg(long, value_name = "FOLDER")]
    aws_broker: Option<PathBuf>,
    /// Say again what a module has said in a transcript, in place of a virtual module
    ///
    /// The transcript is one of `--transcript`, of whatever module. Its commands must come again as they are written; the
    /// clock, secrets and payloads of the same length may be others. A payload that the transcript shows by its digest is sent
    /// as full stops. The first command that differs ends it, and so does an interrupt; with an error, unless the
    /// transcript was played to its end.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["latency", "fault", "state", "aws_broker"])]
    replay: Option<PathBuf>,
}

#[cfg(feature = "simulator")]
pub(crate) async fn run(
    arguments: &Arguments,
    command: &SimulateArguments,
    output: &Output,
) -> Result<(), Failure> {
    use crate::interrupt::Interrupt;

    let mut interrupt = Interrupt::listen()?;
    check_links(&command.link)?;
    if let Some(transcript) = &command.replay {
        return super::replay::run(arguments, transcript, &command.link, interrupt, output).await;
    }
    if let Some(state) = &command.state {
        check_state(state)?;
    }
    let aws = match &command.aws_broker {
        Some(_) => Some(AwsBroker::start().await?),
        None => None,
    };
    let module = start(arguments, command, aws.as_ref())?;
    // Not before everything else is right: what was written once is in the way of the next start.
    if let (Some(aws), Some(folder)) = (&aws, &command.aws_broker) {
        aws.announce(folder, output)?;
    }
    // The links exist as long as these.
    let mut ports = command.link.iter().map(|link| attach(&module, link)).collect::<Result<Vec<_>, _>>()?;
    for link in &command.link {
        let path = link.display().to_string();
        output.result(&serde_json::json!({ "ready": path }), || format!("ready {path}"))?;
    }
    tokio::select! {
        () = interrupt.received() => {}
        () = keep_plugged_in(&module, &mut ports, output) => {}
        () = tell_of(aws.as_ref(), output) => {}
    }
    drop(ports);
    module.shutdown().await;
    Ok(())
}

#[cfg(feature = "simulator")]
fn start(
    arguments: &Arguments,
    command: &SimulateArguments,
    aws: Option<&AwsBroker>,
) -> Result<telit_simulator::VirtualModule, Failure> {
    use std::time::Duration;

    use crate::virtual_module::{self, Settings};

    let platform = arguments
        .global
        .platform
        .0
        .ok_or_else(|| Failure::usage("a virtual module needs a platform").hint("give --platform 37"))?;
    let given = arguments.global.resolve.iter().cloned();
    let resolve: Vec<_> = given.chain(aws.map(AwsBroker::resolve)).collect();
    virtual_module::start(&Settings {
        resolve: &resolve,
        baud: arguments.global.baud,
        latency: Duration::from_millis(command.latency),
        faults: &command.fault,
        state: command.state.as_deref(),
        ..Settings::new(platform)
    })
}

/// What happens to connections to AWS IoT Core, if it is played.
#[cfg(feature = "simulator")]
async fn tell_of(aws: Option<&AwsBroker>, output: &Output) {
    match aws {
        Some(aws) => aws.tell(output).await,
        None => std::future::pending().await,
    }
}

/// All of them, before the first one is made.
#[cfg(feature = "simulator")]
fn check_links(links: &[PathBuf]) -> Result<(), Failure> {
    for (index, link) in links.iter().enumerate() {
        if links.iter().take(index).any(|earlier| place(earlier) == place(link)) {
            return Err(Failure::usage(format!("--link {} is given twice", link.display()))
                .hint("give every AT port a link of its own"));
        }
        check_link(link)?;
    }
    Ok(())
}

/// Where a link is, however it is written.
#[cfg(feature = "simulator")]
fn place(link: &Path) -> PathBuf {
    let folder =
        link.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    match (folder.canonicalize(), link.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => link.to_owned(),
    }
}

/// Only what a dead virtual module left is replaced: a link to a terminal that is gone.
#[cfg(feature = "simulator")]
fn check_link(link: &Path) -> Result<(), Failure> {
    let Ok(metadata) = link.symlink_metadata() else {
        return Ok(());
    };
    let refused = |what: &str, hint: &str| {
        Err(Failure::usage(format!("{} exists and {what}", link.display())).hint(hint))
    };
    if !metadata.is_symlink() {
        return refused("is no link", "give a path that is free");
    }
    if link.exists() {
        return refused(
            "may be in use: what it points to is there",
            "give another path, end the other virtual module, or remove the link if there is none",
        );
    }
    match link.read_link() {
        Ok(target) if target.starts_with("/dev/pts") => Ok(()),
        _ => refused("points to something else than an AT port", "give a path that is free"),
    }
}

/// The memory is written while the module runs; that it cannot be is better known now.
#[cfg(feature = "simulator")]
fn check_state(state: &Path) -> Result<(), Failure> {
    crate::transfer::check_target(state)?;
    if state.exists() {
        let opened = std::fs::File::options().append(true).open(state);
        opened.map_err(|error| {
            Failure::usage(format!("{} cannot be written: {error}", state.display()))
                .hint("give a file that you may write to")
        })?;
    }
    Ok(())
}

/// Points a link at a new AT port.
#[cfg(feature = "simulator")]
fn attach(module: &telit_simulator::VirtualModule, link: &Path) -> Result<telit_simulator::Pty, Failure> {
    use telit_core::Category;

    module.attach_pty(Some(link)).map_err(|error| {
        Failure::new(Category::Link, format!("no port can be made at {}: {error}", link.display()))
    })
}

/// How long a USB device is away that is plugged in again.
#[cfg(feature = "simulator")]
const AWAY: std::time::Duration = std::time::Duration::from_secs(1);

/// Ports whose plugs a fault pulls out come back, each behind its link and under another name.
#[cfg(feature = "simulator")]
async fn keep_plugged_in(
    module: &telit_simulator::VirtualModule,
    ports: &mut [telit_simulator::Pty],
    output: &Output,
) {
    while let Some(first) = ports.first_mut() {
        // One fault pulls all plugs out.
        first.unplugged().await;
        output.remark("the ports are unplugged");
        tokio::time::sleep(AWAY).await;
        for port in ports.iter_mut() {
            match module.plug_in_again(port) {
                Ok(()) => output.remark(&format!("{} is plugged in again", port.path().display())),
                Err(error) => tracing::warn!(%error, "the port cannot be plugged in again"),
            }
        }
    }
}

#[cfg(not(feature = "simulator"))]
pub(crate) async fn run(_: &Arguments, _: &SimulateArguments, _: &Output) -> Result<(), Failure> {
    Err(crate::port::no_simulator())
}
