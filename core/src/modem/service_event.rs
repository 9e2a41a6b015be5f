//! What the services of a module tell about losing and regaining what they had.

use std::time::Duration;

use super::Modem;
use crate::exclusive::Service;
use crate::fan_out;

/// How many wait for a slow reader.
pub(super) const CAPACITY: usize = 64;

/// A service lost what it had on the module, or has it again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceEvent {
    /// Which one.
    pub service: Service,
    /// What happened.
    pub change: ServiceChange,
}

/// What happened to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceChange {
    /// A session, connection or transfer is gone.
    Lost {
        /// Why.
        reason: String,
    },
    /// It goes on: an MQTT session with its subscriptions, a download where it stopped.
    Resumed {
        /// How long it was away.
        took: Duration,
    },
    /// Nothing more is tried.
    GaveUp {
        /// Why.
        reason: String,
    },
}

/// What the services tell, from now on.
#[derive(Debug)]
pub struct ServiceEvents {
    receiver: fan_out::Receiver<ServiceEvent>,
}

impl ServiceEvents {
    /// The next event; `Err(n)` when n events were lost because nobody read. `None` when the modem is gone.
    ///
    /// # Cancel safety
    /// No event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<ServiceEvent, u64>> {
        self.receiver.receive().await
    }
}

impl Modem {
    /// Tells whoever watches the module what happened to a service. Never waits.
    pub fn report(&self, service: Service, change: ServiceChange) {
        self.inner.shared.services.send(ServiceEvent { service, change });
    }

    /// What the services of this module lose and regain from now on. A [supervisor](crate::supervisor) tells it among
    /// its own events.
    #[must_use]
    pub fn service_events(&self) -> ServiceEvents {
        ServiceEvents { receiver: self.inner.shared.services.subscribe() }
    }
}
