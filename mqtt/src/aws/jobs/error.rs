//! Why a job was not read or changed.

use serde::Deserialize;
use telit_core::Category;
use telit_core::at::InvalidValue;

use super::document::JobStateWire;
use super::{JobState, JobStatus};
use crate::aws::RequestError;
use crate::state::ClientState;

/// A job was not read or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobsError {
    /// A value cannot be used. Nothing was sent.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// There was no answer, or none that can be read.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The thing has no such job.
    #[error("there is no such job: {message}")]
    NotFound {
        /// What AWS says.
        message: String,
    },
    /// The update was for another version than the job has. It was not made.
    #[error("the job has another version: {message}")]
    VersionMismatch {
        /// What AWS says.
        message: String,
        /// How the job stands.
        current: Option<JobState>,
    },
    /// The job was done, cancelled or timed out before.
    #[error("the job is over: {message}")]
    AlreadyOver {
        /// What AWS says, or how it ended.
        message: String,
    },
    /// The service refused.
    #[error("the jobs service refused ({code}): {message}")]
    Rejected {
        /// Its code.
        code: String,
        /// What it says.
        message: String,
    },
    /// The connection has ended for good.
    #[error("the connection ended: {state}")]
    ConnectionEnded {
        /// The state of the client.
        state: ClientState,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RejectionWire {
    code: String,
    #[serde(default)]
    message: String,
    execution_state: Option<JobStateWire>,
}

/// Source: AWS IoT documentation, "Jobs error codes".
pub(super) fn rejection(wire: RejectionWire) -> JobsError {
    let RejectionWire { code, message, execution_state } = wire;
    match code.as_str() {
        "ResourceNotFound" => JobsError::NotFound { message },
        "VersionMismatch" => {
            JobsError::VersionMismatch { message, current: execution_state.map(JobState::from) }
        }
        "TerminalStateReached" | "InvalidStateTransition" => JobsError::AlreadyOver { message },
        _ => JobsError::Rejected { code, message },
    }
}

impl JobsError {
    pub(super) fn over(status: JobStatus) -> Self {
        Self::AlreadyOver { message: format!("it is {status}") }
    }

    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Invalid(_) => Category::Usage,
            Self::Request(error) => error.category(),
            Self::Rejected { .. } if self.is_transient() => Category::Network,
            Self::ConnectionEnded { state } => state.category(),
            _ => Category::Refused,
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Request(error) => error.hint(),
            Self::NotFound { .. } => {
                Some("see which jobs are pending: those of this thing that are not done")
            }
            Self::VersionMismatch { .. } => Some("read the job again and decide anew"),
            Self::ConnectionEnded { .. } => Some("connect again"),
            Self::Rejected { .. } if self.is_transient() => Some("try again later"),
            _ => None,
        }
    }

    /// Whether trying it again later may help.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Request(error) => error.is_transient(),
            Self::Rejected { code, .. } => matches!(code.as_str(), "InternalError" | "RequestThrottled"),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> JobsError {
        rejection(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn refusals_are_told_apart() {
        let error = refused(
            r#"{"code":"VersionMismatch","message":"m","executionState":{"status":"IN_PROGRESS","versionNumber":7}}"#,
        );
        let JobsError::VersionMismatch { current: Some(current), .. } = &error else { panic!("{error:?}") };
        assert_eq!((current.status, current.version), (JobStatus::InProgress, 7));
        let missing = refused(r#"{"code":"ResourceNotFound"}"#);
        assert!(matches!(missing, JobsError::NotFound { .. }));
        assert!(missing.hint().unwrap().contains("pending"));
        assert!(matches!(refused(r#"{"code":"TerminalStateReached"}"#), JobsError::AlreadyOver { .. }));
        let error = refused(r#"{"code":"RequestThrottled","message":"m"}"#);
        assert_eq!(error.to_string(), "the jobs service refused (RequestThrottled): m");
        assert!(error.is_transient() && error.category() == Category::Network);
        assert!(!refused(r#"{"code":"InvalidRequest"}"#).is_transient());
    }
}
