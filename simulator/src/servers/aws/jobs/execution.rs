//! One job on one thing.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// How far a job on a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobStatus {
    /// The device has not begun.
    Queued,
    /// The device has begun.
    InProgress,
    /// The device says that it is done.
    Succeeded,
    /// The device says that it failed.
    Failed,
    /// The device does not want to do it.
    Rejected,
    /// The device took longer than its own step timeout.
    TimedOut,
    /// [`AwsIot::cancel_job`](crate::servers::aws::AwsIot::cancel_job) ended it.
    Canceled,
}

impl JobStatus {
    /// The name that AWS gives it, such as `IN_PROGRESS`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Rejected => "REJECTED",
            Self::TimedOut => "TIMED_OUT",
            Self::Canceled => "CANCELED",
        }
    }

    /// Whether it is over.
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Queued | Self::InProgress)
    }

    /// What a device may set.
    pub(super) fn from_device(name: &str) -> Option<Self> {
        [Self::InProgress, Self::Failed, Self::Succeeded, Self::Rejected]
            .into_iter()
            .find(|status| status.name() == name)
    }
}

/// A job on a thing as it is now. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobExecution {
    /// The job.
    pub job_id: String,
    /// The thing.
    pub thing: String,
    /// How far it is.
    pub status: JobStatus,
    /// What the device said of it.
    pub status_details: BTreeMap<String, String>,
    /// When the job was made.
    pub queued_at: u64,
    /// When the device began.
    pub started_at: Option<u64>,
    /// When something changed last.
    pub last_updated_at: u64,
    /// Grows by one with each change.
    pub version: u64,
    /// Which attempt of the job on this thing it is; always 1 here.
    pub execution_number: u64,
    /// When the step timeout of the device ends.
    pub step_ends_at: Option<u64>,
}

impl JobExecution {
    pub(super) fn new(job_id: &str, thing: &str, now: u64) -> Self {
        Self {
            job_id: job_id.to_owned(),
            thing: thing.to_owned(),
            status: JobStatus::Queued,
            status_details: BTreeMap::new(),
            queued_at: now,
            started_at: None,
            last_updated_at: now,
            version: 1,
            execution_number: 1,
            step_ends_at: None,
        }
    }

    /// Takes a new status.
    pub(super) fn change(&mut self, status: JobStatus, now: u64) {
        self.status = status;
        self.version += 1;
        self.last_updated_at = now;
        if status == JobStatus::InProgress {
            self.started_at = self.started_at.or(Some(now));
        }
        if status.is_terminal() {
            self.step_ends_at = None;
        }
    }

    /// As lists show it.
    pub(super) fn summary(&self) -> Value {
        let mut summary = json!({
            "jobId": self.job_id,
            "queuedAt": self.queued_at,
            "lastUpdatedAt": self.last_updated_at,
            "versionNumber": self.version,
            "executionNumber": self.execution_number,
        });
        if let (Some(started), Some(summary)) = (self.started_at, summary.as_object_mut()) {
            summary.insert("startedAt".to_owned(), json!(started));
        }
        summary
    }

    /// In full, with the document of the job if it is wanted.
    pub(super) fn describe(&self, document: Option<&Value>) -> Value {
        let mut description = self.summary();
        if let Some(description) = description.as_object_mut() {
            description.insert("thingName".to_owned(), json!(self.thing));
            description.extend(self.state_fields());
            if let Some(document) = document {
                description.insert("jobDocument".to_owned(), document.clone());
            }
        }
        description
    }

    /// `executionState` of an update.
    pub(super) fn state(&self) -> Value {
        Value::Object(self.state_fields())
    }

    fn state_fields(&self) -> Map<String, Value> {
        let mut state = Map::new();
        state.insert("status".to_owned(), json!(self.status.name()));
        state.insert("statusDetails".to_owned(), json!(self.status_details));
        state.insert("versionNumber".to_owned(), json!(self.version));
        state
    }
}
