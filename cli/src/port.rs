//! From `--port` to an open module.

use std::fs::File;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use telit_core::at::{CommandLine, Exchange, Expect};
use telit_core::driver::Recorder;
use telit_core::modem::ModemBuilder;
use telit_core::platform::{self, Identification, PlatformId};
use telit_core::{CommandError, Modem};

use crate::args::GlobalArguments;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;

/// How long an interrupted command may hold the program until the port is in command mode again.
const SETTLE: Duration = Duration::from_secs(6);
/// When the user is told that the network is what takes so long.
const PATIENCE: Duration = Duration::from_secs(2);

/// The module of this process. An interruption drops the work that uses it, and still has to leave its port in
/// command mode.
static OPENED: Mutex<Option<Modem>> = Mutex::new(None);

/// An open module, and the virtual module behind it if there is one.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) modem: Modem,
    #[cfg(feature = "simulator")]
    _virtual_module: Option<telit_simulator::VirtualModule>,
}

/// Opens the module and finds out what it is.
pub(crate) async fn open(arguments: &GlobalArguments) -> Result<Session, Failure> {
    let port = arguments.port.as_deref().filter(|port| !port.is_empty()).ok_or_else(|| {
        Failure::usage("no port was given")
            .hint("give --port PATH or set TELIT_PORT; --port sim:37 is a virtual module")
    })?;
    let builder = builder(arguments)?;
    let session = match port.strip_prefix("sim:") {
        Some(platform) => open_virtual(platform, arguments, builder).await?,
        None => open_serial(port, arguments, builder).await?,
    };
    if let Some(warning) = arguments.platform.0.and_then(|chosen| mismatch(chosen, &session.modem)) {
        tracing::warn!("{warning}");
    }
    *OPENED.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.modem.clone());
    Ok(session)
}

/// What to say if the module's own names lead to another platform than the one that was given. Names that lead
/// nowhere say nothing.
fn mismatch(chosen: PlatformId, modem: &Modem) -> Option<String> {
    let (model, firmware) = (modem.model(), modem.firmware());
    let named = match platform::identify(model, firmware) {
        Identification::Platform(platform) if platform != chosen => platform.to_string(),
        Identification::NeedsProbe(platforms) if !platforms.contains(&chosen) => {
            platforms.iter().map(|platform| platform.as_str()).collect::<Vec<_>>().join(" or ")
        }
        _ => return None,
    };
    Some(format!(
        "--platform {chosen} was given, but {model} with firmware {firmware} is of platform {named}"
    ))
}

/// Opens the module and takes it into the network.
pub(crate) async fn open_online(arguments: &GlobalArguments) -> Result<Session, Failure> {
    let session = open(arguments).await?;
    bring_up(&session.modem, arguments).await?;
    Ok(session)
}

/// Takes the module into the network, and says so once if it takes long.
pub(crate) async fn bring_up(modem: &Modem, arguments: &GlobalArguments) -> Result<(), Failure> {
    let mut bring_up = pin!(modem.bring_up().into_future());
    if let Ok(outcome) = tokio::time::timeout(PATIENCE, &mut bring_up).await {
        return Ok(outcome.map(drop)?);
    }
    Output::new(arguments.json, arguments.quiet).remark("waiting for the network ...");
    Ok(bring_up.await.map(drop)?)
}

/// Waits, not for long, until the port of an interrupted command takes commands again: a transfer that was
/// dropped is left by the escape sequence first. A second interruption ends the waiting.
pub(crate) async fn settle(interrupt: &mut Interrupt) {
    let opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(modem) = opened else {
        return;
    };
    let settled = interrupt.or(tokio::time::timeout(SETTLE, probe(&modem))).await;
    if !matches!(settled, Some(Ok(Ok(())))) {
        tracing::warn!("the port may still be in online mode, the next command leaves it");
    }
}

/// Asks for nothing but an answer.
pub(crate) async fn probe(modem: &Modem) -> Result<(), CommandError> {
    let exchange = Exchange::new(CommandLine::verbatim("AT")?, Expect::result()).deadline(SETTLE);
    modem.channel().execute(exchange).await.map(drop)
}

fn builder(arguments: &GlobalArguments) -> Result<ModemBuilder, Failure> {
    let mut builder = Modem::builder().clock(arguments.clock.0.clone());
    if let Some(cid) = arguments.cid {
        builder = builder.context_id(cid);
    }
    if let Some(apn) = &arguments.apn {
        builder = builder.apn(apn);
    }
    if let Some(platform) = arguments.platform.0 {
        builder = builder.platform(platform);
    }
    if let Some(recorder) = recorder(arguments)? {
        builder = builder.recorder(recorder);
    }
    Ok(builder)
}

/// The flight recorder of `--transcript`.
pub(crate) fn recorder(arguments: &GlobalArguments) -> Result<Option<Recorder>, Failure> {
    let Some(path) = &arguments.transcript else {
        return Ok(None);
    };
    let file = File::create(path).map_err(|error| {
        Failure::usage(format!("the transcript {} cannot be written: {error}", path.display()))
    })?;
    Ok(Some(Recorder::new(file)))
}

async fn open_serial(
    path: &str,
    arguments: &GlobalArguments,
    builder: ModemBuilder,
) -> Result<Session, Failure> {
    let builder = match arguments.baud {
        Some(baud) => builder.baud_rate(baud),
        None => builder,
    };
    let modem = builder.open_serial(path).await?;
    Ok(Session {
        modem,
        #[cfg(feature = "simulator")]
        _virtual_module: None,
    })
}

#[cfg(feature = "simulator")]
async fn open_virtual(
    platform: &str,
    arguments: &GlobalArguments,
    builder: ModemBuilder,
) -> Result<Session, Failure> {
    use crate::virtual_module::{self, Settings};

    let platform = platform.parse().map_err(|_| {
        Failure::usage(format!("no virtual module is named sim:{platform}"))
            .hint(format!("use one of {}", PlatformId::ALL.map(|id| format!("sim:{id}")).join(", ")))
    })?;
    let settings = Settings { resolve: &arguments.resolve, baud: arguments.baud, ..Settings::new(platform) };
    let module = virtual_module::start(&settings)?;
    let modem = builder.open(module.attach_duplex()).await?;
    Ok(Session { modem, _virtual_module: Some(module) })
}

#[cfg(not(feature = "simulator"))]
async fn open_virtual(_: &str, _: &GlobalArguments, _: ModemBuilder) -> Result<Session, Failure> {
    Err(no_simulator())
}

/// What every use of the virtual module says in a build without it.
#[cfg(not(feature = "simulator"))]
pub(crate) fn no_simulator() -> Failure {
    Failure::usage("this build has no virtual module").hint("build it with the feature `simulator`")
}
