//! How fast messages may go, and how long one that failed waits. It reads no clock.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::time::{Duration, Instant};

/// So many messages a second, and so many at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLimit {
    pub(crate) per_second: u32,
    pub(crate) burst: u32,
}

/// Lets messages through at their rate. What was not used is saved up to the burst.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    /// How far ahead of the even rate it may be.
    slack: Duration,
    /// When the next message would be due at the even rate.
    due: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(limit: RateLimit) -> Self {
        let interval = Duration::from_secs(1) / limit.per_second.max(1);
        Self { interval, slack: interval.saturating_mul(limit.burst.saturating_sub(1)), due: None }
    }

    /// When the next message may go; `None`: now.
    pub(crate) fn next_at(&self, now: Instant) -> Option<Instant> {
        self.due.and_then(|due| due.checked_sub(self.slack)).filter(|at| *at > now)
    }

    /// A message goes.
    pub(crate) fn passed(&mut self, now: Instant) {
        let due = self.due.map_or(now, |due| due.max(now));
        self.due = due.checked_add(self.interval);
    }
}

/// How long a message that failed on a connection that still stands waits for its next attempt.
#[derive(Debug, Default)]
pub(crate) struct Retry {
    failures: u32,
    at: Option<Instant>,
}

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

impl Retry {
    /// When the next attempt may begin; `None`: now.
    pub(crate) fn next_at(&self, now: Instant) -> Option<Instant> {
        self.at.filter(|at| *at > now)
    }

    pub(crate) fn failed(&mut self, now: Instant) {
        let wait = FIRST.saturating_mul(1 << self.failures.min(5)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        self.at = now.checked_add(wait);
    }

    /// Something went through, or there is another connection.
    pub(crate) fn begin_anew(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "an Instant can be made in no other way")]
    fn start() -> Instant {
        Instant::now()
    }

    fn milliseconds(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_at_the_rate() {
        let start = start();
        let mut pace = Pace::new(RateLimit { per_second: 10, burst: 3 });
        for _ in 0..3 {
            assert_eq!(pace.next_at(start), None);
            pace.passed(start);
        }
        assert_eq!(pace.next_at(start), Some(start + milliseconds(100)));
        let now = start + milliseconds(100);
        assert_eq!(pace.next_at(now), None);
        pace.passed(now);
        assert_eq!(pace.next_at(now), Some(start + milliseconds(200)));
    }

    #[test]
    fn no_more_is_saved_than_the_burst() {
        let start = start();
        let mut pace = Pace::new(RateLimit { per_second: 10, burst: 2 });
        pace.passed(start);
        let later = start + Duration::from_secs(3600);
        for _ in 0..2 {
            assert_eq!(pace.next_at(later), None);
            pace.passed(later);
        }
        assert_eq!(pace.next_at(later), Some(later + milliseconds(100)));
    }

    #[test]
    fn in_the_long_run_the_rate_is_kept() {
        let start = start();
        let mut pace = Pace::new(RateLimit { per_second: 100, burst: 1 });
        let mut now = start;
        for _ in 0..1000 {
            now = pace.next_at(now).unwrap_or(now);
            pace.passed(now);
        }
        assert_eq!(now - start, milliseconds(9990));
    }

    #[test]
    fn nonsense_is_one_a_second() {
        let start = start();
        let mut pace = Pace::new(RateLimit { per_second: 0, burst: 0 });
        pace.passed(start);
        assert_eq!(pace.next_at(start), Some(start + Duration::from_secs(1)));
    }

    #[test]
    fn retries_wait_longer_each_time_up_to_a_bound() {
        let start = start();
        let mut retry = Retry::default();
        assert_eq!(retry.next_at(start), None);
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            retry.failed(start);
            assert_eq!(retry.next_at(start), Some(start + Duration::from_secs(seconds)));
        }
        assert_eq!(retry.next_at(start + LONGEST), None);
        retry.begin_anew();
        assert_eq!(retry.next_at(start), None);
    }
}
