//! HTTP on this computer: `hyper` over a TLS socket of the module.

mod connection;
mod exchange;
mod failure;
mod outgoing;
mod reading;
mod request;
mod shelf;
mod watched;

pub(crate) use self::exchange::exchange;
pub(crate) use self::shelf::Shelf;
