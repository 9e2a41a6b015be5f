//! The guard that a service must hold while it uses TLS.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_core::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::arbiter::{Arbiter, Ticket, Turn};
use super::leftovers;
use super::rule::Claim;
use super::service::{Holder, Service};
use crate::driver::AtChannel;
use crate::error::{Category, CommandError};
use crate::platform::Profile;

/// How long cleaning on another channel may take: its stream may go on for hours.
const ELSEWHERE: Duration = Duration::from_secs(60);

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
    profile: &'static Profile,
    state: Mutex<State>,
    /// The AT channels of the module.
    channels: Mutex<Vec<Weak<dyn AtChannel>>>,
    /// Held while the module is asked for leftovers, so that two new owners do not clean at once.
    cleaning: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    arbiter: Arbiter,
    wakers: BTreeMap<Ticket, oneshot::Sender<()>>,
    /// The module may still have TLS enabled for somebody: at the start, and after a lease that was
    /// dropped instead of released.
    leftovers: bool,
}

/// A place in the queue, and later the turn. It is given up when it is dropped.
#[derive(Debug)]
struct Place {
    arbiter: Arc<TlsArbiter>,
    ticket: Ticket,
}

/// The right to use the module's TLS.
///
/// Call [`release`](Self::release) after the service has switched its TLS flag off. Dropping the lease
/// instead (a cancelled future, an error on the way) is fine too: the next owner then reads what is
/// left on the module and cleans it first.
#[must_use = "TLS is given back when the lease is dropped"]
#[derive(Debug)]
pub struct TlsLease {
    claim: Claim,
    released: bool,
    place: Place,
}

impl TlsArbiter {
    pub(crate) fn new(profile: &'static Profile) -> Arc<Self> {
        let arbiter = Arbiter::new(profile.tls.exclusive);
        let state = State { arbiter, wakers: BTreeMap::new(), leftovers: true };
        let (channels, cleaning) = Default::default();
        Arc::new(Self { profile, state: Mutex::new(state), channels, cleaning })
    }

    /// This is an AT channel of the module.
    pub(crate) fn add_channel(&self, channel: &Arc<dyn AtChannel>) {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(channel));
    }

    /// All of them but this one.
    pub(crate) fn channels_but(&self, own: &Arc<dyn AtChannel>) -> Vec<Arc<dyn AtChannel>> {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let others = channels.iter().filter_map(Weak::upgrade);
        others.filter(|channel| !Arc::ptr_eq(channel, own)).collect()
    }

    /// The module may have TLS enabled for nobody who is here: the next owner looks.
    pub(crate) fn suspect_leftovers(&self) {
        self.lock().leftovers = true;
    }

    /// Whether the next owner looks.
    pub(crate) fn suspects_leftovers(&self) -> bool {
        self.lock().leftovers
    }

    pub(crate) fn holder(&self) -> Option<Service> {
        self.lock().arbiter.held().next().map(|(_, claim)| claim.service)
    }

    pub(crate) fn acquire<'a>(
        self: &'a Arc<Self>,
        claim: Claim,
        channel: &'a dyn AtChannel,
    ) -> BoxFuture<'a, Result<TlsLease, LeaseError>> {
        Box::pin(async move {
            let (place, granted) = self.queue(claim);
            if let Some(granted) = granted {
                // The sender is dropped only together with the place.
                drop(granted.await);
            }
            self.grant(claim, place, channel).await
        })
    }

    pub(crate) async fn try_acquire(
        self: &Arc<Self>,
        claim: Claim,
        channel: &dyn AtChannel,
    ) -> Result<TlsLease, LeaseError> {
        let asked = self.lock().arbiter.try_ask(claim);
        let ticket = asked.map_err(|holder| ServiceBusy { holder: Holder::Here(holder.service) })?;
        self.grant(claim, Place { arbiter: Arc::clone(self), ticket }, channel).await
    }

    fn queue(self: &Arc<Self>, claim: Claim) -> (Place, Option<oneshot::Receiver<()>>) {
        let mut state = self.lock();
        let (ticket, turn) = state.arbiter.ask(claim);
        let granted = (turn == Turn::Later).then(|| {
            let (waker, granted) = oneshot::channel();
            state.wakers.insert(ticket, waker);
            granted
        });
        (Place { arbiter: Arc::clone(self), ticket }, granted)
    }

    fn grant<'a>(
        &'a self,
        claim: Claim,
        place: Place,
        channel: &'a dyn AtChannel,
    ) -> BoxFuture<'a, Result<TlsLease, LeaseError>> {
        Box::pin(async move {
            let _turn = self.cleaning.lock().await;
            if let Some(others) = self.others_if_leftovers(place.ticket) {
                self.clean(channel, &others).await?;
                self.lock().leftovers = false;
            }
            Ok(TlsLease { claim, released: false, place })
        })
    }

    /// What a channel has left on the module, the module lets this channel alone clean: if it refuses, the other
    /// channels of this program are tried. One of them that is lost, or carries a stream, says nothing about the rest.
    /// Source: SSL guide 6.2.1, 6.8.2; IPE28 p187.
    fn clean<'a>(
        &'a self,
        channel: &'a dyn AtChannel,
        others: &'a [Claim],
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        Box::pin(async move {
            let refused = match leftovers::clean(channel, self.profile, others).await {
                Err(error) if matches!(error.category(), Category::Busy | Category::Refused) => error,
                cleaned => return cleaned,
            };
            let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for channel in channels.iter().filter(|_| channels.len() > 1).filter_map(Weak::upgrade) {
                let cleaning = leftovers::clean(channel.as_ref(), self.profile, others);
                if let Ok(Ok(())) = timeout(ELSEWHERE, cleaning).await {
                    return Ok(());
                }
            }
            Err(refused)
        })
    }

    /// What others hold right now, if the module may hold more than that.
    fn others_if_leftovers(&self, ticket: Ticket) -> Option<Vec<Claim>> {
        let state = self.lock();
        let others = state.arbiter.held().filter(|(other, _)| *other != ticket).map(|(_, claim)| claim);
        state.leftovers.then(|| others.collect())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.arbiter.lock();
        state.wakers.remove(&self.ticket);
        for granted in state.arbiter.leave(self.ticket) {
            if let Some(waker) = state.wakers.remove(&granted) {
                // Whoever is gone gives his place up himself.
                waker.send(()).unwrap_or(());
            }
        }
    }
}

impl TlsLease {
    /// Who holds it.
    #[must_use]
    pub fn service(&self) -> Service {
        self.claim.service
    }

    /// What it is for.
    #[must_use]
    pub fn claim(&self) -> Claim {
        self.claim
    }

    /// Gives TLS back. The service must have switched its TLS flag off on the module.
    pub fn release(mut self) {
        self.released = true;
    }
}

impl Drop for TlsLease {
    fn drop(&mut self) {
        if !self.released {
            self.place.arbiter.lock().leftovers = true;
        }
    }
}
