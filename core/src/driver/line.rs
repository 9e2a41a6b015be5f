//! How long a serial line still carries bytes that the operating system has taken.

use std::time::{Duration, Instant};

/// A start bit, eight of data and a stop bit.
const BITS_PER_BYTE: u64 = 10;

/// A line that carries bytes one after the other. Without a rate it takes no time.
#[derive(Debug)]
pub(crate) struct Line {
    /// Bits a second.
    rate: Option<u32>,
    free_at: Option<Instant>,
}

impl Line {
    pub(crate) fn new(rate: Option<u32>) -> Self {
        Self { rate: rate.filter(|rate| *rate > 0), free_at: None }
    }

    /// So many bytes were put onto it.
    pub(crate) fn carry(&mut self, now: Instant, count: usize) {
        if let Some(rate) = self.rate {
            let nanoseconds = (count as u64).saturating_mul(BITS_PER_BYTE * 1_000_000_000) / u64::from(rate);
            self.free_at = Some(self.free_at(now) + Duration::from_nanos(nanoseconds));
        }
    }

    /// When everything will have crossed it.
    pub(crate) fn free_at(&self, now: Instant) -> Instant {
        self.free_at.map_or(now, |free_at| free_at.max(now))
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test needs some point in time")]
mod tests {
    use super::*;

    #[test]
    fn bytes_cross_one_after_the_other() {
        let start = Instant::now();
        let mut line = Line::new(Some(115_200));
        line.carry(start, 576);
        line.carry(start + Duration::from_millis(20), 576);
        assert_eq!(line.free_at(start), start + Duration::from_millis(100));
        let later = start + Duration::from_secs(1);
        assert_eq!(line.free_at(later), later);
    }

    #[test]
    fn a_line_of_unknown_rate_takes_no_time() {
        let start = Instant::now();
        for rate in [None, Some(0)] {
            let mut line = Line::new(rate);
            line.carry(start, 4096);
            assert_eq!(line.free_at(start), start);
        }
    }
}
