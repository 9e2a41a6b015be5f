//! From `--port` to an open module.

use std::fs::File;

use telit_core::Modem;
use telit_core::driver::Recorder;
use telit_core::modem::ModemBuilder;

use crate::args::GlobalArguments;
use crate::failure::Failure;

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
    match port.strip_prefix("sim:") {
        Some(platform) => open_virtual(platform, arguments, builder).await,
        None => open_serial(port, arguments, builder).await,
    }
}

/// Opens the module and takes it into the network.
pub(crate) async fn open_online(arguments: &GlobalArguments) -> Result<Session, Failure> {
    let session = open(arguments).await?;
    session.modem.bring_up().await?;
    Ok(session)
}

fn builder(arguments: &GlobalArguments) -> Result<ModemBuilder, Failure> {
    let mut builder = Modem::builder().context_id(arguments.cid);
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
        Failure::usage(format!("no virtual module is named sim:{platform}")).hint("use sim:37")
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
