//! The device shadow service.
//!
//! Source: "AWS IoT Device Shadow service" of the AWS IoT Core developer guide: its MQTT topics, documents and error
//! messages.

mod document;
mod owner;
mod request;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::document::Shadow;
pub use self::owner::ShadowRejected;
use self::request::{Rejection, Update, read_plain};
use super::answer::{Answer, with_token};

/// Longest document, in bytes.
const LONGEST: usize = 8 * 1024;
const LONGEST_THING_NAME: usize = 128;
const LONGEST_SHADOW_NAME: usize = 64;

/// All shadows by thing and name; the classic one has none.
#[derive(Debug, Default)]
pub(super) struct Shadows {
    shadows: BTreeMap<(String, Option<String>), Shadow>,
}

/// Which shadow, and where its messages go.
#[derive(Clone, Copy)]
struct Subject<'a> {
    thing: &'a str,
    name: Option<&'a str>,
}

impl Subject<'_> {
    fn topic(&self, rest: &str) -> String {
        let thing = self.thing;
        match self.name {
            Some(name) => format!("$aws/things/{thing}/shadow/name/{name}/{rest}"),
            None => format!("$aws/things/{thing}/shadow/{rest}"),
        }
    }

    fn key(&self) -> (String, Option<String>) {
        (self.thing.to_owned(), self.name.map(str::to_owned))
    }

    fn check(&self) -> Result<(), Rejection> {
        let named = |text: &str, longest| {
            let valid = |byte: u8| byte.is_ascii_alphanumeric() || b":_-".contains(&byte);
            !text.is_empty() && text.len() <= longest && text.bytes().all(valid)
        };
        if !named(self.thing, LONGEST_THING_NAME) {
            return Err(Rejection::bad("Invalid thing name"));
        }
        match self.name {
            Some(name) if !named(name, LONGEST_SHADOW_NAME) => Err(Rejection::bad("Invalid shadow name")),
            _ => Ok(()),
        }
    }

    fn missing(&self) -> Rejection {
        let name = self.name.map(|name| format!("~{name}")).unwrap_or_default();
        Rejection::new(404, format!("No shadow exists with name: '{}{name}'", self.thing))
    }
}

impl Shadows {
    /// What a publish to `.../shadow/<action>` leads to, `now` being the seconds since 1970.
    pub(super) fn request(
        &mut self,
        thing: &str,
        name: Option<&str>,
        action: &str,
        payload: &[u8],
        now: u64,
    ) -> Vec<Answer> {
        let subject = Subject { thing, name };
        let mut token = None;
        let answered = subject.check().and_then(|()| match action {
            "update" => self.update(subject, payload, now, &mut token),
            "get" => self.get(subject, payload, now, &mut token),
            _ => self.delete(subject, payload, now, &mut token),
        });
        answered.unwrap_or_else(|Rejection { code, message }| {
            let payload = json!({ "code": code, "message": message, "timestamp": now });
            let topic = subject.topic(&format!("{action}/rejected"));
            vec![Answer::response(topic, with_token(payload, token.as_deref()))]
        })
    }

    fn update(
        &mut self,
        subject: Subject<'_>,
        payload: &[u8],
        now: u64,
        token: &mut Option<String>,
    ) -> Result<Vec<Answer>, Rejection> {
        let update = Update::read(payload, token)?;
        let previous = self.shadows.get(&subject.key());
        let mut shadow = previous.cloned().unwrap_or_default();
        if update.version.is_some_and(|version| version != shadow.version()) {
            return Err(Rejection::new(409, "Version conflict"));
        }
        let changed = shadow.merge(&update, now);
        if shadow.length() > LONGEST {
            return Err(Rejection::new(413, "The payload exceeds the maximum size allowed"));
        }
        let token = token.as_deref();
        let answer = |rest: &str, payload| (subject.topic(rest), with_token(payload, token));
        let accepted = json!({
            "state": update.state(), "metadata": changed, "version": shadow.version(), "timestamp": now
        });
        let (topic, payload) = answer("update/accepted", accepted);
        let mut answers = vec![Answer::response(topic, payload)];
        if let Some(delta) = shadow.delta_message(now) {
            let (topic, payload) = answer("update/delta", delta);
            answers.push(Answer::notification(topic, payload));
        }
        let mut documents = json!({ "current": shadow.snapshot(), "timestamp": now });
        if let (Some(previous), Some(documents)) =
            (previous.filter(|previous| previous.exists()), documents.as_object_mut())
        {
            documents.insert("previous".to_owned(), previous.snapshot());
        }
        let (topic, payload) = answer("update/documents", documents);
        answers.push(Answer::notification(topic, payload));
        self.shadows.insert(subject.key(), shadow);
        Ok(answers)
    }

    fn get(
        &self,
        subject: Subject<'_>,
        payload: &[u8],
        now: u64,
        token: &mut Option<String>,
    ) -> Result<Vec<Answer>, Rejection> {
        read_plain(payload, token)?;
        let shadow = self.existing(subject).ok_or_else(|| subject.missing())?;
        let payload = with_token(shadow.document(now), token.as_deref());
        Ok(vec![Answer::response(subject.topic("get/accepted"), payload)])
    }

    fn delete(
        &mut self,
        subject: Subject<'_>,
        payload: &[u8],
        now: u64,
        token: &mut Option<String>,
    ) -> Result<Vec<Answer>, Rejection> {
        let wanted = read_plain(payload, token)?;
        let shadow = self.shadows.get_mut(&subject.key()).filter(|shadow| shadow.exists());
        let shadow = shadow.ok_or_else(|| subject.missing())?;
        if wanted.is_some_and(|version| version != shadow.version()) {
            return Err(Rejection::new(409, "Version conflict"));
        }
        let payload = json!({ "version": shadow.version(), "timestamp": now });
        shadow.clear();
        let payload = with_token(payload, token.as_deref());
        Ok(vec![Answer::response(subject.topic("delete/accepted"), payload)])
    }

    fn existing(&self, subject: Subject<'_>) -> Option<&Shadow> {
        self.shadows.get(&subject.key()).filter(|shadow| shadow.exists())
    }

    /// The document as a get would show it.
    pub(super) fn document(&self, thing: &str, name: Option<&str>, now: u64) -> Option<Value> {
        self.existing(Subject { thing, name }).map(|shadow| shadow.document(now))
    }
}
