//! How often something may happen.

use std::time::Duration;

use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// Allows a number of things a second, all of them at once if need be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    interval: Option<Duration>,
    /// When everything so far would have happened if it had come evenly.
    due: Instant,
}

impl Pace {
    /// `None` allows everything.
    pub(super) fn new(per_second: Option<u32>, now: Instant) -> Self {
        Self { interval: per_second.map(|rate| SECOND / rate.max(1)), due: now }
    }

    /// Whether one more may happen. If not, it counts for nothing.
    pub(super) fn allows(&mut self, now: Instant) -> bool {
        let Some(interval) = self.interval else { return true };
        let due = self.due.max(now) + interval;
        let allowed = due <= now + SECOND;
        if allowed {
            self.due = due;
        }
        allowed
    }

    /// Counts `amount` things that have happened. Gives back when the next one may.
    pub(super) fn delayed(&mut self, amount: usize, now: Instant) -> Option<Instant> {
        let interval = self.interval?;
        self.due = self.due.max(now) + interval.saturating_mul(u32::try_from(amount).unwrap_or(u32::MAX));
        self.due.checked_sub(SECOND).filter(|next| *next > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_room_for_so_many_and_no_more() {
        let start = Instant::now();
        let mut pace = Pace::new(Some(4), start);
        let allowed = |pace: &mut Pace, at: u64| pace.allows(start + Duration::from_millis(at));
        assert_eq!((0..5).filter(|_| allowed(&mut pace, 0)).count(), 4);
        assert!(!allowed(&mut pace, 249));
        assert!(allowed(&mut pace, 250));
        assert!(!allowed(&mut pace, 251));
        assert_eq!((0..9).filter(|_| allowed(&mut pace, 5000)).count(), 4);
    }

    #[test]
    fn what_is_too_much_has_to_wait_as_long_as_it_is_too_much() {
        let start = Instant::now();
        let mut pace = Pace::new(Some(1000), start);
        assert_eq!(pace.delayed(1000, start), None);
        assert_eq!(pace.delayed(500, start), Some(start + Duration::from_millis(500)));
        assert_eq!(Pace::new(None, start).delayed(1_000_000, start), None);
    }
}
