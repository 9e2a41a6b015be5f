//! Jobs: work that AWS has for a thing, one piece after the other.

mod details;
mod document;
mod error;
mod topics;
mod update;
mod worker;

use std::marker::PhantomData;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use telit_core::at::InvalidValue;

use super::RequestError;
use super::names::check_job_id;
use super::request::{Answer, Exchange, TIMEOUT, decode, decode_payload, new_token};
use crate::client::MqttClient;
use crate::error::SubscribeError;
use crate::message::QoS;
use crate::subscription::Subscription;

pub use document::{JobExecution, JobState, JobStatus, JobSummary, PendingJobs};
pub use error::JobsError;
pub use update::JobUpdate;
pub use worker::{Assignment, Outcome};

use document::{ExecutionWire, PendingWire, StateWire};
use error::rejection;
use topics::Topics;
use update::minutes;

/// The jobs of a thing, whose job documents are of type `D`.
///
/// [`work`](Self::work) does everything that a device has to do about jobs. The other methods are the service's
/// operations, one by one.
///
/// It asks one thing at a time. Every request subscribes to its answers first, waits for the one with its own token, and
/// ends with [`RequestError::TimedOut`] if none comes.
///
/// ```no_run
/// # async fn example(client: telit_mqtt::MqttClient) -> Result<(), Box<dyn std::error::Error>> {
/// use serde::Deserialize;
/// use telit_mqtt::aws::jobs::{Jobs, Outcome};
///
/// #[derive(Clone, Deserialize)]
/// struct Install {
///     version: String,
/// }
///
/// let jobs = Jobs::<Install>::new(&client, "thing-1")?;
/// jobs.work(async |job| {
///     println!("{}: install version {}", job.id(), job.document().version);
///     Outcome::succeeded()
/// })
/// .await?;
/// # Ok(())
/// # }
/// ```
///
/// Source: AWS IoT documentation, "Jobs device MQTT API operations", "Reserved topics".
#[derive(Debug)]
pub struct Jobs<D> {
    client: MqttClient,
    topics: Topics,
    timeout: Duration,
    pending: Option<Exchange>,
    start_next: Option<Exchange>,
    /// Those of one job, mostly the one under way.
    describe: Option<Exchange>,
    update: Option<Exchange>,
    document: PhantomData<fn() -> D>,
}

/// Announcements that another job is next.
#[derive(Debug)]
pub struct NextJobs<D> {
    subscription: Subscription,
    document: PhantomData<fn() -> D>,
}

impl<D: DeserializeOwned> Jobs<D> {
    /// The jobs of this thing.
    ///
    /// # Errors
    /// The name of the thing is none.
    pub fn new(client: &MqttClient, thing: &str) -> Result<Self, InvalidValue> {
        Ok(Self::on(client, Topics::new(thing)?, TIMEOUT))
    }

    /// How long an answer may take. Default 30 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The jobs that are not done.
    ///
    /// # Errors
    /// See [`JobsError`].
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn pending(&mut self) -> Result<PendingJobs, JobsError> {
        let topic = self.topics.pending();
        let wire: PendingWire =
            ask(&mut self.pending, &self.client, &topic, Map::new(), self.timeout).await?;
        Ok(wire.into())
    }

    /// The job that is next, one that was begun before all others. Nothing is begun by asking.
    ///
    /// # Errors
    /// See [`JobsError`].
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn describe_next(&mut self) -> Result<Option<JobExecution<D>>, JobsError> {
        self.ask_for("$next").await
    }

    /// One job.
    ///
    /// # Errors
    /// [`JobsError::NotFound`] if the thing has no such job, and see [`JobsError`].
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn describe(&mut self, job_id: &str) -> Result<JobExecution<D>, JobsError> {
        check_job_id(job_id)?;
        let found = self.ask_for(job_id).await?;
        found.ok_or_else(|| JobsError::NotFound { message: "there is no such job".to_owned() })
    }

    async fn ask_for(&mut self, job_id: &str) -> Result<Option<JobExecution<D>>, JobsError> {
        let topic = self.topics.describe(job_id);
        let request = Map::from_iter([("includeJobDocument".to_owned(), json!(true))]);
        let wire: ExecutionWire<D> =
            ask(&mut self.describe, &self.client, &topic, request, self.timeout).await?;
        Ok(wire.execution())
    }

    /// Begins the job that is next; one that was begun before is given again. `step_timeout`: if that much time passes
    /// without an update, AWS counts the job as timed out; whole minutes, 1 min to 7 days. Default: as the job says.
    ///
    /// # Errors
    /// See [`JobsError`].
    ///
    /// # Cancel safety
    /// Dropped before its turn: nothing is changed. Later: the job may have begun.
    pub async fn start_next(
        &mut self,
        step_timeout: Option<Duration>,
    ) -> Result<Option<JobExecution<D>>, JobsError> {
        let topic = self.topics.start_next();
        let mut request = Map::new();
        if let Some(timeout) = step_timeout {
            request.insert("stepTimeoutInMinutes".to_owned(), json!(minutes(timeout)?));
        }
        let wire: ExecutionWire<D> =
            ask(&mut self.start_next, &self.client, &topic, request, self.timeout).await?;
        Ok(wire.execution())
    }

    /// Tells how far a job is, or what came of it. Gives its state since then.
    ///
    /// # Errors
    /// [`JobsError::VersionMismatch`] if the update was for another version; [`JobsError::AlreadyOver`] if the job was done,
    /// cancelled or timed out before; see [`JobsError`].
    ///
    /// # Cancel safety
    /// Dropped before its turn: nothing is changed. Later: it is done all the same.
    pub async fn update(&mut self, job_id: &str, update: &JobUpdate) -> Result<JobState, JobsError> {
        check_job_id(job_id)?;
        let topic = self.topics.update(job_id);
        let request = update.encode()?;
        let wire: StateWire = ask(&mut self.update, &self.client, &topic, request, self.timeout).await?;
        Ok(wire.state())
    }

    /// Announcements that another job is next, or none any more. What happened before is not told.
    ///
    /// # Errors
    /// See [`SubscribeError`].
    ///
    /// # Cancel safety
    /// As [`MqttClient::subscribe`].
    pub async fn announcements(&self) -> Result<NextJobs<D>, SubscribeError> {
        let subscription = self.client.subscribe(self.topics.notify_next(), QoS::AtLeastOnce).await?;
        Ok(NextJobs { subscription, document: PhantomData })
    }

    /// Takes jobs as they come, one at a time, for ever.
    ///
    /// A job is begun, given to `handler`, and its [`Outcome`] is reported, again and again until AWS has acknowledged
    /// it, whatever becomes of the connection meanwhile. A job that was begun and not ended is taken up again, for one
    /// after this program was started anew: [`Assignment::is_resumed`] tells, and [`Assignment::details`] how far it
    /// was. So a job may be handled more than once, and what it does should bear that. A job without a document, or with
    /// one that does not fit `D`, is rejected with the reason, and the next one is taken.
    ///
    /// The handler may pause the client for a download, but has to resume it.
    ///
    /// # Errors
    /// It ends when the connection has ended for good, and at what trying again does not mend: see [`JobsError`].
    ///
    /// # Cancel safety
    /// The handler's future is dropped too. The job stays begun and is taken up again the next time.
    pub async fn work<H>(self, handler: H) -> Result<(), JobsError>
    where
        H: AsyncFnMut(Assignment<D>) -> Outcome,
        D: Clone,
    {
        worker::work(self.another(), handler).await
    }

    fn client(&self) -> &MqttClient {
        &self.client
    }

    /// The same jobs, with answers of its own.
    fn another<T: DeserializeOwned>(&self) -> Jobs<T> {
        Jobs::on(&self.client, self.topics.clone(), self.timeout)
    }

    fn on(client: &MqttClient, topics: Topics, timeout: Duration) -> Self {
        Self {
            client: client.clone(),
            topics,
            timeout,
            pending: None,
            start_next: None,
            describe: None,
            update: None,
            document: PhantomData,
        }
    }
}

impl<D: DeserializeOwned> NextJobs<D> {
    /// The job that is next from now on, or that there is none (`Some(Ok(None))`); `None` when the connection has ended
    /// for good.
    ///
    /// # Errors
    /// [`RequestError::Unreadable`] for a message that does not fit the type; the next call goes on.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Option<JobExecution<D>>, RequestError>> {
        let message = self.subscription.next().await?;
        Some(decode::<ExecutionWire<D>>(&message).map(ExecutionWire::execution))
    }

    async fn announced(&mut self) -> bool {
        self.subscription.next().await.is_some()
    }
}

/// Asks on a topic, which is kept subscribed to as long as it is the same.
async fn ask<T: DeserializeOwned>(
    slot: &mut Option<Exchange>,
    client: &MqttClient,
    topic: &str,
    mut request: Map<String, Value>,
    timeout: Duration,
) -> Result<T, JobsError> {
    let kept = slot.take().filter(|exchange| exchange.is_open() && exchange.topic() == topic);
    let exchange = match kept {
        Some(exchange) => exchange,
        None => Exchange::open(client, topic).await?,
    };
    let exchange = slot.insert(exchange);
    let token = new_token();
    request.insert("clientToken".to_owned(), json!(token));
    let payload = Value::Object(request).to_string();
    match exchange.ask(client, payload, Some(&token), timeout).await? {
        Answer::Accepted(payload) => Ok(decode_payload(topic, &payload)?),
        Answer::Rejected(payload) => Err(rejection(decode_payload(topic, &payload)?)),
    }
}
