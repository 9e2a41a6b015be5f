//! How often a download to a file is tried again.

use std::time::Duration;

use crate::Backoff;

/// How often a download goes on by itself after it was cut, and how long it waits before.
///
/// Only attempts in a row that bring no new byte count, so a large file over a bad network is not given up while it
/// grows. The default is ten of them, with waits that double from 1 second to 60 and are drawn at random below that:
/// about two minutes in the mean, and what the attempts themselves take. The waits for a module that a
/// [supervisor](crate::supervisor) is getting back come on top, and the supervisor bounds them.
///
/// ```
/// use std::time::Duration;
/// use telit_core::Backoff;
/// use telit_core::download::Retry;
///
/// let waits = Backoff::new(Duration::from_secs(5), Duration::from_secs(600));
/// let patient = Retry::default().max_attempts(100).backoff(waits);
/// assert_eq!(Retry::default().max_attempts(0).max_attempts(10), Retry::default());
/// # drop(patient);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "nothing changes until it is given to a download"]
pub struct Retry {
    backoff: Backoff,
    max_attempts: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self { backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(60)), max_attempts: 10 }
    }
}

impl Retry {
    /// How long to wait before an attempt. Default at random, at first up to 1 s, in the end up to 60 s.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How many attempts in a row may bring no new byte after a cut, before the download fails. Default 10. 0 is the
    /// same as [`never`](Self::never).
    pub fn max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = max_attempts;
        self
    }

    /// Not at all: the first error ends the download.
    pub fn never() -> Self {
        Self::default().max_attempts(0)
    }
}

/// A download was cut and will go on where it stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retrying<E> {
    /// The number of the attempt that is to come; the first one after a cut is 2.
    pub attempt: u32,
    /// What ended the one before.
    pub because: E,
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
        self.in_vain = if bytes > self.most { 1 } else { self.in_vain.saturating_add(1) };
        self.most = self.most.max(bytes);
        if self.in_vain > self.retry.max_attempts {
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

    fn attempts(max_attempts: u32) -> Attempts {
        Attempts::first(Retry::default().max_attempts(max_attempts).backoff(Backoff::new(WAIT, WAIT)))
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
        let mut attempts = Attempts::first(Retry::default().max_attempts(5).backoff(backoff));
        for bound in [1, 2, 4, 8] {
            assert!(attempts.next(0).unwrap() <= Duration::from_secs(bound));
        }
    }
}
