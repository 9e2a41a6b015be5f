//! What can go wrong while TLS is set up.

use super::{CredentialError, PolicyRefusal, TlsFailure};
use crate::error::{Category, CommandError, Outcome};
use crate::exclusive::LeaseError;
use crate::modem::ClockError;
use crate::platform::PlatformId;

/// TLS could not be set up on the module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// TLS could not be taken.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// A credential cannot be used.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// An exchange failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The module's clock cannot judge the dates of certificates.
    #[error(transparent)]
    Clock(ClockError),
    /// The platform cannot do what was asked for.
    #[error("platform {platform} {what}")]
    Unsupported {
        /// The platform.
        platform: PlatformId,
        /// What it cannot do.
        what: String,
    },
    /// The platform cannot keep what the options demand.
    #[error(transparent)]
    Policy(#[from] PolicyRefusal),
    /// A slot of preloaded CA certificates is to be trusted, but holds none.
    #[error("slot {slot} of the preloaded CA certificates is empty; store one, or trust another slot")]
    EmptyPreloadedSlot {
        /// The slot.
        slot: u8,
    },
}

impl From<ClockError> for TlsError {
    fn from(error: ClockError) -> Self {
        match error {
            ClockError::Command(error) => Self::Command(error),
            error => Self::Clock(error),
        }
    }
}

impl TlsError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Lease(error) => error.category(),
            Self::Credential(_)
            | Self::Unsupported { .. }
            | Self::Policy(_)
            | Self::EmptyPreloadedSlot { .. } => Category::Usage,
            Self::Clock(error) => error.category(),
            Self::Command(error) => match TlsFailure::of(error) {
                Some(TlsFailure::AlreadyActivated) => Category::Busy,
                _ => error.category(),
            },
        }
    }

    /// Whether the step that failed may have taken effect all the same. Steps before it have: nothing is undone, and
    /// trying again goes on from there.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Command(error) | Self::Lease(LeaseError::Command(error)) => error.outcome(),
            Self::Lease(LeaseError::Busy(_))
            | Self::Credential(_)
            | Self::Clock(_)
            | Self::Unsupported { .. }
            | Self::Policy(_)
            | Self::EmptyPreloadedSlot { .. } => Outcome::NotSent,
        }
    }

    /// What to look at, if the module named a TLS failure.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Command(error) => TlsFailure::of(error).map(TlsFailure::hint),
            Self::Clock(error) => error.hint(),
            _ => None,
        }
    }
}
