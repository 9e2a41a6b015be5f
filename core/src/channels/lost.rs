//! Why a channel is lost.

use std::io;

use crate::multiplexer::{ChannelEnd, SessionEnd};

/// Why the stream of a channel has ended. It is the source of the [`io::Error`] that its readers and writers get.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelLost {
    /// This channel alone.
    #[error("{0}")]
    Channel(ChannelEnd),
    /// All channels of the line.
    #[error("{0}")]
    Session(SessionEnd),
    /// The port that carries them.
    #[error("the port of all channels is lost: {reason}")]
    Port {
        /// What the port said.
        reason: String,
    },
}

impl From<ChannelLost> for io::Error {
    fn from(lost: ChannelLost) -> Self {
        Self::new(io::ErrorKind::ConnectionAborted, lost)
    }
}
