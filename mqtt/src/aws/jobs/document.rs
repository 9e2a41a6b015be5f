//! What the jobs service sends.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a job stands on this thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum JobStatus {
    /// It waits.
    Queued,
    /// It has begun.
    InProgress,
    /// The device says that it is done.
    Succeeded,
    /// The device says that it could not be done.
    Failed,
    /// The device says that it will not do it.
    Rejected,
    /// It took too long.
    TimedOut,
    /// It was called off.
    Canceled,
    /// It was removed.
    Removed,
    /// A status that no documentation describes.
    #[serde(other)]
    Unknown,
}

/// One job on this thing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct JobExecution<D> {
    /// Which one.
    pub job_id: String,
    /// What is to be done.
    pub document: Option<D>,
    /// How it stands.
    pub status: JobStatus,
    /// What the device said about it.
    pub details: BTreeMap<String, String>,
    /// One more with every update.
    pub version: u64,
    /// Which one it is, if the thing gets the same job more than once.
    pub execution_number: Option<u64>,
    /// When it was queued, in seconds since 1970.
    pub queued_at: Option<u64>,
    /// When it was begun.
    pub started_at: Option<u64>,
}

/// How a job stands, without what is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobState {
    /// How it stands.
    pub status: JobStatus,
    /// What the device said about it.
    pub details: BTreeMap<String, String>,
    /// One more with every update.
    pub version: u64,
}

/// A line of a list of jobs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct JobSummary {
    /// Which one.
    pub job_id: String,
    /// When it was queued, in seconds since 1970.
    #[serde(default)]
    pub queued_at: Option<u64>,
    /// When it was begun.
    #[serde(default)]
    pub started_at: Option<u64>,
    /// When it was changed.
    #[serde(default)]
    pub last_updated_at: Option<u64>,
    /// One more with every update.
    #[serde(default, rename = "versionNumber")]
    pub version: u64,
    /// Which one it is, if the thing gets the same job more than once.
    #[serde(default)]
    pub execution_number: Option<u64>,
}

/// The jobs that are not done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingJobs {
    /// Those that have begun.
    pub in_progress: Vec<JobSummary>,
    /// Those that wait, the next one first.
    pub queued: Vec<JobSummary>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PendingWire {
    #[serde(default)]
    in_progress_jobs: Vec<JobSummary>,
    #[serde(default)]
    queued_jobs: Vec<JobSummary>,
}

/// An answer with a job in it, or an announcement.
#[derive(Deserialize)]
#[serde(bound = "D: DeserializeOwned")]
pub(super) struct ExecutionWire<D> {
    #[serde(default = "no_execution")]
    execution: Option<OneOrNone<D>>,
}

fn no_execution<D>() -> Option<OneOrNone<D>> {
    None
}

/// No job is an empty object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "D: DeserializeOwned")]
struct OneOrNone<D> {
    job_id: Option<String>,
    #[serde(default = "no_document")]
    job_document: Option<D>,
    status: Option<JobStatus>,
    #[serde(default)]
    status_details: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    version_number: u64,
    execution_number: Option<u64>,
    queued_at: Option<u64>,
    started_at: Option<u64>,
}

fn no_document<D>() -> Option<D> {
    None
}

/// An accepted update.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StateWire {
    execution_state: JobStateWire,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobStateWire {
    status: JobStatus,
    #[serde(default)]
    status_details: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    version_number: u64,
}

impl From<PendingWire> for PendingJobs {
    fn from(wire: PendingWire) -> Self {
        Self { in_progress: wire.in_progress_jobs, queued: wire.queued_jobs }
    }
}

impl<D> ExecutionWire<D> {
    pub(super) fn execution(self) -> Option<JobExecution<D>> {
        let wire = self.execution?;
        Some(JobExecution {
            job_id: wire.job_id?,
            document: wire.job_document,
            status: wire.status.unwrap_or(JobStatus::Unknown),
            details: texts(wire.status_details),
            version: wire.version_number,
            execution_number: wire.execution_number,
            queued_at: wire.queued_at,
            started_at: wire.started_at,
        })
    }
}

impl JobExecution<Value> {
    /// The same with its document read as a `D`, and that; or why there is none.
    pub(super) fn read<D: DeserializeOwned + Clone>(self) -> Result<(JobExecution<D>, D), String> {
        let Self { job_id, document, status, details, version, execution_number, queued_at, started_at } =
            self;
        let document = document.ok_or("it has no job document")?;
        let document: D = serde_json::from_value(document)
            .map_err(|error| format!("its job document is not as expected: {error}"))?;
        let execution = JobExecution {
            job_id,
            document: Some(document.clone()),
            status,
            details,
            version,
            execution_number,
            queued_at,
            started_at,
        };
        Ok((execution, document))
    }
}

impl StateWire {
    pub(super) fn state(self) -> JobState {
        self.execution_state.into()
    }
}

impl From<JobStateWire> for JobState {
    fn from(wire: JobStateWire) -> Self {
        let JobStateWire { status, status_details, version_number } = wire;
        Self { status, details: texts(status_details), version: version_number }
    }
}

/// Details are texts; whatever else stands there is shown as it stands.
fn texts(details: Option<BTreeMap<String, Value>>) -> BTreeMap<String, String> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    details.unwrap_or_default().into_iter().map(|(name, value)| (name, text(value))).collect()
}

impl JobStatus {
    /// Whether nothing more can come of it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::InProgress | Self::Unknown)
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Queued => "queued",
            Self::InProgress => "in progress",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::TimedOut => "timed out",
            Self::Canceled => "cancelled",
            Self::Removed => "removed",
            Self::Unknown => "of unknown status",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn execution(text: &str) -> Option<JobExecution<Value>> {
        serde_json::from_str::<ExecutionWire<Value>>(text).unwrap().execution()
    }

    #[test]
    fn a_job_and_none() {
        let job = execution(
            r#"{"clientToken":"t","timestamp":1,"execution":{"jobId":"j-1","thingName":"t","status":"IN_PROGRESS",
            "statusDetails":{"step":"2","n":3},"queuedAt":5,"startedAt":6,"lastUpdatedAt":7,"versionNumber":4,
            "executionNumber":9,"jobDocument":{"do":"it"}}}"#,
        )
        .unwrap();
        assert_eq!((job.job_id.as_str(), job.status, job.version), ("j-1", JobStatus::InProgress, 4));
        assert_eq!(job.document, Some(serde_json::json!({ "do": "it" })));
        assert_eq!(job.details["step"], "2");
        assert_eq!(job.details["n"], "3");
        assert_eq!((job.execution_number, job.queued_at, job.started_at), (Some(9), Some(5), Some(6)));
        for none in [r#"{"clientToken":"t"}"#, r#"{"execution":{}}"#, r#"{"execution":null}"#] {
            assert_eq!(execution(none), None, "{none}");
        }
    }

    #[test]
    fn lists_and_states() {
        let pending: PendingJobs = serde_json::from_str::<PendingWire>(
            r#"{"inProgressJobs":[{"jobId":"a","versionNumber":2}],"queuedJobs":[{"jobId":"b","queuedAt":3}]}"#,
        )
        .unwrap()
        .into();
        assert_eq!((pending.in_progress[0].job_id.as_str(), pending.in_progress[0].version), ("a", 2));
        assert_eq!((pending.queued[0].job_id.as_str(), pending.queued[0].queued_at), ("b", Some(3)));
        let state = serde_json::from_str::<StateWire>(
            r#"{"executionState":{"status":"CANCELED","versionNumber":3}}"#,
        );
        let state = state.unwrap().state();
        assert_eq!((state.status, state.version), (JobStatus::Canceled, 3));
        let odd =
            serde_json::from_str::<StateWire>(r#"{"executionState":{"status":"SLEEPING"}}"#).unwrap().state();
        assert_eq!(odd.status, JobStatus::Unknown);
    }

    #[test]
    fn what_is_over() {
        assert!(!JobStatus::Queued.is_over() && !JobStatus::InProgress.is_over());
        assert!(JobStatus::Canceled.is_over() && JobStatus::TimedOut.is_over());
    }
}
