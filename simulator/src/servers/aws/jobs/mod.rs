//! The jobs service.
//!
//! Source: "Jobs device MQTT API operations" of the AWS IoT Core developer guide.

mod execution;
mod owner;
mod request;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub use self::execution::{JobExecution, JobStatus};
pub use self::owner::JobRefused;
use self::request::{Rejection, Request, Step};
use super::answer::{Answer, with_token};
use crate::journal::Journal;

const LONGEST_JOB_ID: usize = 64;

/// All jobs, and what became of them on each thing.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    documents: BTreeMap<String, Value>,
    /// In the order they were queued.
    executions: Vec<JobExecution>,
    /// Each execution as it was after each of its changes.
    pub(super) changes: Journal<JobExecution>,
}

/// What is pending on a thing, for finding out what has changed.
#[derive(PartialEq, Eq)]
struct Pending {
    jobs: Vec<String>,
    next: Option<String>,
}

impl Jobs {
    /// What a publish to `.../jobs/<request>` leads to, `now` being the seconds since 1970.
    pub(super) fn request(&mut self, thing: &str, request: &str, payload: &[u8], now: u64) -> Vec<Answer> {
        let mut token = None;
        let before = self.pending(thing);
        let answered = Request::read(payload, &mut token).and_then(|asked| match request.rsplit_once('/') {
            None if request == "get" => Ok(self.list(thing)),
            None => self.start_next(thing, &asked, now),
            Some((job, "get")) => self.describe(thing, job, &asked),
            Some((job, _)) => self.update(thing, job, &asked, now),
        });
        let topic = format!("$aws/things/{thing}/jobs/{request}");
        let (suffix, payload) = match answered {
            Ok(mut payload) => {
                payload.insert("timestamp".to_owned(), json!(now));
                ("accepted", Value::Object(payload))
            }
            Err(rejection) => ("rejected", rejection.payload(now)),
        };
        let payload = with_token(payload, token.as_deref());
        let mut answers = vec![Answer::response(format!("{topic}/{suffix}"), payload)];
        answers.extend(self.notices(thing, &before, now));
        answers
    }

    fn list(&self, thing: &str) -> Map<String, Value> {
        let mut answer = Map::new();
        answer.insert("inProgressJobs".to_owned(), self.summaries(thing, JobStatus::InProgress).into());
        answer.insert("queuedJobs".to_owned(), self.summaries(thing, JobStatus::Queued).into());
        answer
    }

    fn start_next(
        &mut self,
        thing: &str,
        asked: &Request,
        now: u64,
    ) -> Result<Map<String, Value>, Rejection> {
        let (details, step) = (asked.details()?, asked.step()?);
        let Some(next) = self.next(thing).map(|next| next.job_id.clone()) else { return Ok(Map::new()) };
        if let Some(execution) = self.find_mut(thing, &next)
            // What has begun already is given back as it is.
            && execution.status == JobStatus::Queued
        {
            execution.change(JobStatus::InProgress, now);
            execution.status_details = details.unwrap_or_default();
            set_step(execution, step, now);
            let changed = execution.clone();
            self.changes.push(changed);
        }
        Ok(self.described(thing, &next, true))
    }

    fn describe(&self, thing: &str, job: &str, asked: &Request) -> Result<Map<String, Value>, Rejection> {
        let with_document = asked.flag("includeJobDocument", true)?;
        let number = asked.number("executionNumber")?;
        if job == "$next" {
            let next = self.next(thing).map(|next| self.described(thing, &next.job_id, with_document));
            return Ok(next.unwrap_or_default());
        }
        checked(job)?;
        let execution = self.find(thing, job).filter(|found| is_number(found, number));
        let execution = execution.ok_or_else(Rejection::not_found)?;
        match execution.status.is_terminal() {
            true => Err(Rejection::over()),
            false => Ok(self.described(thing, job, with_document)),
        }
    }

    fn update(
        &mut self,
        thing: &str,
        job: &str,
        asked: &Request,
        now: u64,
    ) -> Result<Map<String, Value>, Rejection> {
        checked(job)?;
        let (status, details, step) = (asked.status()?, asked.details()?, asked.step()?);
        let (expected, number) = (asked.number("expectedVersion")?, asked.number("executionNumber")?);
        let with_state = asked.flag("includeJobExecutionState", false)?;
        let with_document = asked.flag("includeJobDocument", false)?;
        let execution = self.find_mut(thing, job).filter(|found| is_number(found, number));
        let execution = execution.ok_or_else(Rejection::not_found)?;
        if expected.is_some_and(|expected| expected != execution.version) {
            return Err(Rejection::version(execution));
        }
        if execution.status.is_terminal() {
            return Err(Rejection::transition(execution));
        }
        execution.change(status, now);
        if let Some(details) = details {
            execution.status_details = details;
        }
        set_step(execution, step, now);
        let changed = execution.clone();
        let mut answer = Map::new();
        if with_state {
            answer.insert("executionState".to_owned(), changed.state());
        }
        self.changes.push(changed);
        if let (true, Some(document)) = (with_document, self.documents.get(job)) {
            answer.insert("jobDocument".to_owned(), document.clone());
        }
        Ok(answer)
    }

    /// `execution` of an answer.
    fn described(&self, thing: &str, job: &str, with_document: bool) -> Map<String, Value> {
        let mut answer = Map::new();
        let document = self.documents.get(job).filter(|_| with_document);
        if let Some(execution) = self.find(thing, job) {
            answer.insert("execution".to_owned(), execution.describe(document));
        }
        answer
    }

    fn find(&self, thing: &str, job: &str) -> Option<&JobExecution> {
        self.executions.iter().find(|execution| execution.thing == thing && execution.job_id == job)
    }

    fn find_mut(&mut self, thing: &str, job: &str) -> Option<&mut JobExecution> {
        self.executions.iter_mut().find(|execution| execution.thing == thing && execution.job_id == job)
    }

    fn with_status(&self, thing: &str, status: JobStatus) -> impl Iterator<Item = &JobExecution> {
        self.executions.iter().filter(move |execution| execution.thing == thing && execution.status == status)
    }

    fn summaries(&self, thing: &str, status: JobStatus) -> Vec<Value> {
        self.with_status(thing, status).map(JobExecution::summary).collect()
    }

    /// What has begun comes before what waits.
    fn next(&self, thing: &str) -> Option<&JobExecution> {
        let queued = self.with_status(thing, JobStatus::Queued);
        self.with_status(thing, JobStatus::InProgress).chain(queued).next()
    }

    fn pending(&self, thing: &str) -> Pending {
        let pending =
            self.executions.iter().filter(|found| found.thing == thing && !found.status.is_terminal());
        Pending {
            jobs: pending.map(|execution| execution.job_id.clone()).collect(),
            next: self.next(thing).map(|execution| execution.job_id.clone()),
        }
    }

    /// What is told without being asked: that the list of pending executions has changed, and which is the next one.
    fn notices(&self, thing: &str, before: &Pending, now: u64) -> Vec<Answer> {
        let after = self.pending(thing);
        let mut notices = Vec::new();
        let mut tell = |name: &str, payload| {
            notices.push(Answer::notification(format!("$aws/things/{thing}/jobs/{name}"), payload));
        };
        if after.jobs != before.jobs {
            let lists = [JobStatus::InProgress, JobStatus::Queued].into_iter().filter_map(|status| {
                let list = self.summaries(thing, status);
                (!list.is_empty()).then(|| (status.name().to_owned(), Value::from(list)))
            });
            tell("notify", json!({ "timestamp": now, "jobs": lists.collect::<Map<_, _>>() }));
        }
        if after.next != before.next {
            let mut payload = after.next.map(|next| self.described(thing, &next, true)).unwrap_or_default();
            payload.insert("timestamp".to_owned(), json!(now));
            tell("notify-next", Value::Object(payload));
        }
        notices
    }

    /// Ends what has taken longer than its device allowed itself.
    pub(super) fn expire(&mut self, now: u64) -> Vec<Answer> {
        let late = |execution: &&JobExecution| execution.step_ends_at.is_some_and(|end| end <= now);
        let late: Vec<(String, String)> = (self.executions.iter().filter(late))
            .map(|execution| (execution.thing.clone(), execution.job_id.clone()))
            .collect();
        late.iter().flat_map(|(thing, job)| self.end(thing, job, JobStatus::TimedOut, now)).collect()
    }

    /// When the next step timeout ends.
    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.executions.iter().filter_map(|execution| execution.step_ends_at).min()
    }

    /// Ends an execution from this side, if it is not over.
    fn end(&mut self, thing: &str, job: &str, status: JobStatus, now: u64) -> Vec<Answer> {
        let before = self.pending(thing);
        if let Some(execution) = self.find_mut(thing, job).filter(|execution| !execution.status.is_terminal())
        {
            execution.change(status, now);
            let changed = execution.clone();
            self.changes.push(changed);
        }
        self.notices(thing, &before, now)
    }
}

fn set_step(execution: &mut JobExecution, step: Step, now: u64) {
    match step {
        Step::Unchanged => {}
        Step::Off => execution.step_ends_at = None,
        Step::Seconds(_) if execution.status.is_terminal() => {}
        Step::Seconds(seconds) => execution.step_ends_at = Some(now + seconds),
    }
}

fn is_number(execution: &JobExecution, wanted: Option<u64>) -> bool {
    wanted.is_none_or(|wanted| wanted == execution.execution_number)
}

fn checked(job: &str) -> Result<(), Rejection> {
    if is_job_id(job) { Ok(()) } else { Err(Rejection::topic()) }
}

fn is_job_id(job: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    !job.is_empty() && job.len() <= LONGEST_JOB_ID && job.bytes().all(valid)
}
