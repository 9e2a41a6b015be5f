//! The guard that a service must hold while it uses TLS.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::leftovers;
use super::service::{Holder, Service};
use crate::driver::AtChannel;
use crate::error::{Category, CommandError};

/// Another service holds TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the module's TLS is held by {holder}")]
pub struct ServiceBusy {
    /// Who holds it.
    pub holder: Holder,
}

/// TLS could not be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// Another service holds it.
    #[error(transparent)]
    Busy(#[from] ServiceBusy),
    /// The state of the module could not be read or cleaned.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl LeaseError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Busy(_) => Category::Busy,
            Self::Command(error) => error.category(),
        }
    }
}

/// Gives TLS to one service after the other, in the order of asking.
#[derive(Debug)]
pub(crate) struct TlsArbiter {
    turn: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    holder: Option<Service>,
    /// The module may still have TLS enabled for somebody: at the start, and after a lease that was
    /// dropped instead of released.
    unknown: bool,
}

/// The right to use the module's TLS.
///
/// Call [`release`](Self::release) after the service has switched its TLS flag off. Dropping the lease
/// instead (a cancelled future, an error on the way) is fine too: the next owner then reads what is
/// left on the module and cleans it first.
#[must_use = "TLS is given back when the lease is dropped"]
#[derive(Debug)]
pub struct TlsLease {
    arbiter: Arc<TlsArbiter>,
    service: Service,
    released: bool,
    _turn: OwnedSemaphorePermit,
}

impl TlsArbiter {
    pub(crate) fn new() -> Arc<Self> {
        let state = State { holder: None, unknown: true };
        Arc::new(Self { turn: Arc::new(Semaphore::new(1)), state: Mutex::new(state) })
    }

    pub(crate) fn holder(&self) -> Option<Service> {
        self.lock().holder
    }

    pub(crate) async fn acquire(
        self: &Arc<Self>,
        service: Service,
        channel: &dyn AtChannel,
    ) -> Result<TlsLease, LeaseError> {
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        match turn {
            Ok(turn) => self.grant(service, turn, channel).await,
            // The semaphore is never closed.
            Err(_) => Err(self.busy(service).into()),
        }
    }

    pub(crate) async fn try_acquire(
        self: &Arc<Self>,
        service: Service,
        channel: &dyn AtChannel,
    ) -> Result<TlsLease, LeaseError> {
        match Arc::clone(&self.turn).try_acquire_owned() {
            Ok(turn) => self.grant(service, turn, channel).await,
            Err(_) => Err(self.busy(service).into()),
        }
    }

    async fn grant(
        self: &Arc<Self>,
        service: Service,
        turn: OwnedSemaphorePermit,
        channel: &dyn AtChannel,
    ) -> Result<TlsLease, LeaseError> {
        let unknown = {
            let mut state = self.lock();
            state.holder = Some(service);
            std::mem::replace(&mut state.unknown, true)
        };
        let lease = TlsLease { arbiter: Arc::clone(self), service, released: false, _turn: turn };
        if unknown {
            leftovers::clean(channel).await?;
        }
        Ok(lease)
    }

    fn busy(&self, asking: Service) -> ServiceBusy {
        ServiceBusy { holder: Holder::Here(self.holder().unwrap_or(asking)) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TlsLease {
    /// Who holds it.
    #[must_use]
    pub fn service(&self) -> Service {
        self.service
    }

    /// Gives TLS back. The service must have switched its TLS flag off on the module.
    pub fn release(mut self) {
        self.released = true;
    }
}

impl Drop for TlsLease {
    fn drop(&mut self) {
        let mut state = self.arbiter.lock();
        state.holder = None;
        state.unknown = !self.released;
    }
}
