//! Why a device got no identity of its own, or cannot use it.

use telit_core::Category;
use telit_core::at::InvalidValue;
use telit_core::tls::{CredentialError, TlsError};

use crate::aws::RequestError;
use crate::error::{ConnectError, PublishError};

/// The device got no identity of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProvisioningError {
    /// A value cannot be used. Nothing was sent.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// The module cannot publish the requests. Nothing was sent.
    #[error("the module cannot publish the request: {0}")]
    Unsendable(PublishError),
    /// The claim could not connect.
    #[error("connecting with the claim failed: {0}")]
    Connect(#[from] ConnectError),
    /// The module delivered a part of the answer only: it is too large for its firmware.
    #[error("the module delivered {size} bytes of a larger answer, which it cannot take whole")]
    AnswerTooLarge {
        /// How many bytes came.
        size: usize,
    },
    /// There was no answer, or none that can be read.
    #[error(transparent)]
    Request(RequestError),
    /// The service refused.
    #[error("the provisioning service refused ({status} {code}): {message}")]
    Rejected {
        /// Its status, as those of HTTP.
        status: u16,
        /// Its code.
        code: String,
        /// What it says.
        message: String,
    },
    /// AWS sent no key with the certificate.
    #[error("the answer has no private key")]
    NoKey,
    /// The certificate or its key cannot be used by a module.
    #[error("what AWS has made cannot be used: {0}")]
    Credential(#[from] CredentialError),
}

/// The new identity could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the new identity cannot connect: {error}; {}", aftermath(.restored))]
pub struct ActivationError {
    /// Why.
    pub error: ConnectError,
    /// Whether the module has its claim back.
    pub restored: Result<(), TlsError>,
}

fn aftermath(restored: &Result<(), TlsError>) -> String {
    match restored {
        Ok(()) => "the module has its claim back".to_owned(),
        Err(error) => format!("and the claim could not be stored again: {error}"),
    }
}

impl From<RequestError> for ProvisioningError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Unreadable { truncated: true, size, .. } => Self::AnswerTooLarge { size },
            error => Self::Request(error),
        }
    }
}

impl ProvisioningError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Invalid(_) => Category::Usage,
            Self::Unsendable(error) => error.category(),
            Self::Connect(error) => error.category(),
            Self::Request(error) => error.category(),
            Self::Rejected { status: 429 | 500.., .. } => Category::Network,
            Self::Rejected { .. } | Self::AnswerTooLarge { .. } => Category::Refused,
            Self::NoKey | Self::Credential(_) => Category::Other,
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unsendable(error) => error.hint(),
            Self::Connect(error) => error.hint(),
            Self::Request(error) => error.hint(),
            Self::AnswerTooLarge { .. } => Some(
                "make the key on this computer and give a signing_request(): the answer is less than half as large without \
                 a key; or provision through another connection of this computer",
            ),
            Self::Rejected { .. } => {
                Some("check the template, its parameters, and the policy of the claim certificate")
            }
            _ => None,
        }
    }
}

impl ActivationError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        self.error.category()
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(
            "the new identity is not lost: check that the template makes its certificate active, and activate it again",
        )
    }
}
