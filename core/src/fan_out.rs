//! One to many: every receiver gets every value, and nobody waits for a slow one.
//!
//! What the SDK tells, unsolicited lines and events, goes through channels of this kind. They differ from tokio's
//! `broadcast` in one thing: they hold memory for what waits, not for what might, so that a quiet module costs little.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A queue that has grown beyond this gives its memory back when it is empty.
const KEPT: usize = 16;

/// A channel in which a receiver may fall `capacity` values behind before it loses the oldest.
#[must_use]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let state = State {
        queue: VecDeque::new(),
        first: 0,
        capacity: capacity.max(1),
        senders: 1,
        receivers: 1,
        awaited: false,
    };
    let shared = Arc::new(Shared { state: Mutex::new(state), news: Notify::new() });
    (Sender { shared: Arc::clone(&shared) }, Receiver { shared, next: 0 })
}

struct Shared<T> {
    state: Mutex<State<T>>,
    news: Notify,
}

struct State<T> {
    queue: VecDeque<Waiting<T>>,
    /// The number of the value at the front of the queue.
    first: u64,
    capacity: usize,
    senders: usize,
    receivers: usize,
    /// Somebody has found nothing and is to be woken.
    awaited: bool,
}

/// A value, and how many receivers have not had it yet.
struct Waiting<T> {
    value: T,
    receivers: usize,
}

/// The sending side; clones send to the same receivers, who hear of the end when the last clone is dropped.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

/// A [`Sender`] that does not keep the channel open.
pub struct WeakSender<T> {
    shared: Arc<Shared<T>>,
}

/// The receiving side.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    next: u64,
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TryReceiveError {
    /// Nothing waits.
    #[error("nothing waits")]
    Empty,
    /// So many values were lost because nobody read them in time. The next one is there.
    #[error("{0} values were lost")]
    Missed(u64),
    /// Nothing waits, and nobody can send any more.
    #[error("nobody sends any more")]
    Closed,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    /// The number of the next value that is sent.
    fn end(&self) -> u64 {
        self.first + self.queue.len() as u64
    }

    fn push(&mut self, value: T) {
        if self.receivers == 0 {
            self.first += 1;
            return;
        }
        if self.queue.len() == self.capacity {
            self.queue.pop_front();
            self.first += 1;
        }
        self.queue.push_back(Waiting { value, receivers: self.receivers });
    }

    /// Drops what everybody has had.
    fn trim(&mut self) {
        while self.queue.front().is_some_and(|waiting| waiting.receivers == 0) {
            self.queue.pop_front();
            self.first += 1;
        }
        if self.queue.is_empty() && self.queue.capacity() > KEPT {
            self.queue.shrink_to(0);
        }
    }
}

impl<T: Clone> State<T> {
    /// What a receiver gets that waits for the value with the number `next`.
    fn take(&mut self, next: &mut u64) -> Result<T, TryReceiveError> {
        let missed = self.first.saturating_sub(*next);
        if missed > 0 {
            *next = self.first;
            return Err(TryReceiveError::Missed(missed));
        }
        let at = usize::try_from(*next - self.first).unwrap_or(usize::MAX);
        let Some(waiting) = self.queue.get_mut(at) else {
            return Err(if self.senders > 0 { TryReceiveError::Empty } else { TryReceiveError::Closed });
        };
        *next += 1;
        if at == 0 && waiting.receivers == 1 {
            // Nobody else waits for it.
            let waiting = self.queue.pop_front().ok_or(TryReceiveError::Empty)?;
            self.first += 1;
            self.trim();
            return Ok(waiting.value);
        }
        waiting.receivers -= 1;
        let value = waiting.value.clone();
        self.trim();
        Ok(value)
    }

    /// The same for a receiver that is given the end as `None`, and nothing at all while nothing waits. `awaits`: it is to
    /// be woken then.
    fn received(&mut self, next: &mut u64, awaits: bool) -> Option<Option<Result<T, u64>>> {
        match self.take(next) {
            Ok(value) => Some(Some(Ok(value))),
            Err(TryReceiveError::Missed(missed)) => Some(Some(Err(missed))),
            Err(TryReceiveError::Closed) => Some(None),
            Err(TryReceiveError::Empty) => {
                self.awaited |= awaits;
                None
            }
        }
    }
}

impl<T> Sender<T> {
    /// Hands a value to every receiver. Never waits; without a receiver the value is dropped.
    pub fn send(&self, value: T) {
        let mut state = self.shared.lock();
        state.push(value);
        let awaited = std::mem::take(&mut state.awaited);
        drop(state);
        if awaited {
            self.shared.news.notify_waiters();
        }
    }

    /// A receiver of everything that is sent from now on.
    #[must_use]
    pub fn subscribe(&self) -> Receiver<T> {
        let mut state = self.shared.lock();
        state.receivers += 1;
        let next = state.end();
        drop(state);
        Receiver { shared: Arc::clone(&self.shared), next }
    }

    /// One that does not keep the channel open.
    #[must_use]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.lock().senders += 1;
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.senders -= 1;
        let ended = state.senders == 0;
        drop(state);
        if ended {
            self.shared.news.notify_waiters();
        }
    }
}

impl<T> WeakSender<T> {
    /// The sender, unless all of them are gone.
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let mut state = self.shared.lock();
        if state.senders == 0 {
            return None;
        }
        state.senders += 1;
        Some(Sender { shared: Arc::clone(&self.shared) })
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T: Clone> Receiver<T> {
    /// The next value; `Err(n)` when n values were lost because nobody read them in time. `None` when nothing waits and
    /// nobody can send any more.
    ///
    /// # Cancel safety
    /// No value is lost when the future is dropped.
    pub async fn receive(&mut self) -> Option<Result<T, u64>> {
        let Self { shared, next } = self;
        loop {
            if let Some(received) = shared.lock().received(next, false) {
                return received;
            }
            // Made before it is looked again, so that nothing that is sent from here on is slept through.
            let news = shared.news.notified();
            if let Some(received) = shared.lock().received(next, true) {
                return received;
            }
            news.await;
        }
    }

    /// What is there without waiting.
    ///
    /// # Errors
    /// See [`TryReceiveError`].
    pub fn try_receive(&mut self) -> Result<T, TryReceiveError> {
        self.shared.lock().take(&mut self.next)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.receivers -= 1;
        let had = usize::try_from(self.next.saturating_sub(state.first)).unwrap_or(usize::MAX);
        state.queue.iter_mut().skip(had).for_each(|waiting| waiting.receivers -= 1);
        state.trim();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_gets_everything_from_the_subscription_on() {
        let (sender, mut first) = channel(4);
        sender.send(1);
        let mut second = sender.subscribe();
        sender.clone().send(2);
        assert_eq!(first.receive().await, Some(Ok(1)));
        assert_eq!(first.receive().await, Some(Ok(2)));
        assert_eq!(second.receive().await, Some(Ok(2)));
        assert_eq!(first.try_receive(), Err(TryReceiveError::Empty));
        drop(sender);
        assert_eq!(first.receive().await, None);
        assert_eq!(second.try_receive(), Err(TryReceiveError::Closed));
    }

    #[tokio::test]
    async fn a_slow_receiver_loses_the_oldest_and_is_told_how_many() {
        let (sender, mut slow) = channel(4);
        let mut fast = sender.subscribe();
        for number in 0..7 {
            sender.send(number);
            assert_eq!(fast.receive().await, Some(Ok(number)));
        }
        assert_eq!(slow.receive().await, Some(Err(3)));
        for number in 3..7 {
            assert_eq!(slow.receive().await, Some(Ok(number)));
        }
        assert_eq!(slow.try_receive(), Err(TryReceiveError::Empty));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_is_woken_by_a_value_and_by_the_end() {
        let (sender, mut receiver) = channel(4);
        let waiting = tokio::spawn(async move { (receiver.receive().await, receiver.receive().await) });
        tokio::task::yield_now().await;
        sender.send("news");
        tokio::task::yield_now().await;
        let other = sender.clone();
        drop(sender);
        assert!(!waiting.is_finished());
        drop(other);
        assert_eq!(waiting.await.unwrap(), (Some(Ok("news")), None));
    }

    #[test]
    fn a_receiver_that_goes_holds_nothing_back() {
        let (sender, receiver) = channel(8);
        let mut stays = sender.subscribe();
        sender.send(Arc::new(1));
        let value = Arc::new(2);
        sender.send(Arc::clone(&value));
        assert_eq!(stays.try_receive().map(|value| *value), Ok(1));
        assert_eq!(stays.try_receive().map(|value| *value), Ok(2));
        assert_eq!(Arc::strong_count(&value), 2, "it waits for the other one");
        drop(receiver);
        assert_eq!(Arc::strong_count(&value), 1);
        drop(stays);
        sender.send(Arc::clone(&value));
        assert_eq!(Arc::strong_count(&value), 1, "nobody is there");
        let mut late = sender.subscribe();
        sender.send(Arc::clone(&value));
        assert_eq!(late.try_receive().map(|value| *value), Ok(2));
    }

    #[test]
    fn one_that_has_lost_values_and_goes_holds_nothing_back_either() {
        let (sender, receiver) = channel(2);
        let mut stays = sender.subscribe();
        (0..5).for_each(|number| sender.send(number));
        drop(receiver);
        assert_eq!(stays.try_receive(), Err(TryReceiveError::Missed(3)));
        assert_eq!((stays.try_receive(), stays.try_receive()), (Ok(3), Ok(4)));
        assert!(sender.shared.lock().queue.is_empty());
    }

    #[test]
    fn a_weak_sender_lasts_as_long_as_a_sender() {
        let (sender, mut receiver) = channel(2);
        let weak = sender.downgrade();
        let again = weak.upgrade().unwrap();
        drop(sender);
        again.send(1);
        drop(again);
        assert!(weak.upgrade().is_none());
        assert_eq!(receiver.try_receive(), Ok(1));
        assert_eq!(receiver.try_receive(), Err(TryReceiveError::Closed));
    }

    #[test]
    fn memory_is_held_for_what_waits_only() {
        let (sender, mut receiver) = channel(256);
        let capacity = || sender.shared.lock().queue.capacity();
        assert_eq!(capacity(), 0);
        (0..300).for_each(|number| sender.send(number));
        assert!((256..600).contains(&capacity()), "{}", capacity());
        while receiver.try_receive() != Err(TryReceiveError::Empty) {}
        assert_eq!(capacity(), 0);
    }
}
