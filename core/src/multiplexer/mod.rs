//! Several AT channels on one line.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod control;
mod frame;
mod session;

pub use control::{Content, Message, Parameters, Signals};
pub use frame::{Damage, Decoded, Decoder, Dlci, Frame, FrameKind};
pub use session::{ChannelEnd, Counters, Session, SessionEnd, SessionEvent, SessionSettings};
