//! The one task that owns the port.
//!
//! [`AtPort`] is the cloneable handle; every clone talks to the same task. Closing: when the last
//! clone is dropped, the task finishes what is under way and closes the port.
//!
//! The handles of a port that a [supervisor](crate::supervisor) looks after outlive its stream: while there is none,
//! commands fail with [`LinkLost`](crate::CommandError::LinkLost), and they go on when the port is open again.
//! [`Health`] tells what was lost meanwhile.
//!
//! # Cancel safety
//!
//! A command whose future is dropped before it was written is not sent. Once it was written it runs to
//! its end inside the task and its result is thrown away, so the next command still gets its own answer.

mod channel;
mod gathering;
mod health;
mod latest;
mod line;
mod open_stream;
mod port;
mod recorder;
mod restart;
mod restoring;
mod slot;
mod stream;
mod task;
mod timer;
mod typed;
mod unsolicited;
mod waiting;

#[cfg(feature = "mock")]
pub use channel::MockAtChannel;
pub use channel::{AtChannel, AtChannelExt};
pub(crate) use health::HealthRecord;
pub use health::{Health, HealthWatch, Loss, ModuleDown, ModuleState};
pub(crate) use line::Line as SerialLine;
pub use port::{AtPort, DriverOptions, Statistics};
pub use recorder::Recorder;
pub(crate) use restart::RestartSign;
pub use slot::{BoxedStream, ByteStream};
pub(crate) use slot::{PortSlot, WeakPortSlot};
pub use stream::{DataStream, DataStreamPeer, DataStreamWriter, StreamClosed};
pub(crate) use typed::{Running, Typed};
pub use unsolicited::{Unsolicited, UnsolicitedSender};
