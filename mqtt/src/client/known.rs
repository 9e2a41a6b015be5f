//! What the task knows of the session, for its handles to look at.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::state::ClientState;

/// What is known of a session.
#[derive(Debug)]
pub(super) struct Known(Mutex<State>);

#[derive(Debug)]
struct State {
    client: ClientState,
    session_present: Option<bool>,
}

impl Default for Known {
    /// Of one that connects for the first time.
    fn default() -> Self {
        Self(Mutex::new(State { client: ClientState::Connecting, session_present: None }))
    }
}

impl Known {
    pub(super) fn state(&self) -> ClientState {
        self.lock().client
    }

    pub(super) fn set_state(&self, state: ClientState) {
        self.lock().client = state;
    }

    pub(super) fn session_present(&self) -> Option<bool> {
        self.lock().session_present
    }

    pub(super) fn set_session_present(&self, session_present: Option<bool>) {
        self.lock().session_present = session_present;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
