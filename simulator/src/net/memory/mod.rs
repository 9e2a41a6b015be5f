//! A network in memory: hosts with names and addresses, streams between them, no socket and no handshake.
//!
//! Everything runs in the time of the runtime, so that whole conversations pass in virtual time, each time alike.

mod direction;
mod fabric;
mod stream;
#[cfg(test)]
mod tests;

pub(crate) use direction::MemoryEnd;
pub(crate) use fabric::{Fabric, MODULE, MemoryListener};
pub(crate) use stream::{Handshake, MemoryStream};
