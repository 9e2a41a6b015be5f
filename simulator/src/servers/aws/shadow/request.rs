//! What a device asks of its shadow.

use serde_json::{Map, Value, json};

use super::super::answer::object;
use super::LONGEST;

/// Longest client token, in bytes.
const LONGEST_TOKEN: usize = 64;
/// Most levels of objects and arrays in a section. The sources give the number; that it counts the section itself is
/// our reading.
const DEEPEST: usize = 8;

/// Why a request is not granted, as `.../rejected` says it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    pub(super) code: u16,
    pub(super) message: String,
}

impl Rejection {
    pub(super) fn new(code: u16, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }
}

/// What a section of the state becomes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    /// It was not named.
    Nothing,
    /// It was `null`.
    Remove,
    Merge(Map<String, Value>),
}

/// `.../update`
#[derive(Debug, PartialEq)]
pub(super) struct Update {
    pub(super) desired: Change,
    pub(super) reported: Change,
    pub(super) version: Option<u64>,
}

impl Update {
    /// `token` is what was read of it, even if the rest is wrong.
    pub(super) fn read(payload: &[u8], token: &mut Option<String>) -> Result<Self, Rejection> {
        let request = head(payload, token)?;
        let state = match request.get("state") {
            None => return Err(Rejection::bad("Missing required node: state")),
            Some(Value::Object(state)) => state,
            Some(_) => return Err(Rejection::bad("State node must be an object")),
        };
        if let Some(other) = state.keys().find(|key| !["desired", "reported"].contains(&key.as_str())) {
            return Err(Rejection::bad(format!("State contains an invalid node: '{other}'")));
        }
        Ok(Self {
            desired: section(state, "desired", "Desired node must be an object")?,
            reported: section(state, "reported", "Reported node must be an object")?,
            version: version(&request)?,
        })
    }

    /// The part of the state that was named, as it was sent.
    pub(super) fn state(&self) -> Value {
        let mut state = Map::new();
        for (name, change) in [("desired", &self.desired), ("reported", &self.reported)] {
            match change {
                Change::Nothing => {}
                Change::Remove => drop(state.insert(name.to_owned(), Value::Null)),
                Change::Merge(section) => drop(state.insert(name.to_owned(), json!(section))),
            }
        }
        Value::Object(state)
    }
}

/// `.../get` and `.../delete` have no more than a token and a version.
pub(super) fn read_plain(payload: &[u8], token: &mut Option<String>) -> Result<Option<u64>, Rejection> {
    version(&head(payload, token)?)
}

fn head(payload: &[u8], token: &mut Option<String>) -> Result<Map<String, Value>, Rejection> {
    if payload.len() > LONGEST {
        return Err(Rejection::new(413, "The payload exceeds the maximum size allowed"));
    }
    let request = object(payload).ok_or_else(|| Rejection::bad("Invalid JSON"))?;
    match request.get("clientToken") {
        None => {}
        Some(Value::String(text)) if text.len() <= LONGEST_TOKEN => *token = Some(text.clone()),
        Some(_) => return Err(Rejection::bad("Invalid clientToken")),
    }
    Ok(request)
}

fn version(request: &Map<String, Value>) -> Result<Option<u64>, Rejection> {
    match request.get("version") {
        None | Some(Value::Null) => Ok(None),
        Some(version) => version.as_u64().map(Some).ok_or_else(|| Rejection::bad("Invalid version")),
    }
}

fn section(state: &Map<String, Value>, name: &str, wrong: &str) -> Result<Change, Rejection> {
    match state.get(name) {
        None => Ok(Change::Nothing),
        Some(Value::Null) => Ok(Change::Remove),
        Some(section @ Value::Object(values)) => {
            check(section, 1)?;
            Ok(Change::Merge(values.clone()))
        }
        Some(_) => Err(Rejection::bad(wrong)),
    }
}

/// No deeper than it may be, and no null in an array.
fn check(value: &Value, level: usize) -> Result<(), Rejection> {
    if (value.is_object() || value.is_array()) && level > DEEPEST {
        let message = format!("JSON contains too many levels of nesting; maximum is {DEEPEST}");
        return Err(Rejection::bad(message));
    }
    match value {
        Value::Object(values) => values.values().try_for_each(|value| check(value, level + 1)),
        Value::Array(items) if items.iter().any(Value::is_null) => {
            Err(Rejection::bad("Arrays must not contain null"))
        }
        Value::Array(items) => items.iter().try_for_each(|item| check(item, level + 1)),
        _ => Ok(()),
    }
}
