//! What the demonstration tells: a line a step.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::output::{self, Output};

/// What a step gives: a value for later steps, words for people, facts for scripts.
pub(super) struct Done<T> {
    value: T,
    text: String,
    facts: Map<String, Value>,
}

impl<T> Done<T> {
    pub(super) fn new(value: T, text: impl Into<String>) -> Self {
        Self { value, text: text.into(), facts: Map::new() }
    }

    /// Adds a fact for scripts.
    pub(super) fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}

/// The report of all steps.
pub(super) struct Report<'a> {
    output: &'a Output,
    started: Instant,
}

impl<'a> Report<'a> {
    pub(super) fn start(output: &'a Output) -> Self {
        Self { output, started: Instant::now() }
    }

    /// Runs a step and tells how it went.
    pub(super) async fn step<T>(
        &self,
        name: &str,
        work: impl Future<Output = Result<Done<T>, Failure>>,
    ) -> Result<T, Failure> {
        let started = Instant::now();
        // Steps are large and run one after the other.
        match Box::pin(work).await {
            Ok(done) => {
                self.tell(name, started.elapsed(), done.text, Ok(done.facts))?;
                Ok(done.value)
            }
            Err(failure) => {
                self.tell(name, started.elapsed(), failure.to_string(), Err(&failure))?;
                Err(failure.about(format!("step {name}")))
            }
        }
    }

    /// A line between the steps, for people only.
    pub(super) fn remark(&self, text: &str) -> Result<(), Failure> {
        if self.output.is_json() { Ok(()) } else { self.output.text(&format!("{:>28}{text}", "")) }
    }

    pub(super) fn end(&self) -> Result<(), Failure> {
        let took = output::duration(self.started.elapsed());
        if self.output.is_json() { Ok(()) } else { self.output.text(&format!("all done in {took}")) }
    }

    fn tell(
        &self,
        name: &str,
        took: Duration,
        text: String,
        outcome: Result<Map<String, Value>, &Failure>,
    ) -> Result<(), Failure> {
        let ok = outcome.is_ok();
        let mut object = match outcome {
            Ok(facts) => facts,
            Err(failure) => Map::from_iter([("error".to_owned(), json!(failure.to_string()))]),
        };
        object.insert("step".to_owned(), json!(name));
        object.insert("ok".to_owned(), json!(ok));
        object.insert("ms".to_owned(), json!(u64::try_from(took.as_millis()).unwrap_or(u64::MAX)));
        self.output.result(&Value::Object(object), || {
            let verdict = if ok { "ok" } else { "FAILED" };
            format!("{name:<12}{verdict:<7}{:>8} {text}", output::duration(took))
        })
    }
}
