//! What can go wrong after the answer's head was there.

use std::time::Duration;

use telit_core::socket::SocketError;
use telit_core::tls::TlsFailure;
use telit_core::{Category, CommandError};

use crate::error::NetworkFailure;

/// A body was not received whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// It ended before its announced length: the server or the network broke off.
    #[error("the body ended after {got} of {expected} bytes")]
    Truncated {
        /// How many bytes came.
        got: u64,
        /// How many were announced.
        expected: u64,
    },
    /// The connection ended before the body did, whose length was not announced.
    #[error("the connection ended within the body, after {got} bytes")]
    BrokenOff {
        /// How many bytes came.
        got: u64,
    },
    /// What the server sent as the body is not what HTTP wants.
    #[error("the body is not in order after {got} bytes: {reason}")]
    Malformed {
        /// How many bytes came.
        got: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The server sent nothing more for too long.
    #[error("the server sent nothing within {waited:?}, after {got} bytes of the body")]
    Stalled {
        /// How many bytes came.
        got: u64,
        /// The request's timeout.
        waited: Duration,
    },
    /// The TLS socket failed through which the body came.
    #[error("the connection through the module failed after {got} bytes of the body: {error}")]
    Socket {
        /// How many bytes came.
        got: u64,
        /// How.
        error: SocketError,
    },
    /// The module refused to give more, and names a reason: the network is lost, TLS failed, another program has its HTTP
    /// client.
    #[error("the module gave no more after {got} bytes of the body: {error}")]
    Refused {
        /// How many bytes came.
        got: u64,
        /// The module's words.
        error: CommandError,
    },
    /// The module gave a block without the mark `<<<`, so that nothing tells its bytes from an answer. The line has damaged
    /// it, or this firmware has none: then [`Engine::Socket`](crate::Engine::Socket) reads bodies.
    #[error("the mark <<< is missing in front of the body's block after {got} bytes")]
    MarkMissing {
        /// How many bytes came.
        got: u64,
    },
    /// The module has restarted, and the rest is gone with it.
    #[error("the module has restarted after {got} bytes of the body")]
    ModuleRestarted {
        /// How many bytes came.
        got: u64,
    },
    /// An exchange with the module failed; how much is missing is unknown.
    #[error("reading the body failed: {0}")]
    Link(CommandError),
    /// It is longer than the caller allows.
    #[error("the body is longer than {limit} bytes")]
    TooLarge {
        /// The caller's limit.
        limit: u64,
    },
    /// It is not UTF-8.
    #[error("the body is not UTF-8 text")]
    NotText,
    /// It is no JSON, or not of the type that was wanted.
    #[error("the body is not the JSON that was wanted: {reason}")]
    NotJson {
        /// Why.
        reason: String,
    },
    /// The runtime was shut down while the body was read.
    #[error("reading the body was stopped together with its runtime")]
    Stopped,
}

impl BodyError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Truncated { .. }
            | Self::BrokenOff { .. }
            | Self::Malformed { .. }
            | Self::Stalled { .. } => Category::Network,
            Self::Socket { error, .. } => error.category(),
            Self::MarkMissing { .. } | Self::ModuleRestarted { .. } => Category::Link,
            Self::Refused { error, .. } if is_of_network(error) => Category::Network,
            Self::Refused { error, .. } | Self::Link(error) => error.category(),
            Self::TooLarge { .. } | Self::NotText | Self::NotJson { .. } => Category::Verification,
            Self::Stopped => Category::Other,
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Truncated { .. } | Self::BrokenOff { .. } | Self::Stalled { .. } | Self::Refused { .. } => {
                Some("ask again; a Range header can fetch the rest if the server knows ranges")
            }
            Self::MarkMissing { .. } => {
                Some("ask again; if it always happens, let this computer speak HTTP (Engine::Socket)")
            }
            Self::ModuleRestarted { .. } => Some("ask again when the module is on line"),
            Self::Link(_) => Some("smaller blocks and hardware flow control help on lines that lose bytes"),
            Self::TooLarge { .. } => Some("allow more, or read it block by block"),
            Self::Socket { error, .. } => error.hint(),
            Self::Malformed { .. } | Self::NotText | Self::NotJson { .. } | Self::Stopped => None,
        }
    }
}

/// Whether the module names the network, or TLS with the server, as its reason.
fn is_of_network(error: &CommandError) -> bool {
    TlsFailure::of(error).is_some() || error.module_error().and_then(NetworkFailure::of).is_some()
}
