//! What a device asks of its jobs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::answer::object;
use super::execution::{JobExecution, JobStatus};

/// Longest client token, in bytes.
const LONGEST_TOKEN: usize = 64;
/// Longest step timeout, in minutes: a week.
const LONGEST_STEP: i64 = 10_080;

/// Why a request is not granted, as `.../rejected` says it.
#[derive(Debug, PartialEq)]
pub(super) struct Rejection {
    code: &'static str,
    message: String,
    execution: Option<Value>,
}

impl Rejection {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), execution: None }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidRequest", message)
    }

    pub(super) fn topic() -> Self {
        Self::new("InvalidTopic", "The topic names no job or thing")
    }

    pub(super) fn not_found() -> Self {
        Self::new("ResourceNotFound", "The thing has no such job execution")
    }

    pub(super) fn over() -> Self {
        Self::new("TerminalStateReached", "The job execution is in a terminal state")
    }

    /// It is in a terminal state and stays there.
    pub(super) fn transition(execution: &JobExecution) -> Self {
        let message = format!("The job execution is {} and cannot change", execution.status.name());
        Self { execution: Some(execution.state()), ..Self::new("InvalidStateTransition", message) }
    }

    pub(super) fn version(execution: &JobExecution) -> Self {
        let message = format!("The version is {}", execution.version);
        Self { execution: Some(execution.state()), ..Self::new("VersionMismatch", message) }
    }

    pub(super) fn payload(&self, now: u64) -> Value {
        let mut payload = json!({ "code": self.code, "message": self.message, "timestamp": now });
        if let (Some(execution), Some(payload)) = (&self.execution, payload.as_object_mut()) {
            payload.insert("executionState".to_owned(), execution.clone());
        }
        payload
    }
}

/// A JSON object whose fields are read one by one.
pub(super) struct Request {
    fields: Map<String, Value>,
}

/// What a device wants with its step timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// As it is.
    Unchanged,
    /// There is none any more.
    Off,
    /// It ends in so many seconds.
    Seconds(u64),
}

impl Request {
    /// `token` is what was read of it, even if the rest is wrong.
    pub(super) fn read(payload: &[u8], token: &mut Option<String>) -> Result<Self, Rejection> {
        let fields = object(payload).ok_or_else(|| Rejection::new("InvalidJson", "No JSON object"))?;
        match fields.get("clientToken") {
            None => {}
            Some(Value::String(text)) if text.len() <= LONGEST_TOKEN => *token = Some(text.clone()),
            Some(_) => return Err(Rejection::invalid("clientToken")),
        }
        Ok(Self { fields })
    }

    pub(super) fn status(&self) -> Result<JobStatus, Rejection> {
        let status = self.fields.get("status").and_then(Value::as_str).and_then(JobStatus::from_device);
        status.ok_or_else(|| Rejection::invalid("status"))
    }

    pub(super) fn details(&self) -> Result<Option<BTreeMap<String, String>>, Rejection> {
        let Some(details) = self.present("statusDetails") else { return Ok(None) };
        let read = serde_json::from_value(details.clone());
        read.map(Some).map_err(|_| Rejection::invalid("statusDetails"))
    }

    /// The documentation writes it as a number and as a text.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Rejection> {
        let Some(value) = self.present(name) else { return Ok(None) };
        let text = value.as_str().and_then(|text| text.parse().ok());
        value.as_u64().or(text).map(Some).ok_or_else(|| Rejection::invalid(name))
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, Rejection> {
        let Some(value) = self.present(name) else { return Ok(default) };
        value.as_bool().ok_or_else(|| Rejection::invalid(name))
    }

    pub(super) fn step(&self) -> Result<Step, Rejection> {
        let Some(value) = self.present("stepTimeoutInMinutes") else { return Ok(Step::Unchanged) };
        match value.as_i64() {
            Some(-1) => Ok(Step::Off),
            Some(minutes @ 1..=LONGEST_STEP) => Ok(Step::Seconds(minutes.unsigned_abs() * 60)),
            _ => Err(Rejection::invalid("stepTimeoutInMinutes")),
        }
    }

    fn present(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }
}
