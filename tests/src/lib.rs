//! Scenarios: the SDK against the virtual module against real servers.
//!
//! One test binary with many modules. Real sockets and real TLS, so the clock is never paused here;
//! protocol tests in virtual time live beside the engine and the services.
#![cfg(test)]

mod architecture;
mod ftps_relay;
#[cfg(feature = "interop")]
mod interop;
mod rig;
mod scenario;
mod support_matrix;
mod transcript;
mod waived;
