//! A shadow: its two sections, when each of their values came, and how they differ.

use serde_json::{Map, Value, json};

use super::request::{Change, Update};

/// A shadow. One that was deleted keeps its version.
#[derive(Debug, Clone, Default)]
pub(super) struct Shadow {
    desired: Section,
    reported: Section,
    version: u64,
    exists: bool,
}

/// Values, and the same tree with a timestamp for each.
#[derive(Debug, Clone, Default)]
struct Section {
    values: Map<String, Value>,
    times: Map<String, Value>,
}

impl Shadow {
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn exists(&self) -> bool {
        self.exists
    }

    pub(super) fn clear(&mut self) {
        *self = Self { version: self.version, ..Self::default() };
    }

    /// Takes the changes. Gives back the timestamps of what was set.
    pub(super) fn merge(&mut self, update: &Update, now: u64) -> Value {
        self.version += 1;
        self.exists = true;
        let mut changed = Map::new();
        let sections = [
            ("desired", &update.desired, &mut self.desired),
            ("reported", &update.reported, &mut self.reported),
        ];
        for (name, change, section) in sections {
            match change {
                Change::Nothing => {}
                Change::Remove => *section = Section::default(),
                Change::Merge(values) => {
                    let times = merge(&mut section.values, &mut section.times, values, now);
                    changed.insert(name.to_owned(), Value::Object(times));
                }
            }
        }
        Value::Object(changed)
    }

    /// What the document measures against its limit: the state without the metadata.
    pub(super) fn length(&self) -> usize {
        self.state(false).to_string().len()
    }

    /// What get answers.
    pub(super) fn document(&self, now: u64) -> Value {
        json!({
            "state": self.state(true), "metadata": self.metadata(), "version": self.version, "timestamp": now
        })
    }

    /// One half of `update/documents`.
    pub(super) fn snapshot(&self) -> Value {
        json!({ "state": self.state(false), "metadata": self.metadata(), "version": self.version })
    }

    /// `update/delta`, if there is a difference.
    pub(super) fn delta_message(&self, now: u64) -> Option<Value> {
        let delta = self.delta();
        if delta.is_empty() {
            return None;
        }
        let metadata = times_of(&delta, &self.desired.times);
        Some(json!({ "version": self.version, "timestamp": now, "state": delta, "metadata": metadata }))
    }

    /// What is desired and not reported so.
    fn delta(&self) -> Map<String, Value> {
        difference(&self.desired.values, &self.reported.values)
    }

    fn state(&self, with_delta: bool) -> Value {
        let delta = if with_delta { self.delta() } else { Map::new() };
        named([("desired", &self.desired.values), ("reported", &self.reported.values), ("delta", &delta)])
    }

    fn metadata(&self) -> Value {
        named([("desired", &self.desired.times), ("reported", &self.reported.times)])
    }
}

/// Those that are not empty.
fn named<const N: usize>(sections: [(&str, &Map<String, Value>); N]) -> Value {
    let present = sections.into_iter().filter(|(_, section)| !section.is_empty());
    Value::Object(present.map(|(name, section)| (name.to_owned(), json!(section))).collect())
}

/// Merges `changes` into `values`: objects into objects, null removes, the rest replaces. Gives back the timestamps of
/// what was set.
fn merge(
    values: &mut Map<String, Value>,
    times: &mut Map<String, Value>,
    changes: &Map<String, Value>,
    now: u64,
) -> Map<String, Value> {
    let mut set = Map::new();
    for (key, change) in changes {
        match change {
            Value::Null => {
                values.remove(key);
                times.remove(key);
            }
            Value::Object(inner) => {
                if !values.get(key).is_some_and(Value::is_object) {
                    values.insert(key.clone(), json!({}));
                    times.insert(key.clone(), json!({}));
                }
                let (Some(Value::Object(old)), Some(Value::Object(old_times))) =
                    (values.get_mut(key), times.get_mut(key))
                else {
                    continue;
                };
                set.insert(key.clone(), Value::Object(merge(old, old_times, inner, now)));
                // What has nothing left in it is gone.
                if old.is_empty() {
                    values.remove(key);
                    times.remove(key);
                }
            }
            change => {
                let time = stamped(change, now);
                values.insert(key.clone(), change.clone());
                times.insert(key.clone(), time.clone());
                set.insert(key.clone(), time);
            }
        }
    }
    set
}

/// A timestamp, and one for each item of an array.
fn stamped(value: &Value, now: u64) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| stamped(item, now)).collect(),
        Value::Object(values) => {
            values.iter().map(|(key, value)| (key.clone(), stamped(value, now))).collect()
        }
        _ => json!({ "timestamp": now }),
    }
}

fn difference(desired: &Map<String, Value>, reported: &Map<String, Value>) -> Map<String, Value> {
    let mut delta = Map::new();
    for (key, value) in desired {
        match (value, reported.get(key)) {
            (Value::Object(value), Some(Value::Object(reported))) => {
                let inner = difference(value, reported);
                if !inner.is_empty() {
                    delta.insert(key.clone(), Value::Object(inner));
                }
            }
            (value, Some(reported)) if value == reported => {}
            (value, _) => drop(delta.insert(key.clone(), value.clone())),
        }
    }
    delta
}

/// The timestamps of exactly the values in `values`.
fn times_of(values: &Map<String, Value>, times: &Map<String, Value>) -> Value {
    let time_of = |(key, value): (&String, &Value)| {
        let time = times.get(key)?;
        let time = match (value, time) {
            (Value::Object(values), Value::Object(times)) => times_of(values, times),
            (_, time) => time.clone(),
        };
        Some((key.clone(), time))
    };
    Value::Object(values.iter().filter_map(time_of).collect())
}
