//! An MQTT 3.1.1 client (OASIS standard, 29 October 2014; cited as "MQTT" and its section).

mod codec;
mod error;
mod opening;
mod options;
mod session;
mod task;
#[cfg(test)]
mod tests;
mod waiting;

pub(crate) use error::{CloseReason, ConnectError, Refusal, RequestError};
pub(crate) use options::{Options, Qos, Will};
pub(crate) use session::{Event, Session};
