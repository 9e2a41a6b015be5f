//! The engine's contract, tested through its public API: exact bytes, any chunks, virtual time.

mod chunks;
mod exchanges;
mod resync;
mod rig;
mod streams;
