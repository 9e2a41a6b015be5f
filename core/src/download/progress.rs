//! How far a download is, and how fast.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How far a download to a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes in the part file, those of earlier attempts included.
    pub bytes: u64,
    /// The size of the file.
    pub total: u64,
    /// Bytes a second in the last ten seconds of this attempt, which is what came in it; `None` in its first second.
    pub rate: Option<u64>,
    /// How long the rest takes at this rate; `None` without one.
    pub left: Option<Duration>,
}

/// What the rate is the mean of.
const WINDOW: Duration = Duration::from_secs(10);
/// A rate from less than that says nothing.
const LEAST: Duration = Duration::from_secs(1);
/// Bounds how many points are kept.
const POINT_EVERY: Duration = Duration::from_millis(100);

/// Measures one attempt.
#[derive(Debug)]
pub(super) struct Meter {
    total: u64,
    /// When how many bytes were there.
    points: VecDeque<(Instant, u64)>,
}

impl Meter {
    pub(super) fn start(now: Instant, bytes: u64, total: u64) -> Self {
        Self { total, points: VecDeque::from([(now, bytes)]) }
    }

    pub(super) fn progress(&mut self, now: Instant, bytes: u64) -> Progress {
        if self.points.back().is_none_or(|(last, _)| now.duration_since(*last) >= POINT_EVERY) {
            self.points.push_back((now, bytes));
        }
        while self.points.get(1).is_some_and(|(second, _)| now.duration_since(*second) >= WINDOW) {
            self.points.pop_front();
        }
        let rate = self.rate(now, bytes);
        let left = rate.and_then(|rate| time_for(self.total.saturating_sub(bytes), rate));
        Progress { bytes, total: self.total, rate, left }
    }

    fn rate(&self, now: Instant, bytes: u64) -> Option<u64> {
        let (since, before) = self.points.front()?;
        let span = now.duration_since(*since);
        let came = u128::from(bytes.saturating_sub(*before));
        let rate = (came * 1_000_000).checked_div(span.as_micros())?;
        (span >= LEAST).then(|| u64::try_from(rate).unwrap_or(u64::MAX))
    }
}

fn time_for(bytes: u64, rate: u64) -> Option<Duration> {
    let millis = (u128::from(bytes) * 1000).checked_div(u128::from(rate))?;
    Some(Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, meter: &mut Meter, millis: u64, bytes: u64) -> (Option<u64>, Option<Duration>) {
        let progress = meter.progress(start + Duration::from_millis(millis), bytes);
        assert_eq!((progress.bytes, progress.total), (bytes, 100_000));
        (progress.rate, progress.left)
    }

    #[test]
    fn no_rate_in_the_first_second() {
        let start = Instant::now();
        let mut meter = Meter::start(start, 50_000, 100_000);
        assert_eq!(at(start, &mut meter, 0, 50_000), (None, None));
        assert_eq!(at(start, &mut meter, 999, 50_999), (None, None));
        assert_eq!(at(start, &mut meter, 1000, 51_000), (Some(1000), Some(Duration::from_secs(49))));
    }

    #[test]
    fn the_rate_is_that_of_the_last_ten_seconds() {
        let start = Instant::now();
        let mut meter = Meter::start(start, 0, 100_000);
        for second in 1..=20 {
            at(start, &mut meter, second * 1000, second * 100);
        }
        // A thousand a second from here on.
        for second in 1..=10 {
            at(start, &mut meter, 20_000 + second * 1000, 2000 + second * 1000);
        }
        assert_eq!(at(start, &mut meter, 30_000, 12_000), (Some(1000), Some(Duration::from_secs(88))));
    }

    #[test]
    fn what_stands_still_has_no_end() {
        let start = Instant::now();
        let mut meter = Meter::start(start, 0, 100_000);
        at(start, &mut meter, 1000, 5000);
        at(start, &mut meter, 20_000, 5000);
        assert_eq!(at(start, &mut meter, 31_000, 5000), (Some(0), None));
    }

    #[test]
    fn few_points_are_kept_of_many_pieces() {
        let start = Instant::now();
        let mut meter = Meter::start(start, 0, 100_000);
        for millis in 0..60_000 {
            at(start, &mut meter, millis, millis);
        }
        assert!(meter.points.len() <= 102, "{}", meter.points.len());
        assert_eq!(at(start, &mut meter, 60_000, 60_000).0, Some(1000));
    }
}
