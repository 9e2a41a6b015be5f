//! How long something that has failed rests.

use std::time::Duration;

use crate::backoff::Backoff;

/// Counts failures in a row.
#[derive(Debug)]
pub(super) struct Retries {
    backoff: Backoff,
    failures: u32,
}

impl Retries {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self { backoff, failures: 0 }
    }

    /// It has failed after so long: how long it rests. What has worked for longer than the longest rest has not failed in
    /// a row.
    pub(super) fn failed(&mut self, lasted: Duration) -> Duration {
        if lasted > self.backoff.bound(u32::MAX) {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.backoff.draw(self.failures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_until_something_has_worked_for_long() {
        let mut retries = Retries::new(Backoff::new(Duration::from_secs(1), Duration::from_secs(60)));
        for (number, bound) in [1, 2, 4, 8, 16, 32, 60, 60].into_iter().enumerate() {
            assert!(retries.failed(Duration::from_secs(60)) <= Duration::from_secs(bound));
            assert_eq!(retries.failures, u32::try_from(number).unwrap() + 1);
        }
        assert!(retries.failed(Duration::from_secs(61)) <= Duration::from_secs(1));
        assert_eq!(retries.failures, 1);
    }
}
