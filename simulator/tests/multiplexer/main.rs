//! The multiplexer of the virtual module, frame by frame: the host's end is written here once more.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod channels;
mod command;
mod faults;
mod flow;
mod frames;
mod host;
mod line;
mod online;
#[path = "../conversation/port.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod port;
