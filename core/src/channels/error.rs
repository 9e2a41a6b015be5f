//! What can go wrong before a module has several channels.

use super::lost::ChannelLost;
use crate::error::{Category, CommandError};
use crate::modem::OpenError;
use crate::platform::PlatformId;

/// The channels of a module could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelsError {
    /// A port could not be opened, or its module not be identified.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The module has no multiplexer, or does not start it. With one channel everything works as ever.
    #[error(
        "this module of platform {platform} does not multiplex ({reason}); use one channel, or several ports"
    )]
    NoMultiplexer {
        /// Its platform.
        platform: PlatformId,
        /// The module's own words.
        reason: String,
    },
    /// The multiplexer was started and does not work.
    #[error("the multiplexer does not work: {0}")]
    Lost(#[from] ChannelLost),
    /// The port could not be taken over from plain AT mode.
    #[error("the port was lost between plain AT and the multiplexer")]
    PortNotReturned,
    /// The ports belong to several modules.
    #[error(
        "port {port} belongs to another module than the first one ({serial_number} instead of {expected})"
    )]
    OtherModule {
        /// Which port, counted from 1.
        port: usize,
        /// The serial number (IMEI) of its module.
        serial_number: String,
        /// That of the first port's.
        expected: String,
    },
    /// No port was given.
    #[error("no port was given")]
    NoPorts,
}

impl From<CommandError> for ChannelsError {
    fn from(error: CommandError) -> Self {
        Self::Open(error.into())
    }
}

impl ChannelsError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Open(error) => error.category(),
            Self::NoMultiplexer { .. } => Category::Refused,
            Self::Lost(_) | Self::PortNotReturned => Category::Link,
            Self::OtherModule { .. } | Self::NoPorts => Category::Usage,
        }
    }
}
