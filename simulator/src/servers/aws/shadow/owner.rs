//! Shadows as the owner of the account sees them.

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::servers::aws::AwsIot;

/// The shadow service refuses an update, as `.../rejected` would say it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
#[non_exhaustive]
pub struct ShadowRejected {
    /// Like a status of HTTP: 400, 404, 409, 413.
    pub code: u64,
    /// In words.
    pub message: String,
}

impl AwsIot {
    /// The document of a shadow, as a get would show it; `name` is `None` for the classic one. `None`: there is none.
    pub fn shadow(&self, thing: &str, name: Option<&str>) -> Option<Value> {
        let state = self.hub.state();
        state.shadows.document(thing, name, state.calendar.seconds(Instant::now()))
    }

    /// Updates a shadow as an application in the cloud: `{"state":{"desired":{...}}}`. Gives back the new document.
    ///
    /// Devices see what they would see of any update: `accepted`, `delta` and `documents`, as they have subscribed.
    ///
    /// # Errors
    /// [`ShadowRejected`] where a device would get `rejected`; nobody is told then.
    pub fn update_shadow(
        &self,
        thing: &str,
        name: Option<&str>,
        request: &Value,
    ) -> Result<Value, ShadowRejected> {
        self.ask_shadow(thing, name, "update", request)?;
        Ok(self.shadow(thing, name).unwrap_or_default())
    }

    /// Deletes a shadow as an application in the cloud. Its version goes on when it is made again.
    ///
    /// # Errors
    /// [`ShadowRejected`] if there is none.
    pub fn delete_shadow(&self, thing: &str, name: Option<&str>) -> Result<(), ShadowRejected> {
        self.ask_shadow(thing, name, "delete", &json!({}))
    }

    fn ask_shadow(
        &self,
        thing: &str,
        name: Option<&str>,
        action: &str,
        request: &Value,
    ) -> Result<(), ShadowRejected> {
        let mut state = self.hub.state();
        let seconds = state.calendar.seconds(Instant::now());
        let answers = state.shadows.request(thing, name, action, request.to_string().as_bytes(), seconds);
        if let Some(rejected) = answers.iter().find(|answer| answer.topic.ends_with("/rejected")) {
            let said = |name| rejected.payload.get(name);
            let code = said("code").and_then(Value::as_u64).unwrap_or_default();
            let message = said("message").and_then(Value::as_str).unwrap_or_default().to_owned();
            return Err(ShadowRejected { code, message });
        }
        self.hub.answer(&mut state, answers, None);
        Ok(())
    }
}
