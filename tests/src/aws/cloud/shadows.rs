//! The shadow service. Source: AWS IoT documentation, "Device Shadow service documents", "Device Shadow MQTT topics".

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::Answers;

/// What is accepted, with what is published besides; or what is rejected.
type Outcome = Result<(Value, Vec<(&'static str, Value)>), (u16, String)>;

#[derive(Default)]
pub(super) struct Shadows {
    shadows: HashMap<String, Shadow>,
}

#[derive(Clone)]
struct Shadow {
    desired: Value,
    reported: Value,
    version: u64,
}

impl Shadows {
    pub(super) fn document(&self, shadow: &str) -> Option<Value> {
        self.shadows.get(shadow).map(Shadow::document)
    }

    pub(super) fn answer(&mut self, shadow: &str, operation: &str, payload: &[u8]) -> Answers {
        let topic = format!("{shadow}/{operation}");
        let request: Value = serde_json::from_slice(payload).unwrap_or_else(|_| json!({}));
        let outcome = match operation {
            "get" => self.get(shadow),
            "update" => self.update(shadow, &request),
            "delete" => self.delete(shadow),
            _ => return Vec::new(),
        };
        let (ending, mut body, others) = match outcome {
            Ok((body, others)) => ("accepted", body, others),
            Err((code, text)) => {
                ("rejected", json!({ "code": code, "message": text, "timestamp": 1 }), vec![])
            }
        };
        if let Some(token) = request.get("clientToken") {
            body["clientToken"] = token.clone();
        }
        let mut answers = vec![(format!("{topic}/{ending}"), body.to_string().into_bytes())];
        answers.extend(
            others.into_iter().map(|(name, body)| (format!("{topic}/{name}"), body.to_string().into())),
        );
        answers
    }

    fn get(&self, shadow: &str) -> Outcome {
        let found = self.shadows.get(shadow).ok_or_else(|| missing(shadow))?;
        Ok((found.document(), Vec::new()))
    }

    fn update(&mut self, shadow: &str, request: &Value) -> Outcome {
        let previous = self.shadows.get(shadow).cloned();
        let version = previous.as_ref().map_or(0, |it| it.version);
        if request.get("version").is_some_and(|wanted| *wanted != json!(version)) {
            return Err((409, "Version conflict".to_owned()));
        }
        let state = request.get("state").and_then(Value::as_object).cloned();
        let state = state.ok_or_else(|| (400, "Missing required node: state".to_owned()))?;
        let mut current =
            previous.clone().unwrap_or(Shadow { desired: Value::Null, reported: Value::Null, version });
        current.version += 1;
        for (name, section) in [("desired", &mut current.desired), ("reported", &mut current.reported)] {
            if let Some(change) = state.get(name) {
                merge(section, change);
            }
        }
        self.shadows.insert(shadow.to_owned(), current.clone());
        let version = current.version;
        let documents = json!({
            "previous": previous.map(|it| json!({ "state": it.sections(), "metadata": {}, "version": it.version })),
            "current": { "state": current.sections(), "metadata": {}, "version": version },
            "timestamp": 1,
        });
        let mut others = vec![("documents", documents)];
        if let Some(delta) = current.delta() {
            others.push((
                "delta",
                json!({ "state": delta, "metadata": {}, "version": version, "timestamp": 1 }),
            ));
        }
        Ok((json!({ "state": state, "metadata": {}, "version": version, "timestamp": 1 }), others))
    }

    fn delete(&mut self, shadow: &str) -> Outcome {
        let gone = self.shadows.remove(shadow).ok_or_else(|| missing(shadow))?;
        Ok((json!({ "version": gone.version, "timestamp": 1 }), Vec::new()))
    }
}

impl Shadow {
    fn sections(&self) -> Value {
        let mut state = Map::new();
        for (name, section) in [("desired", &self.desired), ("reported", &self.reported)] {
            if !section.is_null() {
                state.insert(name.to_owned(), section.clone());
            }
        }
        Value::Object(state)
    }

    fn document(&self) -> Value {
        let mut state = self.sections();
        if let Some(delta) = self.delta() {
            state["delta"] = delta;
        }
        json!({ "state": state, "metadata": {}, "version": self.version, "timestamp": 1 })
    }

    fn delta(&self) -> Option<Value> {
        difference(&self.desired, &self.reported)
    }
}

/// What is in the first and not in the second.
fn difference(desired: &Value, reported: &Value) -> Option<Value> {
    let Value::Object(members) = desired else {
        return (desired != reported && !desired.is_null()).then(|| desired.clone());
    };
    let mut delta = Map::new();
    for (name, value) in members {
        if let Some(different) = difference(value, reported.get(name).unwrap_or(&Value::Null)) {
            delta.insert(name.clone(), different);
        }
    }
    (!delta.is_empty()).then_some(Value::Object(delta))
}

fn merge(target: &mut Value, change: &Value) {
    let Value::Object(members) = change else {
        *target = change.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in members {
        if value.is_null() {
            target.as_object_mut().expect("it is one").remove(name);
        } else {
            merge(&mut target[name], value);
        }
    }
}

fn missing(shadow: &str) -> (u16, String) {
    (404, format!("No shadow exists with name: '{shadow}'"))
}
