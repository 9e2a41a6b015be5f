//! How often a download to a file is tried again.

use std::time::Duration;

use telit_core::Backoff;

use crate::error::TransferError;

/// How often a download goes on by itself after it was cut, and how long it waits before.
///
/// Only attempts in a row that bring no new byte count, so a large file over a bad network is not given up while it
/// grows. The default is ten of them, with waits that double from 1 second to 60 and are drawn at random below that:
/// about two minutes in the mean, and what the attempts themselves take. The waits for a module that a
/// [supervisor](telit_core::supervisor) is getting back come on top, and the supervisor bounds them.
///
/// ```
/// use std::time::Duration;
/// use telit_core::Backoff;
/// use telit_ftps::Retry;
///
/// let patient = Retry::new(100, Backoff::new(Duration::from_secs(5), Duration::from_secs(600)));
/// assert_eq!(Retry::default().times(0).times(10), Retry::default());
/// # let _ = patient;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    times: u32,
    backoff: Backoff,
}

impl Default for Retry {
    fn default() -> Self {
        Self::new(10, Backoff::new(Duration::from_secs(1), Duration::from_secs(60)))
    }
}

impl Retry {
    /// At most so many times in a row without a new byte, with these waits.
    #[must_use]
    pub const fn new(times: u32, backoff: Backoff) -> Self {
        Self { times, backoff }
    }

    /// The same with so many times in a row.
    #[must_use]
    pub const fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// Not at all: the first error ends the download.
    #[must_use]
    pub const fn never() -> Self {
        Self::new(0, Backoff::new(Duration::ZERO, Duration::ZERO))
    }
}

/// A download was cut and will go on where it stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retrying {
    /// The number of the attempt that is to come; the first one after a cut is 2.
    pub attempt: u32,
    /// What ended the one before.
    pub because: TransferError,
    /// Bytes in the part file.
    pub bytes: u64,
    /// How long it waits, at least: the module may have to come back first.
    pub wait: Duration,
}

/// Counts attempts.
#[derive(Debug)]
pub(super) struct Attempts {
    retry: Retry,
    made: u32,
    /// In a row, without a new byte.
    in_vain: u32,
    /// The most bytes that were in the part file when an attempt failed.
    most: u64,
}

impl Attempts {
    /// The first one begins.
    pub(super) fn first(retry: Retry) -> Self {
        Self { retry, made: 1, in_vain: 0, most: 0 }
    }

    pub(super) fn made(&self) -> u32 {
        self.made
    }

    /// The whole file is downloaded again, so every byte of it is new.
    pub(super) fn begin_again(&mut self) {
        self.most = 0;
    }

    /// One failed, with so many bytes in the part file. Gives how long to wait before the next one; `None` if there is
    /// none.
    pub(super) fn next(&mut self, bytes: u64) -> Option<Duration> {
        self.in_vain = if bytes > self.most { 1 } else { self.in_vain + 1 };
        self.most = self.most.max(bytes);
        if self.in_vain > self.retry.times {
            return None;
        }
        self.made += 1;
        Some(self.retry.backoff.draw(self.in_vain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::ZERO;

    fn attempts(times: u32) -> Attempts {
        Attempts::first(Retry::new(times, Backoff::new(WAIT, WAIT)))
    }

    #[test]
    fn only_attempts_in_vain_are_bounded() {
        let mut attempts = attempts(2);
        for bytes in 1..100 {
            assert_eq!(attempts.next(bytes), Some(WAIT));
        }
        assert_eq!(attempts.next(99), Some(WAIT));
        assert_eq!(attempts.next(99), None);
        assert_eq!(attempts.made(), 101);
    }

    #[test]
    fn never_is_never() {
        let mut attempts = Attempts::first(Retry::never());
        assert_eq!(attempts.next(5), None);
        assert_eq!(attempts.made(), 1);
    }

    #[test]
    fn bytes_of_a_file_that_is_downloaded_again_are_new() {
        let mut attempts = attempts(1);
        assert_eq!(attempts.next(50), Some(WAIT));
        attempts.begin_again();
        assert_eq!(attempts.next(10), Some(WAIT));
        assert_eq!(attempts.next(10), None);
    }

    #[test]
    fn waits_grow_while_nothing_comes() {
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
        let mut attempts = Attempts::first(Retry::new(5, backoff));
        for bound in [1, 2, 4, 8] {
            assert!(attempts.next(0).unwrap() <= Duration::from_secs(bound));
        }
    }
}
