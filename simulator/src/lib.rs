//! A virtual Telit module, and servers for it to talk to.
//!
//! [`VirtualModule`] speaks AT as the real module does, down to the framing, and does the network side for real: TCP,
//! TLS with exactly the configured versions and suites, MQTT, HTTP and FTP to real servers. It is written from the
//! manuals alone and shares no code with the SDK, so that the two are witnesses of each other.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use telit_simulator::{Platform, VirtualModule};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! let module = VirtualModule::builder(Platform::P37)
//!     .resolve("broker.test", 8883, "127.0.0.1:18883".parse()?)
//!     .build()?;
//! let mut port = module.attach_duplex();
//! port.write_all(b"AT+CGMM\r").await?;
//! let mut answer = [0; 64];
//! let count = port.read(&mut answer).await?;
//! # let _ = count;
//! module.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! With [`peers`] instead of real servers, whole scenarios run in virtual time.
//!
//! # Several AT ports
//!
//! A module has three AT parsers, each with settings of its own. Every stream that is attached is a port of the next free
//! one. `AT+CMUX=0` turns one port into the multiplexer of 3GPP TS 27.010 (basic option, this end answers): its channels
//! 1 to 3 lead to the parsers 1 to 3, as far as these have no port of their own, and share the rate of the line. Each
//! starts with the stored settings of its parser. Ownership is by parser, whatever the way to it: of secure sockets, of
//! the FTP session, of a running HTTP request, and of the unsolicited codes that were switched on. The multiplexer ends
//! with its close-down, with the plug, with a restart, and if no control channel comes within five seconds. Power saving,
//! remote port negotiation, line status and service negotiation are answered as not supported.
//!
//! # Recorded modules
//!
//! [`ReplayedModule`] is no virtual module: it says again what a real one has said, from a transcript. So a conversation that
//! went wrong somewhere can be had again without the module.
//!
//! What the virtual module does not do: calls, SMS, plain sockets (`#SD`), MQTT-SN, SMTP, the file system, power saving with its
//! sleeping UART, modem lines other than those of the multiplexer. What the sources leave open is a [`Quirk`] where it
//! matters.
//!
//! Sources are cited as M37 (AT guide 80617ST10991A Rev.15), SSL guide (1vv0300989 Rev.23), IPE28 (80000ST10028A
//! Rev.28), and QS5 (80529NT11661A Rev.5).

mod clock;
mod command;
mod entry;
mod error;
mod fault;
mod instance;
mod journal;
mod line;
mod module;
mod mqtt_server;
mod multiplexer;
#[cfg_attr(not(test), expect(unused_imports, reason = "its own tests use all of it"))]
#[expect(dead_code, reason = "it offers what a module's stack knows, also where no command here asks for it")]
pub(crate) mod net;
mod nvm;
mod online;
mod pacing;
mod pattern;
pub mod peers;
mod platform;
mod profile;
mod replay;
mod serve;
#[cfg(feature = "servers")]
pub mod servers;
mod service;
mod task;
mod timing;
mod virtual_module;

pub use fault::{FaultSpec, InvalidFault};
pub use pacing::Split;
pub use platform::{Platform, UnknownPlatform};
pub use profile::{Quirk, UnknownQuirk};
pub use replay::{NotReplayable, Recording, ReplayStopped, ReplayedModule};
pub use serve::Pty;
pub use virtual_module::{BuildError, Builder, VirtualModule};
