//! Jobs as the owner of the account sees them.

use serde_json::Value;
use tokio::time::Instant;

use super::execution::{JobExecution, JobStatus};
use super::is_job_id;
use crate::servers::aws::AwsIot;

/// Why a job cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobRefused {
    /// Its id has not 1 to 64 letters, digits, `-` and `_`.
    #[error("`{0}` is no job id")]
    InvalidId(String),
    /// There is one with this id.
    #[error("there is a job `{0}`")]
    Exists(String),
}

impl AwsIot {
    /// Makes a job for some things: each has it queued, and is told by `notify` and, if it is the next one, `notify-next`.
    ///
    /// # Errors
    /// [`JobRefused`] for an id that is none or is taken.
    pub fn create_job(&self, job_id: &str, document: Value, things: &[&str]) -> Result<(), JobRefused> {
        if !is_job_id(job_id) {
            return Err(JobRefused::InvalidId(job_id.to_owned()));
        }
        let mut state = self.hub.state();
        let now = state.calendar.seconds(Instant::now());
        if state.jobs.documents.contains_key(job_id) {
            return Err(JobRefused::Exists(job_id.to_owned()));
        }
        state.jobs.documents.insert(job_id.to_owned(), document);
        for thing in things {
            let before = state.jobs.pending(thing);
            let execution = JobExecution::new(job_id, thing, now);
            state.jobs.executions.push(execution.clone());
            state.jobs.changes.push(execution);
            let notices = state.jobs.notices(thing, &before, now);
            self.hub.answer(&mut state, notices, None);
        }
        Ok(())
    }

    /// Ends a job on all things where it is not over. `false`: there is no such job.
    pub fn cancel_job(&self, job_id: &str) -> bool {
        let mut state = self.hub.state();
        let now = state.calendar.seconds(Instant::now());
        let executions = state.jobs.executions.iter().filter(|execution| execution.job_id == job_id);
        for thing in executions.map(|execution| execution.thing.clone()).collect::<Vec<_>>() {
            let notices = state.jobs.end(&thing, job_id, JobStatus::Canceled, now);
            self.hub.answer(&mut state, notices, None);
        }
        state.jobs.documents.contains_key(job_id)
    }

    /// A job on a thing as it is now.
    pub fn job_execution(&self, job_id: &str, thing: &str) -> Option<JobExecution> {
        self.hub.state().jobs.find(thing, job_id).cloned()
    }

    /// Waits until a job on a thing has, or has had, a status and gives back the execution as it was then.
    ///
    /// # Cancel safety
    /// Nothing is lost when dropped.
    pub async fn wait_for_job(&self, job_id: &str, thing: &str, status: JobStatus) -> JobExecution {
        let changes = self.hub.state().jobs.changes.clone();
        let wanted = |change: &JobExecution| {
            let found = change.job_id == job_id && change.thing == thing && change.status == status;
            found.then(|| change.clone())
        };
        loop {
            if let Some(execution) = changes.at_least_picked(1, wanted).await.into_iter().next() {
                return execution;
            }
        }
    }
}
