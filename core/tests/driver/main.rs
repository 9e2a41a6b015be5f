//! The driver of a port: commands and streams, readers that do not read, transports that fail, clients that take turns.
//! In virtual time over memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod back_pressure;
mod commands;
mod failing;
mod fairness;
mod gathering;
mod idle;
mod restoring;
mod rig;
mod slow_transports;
mod streams;
mod transcripts;
