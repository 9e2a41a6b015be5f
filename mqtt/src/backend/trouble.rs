//! Why an exchange with the broker failed.

use telit_core::CommandError;

use crate::error::SubscribeError;
use crate::host::Failure;

/// Why an exchange with the broker failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error(transparent)]
    Host(#[from] Failure),
}

impl Trouble {
    /// Whether the port to the module is gone.
    pub(crate) fn is_link_lost(&self) -> bool {
        match self {
            Self::Command(error) => error.is_link_lost(),
            Self::Host(failure) => failure.is_link_lost(),
        }
    }
}

impl From<Trouble> for SubscribeError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Command(error) => error.into(),
            Trouble::Host(failure) => failure.into(),
        }
    }
}
