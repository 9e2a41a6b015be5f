//! Jobs over the virtual module.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use telit_mqtt::aws::jobs::{Assignment, JobStatus, JobUpdate, Jobs, JobsError, Outcome};
use telit_mqtt::{ClientState, MqttClient};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{THING, World, within};

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Install {
    version: u32,
}

fn jobs(client: &MqttClient) -> Jobs<Install> {
    Jobs::new(client, THING).expect("it has a name")
}

#[tokio::test(start_paused = true)]
async fn one_operation_after_the_other() {
    let world = World::start().await;
    let client = world.connect().await;
    let mut jobs = jobs(&client);
    assert_eq!(jobs.describe_next().await.expect("it answers"), None);
    assert_eq!(jobs.start_next(None).await.expect("it answers"), None);
    world.cloud.add_job("a", json!({ "version": 1 }));
    world.cloud.add_job("b", json!({ "version": 2 }));

    let next = jobs.describe_next().await.expect("it answers").expect("there is one");
    assert_eq!((next.job_id.as_str(), next.status, next.version), ("a", JobStatus::Queued, 1));
    assert_eq!(next.document, Some(Install { version: 1 }));
    let begun =
        jobs.start_next(Some(Duration::from_secs(600))).await.expect("it answers").expect("there is one");
    assert_eq!((begun.status, begun.version), (JobStatus::InProgress, 2));
    let sent = world.cloud.received("$aws/things/thing-1/jobs/start-next");
    assert_eq!(sent.last().expect("it was sent")["stepTimeoutInMinutes"], 10);

    let pending = jobs.pending().await.expect("it answers");
    assert_eq!(pending.in_progress[0].job_id, "a");
    assert_eq!(pending.queued[0].job_id, "b");
    let state = jobs.update("a", &JobUpdate::in_progress().detail("step", "1").for_version(2)).await;
    assert_eq!(state.expect("it is taken").version, 3);
    let error =
        jobs.update("a", &JobUpdate::succeeded().for_version(2)).await.expect_err("it is an old version");
    let JobsError::VersionMismatch { current: Some(current), .. } = error else { panic!("{error:?}") };
    assert_eq!((current.version, current.details["step"].as_str()), (3, "1"));
    let state = jobs.update("a", &JobUpdate::succeeded().for_version(current.version)).await;
    assert_eq!(state.expect("it is taken").status, JobStatus::Succeeded);
    let error = jobs.update("a", &JobUpdate::failed()).await.expect_err("it is over");
    assert!(matches!(error, JobsError::AlreadyOver { .. }), "{error:?}");
    assert_eq!(jobs.describe("b").await.expect("it answers").status, JobStatus::Queued);
    assert!(matches!(jobs.describe("c").await, Err(JobsError::NotFound { .. })));
    assert!(matches!(jobs.describe("a/b").await, Err(JobsError::Invalid(_))));
}

#[tokio::test(start_paused = true)]
async fn announcements_tell_what_is_next() {
    let world = World::start().await;
    let client = world.connect().await;
    let jobs = jobs(&client);
    let mut next = jobs.announcements().await.expect("they can be followed");
    world.cloud.add_job("a", json!({ "version": 1 }));
    let job = within(next.next()).await.expect("it goes on").expect("it fits").expect("there is one");
    assert_eq!(job.job_id, "a");
    world.cloud.change_job("a", "CANCELED");
    assert_eq!(within(next.next()).await.expect("it goes on").expect("it fits"), None);
    world.cloud.add_job("b", json!({ "version": "none" }));
    within(next.next()).await.expect("it goes on").expect_err("its document does not fit");
}

/// A worker whose jobs are handled by the test: each comes with a place for its outcome.
type Handled = (Assignment<Install>, mpsc::Sender<Outcome>);

fn work(client: &MqttClient) -> (JoinHandle<Result<(), JobsError>>, mpsc::Receiver<Handled>) {
    let (sender, receiver) = mpsc::channel(1);
    let jobs = jobs(client);
    let worker = tokio::spawn(jobs.work(async move |job| {
        let (outcome, mut outcomes) = mpsc::channel(1);
        sender.send((job, outcome)).await.expect("the test waits");
        outcomes.recv().await.expect("the test tells")
    }));
    (worker, receiver)
}

async fn next(jobs: &mut mpsc::Receiver<Handled>) -> Handled {
    within(jobs.recv()).await.expect("the worker goes on")
}

async fn status(world: &World, id: &str, status: &str) -> Value {
    let reported = async {
        loop {
            let (now, details) = world.cloud.job(id);
            if now == status {
                return details;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    within(reported).await
}

#[tokio::test(start_paused = true)]
async fn a_worker_takes_one_job_after_the_other() {
    let world = World::start().await;
    let client = world.connect().await;
    world.cloud.add_job("a", json!({ "version": 1 }));
    let (worker, mut taken) = work(&client);
    let (job, outcome) = next(&mut taken).await;
    assert_eq!((job.id(), job.document().version, job.is_resumed()), ("a", 1, false));
    assert_eq!(world.cloud.job("a").0, "IN_PROGRESS");
    world.cloud.add_job("b", json!({ "version": 2 }));
    job.progress([("percent", "50")]).await.expect("it is taken");
    assert_eq!(world.cloud.job("a").1, json!({ "percent": "50" }));
    assert!(taken.try_recv().is_err(), "one at a time");
    outcome.send(Outcome::succeeded().detail("hash", "abc")).await.expect("the worker waits");
    assert_eq!(status(&world, "a", "SUCCEEDED").await, json!({ "hash": "abc" }));

    let (job, outcome) = next(&mut taken).await;
    assert_eq!(job.id(), "b");
    outcome.send(Outcome::failed("no room\n")).await.expect("the worker waits");
    assert_eq!(status(&world, "b", "FAILED").await, json!({ "reason": "no room " }));

    world.cloud.add_job("c", json!({ "version": 3 }));
    let (job, outcome) = next(&mut taken).await;
    assert_eq!(job.id(), "c", "an announcement wakes it");
    outcome.send(Outcome::rejected("not for me")).await.expect("the worker waits");
    status(&world, "c", "REJECTED").await;
    client.disconnect().await.expect("it disconnects");
    let ended = within(worker).await.expect("it ends").expect_err("there is no connection");
    assert_eq!(ended, JobsError::ConnectionEnded { state: ClientState::Closed });
}

#[tokio::test(start_paused = true)]
async fn a_job_that_cannot_be_read_is_rejected_and_the_next_one_taken() {
    let world = World::start().await;
    let client = world.connect().await;
    world.cloud.add_job("a", json!({ "version": "none" }));
    world.cloud.add_job("b", json!({ "version": 2 }));
    let (_worker, mut taken) = work(&client);
    let (job, outcome) = next(&mut taken).await;
    assert_eq!((job.id(), job.document().version), ("b", 2));
    assert_eq!(job.execution().document, Some(Install { version: 2 }));
    let (now, details) = world.cloud.job("a");
    let reason = details["reason"].as_str().expect("it is told");
    assert_eq!(now, "REJECTED");
    assert!(reason.starts_with("its job document is not as expected: invalid type: string"), "{reason}");
    world.cloud.add_job("c", json!(["x"]));
    outcome.send(Outcome::succeeded()).await.expect("the worker waits");
    status(&world, "b", "SUCCEEDED").await;
    status(&world, "c", "REJECTED").await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_begun_is_taken_up_again() {
    let world = World::start().await;
    let client = world.connect().await;
    world.cloud.add_job("a", json!({ "version": 1 }));
    let (worker, mut taken) = work(&client);
    let (job, _outcome) = next(&mut taken).await;
    job.progress([("bytes", "1000")]).await.expect("it is taken");
    worker.abort();

    let (_worker, mut taken) = work(&client);
    let (job, outcome) = next(&mut taken).await;
    assert!(job.is_resumed());
    assert_eq!((job.id(), job.details()["bytes"].as_str()), ("a", "1000"));
    outcome.send(Outcome::succeeded()).await.expect("the worker waits");
    status(&world, "a", "SUCCEEDED").await;
}

#[tokio::test(start_paused = true)]
async fn an_outcome_is_reported_whatever_becomes_of_the_connection() {
    let world = World::start().await;
    let client = world.connect().await;
    world.cloud.add_job("a", json!({ "version": 1 }));
    let (_worker, mut taken) = work(&client);
    let (job, outcome) = next(&mut taken).await;
    // As for a download.
    client.pause().await.expect("it pauses");
    job.progress([("step", "1")]).await.expect_err("there is no connection");
    outcome.send(Outcome::succeeded()).await.expect("the worker waits");
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(world.cloud.job("a").0, "IN_PROGRESS");
    client.resume().await.expect("it resumes");
    status(&world, "a", "SUCCEEDED").await;

    // The answer to the outcome gets lost, so it is reported again, and that it is known counts as much.
    world.cloud.add_job("b", json!({ "version": 2 }));
    let (_job, outcome) = next(&mut taken).await;
    world.cloud.lose(1);
    outcome.send(Outcome::failed("x")).await.expect("the worker waits");
    status(&world, "b", "FAILED").await;

    // While there is no connection a job is queued.
    assert!(world.cloud.broker.reset(THING));
    world.cloud.add_job("c", json!({ "version": 3 }));
    let (job, outcome) = next(&mut taken).await;
    assert_eq!(job.id(), "c");
    outcome.send(Outcome::succeeded()).await.expect("the worker waits");
    status(&world, "c", "SUCCEEDED").await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_called_off_is_let_go() {
    let world = World::start().await;
    let client = world.connect().await;
    world.cloud.add_job("a", json!({ "version": 1 }));
    let (_worker, mut taken) = work(&client);
    let (job, outcome) = next(&mut taken).await;
    world.cloud.change_job("a", "IN_PROGRESS");
    job.progress([("step", "1")]).await.expect("another version is no harm");
    world.cloud.change_job("a", "CANCELED");
    let error = job.progress([("step", "2")]).await.expect_err("it was called off");
    assert_eq!(error.to_string(), "the job is over: it is cancelled");
    outcome.send(Outcome::succeeded()).await.expect("the worker waits");
    world.cloud.add_job("b", json!({ "version": 2 }));
    let (job, _outcome) = next(&mut taken).await;
    assert_eq!(job.id(), "b");
    assert_eq!(world.cloud.job("a").0, "CANCELED");
}
