//! The services of the virtual module against real servers, byte by byte on the AT side.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bench;
mod dialect;
mod everywhere;
mod fast_dial;
mod file_server;
mod ftp;
mod http;
mod mqtt;
mod online;
mod peer;
mod plain_socket;
mod platforms;
#[path = "../conversation/port.rs"]
mod port;
mod tls_socket;
mod verification;
