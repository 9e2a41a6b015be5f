//! The services of the virtual module against peers in memory, in virtual time, byte by byte on the AT side.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bench;
mod broker;
mod determinism;
mod fault;
mod firmware;
mod ftp;
mod http;
mod http_firmware;
mod network;
#[path = "../conversation/port.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod port;
mod socket;
