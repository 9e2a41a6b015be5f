//! Unsubscribing from what nobody reads any more.

use std::collections::VecDeque;
use std::time::Instant;

use super::{Task, now};
use crate::delivery::Retry;
use crate::state::ClientState;
use crate::topic::TopicFilter;

/// Topic filters of which the broker has to be told that nobody reads them any more.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    filters: VecDeque<TopicFilter>,
    /// For as long as the broker cannot be told.
    retry: Retry,
}

impl Orphans {
    pub(super) fn add(&mut self, filter: TopicFilter) {
        if !self.filters.contains(&filter) {
            self.filters.push_back(filter);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// There is another connection.
    pub(super) fn begin_anew(&mut self) {
        self.retry.begin_anew();
    }

    /// When the broker is to be told what it could not be told before.
    fn due_at(&self, now: Instant) -> Option<Instant> {
        let waits = !self.filters.is_empty();
        waits.then(|| self.retry.next_at(now).unwrap_or(now))
    }

    /// The broker could not be told of this one: the others come first.
    fn failed(&mut self, now: Instant, filter: TopicFilter) {
        self.retry.failed(now);
        self.add(filter);
    }
}

impl Task {
    /// Tells the broker which filters nobody reads any more, or remembers to.
    pub(super) async fn unsubscribe_orphans(&mut self) {
        for filter in self.registry.sweep() {
            self.orphans.add(filter);
        }
        match self.session.state() {
            ClientState::Connected => self.send_orphans().await,
            ClientState::Reconnecting(_) => {}
            _ => self.orphans.clear(),
        }
    }

    /// Tries once more what failed before, if it is time.
    pub(super) async fn retry_orphans(&mut self) {
        if self.session.is_connected() && self.orphans.due_at(now()).is_some_and(|at| at <= now()) {
            self.send_orphans().await;
        }
    }

    pub(super) fn orphans_deadline(&self) -> Option<Instant> {
        self.orphans.due_at(now()).filter(|_| self.session.is_connected())
    }

    async fn send_orphans(&mut self) {
        let wanted = self.registry.filters();
        self.orphans.filters.retain(|filter| !wanted.iter().any(|(wanted, _)| wanted == filter));
        while self.session.is_connected()
            && let Some(filter) = self.orphans.filters.pop_front()
        {
            if let Err(error) = self.send_unsubscribe(filter.clone()).await {
                tracing::debug!(%error, "unsubscribing in the background failed, it is tried again");
                self.orphans.failed(now(), filter);
                break;
            }
            self.orphans.begin_anew();
        }
    }
}
