//! Keeping a silent connection alive, and noticing that it is dead.

use std::time::{Duration, Instant};

/// Pings when nothing was sent for as long as the broker was told, or nothing has come for as long: one that only
/// publishes would not notice that nobody listens.
#[derive(Debug)]
pub(super) struct KeepAlive {
    interval: Duration,
    patience: Duration,
    sent: Instant,
    received: Instant,
    ping: Ping,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ping {
    None,
    /// On its way to the module.
    Queued,
    /// The answer, or anything else, has to come by then.
    AnswerDue(Instant),
}

impl KeepAlive {
    pub(super) fn new(now: Instant, interval: Duration, patience: Duration) -> Self {
        Self { interval, patience, sent: now, received: now, ping: Ping::None }
    }

    /// The module has accepted something.
    pub(super) fn sent(&mut self, now: Instant) {
        self.sent = now;
    }

    /// A ping among it.
    pub(super) fn ping_sent(&mut self, now: Instant) {
        self.ping = Ping::AnswerDue(now + self.patience);
    }

    /// Bytes came. A large message keeps an answer waiting for as long as it takes.
    pub(super) fn received(&mut self, now: Instant) {
        self.received = now;
        if let Ping::AnswerDue(due) = &mut self.ping {
            *due = now + self.patience;
        }
    }

    pub(super) fn answered(&mut self) {
        self.ping = Ping::None;
    }

    /// Whether to send one now; it is queued then.
    pub(super) fn wants_ping(&mut self, now: Instant) -> bool {
        let wanted = self.ping == Ping::None && self.ping_at() <= now;
        if wanted {
            self.ping = Ping::Queued;
        }
        wanted
    }

    pub(super) fn is_lost(&self, now: Instant) -> bool {
        matches!(self.ping, Ping::AnswerDue(due) if due <= now)
    }

    /// `None` while a ping is on its way: what holds it up bounds itself.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.ping {
            Ping::None => Some(self.ping_at()),
            Ping::Queued => None,
            Ping::AnswerDue(due) => Some(due),
        }
    }

    fn ping_at(&self) -> Instant {
        self.sent.min(self.received) + self.interval
    }
}
