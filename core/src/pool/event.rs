//! What a pool tells.

use std::time::Duration;

use super::name::ModuleName;
use crate::error::Category;
use crate::fan_out;
use crate::supervisor::SupervisorEvent;

/// Something has happened to a module of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PoolEvent {
    /// To this one.
    Module {
        /// Which one.
        name: ModuleName,
        /// What.
        change: ModuleChange,
    },
    /// So many events are missing here, because nobody read them in time.
    Missed(u64),
}

/// What happens to a module in a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModuleChange {
    /// It is in the pool, and waits for its turn to be started.
    Added,
    /// Its port has appeared, and the pool does not take it now. It [waits](super::ModulePool::follow) until there is room.
    Refused {
        /// Why.
        because: String,
    },
    /// It is on line, and its work begins.
    Started {
        /// Its model.
        model: String,
    },
    /// It could not be opened or brought on line.
    StartFailed {
        /// Whose turn it is.
        category: Category,
        /// Why.
        because: String,
        /// It is tried again after this.
        again: Duration,
    },
    /// Its supervisor tells something.
    Supervisor(SupervisorEvent),
    /// Its supervisor has given it up. Its work comes to its end, and it is started as if it were new.
    Stopped {
        /// After this.
        again: Duration,
    },
    /// Its work has come to its end by itself. The module stays, and is looked after.
    WorkDone,
    /// Its work has ended in an error or a panic.
    WorkFailed {
        /// Why.
        because: String,
        /// It begins again after this.
        again: Duration,
    },
    /// Its work did not come to its end in the [time](super::PoolOptions::leaving) that it had, and was dropped.
    WorkCut,
    /// Its port is not there any more.
    Vanished,
    /// Its port is there again.
    Returned,
    /// It has left the pool.
    Removed,
}

/// How many events wait for a slow reader.
pub(super) const CAPACITY: usize = 4096;

/// What happens in a pool from the moment when this was made. It never holds up the pool: a reader that falls 4,096
/// events behind loses the oldest and is told how many.
#[derive(Debug)]
pub struct PoolEvents {
    pub(super) receiver: fan_out::Receiver<PoolEvent>,
}

impl PoolEvents {
    /// The next event; `None` when the pool is gone.
    ///
    /// # Cancel safety
    /// No event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<PoolEvent> {
        let event = self.receiver.receive().await?;
        Some(event.unwrap_or_else(PoolEvent::Missed))
    }
}
