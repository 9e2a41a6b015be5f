//! A value and its changes: whoever follows it sees the latest, and not every one before.
//!
//! It differs from tokio's `watch` in what it weighs: that one spreads those who wait over many lists.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The side that changes the value; whoever follows it hears of the end when it is dropped.
#[derive(Debug)]
pub(super) struct Sender<T> {
    shared: Arc<Shared<T>>,
}

/// The side that follows it; clones are independent of each other.
#[derive(Debug)]
pub(super) struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: u64,
}

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    news: Notify,
}

#[derive(Debug)]
struct State<T> {
    value: T,
    changes: u64,
    ended: bool,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        let state = State { value: T::default(), changes: 0, ended: false };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), news: Notify::new() }) }
    }
}

impl<T: Copy> Sender<T> {
    pub(super) fn now(&self) -> T {
        self.shared.lock().value
    }

    /// Changes the value; who follows it is told if `change` says so.
    pub(super) fn change(&self, change: impl FnOnce(&mut T) -> bool) {
        let mut state = self.shared.lock();
        if change(&mut state.value) {
            state.changes += 1;
            drop(state);
            self.shared.news.notify_waiters();
        }
    }

    /// Follows what is changed from now on.
    pub(super) fn subscribe(&self) -> Receiver<T> {
        let seen = self.shared.lock().changes;
        Receiver { shared: Arc::clone(&self.shared), seen }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.news.notify_waiters();
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), seen: self.seen }
    }
}

impl<T: Copy> Receiver<T> {
    pub(super) fn now(&self) -> T {
        self.shared.lock().value
    }

    /// Waits for a change that was not seen yet. `None` when there will be none.
    pub(super) async fn changed(&mut self) -> Option<T> {
        let seen = self.seen;
        self.wait(|state| state.changes != seen).await
    }

    /// Waits until the value is as wanted, which it may be already. `None` when it will not be.
    pub(super) async fn wait_for(&mut self, wanted: impl Fn(&T) -> bool) -> Option<T> {
        self.wait(|state| wanted(&state.value)).await
    }

    async fn wait(&mut self, wanted: impl Fn(&State<T>) -> bool) -> Option<T> {
        let Self { shared, seen } = self;
        loop {
            // Made first, so that no change from here on is slept through.
            let news = shared.news.notified();
            {
                let state = shared.lock();
                if wanted(&state) {
                    *seen = state.changes;
                    return Some(state.value);
                }
                if state.ended {
                    return None;
                }
            }
            news.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(sender: &Sender<u32>, value: u32) {
        sender.change(|known| {
            *known = value;
            true
        });
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_follows_sees_the_latest_value_once() {
        let sender = Sender::<u32>::default();
        let mut receiver = sender.subscribe();
        let mut other = receiver.clone();
        set(&sender, 1);
        set(&sender, 2);
        assert_eq!((receiver.changed().await, other.now()), (Some(2), 2));
        let waiting = tokio::spawn(async move { (receiver.changed().await, receiver.changed().await) });
        tokio::task::yield_now().await;
        sender.change(|known| {
            *known = 3;
            false
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "a change that is not told wakes nobody");
        set(&sender, 4);
        tokio::task::yield_now().await;
        drop(sender);
        assert_eq!(waiting.await.unwrap(), (Some(4), None));
        assert_eq!(
            (other.changed().await, other.changed().await),
            (Some(4), None),
            "changes outlive the end"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_that_is_wanted_ends_the_wait_at_once_or_later() {
        let sender = Sender::<u32>::default();
        let mut receiver = sender.subscribe();
        assert_eq!(receiver.wait_for(|value| *value == 0).await, Some(0));
        let waiting = tokio::spawn(async move {
            let found = receiver.wait_for(|value| *value == 2).await;
            (found, receiver.wait_for(|value| *value == 9).await)
        });
        tokio::task::yield_now().await;
        set(&sender, 1);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        set(&sender, 2);
        tokio::task::yield_now().await;
        drop(sender);
        assert_eq!(waiting.await.unwrap(), (Some(2), None));
    }
}
