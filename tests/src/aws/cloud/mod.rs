//! The services of AWS IoT behind the broker in memory.

mod jobs;
mod provisioning;
mod shadows;

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use telit_simulator::peers::{Broker, Message};

use jobs::Jobs;
use provisioning::Provisioning;
use shadows::Shadows;

use super::THING;

/// What is published in answer.
type Answers = Vec<(String, Vec<u8>)>;

#[derive(Clone)]
pub(crate) struct Cloud {
    pub(crate) broker: Broker,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    shadows: Shadows,
    jobs: Jobs,
    provisioning: Provisioning,
    /// So many answers get lost.
    lost: usize,
    /// Answers end after so many bytes.
    cut: Option<usize>,
}

impl Cloud {
    pub(crate) fn start(broker: Broker) -> Self {
        let cloud = Self { broker, state: Arc::default() };
        tokio::spawn(cloud.clone().serve());
        cloud
    }

    async fn serve(self) {
        let mut seen = 0;
        loop {
            let messages = self.broker.wait_for_messages(seen + 1).await;
            for message in messages.iter().skip(seen).filter(|message| message.client_id.is_some()) {
                let answers = self.with(|state| state.answer(message));
                self.publish(answers);
            }
            seen = messages.len();
        }
    }

    /// The next answers do not arrive.
    pub(crate) fn lose(&self, answers: usize) {
        self.with(|state| state.lost = answers);
    }

    /// Answers lose their end, or not any more.
    pub(crate) fn cut(&self, length: Option<usize>) {
        self.with(|state| state.cut = length);
    }

    /// An application writes into a shadow; `shadow` is its topic without what follows.
    pub(crate) fn update_shadow(&self, shadow: &str, update: &Value) {
        let payload = update.to_string();
        let answers = self.with(|state| state.shadows.answer(shadow, "update", payload.as_bytes()));
        self.publish(answers);
    }

    pub(crate) fn shadow(&self, shadow: &str) -> Option<Value> {
        self.with(|state| state.shadows.document(shadow))
    }

    /// Queues a job for the thing.
    pub(crate) fn add_job(&self, id: &str, document: Value) {
        let answers = self.with(|state| state.jobs.add(&jobs_of_thing(), id, document));
        self.publish(answers);
    }

    /// Somebody else changes a job.
    pub(crate) fn change_job(&self, id: &str, status: &str) {
        let answers = self.with(|state| state.jobs.change(&jobs_of_thing(), id, status));
        self.publish(answers);
    }

    /// Status and details of a job.
    pub(crate) fn job(&self, id: &str) -> (String, Value) {
        self.with(|state| state.jobs.state(id)).expect("there is one")
    }

    /// What new things are given, as PEM.
    pub(crate) fn give_out(&self, certificate: &str, key: &str) {
        self.with(|state| {
            state.provisioning.certificate = certificate.to_owned();
            state.provisioning.key = key.to_owned();
        });
    }

    /// The parameters of every registration.
    pub(crate) fn registered(&self) -> Vec<Value> {
        self.with(|state| state.provisioning.registered.clone())
    }

    /// Payloads that came on a topic.
    pub(crate) fn received(&self, topic: &str) -> Vec<Value> {
        let ours =
            self.broker.messages().into_iter().filter(|it| it.client_id.is_some() && it.topic == topic);
        ours.map(|it| serde_json::from_slice(&it.payload).unwrap_or_else(|_| json!("no JSON"))).collect()
    }

    fn publish(&self, answers: Answers) {
        for (topic, payload) in answers {
            self.broker.publish(topic, payload, 1);
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().expect("nobody panicked"))
    }
}

impl State {
    fn answer(&mut self, message: &Message) -> Answers {
        let (topic, payload) = (message.topic.as_str(), &message.payload);
        let answers = match topic.rsplit_once('/') {
            Some((shadow, operation)) if shadow.contains("/shadow") => {
                self.shadows.answer(shadow, operation, payload)
            }
            _ if topic.contains("/jobs/") => self.jobs.answer(topic, payload),
            _ if topic.ends_with("/json") => self.provisioning.answer(topic, payload),
            _ => Vec::new(),
        };
        let lost = self.lost.min(answers.len());
        self.lost -= lost;
        let mut arriving: Answers = answers.into_iter().skip(lost).collect();
        if let Some(length) = self.cut {
            arriving.iter_mut().for_each(|(_, payload)| payload.truncate(length));
        }
        arriving
    }
}

fn jobs_of_thing() -> String {
    format!("$aws/things/{THING}/jobs")
}
