//! Whether a module that owes an answer still multiplexes.
//!
//! A module that has restarted says nothing by itself, so one that was sent data and is silent for long is asked. Only a
//! module that has answered something on the control channel before is: silence of another one means nothing.

use std::time::{Duration, Instant};

/// Longer than any command is waited for.
const LONGEST_ANSWER: Duration = Duration::from_secs(300);

#[derive(Debug, Default)]
pub(super) struct Liveness {
    /// The module answers what it is asked on the control channel.
    answers: bool,
    /// When data were sent that no data have followed yet.
    sent: Option<Instant>,
    /// When a module that stays silent is asked.
    due: Option<Instant>,
}

impl Liveness {
    pub(super) fn answered(&mut self) {
        self.answers = true;
    }

    pub(super) fn data_sent(&mut self, now: Instant, silence: Duration) {
        self.sent = Some(now);
        self.due.get_or_insert(now + silence);
    }

    pub(super) fn data_came(&mut self) {
        (self.sent, self.due) = (None, None);
    }

    /// The module has sent a frame without data.
    pub(super) fn frame_came(&mut self, now: Instant, silence: Duration) {
        let still_owes = self.sent.is_some_and(|sent| now < sent + LONGEST_ANSWER);
        self.due = still_owes.then(|| now + silence);
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.due.filter(|_| self.answers)
    }

    /// Whether the module has to be asked now.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.next_timeout().is_some_and(|due| due <= now);
        if due {
            self.due = None;
        }
        due
    }
}
