//! What `--port` names, to be opened as often as it takes.

use std::io;

use async_trait::async_trait;
use telit_core::driver::BoxedStream;
use telit_core::supervisor::PortSource;
use telit_core::transport::SerialPort;

use crate::args::GlobalArguments;
use crate::failure::Failure;

/// A serial port, or a virtual module of this process.
pub(crate) enum Source {
    Serial(SerialPort),
    #[cfg(feature = "simulator")]
    Virtual(telit_simulator::VirtualModule),
}

impl Source {
    /// Checks the name. Nothing is opened yet.
    pub(crate) fn new(arguments: &GlobalArguments) -> Result<Self, Failure> {
        let port = arguments.port.as_deref().filter(|port| !port.is_empty()).ok_or_else(|| {
            Failure::usage("no port was given")
                .hint("give --port PATH or set TELIT_PORT; --port sim:37 is a virtual module")
        })?;
        match port.strip_prefix("sim:") {
            Some(platform) => virtual_module(platform, arguments),
            None => Ok(Self::Serial(serial_port(port, arguments))),
        }
    }
}

fn serial_port(name: &str, arguments: &GlobalArguments) -> SerialPort {
    let port = SerialPort::new(name);
    match arguments.baud {
        Some(baud) => port.baud_rate(baud),
        None => port,
    }
}

#[cfg(feature = "simulator")]
fn virtual_module(platform: &str, arguments: &GlobalArguments) -> Result<Source, Failure> {
    use telit_core::platform::PlatformId;

    use crate::virtual_module::{self, Settings};

    let platform = platform.parse().map_err(|_| {
        Failure::usage(format!("no virtual module is named sim:{platform}"))
            .hint(format!("use one of {}", PlatformId::ALL.map(|id| format!("sim:{id}")).join(", ")))
    })?;
    let settings = Settings { resolve: &arguments.resolve, baud: arguments.baud, ..Settings::new(platform) };
    virtual_module::start(&settings).map(Source::Virtual)
}

#[cfg(not(feature = "simulator"))]
fn virtual_module(_: &str, _: &GlobalArguments) -> Result<Source, Failure> {
    Err(crate::port::no_simulator())
}

#[async_trait]
impl PortSource for Source {
    async fn open(&self) -> io::Result<BoxedStream> {
        match self {
            Self::Serial(port) => PortSource::open(port).await,
            #[cfg(feature = "simulator")]
            Self::Virtual(module) => Ok(Box::pin(module.attach_duplex())),
        }
    }

    fn line_rate(&self) -> Option<u32> {
        match self {
            Self::Serial(port) => port.line_rate(),
            #[cfg(feature = "simulator")]
            Self::Virtual(_) => None,
        }
    }
}
