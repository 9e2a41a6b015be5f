//! What is known of a module until it restarts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::ahead::Ahead;
use super::stored_profile::StoredProfile;
use crate::commands::CredentialKind;
use crate::driver::Health;

/// What is known, and of which run of the module.
#[derive(Debug, Default)]
pub(super) struct Known {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    since: Health,
    /// How long the silence around the escape sequence has to be.
    pub(super) escape_guard: Option<Duration>,
    /// What test forms have answered since bring-up.
    pub(super) test_forms: BTreeMap<&'static str, Option<Vec<String>>>,
    pub(super) ahead: Ahead,
    /// What the caller has kept of this very module.
    pub(super) stored: Option<Box<StoredProfile>>,
    /// Slots and what of ours they hold.
    pub(super) credentials: Vec<(u8, CredentialKind)>,
}

/// Whether the PIN was sent, for all channels of a module and for all its starts: it is the same SIM.
#[derive(Clone, Debug, Default)]
pub(crate) struct PinMemory {
    state: Arc<Mutex<PinState>>,
}

/// A PIN must never be sent twice unless the first time was right: three wrong ones block the SIM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum PinState {
    #[default]
    Unsent,
    /// Sent, and not known to be right.
    Sent,
    /// It was right, and will be right again.
    Accepted,
    /// It was wrong, and will be wrong again.
    Refused,
    /// Whether it was wrong before is not known any more.
    Withheld,
}

impl Known {
    /// What is known of the module as it is now. The second value tells that it was forgotten because the module has
    /// restarted or the port was lost.
    pub(super) fn at(&self, health: Health) -> (MutexGuard<'_, State>, bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let forgotten = state.since.loss_until(&health).is_some();
        if forgotten {
            *state = State::default();
        }
        state.since = health;
        (state, forgotten)
    }
}

impl PinMemory {
    /// Of a SIM whose PIN must not be sent, because it may have been wrong before.
    pub(crate) fn withheld() -> Self {
        Self { state: Arc::new(Mutex::new(PinState::Withheld)) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, PinState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sent, and not known to be right.
    pub(crate) fn is_doubtful(&self) -> bool {
        !self.state().may_be_sent()
    }
}

impl PinState {
    /// Whether it may be sent now.
    pub(super) fn may_be_sent(self) -> bool {
        matches!(self, Self::Unsent | Self::Accepted)
    }

    /// The SIM is ready: what was sent and not refused was right.
    pub(super) fn proven(&mut self) {
        if *self == Self::Sent {
            *self = Self::Accepted;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_makes_forget() {
        let (known, health) = (Known::default(), Health::default());
        known.at(health).0.escape_guard = Some(Duration::from_secs(1));
        assert!(!known.at(Health { troubles: 5, ..health }).1);
        assert!(known.at(health).0.escape_guard.is_some());
        let (state, forgotten) = known.at(Health { restarts: 1, ..health });
        assert!(forgotten);
        assert_eq!(state.escape_guard, None);
    }

    #[test]
    fn a_doubtful_pin_is_not_sent_again_until_the_sim_is_ready() {
        let mut pin = PinState::Sent;
        assert!(!pin.may_be_sent());
        pin.proven();
        assert!(pin.may_be_sent());
    }

    #[test]
    fn a_good_pin_may_go_again() {
        assert!(PinState::Accepted.may_be_sent());
    }

    #[test]
    fn a_wrong_pin_is_never_sent_again_whoever_has_unlocked_the_sim() {
        for mut pin in [PinState::Refused, PinState::Withheld] {
            pin.proven();
            assert!(!pin.may_be_sent());
        }
    }
}
