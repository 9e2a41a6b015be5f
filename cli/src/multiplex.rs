//! `--multiplex`: several AT channels on one port.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use telit_core::Modem;
use telit_core::channels::Channels;
use telit_core::commands::SignalQuality;
use telit_core::modem::{ModemBuilder, OpenError};
use telit_core::supervisor::{ChannelSupervisor, PortSource, SupervisorEvents};

use crate::args::GlobalArguments;
use crate::failure::Failure;
use crate::output::Output;
use crate::source::Source;

/// How often the signal is told.
const POLL: Duration = Duration::from_secs(5);

/// The channels of this process. Before it ends the module has to be taken back to plain AT.
static OPENED: Mutex<Option<Opened>> = Mutex::new(None);

enum Opened {
    Once(Channels),
    Supervised(ChannelSupervisor),
}

/// Opens the channels, and gives the first one with how many there are.
pub(crate) async fn open(
    source: &Source,
    builder: ModemBuilder,
    arguments: &GlobalArguments,
) -> Result<(Modem, usize), Failure> {
    let stream = source.open().await.map_err(OpenError::from)?;
    let builder = match source.line_rate() {
        Some(rate) => builder.line_rate(rate),
        None => builder,
    };
    let channels = builder.multiplexed()?.open(stream).await?;
    let modem = channels.channel(1)?.clone();
    let (polls, count) = (channels.channel(2).ok().cloned(), channels.len());
    keep(Opened::Once(channels), polls, arguments);
    Ok((modem, count))
}

/// The same, looked after.
pub(crate) async fn supervise(
    source: Source,
    builder: ModemBuilder,
    arguments: &GlobalArguments,
) -> Result<(Modem, usize, SupervisorEvents), Failure> {
    let output = Output::new(arguments.json, arguments.quiet);
    let options = arguments.recovery.options(output);
    let channels = ChannelSupervisor::start_multiplexed(builder.multiplexed()?, source, options).await?;
    let (modem, events) = (channels.channel(1)?.clone(), channels.events());
    let (polls, count) = (channels.channel(2).ok().cloned(), channels.iter().count());
    keep(Opened::Supervised(channels), polls, arguments);
    Ok((modem, count, events))
}

fn keep(opened: Opened, polls: Option<Modem>, arguments: &GlobalArguments) {
    *OPENED.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
    if let Some(modem) = polls {
        tokio::spawn(tell_signal(modem, Output::new(arguments.json, arguments.quiet)));
    }
}

/// Until the program ends. A channel that is lost for a while tells nothing.
async fn tell_signal(modem: Modem, output: Output) {
    loop {
        tokio::time::sleep(POLL).await;
        if let Ok(Some(signal)) = modem.run(SignalQuality).await {
            output.remark(&format!("signal {signal} dBm"));
        }
    }
}

/// Takes the module back to plain AT.
pub(crate) async fn close() {
    let opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner).take();
    match opened {
        Some(Opened::Once(channels)) => channels.close().await,
        Some(Opened::Supervised(channels)) => channels.close().await,
        None => {}
    }
}
