//! Scenarios: the SDK against the virtual module against real servers.
//!
//! One test binary with many modules. Scenarios use real sockets and real TLS, so their clock is never paused; the
//! fault matrix runs whole jobs in virtual time, without a socket.
#![cfg(test)]

mod architecture;
mod aws;
mod downloads;
mod faults;
mod fleet;
mod ftps_relay;
#[cfg(feature = "interop")]
mod interop;
mod rig;
mod scenario;
mod soak;
mod support_matrix;
mod transcript;
mod waived;
