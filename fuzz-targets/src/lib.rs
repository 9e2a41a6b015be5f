//! What must hold for any input, as functions of bytes: each panics when it does not.
//!
//! cargo-fuzz looks for such inputs (`fuzz/`), and the tests of this package replay the ones that are kept in
//! `fuzz/seeds`: examples made from the golden transcripts, and whatever once went wrong.

#![expect(clippy::panic, reason = "a target tells what it found by panicking")]

pub mod clients;
mod codec;
mod engine;
mod multiplexer;
pub mod packets;
mod transcript;
mod values;

pub use clients::clients;
pub use codec::codec;
pub use engine::engine;
pub use multiplexer::multiplexer;
pub use packets::packets;
pub use transcript::transcript;
pub use values::values;
