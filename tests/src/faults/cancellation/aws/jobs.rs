//! Jobs.

use std::cell::RefCell;

use serde_json::{Value, json};
use telit_mqtt::MqttClient;
use telit_mqtt::aws::jobs::{Assignment, JobStatus, JobUpdate, Jobs, JobsError, Outcome};
use tokio::sync::Notify;

use super::super::super::bench::Bound;
use super::super::super::outcome::{Broken, same_reading};
use super::super::{at_every_await, failed, in_step, interrupted};
use super::{ASK, Services, THING, asked, connected, goes_on};

/// Beginning a job, and telling what came of it, behind what a future that was dropped left under way.
const WORK: Bound = Bound::new("work on jobs", 6 * 330);

fn jobs(client: &MqttClient) -> Jobs<Value> {
    Jobs::new(client, THING).expect("it has a name")
}

fn add(services: &Services, id: &str) {
    services.cloud.add_job(id, json!({ "for": id }));
}

/// A question about one queued job changes nothing, and the same handle gets the right answer to the next one.
fn asking(name: &str, question: impl AsyncFn(&mut Jobs<Value>) -> Result<String, JobsError>) {
    at_every_await(name, async |services: &Services, bench, moments| {
        let (modem, client) = connected(bench).await?;
        add(services, "a");
        let mut jobs = jobs(&client);
        let answer = interrupted(bench, moments, question(&mut jobs)).await;
        let done = answer.transpose().map_err(failed("the question"))?.is_some();
        let step = in_step(bench, &modem).await?;
        same_reading("the job", "QUEUED", &services.cloud.job("a").0, None)?;
        let answer = asked(bench, "the question", question(&mut jobs)).await?;
        same_reading("the answer", "a", &answer, None)?;
        goes_on(bench, &modem, client).await?;
        Ok(step.completed(done))
    });
}

#[test]
fn questions() {
    asking("Jobs::pending", async |jobs| {
        Ok(jobs.pending().await?.queued.into_iter().map(|job| job.job_id).collect())
    });
    asking("Jobs::describe_next", async |jobs| {
        Ok(jobs.describe_next().await?.map(|job| job.job_id).unwrap_or_default())
    });
    asking("Jobs::describe", async |jobs| Ok(jobs.describe("a").await?.job_id));
}

#[test]
fn beginning() {
    at_every_await("Jobs::start_next", async |services: &Services, bench, moments| {
        let (modem, client) = connected(bench).await?;
        add(services, "a");
        let mut jobs = jobs(&client);
        let begun = interrupted(bench, moments, jobs.start_next(None)).await;
        let done = begun.transpose().map_err(failed("start"))?.is_some();
        let step = in_step(bench, &modem).await?;
        // One that was begun before is given again.
        let begun = asked(bench, "start", jobs.start_next(None)).await?;
        let begun = begun.map(|job| (job.job_id, job.status));
        same_reading("the job", &Some(("a".to_owned(), JobStatus::InProgress)), &begun, None)?;
        goes_on(bench, &modem, client).await?;
        Ok(step.completed(done))
    });
}

#[test]
fn updating() {
    at_every_await("Jobs::update", async |services: &Services, bench, moments| {
        let (modem, client) = connected(bench).await?;
        add(services, "a");
        let mut jobs = jobs(&client);
        let update = JobUpdate::in_progress().detail("step", "1");
        let updated = interrupted(bench, moments, jobs.update("a", &update)).await;
        let done = updated.transpose().map_err(failed("update"))?.is_some();
        let step = in_step(bench, &modem).await?;
        // It is done whole or not at all.
        let found = asked(bench, "describe", jobs.describe("a")).await?;
        let step_of = found.details.get("step").map(String::as_str);
        match (found.status, found.version, step_of) {
            (JobStatus::Queued, 1, None) if !done => {}
            (JobStatus::InProgress, 2, Some("1")) => {}
            other => return Err(Broken::wrong(format!("the job is {other:?}"))),
        }
        let state = asked(bench, "update", jobs.update("a", &JobUpdate::succeeded())).await?;
        same_reading("the job", &JobStatus::Succeeded, &state.status, None)?;
        goes_on(bench, &modem, client).await?;
        Ok(step.completed(done))
    });
}

#[test]
fn announcements() {
    at_every_await("Jobs::announcements", async |services: &Services, bench, moments| {
        let (modem, client) = connected(bench).await?;
        let jobs = jobs(&client);
        let begun = interrupted(bench, moments, jobs.announcements()).await;
        let begun = begun.transpose().map_err(failed("announcements"))?;
        let done = begun.is_some();
        let step = in_step(bench, &modem).await?;
        let mut next = match begun {
            Some(next) => next,
            None => asked(bench, "announcements", jobs.announcements()).await?,
        };
        add(services, "a");
        let told = bench.within(ASK, next.next()).await?.transpose().map_err(failed("next"))?.flatten();
        same_reading("the job", &Some("a".to_owned()), &told.map(|job| job.job_id), None)?;
        drop(next);
        goes_on(bench, &modem, client).await?;
        Ok(step.completed(done))
    });
    at_every_await("NextJobs::next", async |services: &Services, bench, moments| {
        let (modem, client) = connected(bench).await?;
        let mut next = asked(bench, "announcements", jobs(&client).announcements()).await?;
        add(services, "a");
        let told = interrupted(bench, moments, next.next()).await;
        let done = told.is_some();
        let step = in_step(bench, &modem).await?;
        let told = match told {
            Some(told) => told,
            None => bench.within(ASK, next.next()).await?,
        };
        let told = told.transpose().map_err(failed("next"))?.flatten();
        same_reading("the job", &Some("a".to_owned()), &told.map(|job| job.job_id), None)?;
        drop(next);
        goes_on(bench, &modem, client).await?;
        Ok(step.completed(done))
    });
}

/// Works until the job with this name is in hand, which shows that those before it are over. Gives the names of all that
/// were handled.
async fn work_until(client: &MqttClient, last: &str) -> Result<Vec<String>, Broken> {
    let (handled, reached) = (RefCell::new(Vec::new()), Notify::new());
    let handler = async |job: Assignment<Value>| {
        handled.borrow_mut().push(job.id().to_owned());
        if job.id() == last {
            reached.notify_one();
            std::future::pending::<()>().await;
        }
        Outcome::succeeded()
    };
    tokio::select! {
        ended = jobs(client).work(handler) => ended.map_err(failed("work"))?,
        () = reached.notified() => {}
    }
    Ok(handled.into_inner())
}

#[test]
fn working() {
    at_every_await("Jobs::work", async |services: &Services, bench, moments| {
        let (modem, client) = connected(bench).await?;
        add(services, "a");
        add(services, "b");
        let handled = interrupted(bench, moments, work_until(&client, "b")).await.transpose()?;
        let done = handled.is_some();
        let step = in_step(bench, &modem).await?;
        add(services, "c");
        let again = bench.within(WORK, work_until(&client, "c")).await??;
        let over = ["a", "b"].map(|id| services.cloud.job(id).0);
        same_reading("the jobs", &["SUCCEEDED".to_owned(), "SUCCEEDED".to_owned()], &over, None)?;
        // Each is handled, in order, and again only if nobody knows what came of it.
        let wanted: &[&[&str]] = if done { &[&["b", "c"]] } else { &[&["a", "b", "c"], &["b", "c"]] };
        let as_often = wanted.iter().any(|wanted| again == *wanted);
        same_reading(&format!("handled again: {again:?}"), &true, &as_often, None)?;
        goes_on(bench, &modem, client).await?;
        Ok(step.completed(done))
    });
}

/// Whether the handler heard what came of its report or not, the job goes on to its end.
#[test]
fn reporting_progress() {
    at_every_await("Assignment::progress", async |services: &Services, bench, moments| {
        let (modem, client) = connected(bench).await?;
        add(services, "a");
        let outcome = RefCell::new(None);
        let (over, jobs) = (Notify::new(), jobs(&client));
        let work = jobs.work(async |job: Assignment<Value>| {
            if job.id() == "a" {
                let reported = interrupted(bench, moments, job.progress([("step", "1")])).await;
                outcome.replace(Some(reported));
                add(services, "b");
                return Outcome::succeeded().detail("end", "2");
            }
            over.notify_one();
            std::future::pending().await
        });
        let worked = Box::pin(bench.within(WORK, async {
            tokio::select! {
                ended = work => ended.map_err(failed("work")),
                () = over.notified() => Ok(()),
            }
        }));
        worked.await??;
        let step = in_step(bench, &modem).await?;
        let reported = outcome.take().flatten().transpose().map_err(failed("progress"))?;
        let (status, details) = services.cloud.job("a");
        let end = (status.as_str(), details["end"].clone());
        same_reading("the job", &("SUCCEEDED", json!("2")), &end, None)?;
        goes_on(bench, &modem, client).await?;
        Ok(step.completed(reported.is_some()))
    });
}
