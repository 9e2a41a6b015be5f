//! Why a connection could not be ended in order.

use telit_core::{Category, CommandError};

/// Pausing or disconnecting did not end in order. The client counts as paused or closed all the same, and
/// whoever uses the module's TLS next cleans up first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DisconnectError {
    /// The module's client could not be freed.
    #[error("the module's MQTT client could not be freed: {0}")]
    Command(#[from] CommandError),
    /// The client was closed before.
    #[error("the client is closed")]
    Closed,
}

impl DisconnectError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Command(error) => error.category(),
            Self::Closed => Category::Usage,
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Command(_) => None,
            Self::Closed => Some("connect a new client"),
        }
    }
}
