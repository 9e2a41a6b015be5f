//! MQTT 3.1.1 on this computer, over a TLS socket of the module: for modules that have no MQTT client of their own, and
//! for what theirs cannot carry.

#[cfg(feature = "bench")]
pub mod bench;
mod connection;
mod engine;
mod failure;
mod link;
mod packet_reader;
mod run;
mod session;
mod terms;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use connection::HostConnection;
pub(crate) use engine::HostEngine;
pub(crate) use failure::Failure;
