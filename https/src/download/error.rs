//! Why an attempt to fetch a file ended.

use http::StatusCode;
use telit_core::Category;
use telit_core::download::SourceError;

use crate::body_error::BodyError;
use crate::error::RequestError;
use crate::retry::is_passing;

/// An attempt to fetch a file ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// There is no answer.
    #[error(transparent)]
    Request(RequestError),
    /// The body did not come whole.
    #[error(transparent)]
    Body(BodyError),
    /// The server does not give the file out.
    #[error("the server answered with status {}", status.as_u16())]
    Status {
        /// What it said.
        status: StatusCode,
    },
    /// The file has become another one while it was asked for.
    #[error("the file on the server has changed meanwhile")]
    Changed,
}

impl SourceError for FetchError {
    fn category(&self) -> Category {
        match self {
            Self::Request(error) => error.category(),
            Self::Body(error) => error.category(),
            Self::Status { .. } => Category::Refused,
            Self::Changed => Category::Network,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Request(error) => error.hint(),
            Self::Body(error) => error.hint(),
            Self::Status { status } => of_status(*status),
            Self::Changed => Some("try again"),
        }
    }

    fn is_resumable(&self) -> bool {
        match self {
            Self::Request(error) => is_passing(error),
            Self::Body(BodyError::Malformed { .. }) | Self::Changed => true,
            Self::Body(_) => self.is_cut(),
            Self::Status { status } => matches!(status.as_u16(), 408 | 429 | 500 | 502..=504),
        }
    }

    fn is_cut(&self) -> bool {
        let Self::Body(error) = self else {
            return false;
        };
        match error {
            BodyError::Truncated { .. }
            | BodyError::BrokenOff { .. }
            | BodyError::Stalled { .. }
            | BodyError::ModuleRestarted { .. } => true,
            BodyError::Socket { error, .. } => {
                matches!(error.category(), Category::Network | Category::Link)
            }
            BodyError::Link(error) => error.category() == Category::Link,
            _ => false,
        }
    }
}

fn of_status(status: StatusCode) -> Option<&'static str> {
    match status.as_u16() {
        300..=399 => Some("the redirect was not followed: see HttpsOptions::redirects"),
        401 | 403 => Some("check the token, or whether a presigned URL has expired"),
        404 | 410 => Some("check the URL"),
        _ => None,
    }
}
