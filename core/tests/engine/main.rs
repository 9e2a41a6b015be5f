//! The engine's contract, tested through its public API: exact bytes, any chunks, virtual time.

mod bounds;
mod chunks;
mod contract;
mod echoes;
mod endings;
mod entries;
mod exchanges;
mod recovery;
mod restarts;
mod resync;
mod rig;
mod streams;
mod traces;
mod untrusted;
