//! Why an attempt to fetch a file ended.

use std::time::Duration;

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
        /// How long it wants to be left alone (`Retry-After` in seconds), at most the client's
        /// [`max_retry_after`](crate::Retry::max_retry_after).
        retry_after: Option<Duration>,
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
            Self::Status { status, .. } => of_status(*status),
            Self::Changed => Some("try again"),
        }
    }

    fn is_resumable(&self) -> bool {
        match self {
            Self::Request(error) => is_passing(error),
            Self::Body(BodyError::Malformed { .. }) | Self::Changed => true,
            Self::Body(_) => self.is_cut(),
            Self::Status { status, .. } => matches!(status.as_u16(), 408 | 429 | 500 | 502..=504),
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
            | BodyError::Refused { .. }
            | BodyError::MarkMissing { .. }
            | BodyError::ModuleRestarted { .. } => true,
            BodyError::Socket { error, .. } => {
                matches!(error.category(), Category::Network | Category::Link)
            }
            BodyError::Link(error) => error.category() == Category::Link,
            _ => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use telit_core::CommandError;
    use telit_core::at::ModuleError;
    use telit_core::socket::SocketError;

    use super::*;

    #[test]
    fn what_goes_on_by_itself() {
        let waited = Duration::from_secs(1);
        let lost = || CommandError::LinkLost {
            command: "#HTTPRCV".to_owned(),
            reason: "the port hung up".to_owned(),
            sent: true,
        };
        let refused = |detail| CommandError::Refused {
            command: "#HTTPRCV".to_owned(),
            error: ModuleError::equipment(detail),
        };
        for (error, is_resumable, is_cut) in [
            (FetchError::Body(BodyError::Truncated { got: 1, expected: 2 }), true, true),
            (FetchError::Body(BodyError::BrokenOff { got: 1 }), true, true),
            (FetchError::Body(BodyError::Stalled { got: 1, waited }), true, true),
            (FetchError::Body(BodyError::ModuleRestarted { got: 1 }), true, true),
            (FetchError::Body(BodyError::Link(lost())), true, true),
            (FetchError::Body(BodyError::Socket { got: 1, error: SocketError::ModuleRestarted }), true, true),
            (FetchError::Body(BodyError::Malformed { got: 1, reason: String::new() }), true, false),
            (FetchError::Body(BodyError::Refused { got: 1, error: refused("609") }), true, true),
            (FetchError::Body(BodyError::Refused { got: 1, error: refused("840") }), true, true),
            (FetchError::Body(BodyError::Refused { got: 1, error: refused("4") }), true, true),
            (FetchError::Body(BodyError::TooLarge { limit: 1 }), false, false),
            (FetchError::Body(BodyError::Stopped), false, false),
            (FetchError::Request(RequestError::NoAnswer { host: "h".to_owned() }), true, false),
            (FetchError::Request(RequestError::Command(lost())), true, false),
            (FetchError::Request(RequestError::Stopped), false, false),
            (FetchError::Changed, true, false),
        ] {
            assert_eq!((error.is_resumable(), error.is_cut()), (is_resumable, is_cut), "{error:?}");
        }
        let again = |code| {
            let status = StatusCode::from_u16(code).unwrap();
            FetchError::Status { status, retry_after: None }.is_resumable()
        };
        let passing: Vec<u16> = (200..600).filter(|code| again(*code)).collect();
        assert_eq!(passing, [408, 429, 500, 502, 503, 504]);
    }
}
