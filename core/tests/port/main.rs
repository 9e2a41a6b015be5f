//! The driver of a port at its edges: readers that do not read, transports that fail, clients that take turns. In
//! virtual time over memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod back_pressure;
mod failing;
mod fairness;
mod rig;
mod streams;
