//! Why a preset does not fit.

use telit_core::Category;
use telit_core::platform::PlatformId;
use telit_core::tls::{CredentialError, TlsOptionsError};

/// The platform cannot reach this broker, or the preset lacks something. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresetError {
    /// The platform can be told to use none of the cipher suites that the broker takes.
    #[error(
        "platform {platform} has no cipher suite that {broker} takes; use a module of platform 37, 52 or 25 ThreadX, or a \
         gateway in between"
    )]
    NoCommonSuite {
        /// The broker.
        broker: &'static str,
        /// The platform.
        platform: PlatformId,
    },
    /// The broker finds out by the server name (SNI) who is meant, and the platform does not send it.
    #[error(
        "{broker} needs the server name (SNI), which platform {platform} does not send; use another module"
    )]
    ServerName {
        /// The broker.
        broker: &'static str,
        /// The platform.
        platform: PlatformId,
    },
    /// The host name has to be checked, because the authority has signed the certificates of others too, and the platform
    /// does not check it.
    #[error(
        "{broker} is known by its host name only, which platform {platform} does not check; use a module of platform 25, \
         30, 37 or 52"
    )]
    HostNameCheck {
        /// The broker.
        broker: &'static str,
        /// The platform.
        platform: PlatformId,
    },
    /// The server's chain does not end in a root that is built in.
    #[error("the chain of {host} ends in none of the roots that are built in; give its root by trust()")]
    UnknownChain {
        /// The server.
        host: String,
    },
    /// The TLS options do not fit together.
    #[error(transparent)]
    Tls(#[from] TlsOptionsError),
    /// A root certificate cannot be used.
    #[error(transparent)]
    Root(#[from] CredentialError),
}

impl PresetError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        Category::Usage
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnknownChain { .. } => Some(
                "or use the endpoint that `aws iot describe-endpoint --endpoint-type iot:Data-ATS` names",
            ),
            _ => None,
        }
    }
}
