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

/// A line of fixed rate. Its schedule follows from when bytes were there to be sent and from nothing else, so that late
/// wake-ups neither slow it nor let it catch up on what was never there.
///
/// 8N1: ten bit times a byte.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Bits a second; `None` is at once.
    baud: Option<u32>,
    /// When the line is free again.
    free_at: Option<Instant>,
}

/// The other side may take bytes this late and the line has not stood still: ports have a buffer.
const SLACK: Duration = Duration::from_millis(10);
/// Bytes are handed over in steps of at least this, so that fast lines do not wake for each byte.
const STEP: Duration = Duration::from_millis(1);

const NANOSECONDS_TIMES_BITS: u128 = 10_000_000_000;

impl Line {
    pub(crate) fn new(baud: Option<u32>) -> Self {
        Self { baud: baud.map(|baud| baud.max(1)), free_at: None }
    }

    /// How many of `count` bytes to put on the line next, and when the last of them has crossed it. They were there to be
    /// sent since `ready`.
    pub(crate) fn next_step(&mut self, count: usize, ready: Instant, now: Instant) -> (usize, Instant) {
        let Some(baud) = self.baud.map(u128::from) else { return (count, now) };
        let start = self.free_at(ready).max(ready);
        // All that should have crossed by now, but at least one step.
        let elapsed = now.saturating_duration_since(start) + STEP;
        let due = elapsed.as_nanos() * baud / NANOSECONDS_TIMES_BITS;
        let step = usize::try_from(due).unwrap_or(usize::MAX).clamp(1, count);
        // Rounded up: the line is never faster than it is.
        let time = (step as u128 * NANOSECONDS_TIMES_BITS).div_ceil(baud);
        let end = start + Duration::from_nanos(u64::try_from(time).unwrap_or(u64::MAX));
        self.free_at = Some(end);
        (step, end)
    }

    /// When everything has crossed it; `now` if nothing ever did.
    pub(crate) fn free_at(&self, now: Instant) -> Instant {
        self.free_at.unwrap_or(now)
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

    /// Sends `total` bytes that are all there, with wake-ups that are `late`, and tells when the last has crossed.
    fn transfer(baud: u32, total: usize, late: Duration) -> Duration {
        let mut line = Line::new(Some(baud));
        let start = Instant::now();
        let (mut now, mut last, mut left) = (start, start, total);
        while left > 0 {
            let (step, end) = line.next_step(left, start, now);
            left -= step;
            (now, last) = (now.max(end) + late, end);
        }
        last - start
    }

    #[test]
    fn late_wake_ups_neither_slow_the_line_nor_speed_it_up() {
        for baud in [115_200, 921_600, 3_000_000] {
            for late in [0, 300, 1000, 1900, 9000, 90_000] {
                let took = transfer(baud, baud as usize / 10 * 5, Duration::from_micros(late));
                let more = took.checked_sub(Duration::from_secs(5)).expect("it is not faster than the line");
                assert!(more < Duration::from_micros(10), "{took:?} at {baud} with {late} us");
            }
        }
    }

    #[test]
    fn a_slow_line_goes_byte_by_byte() {
        let mut line = Line::new(Some(300));
        let now = Instant::now();
        let (step, end) = line.next_step(10, now, now);
        assert_eq!(step, 1);
        assert_eq!((end - now).as_micros(), 33_333);
    }

    #[test]
    fn an_idle_line_starts_when_there_is_something_to_send() {
        let mut line = Line::new(Some(100_000));
        let now = Instant::now();
        assert_eq!(line.next_step(1, now, now).1, now + Duration::from_micros(100));
        let ready = now + Duration::from_micros(150);
        let late = now + Duration::from_millis(5);
        assert_eq!(line.next_step(2, ready, late), (2, ready + Duration::from_micros(200)));
    }

    #[test]
    fn a_line_whose_other_side_takes_nothing_stands_still() {
        let mut line = Line::new(Some(100_000));
        let now = Instant::now();
        line.next_step(1, now, now);
        let held = now + Duration::from_secs(1);
        line.held_until(held);
        assert_eq!(line.next_step(1, now, held).1, held + Duration::from_micros(100));
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
