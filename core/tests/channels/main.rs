//! Several AT channels, against scripted modules in virtual time.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod entry;
mod module;
mod ports;
mod spans;
mod streams;
