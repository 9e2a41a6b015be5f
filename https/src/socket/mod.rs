//! HTTP on this computer: `hyper` over a TLS socket of the module.

mod connection;
mod exchange;
mod failure;
mod mode;
mod outgoing;
mod reading;
mod request;
mod shelf;
mod watched;

/// Whether it is in the program.
pub(crate) const BUILT: bool = true;

pub(crate) use self::exchange::exchange;
pub(crate) use self::shelf::Shelf;
