//! The TLS sockets of a module: several at once under one lease.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::lease::{LeaseError, ServiceBusy, TlsArbiter, TlsLease};
use super::rule::Claim;
use super::service::{Holder, Service};
use crate::driver::AtChannel;

/// How long a number that is being given back is waited for: the last bytes of its connection may have to be sent.
const GIVING_BACK: Duration = Duration::from_secs(60);

/// Hands out the socket numbers of one module. The first number takes the lease, the last one gives it back.
#[derive(Debug)]
pub(crate) struct SocketPool {
    arbiter: Arc<TlsArbiter>,
    current: Mutex<Weak<SharedLease>>,
    /// One at a time waits for the lease.
    entrance: tokio::sync::Mutex<()>,
    /// One at a time sets TLS up.
    setting_up: tokio::sync::Mutex<()>,
}

/// A socket number could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SlotError {
    /// All are in use.
    AllInUse { limit: usize },
    /// The lease.
    Lease(LeaseError),
}

/// A socket number in use.
///
/// Call [`cleaned`](Self::cleaned) when its TLS is off again. A number that is dropped without stays marked, and
/// if it is among the last ones the next owner of the lease cleans the module.
#[derive(Debug)]
pub(crate) struct SocketSlot {
    id: u8,
    /// An earlier user of the number may have left it enabled or connected.
    soiled: bool,
    leaving: Leaving,
    shared: Arc<SharedLease>,
}

/// The module's TLS, held for sockets that are opened meanwhile. It is given back when this is dropped and all of them
/// are closed.
#[must_use = "TLS is given back when this is dropped"]
#[derive(Debug)]
pub struct SocketTurn(Arc<SharedLease>);

impl SocketTurn {
    /// The lease that is held.
    pub(crate) fn lease(&self) -> Option<&TlsLease> {
        self.0.lease.as_ref()
    }

    /// Something is going to be switched on for a number that no socket uses: until that is
    /// [off again](Self::cleaned), whoever uses the number or the lease next cleans it.
    pub(crate) fn soil(&self, id: u8) {
        self.0.numbers().soiled.insert(id);
    }

    /// Everything is off again for this number.
    pub(crate) fn cleaned(&self, id: u8) {
        self.0.numbers().soiled.remove(&id);
    }
}

/// Says of one use of a number whether it is about to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leaving(Arc<AtomicBool>);

#[derive(Debug)]
struct SharedLease {
    lease: Option<TlsLease>,
    numbers: Mutex<Numbers>,
    /// A number was given back, or stays in use after all.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Numbers {
    used: BTreeMap<u8, Leaving>,
    soiled: BTreeSet<u8>,
}

impl SocketPool {
    pub(crate) fn new(arbiter: Arc<TlsArbiter>) -> Self {
        let (entrance, setting_up) = Default::default();
        Self { arbiter, current: Mutex::default(), entrance, setting_up }
    }

    /// Waits until nobody else sets TLS up for a socket. What is written for one socket (identity, authorities,
    /// suites) may belong to all of them, so it has to stay as it is until the connection has been made.
    pub(crate) async fn set_up_alone(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.setting_up.lock().await
    }

    /// Takes a number, waiting in turn if another service has the lease. A number in use is waited for only if it is
    /// being given back.
    ///
    /// While sockets hold the lease, more sockets may join them although another service waits: who needs two at
    /// once would otherwise wait for himself.
    pub(crate) async fn acquire(
        &self,
        ids: RangeInclusive<u8>,
        channel: &dyn AtChannel,
    ) -> Result<SocketSlot, SlotError> {
        let _one_at_a_time = self.entrance.lock().await;
        let shared = self.join(channel).await.map_err(SlotError::Lease)?;
        let limit = ids.len();
        let taken = timeout(GIVING_BACK, shared.take(ids)).await.ok().flatten();
        let (id, soiled, leaving) = taken.ok_or(SlotError::AllInUse { limit })?;
        Ok(SocketSlot { id, soiled, leaving, shared })
    }

    /// Takes the lease for sockets that are opened later, waiting in turn if another service has it.
    pub(crate) async fn turn(&self, channel: &dyn AtChannel) -> Result<SocketTurn, LeaseError> {
        let _one_at_a_time = self.entrance.lock().await;
        self.join(channel).await.map(SocketTurn)
    }

    /// Like [`turn`](Self::turn), but refuses at once if another service has the lease.
    pub(crate) async fn try_turn(&self, channel: &dyn AtChannel) -> Result<SocketTurn, LeaseError> {
        if let Some(shared) = self.current().upgrade() {
            return Ok(SocketTurn(shared));
        }
        let Ok(_one_at_a_time) = self.entrance.try_lock() else {
            // Another socket waits for the lease.
            let holder = Holder::Here(self.arbiter.holder().unwrap_or(Service::Socket));
            return Err(ServiceBusy { holder }.into());
        };
        let lease = self.arbiter.try_acquire(Claim::of(Service::Socket), channel).await?;
        Ok(SocketTurn(self.share(lease)))
    }

    /// How many numbers are in use, but for those that are being given back.
    pub(crate) fn in_use(&self) -> usize {
        self.current().upgrade().map_or(0, |shared| shared.numbers().staying())
    }

    /// The lease of the sockets that are open, or a new one.
    async fn join(&self, channel: &dyn AtChannel) -> Result<Arc<SharedLease>, LeaseError> {
        let current = self.current().upgrade();
        match current {
            Some(shared) => Ok(shared),
            None => Ok(self.share(self.arbiter.acquire(Claim::of(Service::Socket), channel).await?)),
        }
    }

    fn share(&self, lease: TlsLease) -> Arc<SharedLease> {
        let (lease, numbers, changed) = (Some(lease), Mutex::default(), Notify::new());
        let shared = Arc::new(SharedLease { lease, numbers, changed });
        *self.current() = Arc::downgrade(&shared);
        shared
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Weak<SharedLease>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SocketSlot {
    pub(crate) fn id(&self) -> u8 {
        self.id
    }

    /// Whether the number has to be cleaned before it is of use.
    pub(crate) fn is_soiled(&self) -> bool {
        self.soiled
    }

    /// The lease that all sockets share.
    pub(crate) fn lease(&self) -> Option<&TlsLease> {
        self.shared.lease.as_ref()
    }

    /// How others say that this use of the number is about to end.
    pub(crate) fn leaving(&self) -> Leaving {
        self.leaving.clone()
    }

    /// It stays in use after all.
    pub(crate) fn stays(&self) {
        self.leaving.0.store(false, Ordering::Relaxed);
        self.shared.changed.notify_one();
    }

    /// Something was switched on for this number.
    pub(crate) fn soil(&mut self) {
        self.soiled = true;
    }

    /// Everything is off again for this number.
    pub(crate) fn cleaned(&mut self) {
        self.soiled = false;
    }
}

impl Drop for SocketSlot {
    fn drop(&mut self) {
        let mut numbers = self.shared.numbers();
        numbers.used.remove(&self.id);
        if self.soiled {
            numbers.soiled.insert(self.id);
        }
        drop(numbers);
        self.shared.changed.notify_one();
    }
}

impl Leaving {
    /// The number will be free soon.
    pub(crate) fn soon(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl SharedLease {
    /// A number and whether it is soiled, as soon as one is free that is being given back.
    async fn take(&self, ids: RangeInclusive<u8>) -> Option<(u8, bool, Leaving)> {
        loop {
            let (taken, hope) = {
                let mut numbers = self.numbers();
                (numbers.take(ids.clone()), numbers.hope(&ids))
            };
            if taken.is_some() || !hope {
                return taken;
            }
            // One at a time waits, so the permit of a change in between is not lost.
            self.changed.notified().await;
        }
    }

    fn numbers(&self) -> std::sync::MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SharedLease {
    fn drop(&mut self) {
        let clean = self.numbers().soiled.is_empty();
        if let Some(lease) = self.lease.take()
            && clean
        {
            lease.release();
        }
    }
}

impl Numbers {
    /// A number that nobody uses, a clean one if there is one, and whether it is soiled.
    fn take(&mut self, ids: RangeInclusive<u8>) -> Option<(u8, bool, Leaving)> {
        let mut free = ids.filter(|id| !self.used.contains_key(id));
        let first = free.next()?;
        let id = match self.soiled.contains(&first) {
            true => free.find(|id| !self.soiled.contains(id)).unwrap_or(first),
            false => first,
        };
        let leaving = Leaving::default();
        self.used.insert(id, leaving.clone());
        Some((id, self.soiled.remove(&id), leaving))
    }

    fn staying(&self) -> usize {
        self.used.values().filter(|leaving| !leaving.0.load(Ordering::Relaxed)).count()
    }

    /// Whether one of these numbers is being given back.
    fn hope(&self, ids: &RangeInclusive<u8>) -> bool {
        self.used.iter().any(|(id, leaving)| ids.contains(id) && leaving.0.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::{AtPort, DriverOptions};
    use crate::platform::{PlatformId, profile};

    /// A module that answers everything with `OK`.
    fn module() -> AtPort {
        let (host, mut module) = tokio::io::duplex(4096);
        tokio::spawn(async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            while let Ok(byte) = module.read_u8().await {
                if byte == b'\r' && module.write_all(b"\r\nOK\r\n").await.is_err() {
                    return;
                }
            }
        });
        AtPort::start(host, DriverOptions::default())
    }

    fn arbiter() -> Arc<TlsArbiter> {
        TlsArbiter::new(profile(PlatformId::P37))
    }

    #[tokio::test(start_paused = true)]
    async fn numbers_are_shared_and_the_last_one_releases() {
        let (port, arbiter) = (module(), arbiter());
        let pool = SocketPool::new(Arc::clone(&arbiter));
        let one = pool.acquire(1..=2, &port).await.unwrap();
        let two = pool.acquire(1..=2, &port).await.unwrap();
        assert_eq!((one.id(), two.id()), (1, 2));
        assert!(matches!(pool.acquire(1..=2, &port).await, Err(SlotError::AllInUse { limit: 2 })));
        drop(one);
        assert_eq!(arbiter.holder(), Some(Service::Socket));
        let again = pool.acquire(1..=2, &port).await.unwrap();
        assert_eq!(again.id(), 1);
        drop((two, again));
        assert_eq!(arbiter.holder(), None);
        let exchanges = port.statistics().exchanges;
        arbiter.acquire(Claim::of(Service::Http), &port).await.unwrap().release();
        assert_eq!(port.statistics().exchanges, exchanges, "nothing had to be cleaned");
    }

    #[tokio::test(start_paused = true)]
    async fn a_number_that_is_being_given_back_is_waited_for() {
        let port = module();
        let pool = SocketPool::new(arbiter());
        let one = pool.acquire(1..=1, &port).await.unwrap();
        one.leaving().soon();
        let (again, ()) = tokio::join!(pool.acquire(1..=1, &port), async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            drop(one);
        });
        let again = again.unwrap();
        assert_eq!(again.id(), 1);
        again.leaving().soon();
        let (refused, ()) = tokio::join!(pool.acquire(1..=1, &port), async {
            tokio::task::yield_now().await;
            again.stays();
        });
        assert!(matches!(refused, Err(SlotError::AllInUse { limit: 1 })), "it stays in use");
        again.leaving().soon();
        let refused = pool.acquire(1..=1, &port).await;
        assert!(matches!(refused, Err(SlotError::AllInUse { limit: 1 })), "not for ever");
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_holds_the_lease_for_sockets_that_come_later() {
        let (port, arbiter) = (module(), arbiter());
        let pool = SocketPool::new(Arc::clone(&arbiter));
        let turn = pool.turn(&port).await.unwrap();
        assert_eq!(arbiter.holder(), Some(Service::Socket));
        let one = pool.acquire(1..=2, &port).await.unwrap();
        drop(turn);
        let turn = pool.try_turn(&port).await.unwrap();
        drop(one);
        assert_eq!(arbiter.holder(), Some(Service::Socket));
        drop(turn);
        assert_eq!(arbiter.holder(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_nobody_waits_for_is_refused() {
        let (port, arbiter) = (module(), arbiter());
        let pool = SocketPool::new(Arc::clone(&arbiter));
        let busy = LeaseError::Busy(ServiceBusy { holder: Holder::Here(Service::Http) });
        let http = arbiter.acquire(Claim::of(Service::Http), &port).await.unwrap();
        assert_eq!(pool.try_turn(&port).await.unwrap_err(), busy);
        let waiting = pool.turn(&port);
        tokio::pin!(waiting);
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("HTTP has it"),
            () = tokio::task::yield_now() => {}
        }
        assert_eq!(pool.try_turn(&port).await.unwrap_err(), busy, "nor behind one that waits");
        http.release();
        drop(waiting.await.unwrap());
        assert_eq!(arbiter.holder(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn soiled_numbers_are_avoided_and_tell_the_next_owner() {
        let (port, arbiter) = (module(), arbiter());
        let pool = SocketPool::new(Arc::clone(&arbiter));
        let mut one = pool.acquire(1..=2, &port).await.unwrap();
        let two = pool.acquire(1..=2, &port).await.unwrap();
        one.soil();
        drop(one);
        let again = pool.acquire(1..=2, &port).await.unwrap();
        assert_eq!((again.id(), again.is_soiled()), (1, true), "it is the only one left");
        drop(again);
        drop(two);
        let exchanges = port.statistics().exchanges;
        arbiter.acquire(Claim::of(Service::Http), &port).await.unwrap().release();
        assert!(port.statistics().exchanges > exchanges, "the module was cleaned");
    }
}
