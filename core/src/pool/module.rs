//! A module in a pool, as its work and the pool's user see it.

use std::sync::Arc;

use super::figures::ModuleFigures;
use super::name::ModuleName;
use super::shared::Shared;
use super::signal::Signal;
use crate::channels::NoSuchChannel;
use crate::error::Category;
use crate::modem::Modem;

/// Where a module in a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PoolState {
    /// It waits for its turn to be started, or for its port, or rests before it is started again.
    Waiting,
    /// It is being opened and brought on line.
    Starting,
    /// It is on line.
    Up,
    /// Something is wrong, and its supervisor is at work on it.
    Recovering,
    /// Its supervisor has given it up; its work comes to its end before it is started again.
    Down,
    /// Its work comes to its end, and then it leaves the pool.
    Leaving,
}

/// What is known of a module in a pool at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModuleStatus {
    /// Which one.
    pub name: ModuleName,
    /// Where it is.
    pub state: PoolState,
    /// Its model, once it has said it.
    pub model: Option<String>,
    /// What has happened to it.
    pub figures: ModuleFigures,
}

/// A module in a pool, for its work: from when it is on line until it is stopped. Clones are the same module.
#[derive(Clone, Debug)]
pub struct PooledModule {
    pub(super) shared: Arc<Shared>,
    pub(super) channels: Arc<[(u8, Modem)]>,
    pub(super) modem: Modem,
    /// The work has to come to its end.
    pub(super) ending: Arc<Signal>,
}

impl PooledModule {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &ModuleName {
        &self.shared.name
    }

    /// The module, on its first channel. It is on line when the work begins, and its handles outlive restarts of the
    /// module and lost ports.
    #[must_use]
    pub fn modem(&self) -> &Modem {
        &self.modem
    }

    /// The module on one of its channels, counted from 1.
    ///
    /// # Errors
    /// The module does not have it.
    pub fn channel(&self, number: u8) -> Result<&Modem, NoSuchChannel> {
        let found = self.channels.iter().find(|(known, _)| *known == number);
        found.map(|(_, modem)| modem).ok_or(NoSuchChannel { number })
    }

    /// Waits until the work has to come to its end: the pool is shut down, the module was removed, its port has been away
    /// for too long, or its supervisor has given it up. [Some time](super::PoolOptions::leaving) is left then for saying
    /// goodbye; afterwards the work is dropped and the port closes, whoever still has handles.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn leaving(&self) {
        self.ending.raised().await;
    }

    /// Whether the work has to come to its end.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.ending.is_raised()
    }

    /// Counts an error that the work has met and dealt with, for the figures of the module. Every error type of the SDK
    /// has its `category()`.
    pub fn record_error(&self, category: Category) {
        self.shared.counters.record_error(category);
    }
}
