//! The one task that owns the port.
//!
//! [`AtPort`] is the cloneable handle; every clone talks to the same task. Closing: when the last
//! clone is dropped, the task finishes what is under way and closes the port.
//!
//! # Cancel safety
//!
//! A command whose future is dropped before it was written is not sent. Once it was written it runs to
//! its end inside the task and its result is thrown away, so the next command still gets its own answer.

mod channel;
mod line;
mod port;
mod recorder;
mod stream;
mod task;
mod unsolicited;

#[cfg(feature = "mock")]
pub use channel::MockAtChannel;
pub use channel::{AtChannel, AtChannelExt};
pub use port::{AtPort, DriverOptions, Statistics};
pub use recorder::Recorder;
pub use stream::{DataStream, DataStreamPeer, DataStreamWriter, StreamClosed};
pub use unsolicited::{Unsolicited, UnsolicitedSender};
