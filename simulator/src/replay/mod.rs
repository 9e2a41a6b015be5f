//! A module that says what another one has said: the module's side of a recorded transcript.

mod module;
mod script;
mod wanted;

pub use module::{ReplayStopped, ReplayedModule};
pub use script::{NotReplayable, Recording};
