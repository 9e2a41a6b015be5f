//! What time it is at AWS.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// The time of day, which a test can move forward.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calendar {
    /// Since 1970, at `since`.
    epoch: Duration,
    since: Instant,
}

impl Calendar {
    pub(super) fn new(utc: SystemTime, now: Instant) -> Self {
        // A clock before 1970 counts as 1970.
        Self { epoch: utc.duration_since(UNIX_EPOCH).unwrap_or_default(), since: now }
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.epoch += by;
    }

    /// Since 1970.
    pub(super) fn seconds(&self, now: Instant) -> u64 {
        self.elapsed(now).as_secs()
    }

    /// Since 1970.
    pub(super) fn milliseconds(&self, now: Instant) -> u64 {
        u64::try_from(self.elapsed(now).as_millis()).unwrap_or(u64::MAX)
    }

    fn elapsed(&self, now: Instant) -> Duration {
        self.epoch + now.saturating_duration_since(self.since)
    }
}
