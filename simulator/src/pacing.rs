//! The serial line: how fast bytes cross it, and in which pieces they arrive.

use std::time::Duration;

use tokio::time::Instant;

use crate::fault::Random;

/// How output is cut into pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Split {
    /// As it comes.
    #[default]
    Whole,
    /// One byte at a time.
    SingleBytes,
    /// Pieces of random length up to `most`, the same for the same `seed`.
    Random {
        /// Decides the lengths.
        seed: u64,
        /// The longest piece.
        most: usize,
    },
}

/// A line of fixed rate, computed from a schedule so that late wake-ups do not add up.
///
/// 8N1: ten bit times a byte.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Nanoseconds a byte takes; 0 is at once.
    byte_time: u64,
    /// When the line is free again.
    free_at: Option<Instant>,
}

/// A wake-up may be this late and the line counts as never idle: the module's serial port sends from a buffer of its
/// own while its processor, here a busy computer, is away.
const SLACK: Duration = Duration::from_millis(10);
/// Bytes are handed over in steps of at least this, so that fast lines do not wake for each byte.
const STEP: Duration = Duration::from_millis(1);

impl Line {
    pub(crate) fn new(baud: Option<u32>) -> Self {
        let byte_time = baud.map_or(0, |baud| 10_000_000_000 / u64::from(baud.max(1)));
        Self { byte_time, free_at: None }
    }

    pub(crate) fn is_paced(&self) -> bool {
        self.byte_time > 0
    }

    /// How many of `count` bytes to put on the line next, and when the last of them has crossed it.
    pub(crate) fn next_step(&mut self, count: usize, now: Instant) -> (usize, Instant) {
        if !self.is_paced() {
            return (count, now);
        }
        let start = match self.free_at {
            Some(free_at) if now <= free_at + SLACK => free_at,
            _ => now,
        };
        // All that should have crossed by now, but at least one step.
        let elapsed = now.saturating_duration_since(start) + STEP;
        let due = elapsed.as_nanos() / u128::from(self.byte_time);
        let step = usize::try_from(due).unwrap_or(usize::MAX).clamp(1, count);
        let end = start + Duration::from_nanos(self.byte_time.saturating_mul(step as u64));
        self.free_at = Some(end);
        (step, end)
    }

    /// The other side did not take the bytes: the line stood still until now.
    pub(crate) fn held_until(&mut self, now: Instant) {
        if self.free_at.is_some_and(|free_at| free_at + SLACK < now) {
            self.free_at = Some(now);
        }
    }
}

/// Cuts output by [`Split`].
#[derive(Debug, Clone)]
pub(crate) struct Cutter {
    split: Split,
    random: Random,
}

impl Cutter {
    pub(crate) fn new(split: Split) -> Self {
        let seed = if let Split::Random { seed, .. } = split { seed } else { 0 };
        Self { split, random: Random::new(seed) }
    }

    /// The length of the next piece of `count` bytes.
    pub(crate) fn piece(&mut self, count: usize) -> usize {
        match self.split {
            Split::Whole => count,
            Split::SingleBytes => count.min(1),
            Split::Random { most, .. } => {
                let length = self.random.next() % most.max(1) as u64 + 1;
                count.min(usize::try_from(length).unwrap_or(count))
            }
        }
    }

    pub(crate) fn cuts(&self) -> bool {
        self.split != Split::Whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends `total` bytes with wake-ups that are `late`, and tells how long it took.
    fn transfer(baud: u32, total: usize, late: Duration) -> Duration {
        let mut line = Line::new(Some(baud));
        let start = Instant::now();
        let (mut now, mut left) = (start, total);
        while left > 0 {
            let (step, end) = line.next_step(left, now);
            left -= step;
            now = now.max(end) + late;
        }
        now - start
    }

    #[test]
    fn late_wake_ups_do_not_slow_the_line() {
        let total = 921_600 / 10 * 5;
        for late in [0, 300, 1000, 1900, 9000] {
            let took = transfer(921_600, total, Duration::from_micros(late));
            assert!(took < Duration::from_millis(5050), "{took:?} with {late} us");
            assert!(took >= Duration::from_millis(4999), "{took:?} with {late} us");
        }
    }

    #[test]
    fn a_slow_line_goes_byte_by_byte() {
        let mut line = Line::new(Some(300));
        let now = Instant::now();
        let (step, end) = line.next_step(10, now);
        assert_eq!(step, 1);
        assert_eq!((end - now).as_micros(), 33_333);
    }

    #[test]
    fn an_idle_line_starts_anew() {
        let mut line = Line::new(Some(115_200));
        let now = Instant::now();
        line.next_step(1, now);
        let later = now + Duration::from_secs(1);
        let (_, end) = line.next_step(1, later);
        assert!(end > later);
    }

    #[test]
    fn pieces_cover_the_whole() {
        let mut cutter = Cutter::new(Split::Random { seed: 3, most: 5 });
        let mut left = 100;
        while left > 0 {
            let piece = cutter.piece(left);
            assert!((1..=5).contains(&piece));
            left -= piece;
        }
    }
}
