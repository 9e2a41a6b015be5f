//! What is known about the module as a whole: whether it can be used, and what it has lost.

use std::sync::Arc;

use super::latest::{Receiver, Sender};
use super::restart::RestartSign;

/// Whether the module can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ModuleState {
    /// As far as is known.
    #[default]
    Up,
    /// Something is wrong, and a [supervisor](crate::supervisor) is at work on it.
    Recovering,
    /// The port is lost and nobody opens it again, or the supervisor has given up, or was dropped while it was at work.
    Down,
}

/// What is known about the module at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Health {
    /// Whether it can be used.
    pub state: ModuleState,
    /// How often it was seen to have restarted since it was opened. Connections, and the settings that it does not
    /// keep, are gone each time.
    pub restarts: u64,
    /// How often the port was lost since it was opened. The module may have run on.
    pub port_losses: u64,
    /// How often a command had no answer in time, or none that could be understood.
    pub troubles: u64,
    /// What has shown the last restart first.
    pub(crate) restart: Option<RestartSign>,
    /// How often a restart has shown, also one that was counted before.
    pub(crate) starts: u64,
}

/// What a session lost with its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Loss {
    /// The module has restarted.
    ModuleRestarted,
    /// The port was lost; the module may have run on.
    PortLost,
}

impl Health {
    /// What a session that began at `self` has lost by `later`.
    #[must_use]
    pub fn loss_until(&self, later: &Self) -> Option<Loss> {
        if later.restarts != self.restarts {
            Some(Loss::ModuleRestarted)
        } else if later.port_losses != self.port_losses {
            Some(Loss::PortLost)
        } else {
            None
        }
    }
}

/// The module cannot be used, and nobody is at work on it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the module is out of reach, and nothing more is tried")]
pub struct ModuleDown;

/// Follows the health of a module; clones are independent of each other.
#[derive(Clone, Debug)]
pub struct HealthWatch {
    receiver: Receiver<Health>,
}

impl HealthWatch {
    /// What is known now.
    #[must_use]
    pub fn now(&self) -> Health {
        self.receiver.now()
    }

    /// Waits for the next change and gives what is known then. `None` when the port is closed.
    ///
    /// # Cancel safety
    /// Nothing is lost: changes in quick succession are seen as one.
    pub async fn changed(&mut self) -> Option<Health> {
        self.receiver.changed().await
    }

    /// Waits until the module can be used. Returns at once if it can. The [supervisor](crate::supervisor) bounds the
    /// time.
    ///
    /// # Errors
    /// [`ModuleDown`]
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn up(&mut self) -> Result<Health, ModuleDown> {
        let settled = self.receiver.wait_for(|health| health.state != ModuleState::Recovering).await;
        settled.filter(|health| health.state == ModuleState::Up).ok_or(ModuleDown)
    }

    /// Waits until something is lost that a session which began at `since` relies on. Pends for ever while nothing is.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn lost(&mut self, since: Health) -> Loss {
        let lost = self.receiver.wait_for(|health| since.loss_until(health).is_some()).await;
        let loss = lost.and_then(|health| since.loss_until(&health));
        // A port that is closed is lost.
        loss.unwrap_or(Loss::PortLost)
    }
}

/// The side that knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct HealthRecord {
    sender: Arc<Sender<Health>>,
}

impl HealthRecord {
    pub(crate) fn watch(&self) -> HealthWatch {
        HealthWatch { receiver: self.sender.subscribe() }
    }

    pub(crate) fn now(&self) -> Health {
        self.sender.now()
    }

    /// The module can be used, if nothing was lost since `known`. Gives what holds then.
    pub(crate) fn set_up(&self, known: Health) -> Option<Health> {
        let mut up = None;
        self.sender.change(|health| {
            if known.loss_until(health).is_some() || known.starts != health.starts {
                return false;
            }
            let changed = std::mem::replace(&mut health.state, ModuleState::Up) != ModuleState::Up;
            up = Some(*health);
            changed
        });
        up
    }

    pub(crate) fn set_state(&self, state: ModuleState) {
        self.sender.change(|health| std::mem::replace(&mut health.state, state) != state);
    }

    /// Nobody is at work on the module any more.
    pub(crate) fn gave_up(&self) {
        self.sender.change(|health| {
            let given_up = health.state == ModuleState::Recovering;
            if given_up {
                health.state = ModuleState::Down;
            }
            given_up
        });
    }

    pub(crate) fn module_restarted(&self, sign: RestartSign, is_supervised: bool) {
        self.sender.change(|health| {
            health.restarts += 1;
            health.starts += 1;
            health.restart = Some(sign);
            if is_supervised {
                health.state = ModuleState::Recovering;
            }
            true
        });
    }

    /// The restart that was counted last shows once more: whatever was set up since is lost. Nobody else need know.
    pub(crate) fn restart_goes_on(&self) {
        self.sender.change(|health| {
            health.starts += 1;
            false
        });
    }

    pub(crate) fn port_lost(&self, state: ModuleState) {
        self.sender.change(|health| {
            health.port_losses += 1;
            health.state = state;
            true
        });
    }

    pub(crate) fn trouble(&self) {
        self.sender.change(|health| {
            health.troubles += 1;
            true
        });
    }

    /// What happened until now was part of opening the port.
    pub(crate) fn begin(&self) {
        self.sender.change(|health| {
            *health = Health::default();
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_weighs_more_than_a_lost_port() {
        let before = Health::default();
        let mut later = Health { port_losses: 1, troubles: 9, ..before };
        assert_eq!(before.loss_until(&Health { troubles: 1, ..before }), None);
        assert_eq!(before.loss_until(&later), Some(Loss::PortLost));
        later.restarts = 1;
        assert_eq!(before.loss_until(&later), Some(Loss::ModuleRestarted));
    }

    #[test]
    fn it_is_up_only_if_nothing_more_was_lost() {
        let record = HealthRecord::default();
        let known = record.now();
        record.port_lost(ModuleState::Recovering);
        assert_eq!(record.set_up(known), None);
        assert_eq!(record.now().state, ModuleState::Recovering);
        let up = Health { state: ModuleState::Up, ..record.now() };
        assert_eq!(record.set_up(record.now()), Some(up));
        assert_eq!(record.now(), up);
        let known = record.now();
        record.restart_goes_on();
        assert_eq!((record.set_up(known), known.loss_until(&record.now())), (None, None));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_told() {
        let record = HealthRecord::default();
        let (mut up, mut lost) = (record.watch(), record.watch());
        assert_eq!(up.up().await, Ok(Health::default()));
        record.set_state(ModuleState::Recovering);
        let waiting = tokio::spawn(async move { up.up().await });
        let losing = tokio::spawn(async move { lost.lost(Health::default()).await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished() && !losing.is_finished());
        record.module_restarted(RestartSign::Echo, false);
        assert_eq!(losing.await.unwrap(), Loss::ModuleRestarted);
        record.set_state(ModuleState::Down);
        assert_eq!(waiting.await.unwrap(), Err(ModuleDown));
        record.gave_up();
        assert_eq!(record.now().state, ModuleState::Down);
        record.set_state(ModuleState::Up);
        record.gave_up();
        assert_eq!(record.now().state, ModuleState::Up, "nobody was at work");
        record.set_state(ModuleState::Recovering);
        record.gave_up();
        assert_eq!(record.now().state, ModuleState::Down);
        let mut last = record.watch();
        drop(record);
        assert_eq!(last.changed().await, None);
    }
}
