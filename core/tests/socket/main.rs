//! TLS sockets against a module that the test plays, in virtual time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod arrival;
mod ending;
mod idle;
mod module;
mod numbers;
mod online;
mod restart;
mod sending;
mod spans;
