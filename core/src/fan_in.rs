//! Many to one: a bounded queue in the order of sending.
//!
//! What handles ask of a task goes through channels of this kind. They differ from tokio's `mpsc` in one thing: they hold
//! memory for what waits, not for what might, so that a quiet module costs little.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::sync::Semaphore;
use tokio::task::coop;

/// A queue that has grown beyond this gives its memory back when it is empty.
const KEPT: usize = 4;

/// A channel in which `capacity` values may wait.
#[must_use]
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let state = State { queue: VecDeque::new(), senders: 1, reader: None };
    let shared = Arc::new(Shared { state: Mutex::new(state), places: Semaphore::new(capacity.max(1)) });
    (Sender { shared: Arc::clone(&shared) }, Receiver { shared })
}

struct Shared<T> {
    state: Mutex<State<T>>,
    /// Closed when nothing is taken any more.
    places: Semaphore,
}

struct State<T> {
    queue: VecDeque<T>,
    senders: usize,
    /// Whoever waits for a value.
    reader: Option<Waker>,
}

/// The sending side; the receiver hears of the end when the last clone is dropped.
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
}

/// Nobody receives any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("nobody receives any more")]
pub struct Closed;

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(mut state: MutexGuard<'_, State<T>>) {
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn close(&self) {
        // Whoever has a place already learns it under the lock.
        let _state = self.lock();
        self.places.close();
    }
}

impl<T> State<T> {
    fn push(&mut self, value: T) {
        // Most of the time one waits.
        if self.queue.capacity() == 0 {
            self.queue.reserve_exact(1);
        }
        self.queue.push_back(value);
    }

    fn take(&mut self) -> Option<T> {
        let value = self.queue.pop_front();
        if self.queue.is_empty() && self.queue.capacity() > KEPT {
            self.queue = VecDeque::new();
        }
        value
    }
}

impl<T> Sender<T> {
    /// Waits for a place and puts a value there.
    ///
    /// # Errors
    /// [`Closed`]; the value is dropped.
    ///
    /// # Cancel safety
    /// Dropped before its end, nothing is sent, and the place in the queue is given up.
    pub async fn send(&self, value: T) -> Result<(), Closed> {
        let place = self.shared.places.acquire().await.map_err(|_| Closed)?;
        let mut state = self.shared.lock();
        if self.shared.places.is_closed() {
            return Err(Closed);
        }
        place.forget();
        state.push(value);
        Shared::wake(state);
        Ok(())
    }

    /// How many values wait to be received.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.lock().queue.len()
    }

    /// Whether nobody receives any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.places.is_closed()
    }

    /// One that does not keep the channel open.
    #[must_use]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender { shared: Arc::clone(&self.shared) }
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
        if state.senders == 0 {
            Shared::wake(state);
        }
    }
}

impl<T> Receiver<T> {
    /// The next value; `None` when nothing waits and nobody can send any more.
    ///
    /// # Cancel safety
    /// No value is lost when the future is dropped.
    pub async fn receive(&mut self) -> Option<T> {
        poll_fn(|context| {
            let budget = ready!(coop::poll_proceed(context));
            let value = ready!(self.poll_receive(context));
            budget.made_progress();
            Poll::Ready(value)
        })
        .await
    }

    /// As [`receive`](Self::receive); whoever polled last is woken. It is for the caller to see that other tasks get
    /// their turn.
    pub fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.shared.lock();
        let value = state.take();
        if value.is_none() && state.senders > 0 && !self.shared.places.is_closed() {
            match &mut state.reader {
                Some(reader) => reader.clone_from(context.waker()),
                reader => *reader = Some(context.waker().clone()),
            }
            return Poll::Pending;
        }
        drop(state);
        self.free(value.is_some());
        Poll::Ready(value)
    }

    /// What is there without waiting.
    pub fn try_receive(&mut self) -> Option<T> {
        let value = self.shared.lock().take();
        self.free(value.is_some());
        value
    }

    /// Nothing more is taken. What waits can still be received.
    pub fn close(&mut self) {
        self.shared.close();
    }

    fn free(&self, place: bool) {
        if place {
            self.shared.places.add_permits(1);
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.close();
        let mut state = self.shared.lock();
        let left = (std::mem::take(&mut state.queue), state.reader.take());
        drop(state);
        // Outside the lock: whoever waits for an answer is woken by it.
        drop(left);
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
    use std::task::Wake;

    use super::*;

    #[tokio::test]
    async fn values_come_in_the_order_of_sending() {
        let (sender, mut receiver) = channel(4);
        let other = sender.clone();
        sender.send(1).await.unwrap();
        other.send(2).await.unwrap();
        sender.send(3).await.unwrap();
        assert_eq!(sender.waiting(), 3);
        assert_eq!(receiver.receive().await, Some(1));
        assert_eq!(receiver.try_receive(), Some(2));
        drop((sender, other));
        assert_eq!(receiver.receive().await, Some(3), "what was sent is received after the end too");
        assert_eq!((receiver.receive().await, receiver.try_receive()), (None, None));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_finds_it_full_waits_for_a_place_in_turn() {
        let (sender, mut receiver) = channel(1);
        sender.send(1).await.unwrap();
        let send = |value| {
            let sender = sender.clone();
            tokio::spawn(async move { sender.send(value).await })
        };
        let (second, third) = (send(2), send(3));
        tokio::task::yield_now().await;
        assert!(!second.is_finished() && !third.is_finished());
        assert_eq!(receiver.receive().await, Some(1));
        assert_eq!(second.await.unwrap(), Ok(()));
        assert!(!third.is_finished());
        third.abort();
        assert!(third.await.unwrap_err().is_cancelled());
        assert_eq!((receiver.receive().await, receiver.try_receive()), (Some(2), None));
        sender.send(4).await.unwrap();
        assert_eq!(receiver.receive().await, Some(4), "one that was dropped in the queue holds no place");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_is_woken_by_a_value_and_by_the_end() {
        let (sender, mut receiver) = channel(4);
        let waiting = tokio::spawn(async move { (receiver.receive().await, receiver.receive().await) });
        tokio::task::yield_now().await;
        sender.send("news").await.unwrap();
        tokio::task::yield_now().await;
        let other = sender.clone();
        drop(sender);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(other);
        assert_eq!(waiting.await.unwrap(), (Some("news"), None));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_closed_takes_nothing_and_gives_what_it_has() {
        let (sender, mut receiver) = channel(1);
        sender.send(1).await.unwrap();
        let waiting = tokio::spawn({
            let sender = sender.clone();
            async move { sender.send(2).await }
        });
        tokio::task::yield_now().await;
        assert!(!sender.is_closed());
        receiver.close();
        assert_eq!(waiting.await.unwrap(), Err(Closed));
        assert!(sender.is_closed());
        assert_eq!((receiver.receive().await, receiver.receive().await), (Some(1), None));
        assert_eq!(sender.send(3).await, Err(Closed), "a place that is free again is none");
    }

    #[tokio::test]
    async fn what_nobody_receives_is_dropped_with_its_receiver() {
        let (sender, receiver) = channel(2);
        let value = Arc::new(());
        sender.send(Arc::clone(&value)).await.unwrap();
        drop(receiver);
        assert_eq!(Arc::strong_count(&value), 1);
        assert_eq!(sender.send(Arc::clone(&value)).await, Err(Closed));
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn who_has_waited_is_forgotten_with_the_receiver() {
        struct Reader;
        impl Wake for Reader {
            fn wake(self: Arc<Self>) {}
        }
        let (reader, (sender, mut receiver)) = (Arc::new(Reader), channel::<u8>(1));
        let waker = Waker::from(Arc::clone(&reader));
        assert!(receiver.poll_receive(&mut Context::from_waker(&waker)).is_pending());
        drop((waker, receiver));
        assert_eq!(Arc::strong_count(&reader), 1);
        assert!(sender.is_closed());
    }

    #[tokio::test]
    async fn a_weak_sender_lasts_as_long_as_a_sender() {
        let (sender, mut receiver) = channel(2);
        let weak = sender.downgrade();
        let again = weak.upgrade().unwrap();
        drop(sender);
        again.send(1).await.unwrap();
        drop(again);
        assert!(weak.clone().upgrade().is_none());
        assert_eq!((receiver.receive().await, receiver.receive().await), (Some(1), None));
    }

    #[tokio::test]
    async fn memory_is_held_for_what_waits_only() {
        let (sender, mut receiver) = channel(32);
        let capacity = || sender.shared.lock().queue.capacity();
        assert_eq!(capacity(), 0);
        sender.send(0_u64).await.unwrap();
        assert_eq!((receiver.receive().await, capacity()), (Some(0), 1));
        for number in 0..32 {
            sender.send(number).await.unwrap();
        }
        while receiver.try_receive().is_some() {}
        assert_eq!(capacity(), 0);
    }
}
