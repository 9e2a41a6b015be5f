//! What can go wrong before a module is of use.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::commands::Registration;
use crate::error::{Category, CommandError, Outcome};
use crate::platform::PlatformId;

/// The module could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The port.
    #[cfg(feature = "serial")]
    #[error(transparent)]
    Serial(#[from] crate::transport::SerialError),
    /// A port that is opened by other means.
    #[error("{reason}")]
    Port {
        /// Why it cannot be opened.
        reason: String,
    },
    /// Nothing on the port answers AT commands.
    #[error("no module answers on this port")]
    NoModule,
    /// An exchange failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The model belongs to no platform that is known here.
    #[error("unknown model {model} with firmware {firmware}; name its platform explicitly")]
    UnknownModel {
        /// What the module calls itself.
        model: String,
        /// Its firmware.
        firmware: String,
    },
    /// The model belongs to one of several platforms, and the module does not tell which.
    #[error(
        "model {model} with firmware {firmware} is of platform {}; choose one with ModemBuilder::platform \
         (telit --platform)",
        or(candidates)
    )]
    Undecided {
        /// What the module calls itself.
        model: String,
        /// Its firmware.
        firmware: String,
        /// The platforms to choose from.
        candidates: &'static [PlatformId],
    },
}

fn or(candidates: &[PlatformId]) -> String {
    candidates.iter().map(|candidate| candidate.as_str()).collect::<Vec<_>>().join(" or ")
}

/// Why a port of any kind cannot be opened.
impl From<std::io::Error> for OpenError {
    fn from(error: std::io::Error) -> Self {
        #[cfg(feature = "serial")]
        let error = match error.downcast() {
            Ok(serial) => return Self::Serial(serial),
            Err(error) => error,
        };
        Self::Port { reason: error.to_string() }
    }
}

impl OpenError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            #[cfg(feature = "serial")]
            Self::Serial(error) => error.category(),
            Self::NoModule | Self::Port { .. } => Category::Link,
            Self::Command(error) => error.category(),
            Self::UnknownModel { .. } | Self::Undecided { .. } => Category::Other,
        }
    }
}

/// The module could not be brought on line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BringUpError {
    /// The SIM is missing or cannot be used.
    #[error("the SIM cannot be used: {reason}")]
    Sim {
        /// The module's words.
        reason: String,
    },
    /// The SIM takes one wrong PIN at most before it asks for its PUK, so the PIN was not sent. A right one that is
    /// entered by other means gives the SIM all its attempts back.
    #[error("the PIN was not sent: the SIM is blocked by one more that is wrong")]
    LastPinAttempt,
    /// No network in time.
    #[error("not registered in a network after {waited:?}: {state}")]
    NotRegistered {
        /// How long it waited.
        waited: Duration,
        /// The last state.
        state: Registration,
    },
    /// The platform does not have the packet data context that was asked for.
    #[error("platform {platform} has the contexts {} to {}, not {context}", allowed.start(), allowed.end())]
    NoSuchContext {
        /// Its number.
        context: u8,
        /// The platform.
        platform: PlatformId,
        /// The numbers that exist.
        allowed: RangeInclusive<u8>,
    },
    /// The packet data context cannot be activated.
    #[error("context {context} cannot be activated: {reason}")]
    Context {
        /// Its number.
        context: u8,
        /// The module's words.
        reason: CommandError,
    },
    /// An exchange failed.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl BringUpError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Sim { .. } | Self::LastPinAttempt => Category::Refused,
            Self::NoSuchContext { .. } => Category::Usage,
            Self::NotRegistered { .. } => Category::Network,
            Self::Context { reason, .. } if reason.module_error().is_some() => Category::Network,
            Self::Context { reason, .. } => reason.category(),
            Self::Command(error) => error.category(),
        }
    }

    /// Whether bring-up may have activated the context all the same. Settings that it made before stay made.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Sim { .. } | Self::NotRegistered { .. } => Outcome::Refused,
            Self::LastPinAttempt | Self::NoSuchContext { .. } | Self::Command(_) => Outcome::NotSent,
            Self::Context { reason, .. } => reason.outcome(),
        }
    }
}
