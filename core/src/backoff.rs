//! How long to wait before trying again.

use std::time::Duration;

/// Waits that double from attempt to attempt up to a bound, each drawn at random between nothing and that ("full
/// jitter"), so that a thousand devices that lost the same network do not come back in the same second.
///
/// ```
/// use std::time::Duration;
/// use telit_core::Backoff;
///
/// let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
/// assert_eq!(backoff.bound(1), Duration::from_secs(1));
/// assert_eq!(backoff.bound(4), Duration::from_secs(8));
/// assert_eq!(backoff.bound(99), Duration::from_secs(60));
/// assert!(backoff.draw(4) <= Duration::from_secs(8));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    most: Duration,
}

impl Backoff {
    /// The bound of the first wait and that of all.
    #[must_use]
    pub const fn new(first: Duration, most: Duration) -> Self {
        Self { first, most }
    }

    /// The longest wait before this attempt; the first one is 1.
    #[must_use]
    pub fn bound(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.most)
    }

    /// A wait before this attempt; the first one is 1.
    #[must_use]
    pub fn draw(&self, attempt: u32) -> Duration {
        self.bound(attempt).mul_f64(fastrand::f64())
    }
}
