//! From `--port` to an open module.

use std::fs::File;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use telit_core::at::{CommandLine, Exchange, Expect};
use telit_core::driver::Recorder;
use telit_core::modem::{ModemBuilder, OpenError};
use telit_core::platform::{self, Identification, PlatformId};
use telit_core::supervisor::{PortSource, Supervisor};
use telit_core::{CommandError, Modem};

use crate::args::GlobalArguments;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::multiplex;
use crate::output::Output;
use crate::recovery;
use crate::source::Source;

/// How long an interrupted command may hold the program until the port is in command mode again.
const SETTLE: Duration = Duration::from_secs(6);
/// How long an interrupted diagnosis may hold it: a handshake and a connection that nobody takes come before it.
const PUT_BACK: Duration = Duration::from_secs(5 * 60);
/// When the user is told that the network is what takes so long.
const PATIENCE: Duration = Duration::from_secs(2);

/// The module of this process. An interruption drops the work that uses it, and still has to leave its port in
/// command mode.
static OPENED: Mutex<Option<Modem>> = Mutex::new(None);

/// An open module, and what stands behind it.
pub(crate) struct Session {
    pub(crate) modem: Modem,
    /// AT channels on its port.
    pub(crate) channels: usize,
    behind: Behind,
}

/// What a module lives on.
enum Behind {
    /// Opened once. A virtual module runs as long as this exists.
    Source(#[expect(dead_code, reason = "it is held, not used")] Source),
    /// Looked after, and in the network already.
    Supervisor(#[expect(dead_code, reason = "it is held, not used")] Supervisor),
    /// One of several channels, which are looked after.
    Channels,
}

/// Opens the module and finds out what it is. With `--recover` it comes into the network too.
pub(crate) async fn open(arguments: &GlobalArguments) -> Result<Session, Failure> {
    let source = Source::new(arguments)?;
    let builder = builder(arguments)?;
    let session = match (arguments.recovery.recover, arguments.multiplex) {
        (true, true) => supervise_channels(source, builder, arguments).await?,
        (true, false) => supervise(source, builder, arguments).await?,
        (false, true) => open_channels(source, builder, arguments).await?,
        (false, false) => open_once(source, builder).await?,
    };
    if let Some(warning) = arguments.platform.0.and_then(|chosen| mismatch(chosen, &session.modem)) {
        tracing::warn!("{warning}");
    }
    *OPENED.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.modem.clone());
    Ok(session)
}

async fn open_once(source: Source, builder: ModemBuilder) -> Result<Session, Failure> {
    let stream = source.open().await.map_err(OpenError::from)?;
    let builder = match source.line_rate() {
        Some(rate) => builder.line_rate(rate),
        None => builder,
    };
    Ok(Session { modem: builder.open(stream).await?, channels: 1, behind: Behind::Source(source) })
}

async fn open_channels(
    source: Source,
    builder: ModemBuilder,
    arguments: &GlobalArguments,
) -> Result<Session, Failure> {
    let (modem, channels) = Box::pin(multiplex::open(&source, builder, arguments)).await?;
    Ok(Session { modem, channels, behind: Behind::Source(source) })
}

async fn supervise_channels(
    source: Source,
    builder: ModemBuilder,
    arguments: &GlobalArguments,
) -> Result<Session, Failure> {
    let starting = Box::pin(multiplex::supervise(source, builder, arguments));
    let (modem, channels, events) =
        patiently(starting, "waiting for the module and its network ...", arguments).await?;
    recovery::tell(events, Output::new(arguments.json, arguments.quiet));
    Ok(Session { modem, channels, behind: Behind::Channels })
}

async fn supervise(
    source: Source,
    builder: ModemBuilder,
    arguments: &GlobalArguments,
) -> Result<Session, Failure> {
    let output = Output::new(arguments.json, arguments.quiet);
    let starting = Supervisor::start(builder, source, arguments.recovery.options(output));
    let supervisor = patiently(starting, "waiting for the module and its network ...", arguments).await?;
    recovery::tell(supervisor.events(), output);
    let modem = supervisor.modem().clone();
    Ok(Session { modem, channels: 1, behind: Behind::Supervisor(supervisor) })
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
    bring_up(&session, arguments).await?;
    Ok(session)
}

/// Takes the module into the network, and says so once if it takes long.
pub(crate) async fn bring_up(session: &Session, arguments: &GlobalArguments) -> Result<(), Failure> {
    match session.behind {
        Behind::Supervisor(_) | Behind::Channels => Ok(()),
        Behind::Source(_) => {
            let bring_up = session.modem.bring_up().into_future();
            patiently(bring_up, "waiting for the network ...", arguments).await?;
            Ok(())
        }
    }
}

/// Waits, and says once what for if it takes long.
async fn patiently<T>(work: impl Future<Output = T>, remark: &str, arguments: &GlobalArguments) -> T {
    let mut work = pin!(work);
    if let Ok(outcome) = tokio::time::timeout(PATIENCE, &mut work).await {
        return outcome;
    }
    Output::new(arguments.json, arguments.quiet).remark(remark);
    work.await
}

/// Waits, not for long, until the port of an interrupted command takes commands again: a transfer that was
/// dropped is left by the escape sequence first. A second interruption ends the waiting.
pub(crate) async fn settle(interrupt: &mut Interrupt) {
    let Some(modem) = opened() else { return };
    settle_port(&modem, interrupt).await;
}

async fn settle_port(modem: &Modem, interrupt: &mut Interrupt) {
    let outcome = interrupt.or(tokio::time::timeout(SETTLE, settled(modem, SETTLE))).await;
    if !matches!(outcome, Some(Ok(Ok(())))) {
        tracing::warn!("the port may still be in online mode, the next command leaves it");
    }
}

/// Waits until an interrupted diagnosis has put the module's TLS settings back, which is behind the handshake that
/// is under way. A second interruption ends the waiting.
pub(crate) async fn put_back(interrupt: &mut Interrupt, output: Output) {
    let Some(modem) = opened() else { return };
    if modem.tls_holder().is_none() {
        return settle_port(&modem, interrupt).await;
    }
    let mut settled = pin!(tokio::time::timeout(PUT_BACK, settled(&modem, PUT_BACK)));
    let outcome = match interrupt.or(tokio::time::timeout(PATIENCE, &mut settled)).await {
        Some(Err(_)) => {
            output.remark("waiting for the handshake under way, to put the TLS settings back ...");
            interrupt.or(settled).await
        }
        outcome => outcome.and_then(Result::ok),
    };
    if !matches!(outcome, Some(Ok(Ok(())))) {
        tracing::warn!(
            "the module's TLS settings were not put back, and may verify less than before: the next command that connects by TLS sets them anew"
        );
    }
}

fn opened() -> Option<Modem> {
    OPENED.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// How often it is looked whether TLS has been given back.
const LOOK: Duration = Duration::from_millis(50);

/// In step, and with the module's TLS given back: a diagnosis puts its settings back in the background.
async fn settled(modem: &Modem, deadline: Duration) -> Result<(), CommandError> {
    probe_within(modem, deadline).await?;
    while modem.tls_holder().is_some() {
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Asks for nothing but an answer.
pub(crate) async fn probe(modem: &Modem) -> Result<(), CommandError> {
    probe_within(modem, SETTLE).await
}

async fn probe_within(modem: &Modem, deadline: Duration) -> Result<(), CommandError> {
    let exchange = Exchange::new(CommandLine::verbatim("AT")?, Expect::result()).deadline(deadline);
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

/// What every use of the virtual module says in a build without it.
#[cfg(not(feature = "simulator"))]
pub(crate) fn no_simulator() -> Failure {
    Failure::usage("this build has no virtual module").hint("build it with the feature `simulator`")
}
