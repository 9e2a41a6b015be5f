//! The tool as its users run it: the built binary, its output and its exit codes.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

#[cfg(feature = "simulator")]
mod aws;
#[cfg(feature = "simulator")]
mod aws_broker;
#[cfg(feature = "simulator")]
mod doctor;
mod harness;
#[cfg(feature = "simulator")]
mod https;
#[cfg(feature = "simulator")]
mod https_download;
#[cfg(feature = "simulator")]
mod manifest;
#[cfg(feature = "simulator")]
mod platforms;
mod port;
#[cfg(feature = "simulator")]
mod provision;
#[cfg(feature = "simulator")]
mod recovery;
#[cfg(feature = "simulator")]
mod refusals;
#[cfg(feature = "simulator")]
mod replay;
#[cfg(feature = "simulator")]
mod services;
#[cfg(feature = "simulator")]
mod simulate;
#[cfg(feature = "simulator")]
mod simulated_port;
#[cfg(feature = "simulator")]
mod socket;
#[cfg(feature = "simulator")]
mod strings;
#[cfg(feature = "simulator")]
mod tls_options;
mod usage;
#[cfg(not(feature = "simulator"))]
mod without_simulator;
