//! An append-only log that tests can read and wait on.

use std::fmt;

use tokio::sync::watch;

/// Entries in the order they happened. Clones share the entries.
pub(crate) struct Journal<T> {
    entries: watch::Sender<Vec<T>>,
}

impl<T> Journal<T> {
    pub(crate) fn new() -> Self {
        Self { entries: watch::Sender::new(Vec::new()) }
    }

    pub(crate) fn push(&self, entry: T) {
        self.entries.send_modify(|entries| entries.push(entry));
    }

    pub(crate) fn clear(&self) {
        self.entries.send_modify(Vec::clear);
    }

    /// Changes the entries that are still there.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Vec<T>)) {
        self.entries.send_modify(change);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.borrow().len()
    }
}

impl<T: Clone> Journal<T> {
    pub(crate) fn all(&self) -> Vec<T> {
        self.entries.borrow().clone()
    }

    /// Waits until there are at least `count` entries and returns all of them.
    pub(crate) async fn at_least(&self, count: usize) -> Vec<T> {
        let mut watcher = self.entries.subscribe();
        // The channel cannot close meanwhile, as `self` holds the sender; if it did, what is there is the answer.
        match watcher.wait_for(|entries| entries.len() >= count).await {
            Ok(entries) => entries.clone(),
            Err(_) => self.all(),
        }
    }
}

#[cfg(feature = "servers")]
impl<T> Journal<T> {
    /// Of the entries those that `pick` takes, as it gives them back.
    pub(crate) fn picked<U>(&self, pick: impl Fn(&T) -> Option<U>) -> Vec<U> {
        self.entries.borrow().iter().filter_map(pick).collect()
    }

    /// Waits until there are at least `count` of them.
    pub(crate) async fn at_least_picked<U>(&self, count: usize, pick: impl Fn(&T) -> Option<U>) -> Vec<U> {
        let enough = |entries: &Vec<T>| entries.iter().filter_map(&pick).count() >= count;
        // As above.
        match self.entries.subscribe().wait_for(enough).await {
            Ok(entries) => entries.iter().filter_map(&pick).collect(),
            Err(_) => self.picked(pick),
        }
    }
}

impl<T> Clone for Journal<T> {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone() }
    }
}

impl<T> fmt::Debug for Journal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("len", &self.len()).finish()
    }
}

impl<T> Default for Journal<T> {
    fn default() -> Self {
        Self::new()
    }
}
