//! What the services on reserved topics have to say.

use serde_json::{Map, Value, json};

/// A message of a service.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) topic: String,
    pub(super) payload: Value,
    /// Whether it answers the client that asked. Otherwise it tells everybody of a change.
    pub(super) is_response: bool,
}

impl Answer {
    pub(super) fn response(topic: String, payload: Value) -> Self {
        Self { topic, payload, is_response: true }
    }

    pub(super) fn notification(topic: String, payload: Value) -> Self {
        Self { topic, payload, is_response: false }
    }
}

/// Repeats the client's token in an answer, if it sent one.
pub(super) fn with_token(mut payload: Value, token: Option<&str>) -> Value {
    if let (Some(token), Some(object)) = (token, payload.as_object_mut()) {
        object.insert("clientToken".to_owned(), json!(token));
    }
    payload
}

/// A request as a JSON object. Nothing at all counts as an empty one.
pub(super) fn object(payload: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(payload) {
        Ok(Value::Object(object)) => Some(object),
        _ if payload.is_empty() => Some(Map::new()),
        _ => None,
    }
}
