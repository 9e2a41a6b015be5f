//! The jobs service. Source: AWS IoT documentation, "Jobs device MQTT API operations".

use serde_json::{Value, json};

use super::Answers;

#[derive(Default)]
pub(super) struct Jobs {
    jobs: Vec<Job>,
}

struct Job {
    id: String,
    document: Value,
    status: String,
    details: Value,
    version: u64,
}

type Outcome = Result<Value, Value>;

impl Jobs {
    /// Queues a job, and announces it if it is next.
    pub(super) fn add(&mut self, prefix: &str, id: &str, document: Value) -> Answers {
        let (id, status) = (id.to_owned(), "QUEUED".to_owned());
        self.changing(prefix, |jobs| {
            jobs.jobs.push(Job { id, document, status, details: json!({}), version: 1 });
        })
    }

    /// Changes a job as somebody else does.
    pub(super) fn change(&mut self, prefix: &str, id: &str, status: &str) -> Answers {
        self.changing(prefix, |jobs| {
            let job = jobs.jobs.iter_mut().find(|job| job.id == id).expect("there is one");
            (job.status, job.version) = (status.to_owned(), job.version + 1);
        })
    }

    pub(super) fn state(&self, id: &str) -> Option<(String, Value)> {
        let job = self.jobs.iter().find(|job| job.id == id)?;
        Some((job.status.clone(), job.details.clone()))
    }

    pub(super) fn answer(&mut self, topic: &str, payload: &[u8]) -> Answers {
        let request: Value = serde_json::from_slice(payload).unwrap_or_else(|_| json!({}));
        let (thing, operation) = topic.split_once("/jobs/").expect("it is one of jobs");
        let prefix = format!("{thing}/jobs");
        let mut outcome = Err(json!({ "code": "InvalidTopic" }));
        let announced = self.changing(&prefix, |jobs| {
            outcome = match operation.split_once('/') {
                None if operation == "get" => Ok(jobs.pending()),
                None if operation == "start-next" => Ok(jobs.start()),
                Some((id, "get")) => jobs.describe(id),
                Some((id, "update")) => jobs.update(id, &request),
                _ => Err(json!({ "code": "InvalidTopic" })),
            };
        });
        let (ending, mut body) = match outcome {
            Ok(body) => ("accepted", body),
            Err(body) => ("rejected", body),
        };
        if let Some(token) = request.get("clientToken") {
            body["clientToken"] = token.clone();
        }
        let mut answers = vec![(format!("{topic}/{ending}"), body.to_string().into_bytes())];
        answers.extend(announced);
        answers
    }

    /// Announces what is next if that is another one than before.
    fn changing(&mut self, prefix: &str, change: impl FnOnce(&mut Self)) -> Answers {
        let id = |jobs: &Self| jobs.next().map(|job| job.id.clone());
        let before = id(self);
        change(self);
        if id(self) == before {
            return Vec::new();
        }
        let execution = self.next().map_or_else(|| json!({}), Job::execution);
        let body = json!({ "timestamp": 1, "execution": execution });
        vec![(format!("{prefix}/notify-next"), body.to_string().into_bytes())]
    }

    fn next(&self) -> Option<&Job> {
        let with = |status| self.jobs.iter().find(|job| job.status == status);
        with("IN_PROGRESS").or_else(|| with("QUEUED"))
    }

    fn pending(&self) -> Value {
        let list = |status| {
            let jobs = self.jobs.iter().filter(|job| job.status == status);
            jobs.map(|job| json!({ "jobId": job.id, "versionNumber": job.version })).collect::<Vec<_>>()
        };
        json!({ "inProgressJobs": list("IN_PROGRESS"), "queuedJobs": list("QUEUED") })
    }

    fn start(&mut self) -> Value {
        let Some(id) = self.next().map(|job| job.id.clone()) else { return json!({}) };
        let job = self.jobs.iter_mut().find(|job| job.id == id).expect("there is one");
        if job.status == "QUEUED" {
            (job.status, job.version) = ("IN_PROGRESS".to_owned(), job.version + 1);
        }
        json!({ "execution": job.execution() })
    }

    fn describe(&self, id: &str) -> Outcome {
        let found = match id {
            "$next" => Ok(self.next().map_or_else(|| json!({}), Job::execution)),
            id => self.jobs.iter().find(|job| job.id == id).map(Job::execution).ok_or_else(missing),
        };
        Ok(json!({ "execution": found? }))
    }

    fn update(&mut self, id: &str, request: &Value) -> Outcome {
        let job = self.jobs.iter_mut().find(|job| job.id == id).ok_or_else(missing)?;
        if request.get("expectedVersion").is_some_and(|expected| *expected != json!(job.version)) {
            return Err(job.refusal("VersionMismatch"));
        }
        if !matches!(job.status.as_str(), "QUEUED" | "IN_PROGRESS") {
            return Err(job.refusal("TerminalStateReached"));
        }
        job.status = request["status"].as_str().expect("there is one").to_owned();
        if let Some(details) = request.get("statusDetails") {
            job.details = details.clone();
        }
        job.version += 1;
        Ok(json!({ "executionState": job.state() }))
    }
}

impl Job {
    fn execution(&self) -> Value {
        json!({
            "jobId": self.id, "status": self.status, "statusDetails": self.details, "versionNumber": self.version,
            "jobDocument": self.document, "queuedAt": 1, "executionNumber": 1,
        })
    }

    fn state(&self) -> Value {
        json!({ "status": self.status, "statusDetails": self.details, "versionNumber": self.version })
    }

    fn refusal(&self, code: &str) -> Value {
        json!({ "code": code, "message": format!("{code} of {}", self.id), "executionState": self.state() })
    }
}

fn missing() -> Value {
    json!({ "code": "ResourceNotFound", "message": "no such job" })
}
