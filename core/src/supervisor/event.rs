//! What a supervisor tells.

use std::fmt;
use std::time::Duration;

use super::ladder::Remedy;
use crate::fan_out;
use crate::modem::ServiceEvent;

/// What was lost, and how that was noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The port hung up or failed.
    PortLost,
    /// The module has restarted: it echoes again although it was told not to.
    Echo,
    /// The module has restarted: it sent one of its start-up lines.
    StartUpLine,
    /// The module has restarted: its settings are not those that it was given.
    SettingsLost,
    /// The module answers nothing, not even a probe.
    Silence,
    /// The packet data context is not active any more: the network is gone.
    ContextLost,
    /// The user asked for it.
    Asked,
}

/// What happens to a supervised module.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SupervisorEvent {
    /// Something was lost. Until the next [`Recovered`](Self::Recovered) the module is not up.
    Lost {
        /// What, and how that was noticed.
        cause: Cause,
    },
    /// A remedy is about to be tried.
    Trying {
        /// Which one.
        remedy: Remedy,
        /// Counted from 1.
        attempt: u32,
        /// Why the module could not be used until now.
        because: String,
    },
    /// The module is on line again, with its settings and its packet data context.
    Recovered {
        /// What had been lost.
        cause: Cause,
        /// The module had restarted, so every session on it is gone.
        restarted: bool,
        /// Remedies that were tried.
        attempts: u32,
        /// From the moment when the loss was noticed.
        took: Duration,
    },
    /// Nothing more is tried until [`recover`](super::Supervisor::recover) is called, or the module shows by itself that
    /// it has restarted.
    GaveUp {
        /// What had been lost.
        cause: Cause,
        /// Why the module could not be used in the end.
        reason: String,
        /// From the moment when the loss was noticed.
        took: Duration,
    },
    /// A service lost what it had on the module, or has it again.
    Service(ServiceEvent),
    /// So many events are missing here, because nobody read them in time.
    Missed(u64),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PortLost => "the port is lost",
            Self::Echo => "the module has restarted (it echoes again)",
            Self::StartUpLine => "the module has restarted (it says so)",
            Self::SettingsLost => "the module has restarted (its settings are lost)",
            Self::Silence => "the module answers nothing",
            Self::ContextLost => "the packet data context is lost",
            Self::Asked => "recovery was asked for",
        })
    }
}

/// How many events wait for a slow reader.
const CAPACITY: usize = 64;

/// Everything that happens to a supervised module from now on.
///
/// It never holds up the supervisor: a reader that falls 64 events behind loses the oldest and is told how many.
#[derive(Debug)]
pub struct SupervisorEvents {
    receiver: fan_out::Receiver<SupervisorEvent>,
}

impl SupervisorEvents {
    /// The next event; `None` when the supervisor has ended.
    ///
    /// # Cancel safety
    /// No event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<SupervisorEvent> {
        let event = self.receiver.receive().await?;
        Some(event.unwrap_or_else(SupervisorEvent::Missed))
    }
}

/// Where the events go.
#[derive(Clone, Debug)]
pub(super) struct EventSender {
    sender: fan_out::Sender<SupervisorEvent>,
}

impl EventSender {
    pub(super) fn new() -> Self {
        Self { sender: fan_out::channel(CAPACITY).0 }
    }

    pub(super) fn send(&self, event: SupervisorEvent) {
        self.sender.send(event);
    }

    pub(super) fn downgrade(&self) -> fan_out::WeakSender<SupervisorEvent> {
        self.sender.downgrade()
    }
}

/// A new subscription; one that has ended if the supervisor has.
pub(super) fn subscribe(sender: &fan_out::WeakSender<SupervisorEvent>) -> SupervisorEvents {
    let receiver = match sender.upgrade() {
        Some(sender) => sender.subscribe(),
        None => fan_out::channel(1).1,
    };
    SupervisorEvents { receiver }
}
