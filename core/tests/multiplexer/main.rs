//! The multiplexer against scripted modules, octet by octet.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod bounds;
mod closing;
mod flow;
mod line;
mod messages;
mod opening;
mod silence;
mod suspicion;
