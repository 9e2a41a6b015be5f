//! A change to a shadow.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use telit_core::at::InvalidValue;

use super::ShadowError;
use super::limits::{check_section, check_size};
use crate::aws::request::{TOKEN_LIMIT, new_token};

/// A change to a shadow: desired, reported or both, and for which version it is meant.
///
/// What a state does not name stays; what serialises to `null` is removed; arrays are replaced as a whole.
///
/// ```no_run
/// # async fn example(mut shadow: telit_mqtt::aws::shadow::Shadow<serde_json::Value>) -> Result<(), Box<dyn std::error::Error>> {
/// use serde_json::json;
/// use telit_mqtt::aws::shadow::{ShadowError, Update};
///
/// let update = Update::new().reported(json!({ "celsius": 21 })).clear_desired().for_version(12);
/// match shadow.update(update).await {
///     Err(ShadowError::VersionConflict { .. }) => println!("somebody was faster"),
///     outcome => println!("it is version {} now", outcome?.version),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "nothing changes until it is given to Shadow::update()"]
pub struct Update<S> {
    desired: Section<S>,
    reported: Section<S>,
    version: Option<u64>,
    token: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Section<S> {
    Kept,
    Changed(S),
    Removed,
}

impl<S> Default for Update<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Update<S> {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self { desired: Section::Kept, reported: Section::Kept, version: None, token: None }
    }

    /// What is desired of the device.
    pub fn desired(mut self, state: S) -> Self {
        self.desired = Section::Changed(state);
        self
    }

    /// What the device reports.
    pub fn reported(mut self, state: S) -> Self {
        self.reported = Section::Changed(state);
        self
    }

    /// Removes everything that is desired, as a device does that has taken it all on.
    pub fn clear_desired(mut self) -> Self {
        self.desired = Section::Removed;
        self
    }

    /// Removes everything that is reported.
    pub fn clear_reported(mut self) -> Self {
        self.reported = Section::Removed;
        self
    }

    /// Takes effect only if the shadow has this version. Default: whatever it has.
    pub fn for_version(mut self, version: u64) -> Self {
        self.version = Some(version);
        self
    }

    /// A token of one's own, which comes back in the answer and in the delta that follows. At most 64 bytes. Default: one
    /// made up.
    pub fn client_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }
}

impl<S: Serialize> Update<S> {
    /// Whether a shadow can be changed like this, as far as it is known without asking. Nothing is sent.
    ///
    /// # Errors
    /// As [`Shadow::update`](super::Shadow::update): [`ShadowError::TooLarge`], [`ShadowError::TooDeep`],
    /// [`ShadowError::NullInArray`], [`ShadowError::Unsendable`], [`ShadowError::Invalid`].
    pub fn check(&self) -> Result<(), ShadowError> {
        self.encode().map(drop)
    }

    /// The request and its token.
    pub(super) fn encode(&self) -> Result<(Bytes, String), ShadowError> {
        let token = self.token.clone().unwrap_or_else(new_token);
        if token.is_empty() || token.len() > TOKEN_LIMIT {
            let problem = format!("AWS IoT takes 1 to {TOKEN_LIMIT} bytes");
            return Err(InvalidValue::new("client token", problem).into());
        }
        let mut state = Map::new();
        for (name, section) in [("desired", &self.desired), ("reported", &self.reported)] {
            let value = match section {
                Section::Kept => continue,
                Section::Changed(it) => encoded(it)?,
                Section::Removed => Value::Null,
            };
            check_section(&value)?;
            state.insert(name.to_owned(), value);
        }
        let state = Value::Object(state);
        check_size(state.to_string().len())?;
        let mut request = Map::new();
        request.insert("state".to_owned(), state);
        if let Some(version) = self.version {
            request.insert("version".to_owned(), version.into());
        }
        request.insert("clientToken".to_owned(), token.as_str().into());
        Ok((Value::Object(request).to_string().into(), token))
    }
}

fn encoded(state: &impl Serialize) -> Result<Value, ShadowError> {
    serde_json::to_value(state).map_err(|error| ShadowError::Unsendable { problem: error.to_string() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent(update: Update<Value>) -> Value {
        let (payload, token) = update.encode().unwrap();
        let mut request: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(request["clientToken"], token.as_str());
        request.as_object_mut().unwrap().remove("clientToken");
        request
    }

    #[test]
    fn only_what_is_given_is_sent() {
        let update = Update::new().reported(json!({ "a": 1 }));
        assert_eq!(sent(update), json!({ "state": { "reported": { "a": 1 } } }));
        let update = Update::new().desired(json!({ "a": null })).clear_reported().for_version(7);
        let expected = json!({ "state": { "desired": { "a": null }, "reported": null }, "version": 7 });
        assert_eq!(sent(update), expected);
    }

    #[test]
    fn what_the_service_would_reject_is_not_sent() {
        let long = Update::new().reported(json!({ "a": "x".repeat(8192) }));
        assert!(matches!(long.encode(), Err(ShadowError::TooLarge { limit: 8192, .. })));
        assert_eq!(long.check(), long.encode().map(drop));
        let token = |length| Update::<Value>::new().client_token("t".repeat(length)).encode();
        assert_eq!(token(64).unwrap().1.len(), 64);
        assert!(matches!(token(65), Err(ShadowError::Invalid(_))));
        assert!(matches!(token(0), Err(ShadowError::Invalid(_))));
        let names = std::collections::HashMap::from([([1_u8, 2], 3)]);
        assert!(matches!(Update::new().reported(names).encode(), Err(ShadowError::Unsendable { .. })));
    }
}
