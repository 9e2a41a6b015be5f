//! Why a connection could not be ended in order.

use telit_core::socket::SocketError;
use telit_core::{Category, CommandError};

use super::ConnectError;

/// Pausing or disconnecting did not end in order. The client counts as paused or closed all the same, and
/// whoever uses the module's TLS next cleans up first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DisconnectError {
    /// The module's client could not be freed.
    #[error("the module's MQTT client could not be freed: {0}")]
    Command(#[from] CommandError),
    /// The TLS socket could not be closed in order over which MQTT runs on this computer.
    #[error("the TLS socket could not be closed in order: {0}")]
    Socket(SocketError),
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
            Self::Socket(error) => error.category(),
            Self::Closed => Category::Usage,
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Command(_) => None,
            Self::Socket(error) => error.hint(),
            Self::Closed => Some("connect a new client"),
        }
    }

    /// Whether the port to the module is gone.
    pub(crate) fn is_link_lost(&self) -> bool {
        match self {
            Self::Command(error) | Self::Socket(SocketError::Command(error)) => error.is_link_lost(),
            Self::Socket(_) | Self::Closed => false,
        }
    }
}

impl From<DisconnectError> for ConnectError {
    fn from(error: DisconnectError) -> Self {
        match error {
            DisconnectError::Command(error) => Self::of_command(error),
            DisconnectError::Socket(error) => Self::of_socket(error),
            DisconnectError::Closed => Self::Closed,
        }
    }
}
