//! Taking jobs as they come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use telit_core::Backoff;
use tokio::sync::Mutex;

use super::details::fitting;
use super::{JobExecution, JobStatus, JobUpdate, Jobs, JobsError, NextJobs, details};
use crate::client::{Events, MqttClient};
use crate::state::{ClientState, Event};

/// How long to wait before trying again what failed, unless the connection comes back before.
const BACKOFF: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(60));

/// A job that was begun, in the hands of its handler.
#[derive(Debug)]
pub struct Assignment<D> {
    execution: JobExecution<D>,
    document: D,
    resumed: bool,
    reporter: Arc<Mutex<Reporter>>,
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it is what the handler of a job gives back"]
pub struct Outcome {
    status: JobStatus,
    details: BTreeMap<String, String>,
}

impl Outcome {
    /// It is done.
    pub fn succeeded() -> Self {
        Self { status: JobStatus::Succeeded, details: BTreeMap::new() }
    }

    /// It could not be done. `reason` becomes the detail of that name; what does not fit is cut off.
    pub fn failed(reason: impl AsRef<str>) -> Self {
        Self { status: JobStatus::Failed, details: BTreeMap::new() }.reason(reason.as_ref())
    }

    /// It will not be done. `reason` becomes the detail of that name; what does not fit is cut off.
    pub fn rejected(reason: impl AsRef<str>) -> Self {
        Self { status: JobStatus::Rejected, details: BTreeMap::new() }.reason(reason.as_ref())
    }

    /// Something to go with it. A name that AWS would not take is left out with a warning.
    pub fn detail(mut self, name: impl Into<String>, value: impl AsRef<str>) -> Self {
        let (name, value) = (name.into(), fitting(value.as_ref()));
        match details::check(&BTreeMap::from([(name.clone(), value.clone())])) {
            Ok(()) => drop(self.details.insert(name, value)),
            Err(error) => tracing::warn!(%error, "a detail of a job's outcome is left out"),
        }
        self
    }

    fn reason(self, reason: &str) -> Self {
        self.detail("reason", reason)
    }
}

impl<D> Assignment<D> {
    /// Which job it is.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.execution.job_id
    }

    /// What is to be done.
    #[must_use]
    pub fn document(&self) -> &D {
        &self.document
    }

    /// What was reported about it so far.
    #[must_use]
    pub fn details(&self) -> &BTreeMap<String, String> {
        &self.execution.details
    }

    /// Whether it had begun before, and nobody has said what came of it.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// The job as AWS tells it.
    #[must_use]
    pub fn execution(&self) -> &JobExecution<D> {
        &self.execution
    }
}

impl<D> Assignment<D> {
    /// Reports how far it is, once: without a connection it fails, and the job goes on.
    ///
    /// # Errors
    /// [`JobsError::AlreadyOver`] if the job was cancelled or has timed out: there is no use in going on. See [`JobsError`].
    ///
    /// # Cancel safety
    /// As [`Jobs::update`].
    pub async fn progress<N, V>(&self, details: impl IntoIterator<Item = (N, V)>) -> Result<(), JobsError>
    where
        N: Into<String>,
        V: Into<String>,
    {
        let details = details.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        self.reporter.lock().await.report(&JobUpdate::in_progress().details(details)).await
    }
}

/// Tells AWS about one job, and keeps count of its versions.
#[derive(Debug)]
struct Reporter {
    jobs: Jobs<Value>,
    job_id: String,
    version: Option<u64>,
}

impl Reporter {
    /// Reports once, twice if somebody else has changed the job meanwhile.
    async fn report(&mut self, update: &JobUpdate) -> Result<(), JobsError> {
        match self.update(update).await {
            Err(JobsError::VersionMismatch { current: Some(current), .. }) if current.status.is_over() => {
                Err(JobsError::over(current.status))
            }
            Err(JobsError::VersionMismatch { current, .. }) => {
                self.version = current.map(|current| current.version);
                self.update(update).await
            }
            outcome => outcome,
        }
    }

    async fn update(&mut self, update: &JobUpdate) -> Result<(), JobsError> {
        let update = update.clone().at_version(self.version);
        self.version = Some(self.jobs.update(&self.job_id, &update).await?.version);
        Ok(())
    }

    /// Reports what came of the job until AWS knows it, or does not want to know it any more.
    async fn settle(&mut self, outcome: Outcome, signals: &mut Signals) -> Result<(), JobsError> {
        let Outcome { status, details } = outcome;
        let update = JobUpdate::new(status).details(details);
        loop {
            match self.report(&update).await {
                Ok(()) => break,
                Err(error @ (JobsError::AlreadyOver { .. } | JobsError::NotFound { .. })) => {
                    // An outcome whose acknowledgement was lost is over like that too.
                    tracing::info!(job = self.job_id, %status, %error, "the outcome of a job is not taken");
                    break;
                }
                Err(error) => signals.before_next_try(error).await?,
            }
        }
        signals.failures = 0;
        Ok(())
    }
}

/// What the loop waits for besides answers.
struct Signals {
    client: MqttClient,
    events: Events,
    failures: u32,
}

impl Signals {
    fn new(client: &MqttClient) -> Self {
        Self { client: client.clone(), events: client.events(), failures: 0 }
    }

    /// Waits before the same is tried again. An error that this does not mend ends it.
    async fn before_next_try(&mut self, error: JobsError) -> Result<(), JobsError> {
        if matches!(self.client.state(), ClientState::Closed | ClientState::Lost(_)) {
            return Err(self.ended());
        }
        if !error.is_transient() {
            return Err(error);
        }
        tracing::debug!(%error, "trying again");
        self.failures = self.failures.saturating_add(1);
        let wait = BACKOFF.draw(self.failures);
        tokio::select! {
            () = tokio::time::sleep(wait) => Ok(()),
            connected = connected(&mut self.events) => self.go_on(connected),
        }
    }

    fn go_on(&self, there_is_more: bool) -> Result<(), JobsError> {
        if there_is_more { Ok(()) } else { Err(self.ended()) }
    }

    fn ended(&self) -> JobsError {
        JobsError::ConnectionEnded { state: self.client.state() }
    }
}

/// Waits until there is a connection again; false: there will be none.
async fn connected(events: &mut Events) -> bool {
    loop {
        match events.next().await {
            Some(Event::State(ClientState::Connected) | Event::Missed(_)) => return true,
            Some(_) => {}
            None => return false,
        }
    }
}

/// Documents are read as they are: one that does not fit concerns its own job only.
pub(super) async fn work<D, H>(mut jobs: Jobs<Value>, mut handler: H) -> Result<(), JobsError>
where
    D: DeserializeOwned + Clone,
    H: AsyncFnMut(Assignment<D>) -> Outcome,
{
    let mut signals = Signals::new(jobs.client());
    let mut announcements = subscribe(&jobs, &mut signals).await?;
    loop {
        let Some((execution, resumed)) = begin(&mut jobs, &mut signals).await? else {
            wait(&mut announcements, &mut signals).await?;
            continue;
        };
        let (job_id, version) = (execution.job_id.clone(), Some(execution.version));
        let reporter = Arc::new(Mutex::new(Reporter { jobs: jobs.another(), job_id, version }));
        let outcome = match execution.read::<D>() {
            Ok((execution, document)) => {
                let reporter = Arc::clone(&reporter);
                handler(Assignment { execution, document, resumed, reporter }).await
            }
            Err(reason) => Outcome::rejected(reason),
        };
        reporter.lock().await.settle(outcome, &mut signals).await?;
    }
}

async fn subscribe(jobs: &Jobs<Value>, signals: &mut Signals) -> Result<NextJobs<Value>, JobsError> {
    loop {
        match jobs.announcements().await {
            Ok(announcements) => return Ok(announcements),
            Err(error) => signals.before_next_try(JobsError::Request(error.into())).await?,
        }
    }
}

/// Begins the next job, if there is one, and tells whether it had begun before.
async fn begin(
    jobs: &mut Jobs<Value>,
    signals: &mut Signals,
) -> Result<Option<(JobExecution<Value>, bool)>, JobsError> {
    loop {
        match try_to_begin(jobs).await {
            Ok(begun) => {
                signals.failures = 0;
                return Ok(begun);
            }
            Err(error) => signals.before_next_try(error).await?,
        }
    }
}

async fn try_to_begin(jobs: &mut Jobs<Value>) -> Result<Option<(JobExecution<Value>, bool)>, JobsError> {
    let Some(next) = jobs.describe_next().await? else { return Ok(None) };
    let begun = jobs.start_next(None).await?;
    Ok(begun.map(|begun| {
        let resumed = begun.job_id == next.job_id && next.status == JobStatus::InProgress;
        (begun, resumed)
    }))
}

/// Waits for another job, or for a connection that came back: an announcement may have been missed.
async fn wait(announcements: &mut NextJobs<Value>, signals: &mut Signals) -> Result<(), JobsError> {
    let there_is_more = tokio::select! {
        announced = announcements.announced() => announced,
        connected = connected(&mut signals.events) => connected,
    };
    signals.go_on(there_is_more)
}
