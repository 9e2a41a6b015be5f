//! The plugs: what carries the bytes of an AT instance.

mod plug;
mod pty;

pub(crate) use plug::{Plug, PlugEvent};
pub(crate) use pty::Master;
pub use pty::Pty;
