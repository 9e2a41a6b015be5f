//! Something that is asked again a few times.

use std::time::{Duration, Instant};

/// When it is asked again, and how often that will be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    due: Instant,
    left: u8,
}

/// What its time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    NotYet,
    Again,
    /// It was asked often enough.
    Never,
}

impl Attempt {
    /// It was asked for the first time.
    pub(super) fn new(now: Instant, wait: Duration, retransmissions: u8) -> Self {
        Self { due: now + wait, left: retransmissions }
    }

    pub(super) fn at(&self) -> Instant {
        self.due
    }

    /// The time counts from now on.
    pub(super) fn put_off(&mut self, now: Instant, wait: Duration) {
        self.due = now + wait;
    }

    pub(super) fn fire(&mut self, now: Instant, wait: Duration) -> Due {
        if now < self.due {
            return Due::NotYet;
        }
        self.due = now + wait;
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Due::Again
            }
            None => Due::Never,
        }
    }
}
