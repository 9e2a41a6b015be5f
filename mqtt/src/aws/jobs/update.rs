//! What a device says about a job.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Map, Value, json};
use telit_core::at::InvalidValue;

use super::{JobStatus, details};

/// Seven days. Source: AWS IoT API reference, `UpdateJobExecution`.
const STEP_TIMEOUT: RangeInclusive<u64> = 1..=10_080;

/// How far a job is, or what came of it.
///
/// ```
/// use telit_mqtt::aws::jobs::JobUpdate;
///
/// let update = JobUpdate::in_progress().detail("step", "installing").for_version(3);
/// # drop(update);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "nothing is told until it is given to Jobs::update()"]
pub struct JobUpdate {
    status: JobStatus,
    details: BTreeMap<String, String>,
    version: Option<u64>,
    step_timeout: Option<Duration>,
}

impl JobUpdate {
    /// The device is at work on it.
    pub fn in_progress() -> Self {
        Self::new(JobStatus::InProgress)
    }

    /// It is done.
    pub fn succeeded() -> Self {
        Self::new(JobStatus::Succeeded)
    }

    /// It could not be done.
    pub fn failed() -> Self {
        Self::new(JobStatus::Failed)
    }

    /// It will not be done.
    pub fn rejected() -> Self {
        Self::new(JobStatus::Rejected)
    }

    pub(super) fn new(status: JobStatus) -> Self {
        Self { status, details: BTreeMap::new(), version: None, step_timeout: None }
    }

    /// Something to go with it. Details replace all earlier ones; without any, those stay.
    pub fn detail(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.details.insert(name.into(), value.into());
        self
    }

    pub(super) fn details(mut self, details: BTreeMap<String, String>) -> Self {
        self.details = details;
        self
    }

    /// Takes effect only if the job has this version. Default: whatever it has.
    pub fn for_version(mut self, version: u64) -> Self {
        self.version = Some(version);
        self
    }

    pub(super) fn at_version(mut self, version: Option<u64>) -> Self {
        self.version = version;
        self
    }

    /// If that much time passes without another update, AWS counts the job as timed out. Whole minutes, 1 min to 7 days.
    pub fn step_timeout(mut self, timeout: Duration) -> Self {
        self.step_timeout = Some(timeout);
        self
    }

    pub(super) fn encode(&self) -> Result<Map<String, Value>, InvalidValue> {
        details::check(&self.details)?;
        let mut request = Map::new();
        request.insert("status".to_owned(), json!(self.status));
        if !self.details.is_empty() {
            request.insert("statusDetails".to_owned(), json!(self.details));
        }
        if let Some(version) = self.version {
            request.insert("expectedVersion".to_owned(), json!(version));
        }
        if let Some(timeout) = self.step_timeout {
            request.insert("stepTimeoutInMinutes".to_owned(), json!(minutes(timeout)?));
        }
        request.insert("includeJobExecutionState".to_owned(), json!(true));
        Ok(request)
    }
}

pub(super) fn minutes(timeout: Duration) -> Result<u64, InvalidValue> {
    let minutes = timeout.as_secs() / 60;
    if Duration::from_secs(minutes * 60) != timeout || !STEP_TIMEOUT.contains(&minutes) {
        return Err(InvalidValue::new("step timeout", "AWS IoT takes whole minutes, 1 min to 7 days"));
    }
    Ok(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent() {
        let update = JobUpdate::in_progress()
            .detail("step", "2")
            .for_version(3)
            .step_timeout(Duration::from_secs(3600));
        let expected = json!({
            "status": "IN_PROGRESS", "statusDetails": { "step": "2" }, "expectedVersion": 3,
            "stepTimeoutInMinutes": 60, "includeJobExecutionState": true,
        });
        assert_eq!(Value::Object(update.encode().unwrap()), expected);
        let brief = json!({ "status": "SUCCEEDED", "includeJobExecutionState": true });
        assert_eq!(Value::Object(JobUpdate::succeeded().encode().unwrap()), brief);
    }

    #[test]
    fn what_the_service_would_reject_is_not_sent() {
        assert!(JobUpdate::failed().detail("a b", "c").encode().is_err());
        for seconds in [0, 30, 90, 10_081 * 60] {
            assert!(minutes(Duration::from_secs(seconds)).is_err(), "{seconds}");
        }
        assert_eq!(minutes(Duration::from_secs(10_080 * 60)), Ok(10_080));
    }
}
