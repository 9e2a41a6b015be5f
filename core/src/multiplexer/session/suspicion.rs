//! Whether the module still multiplexes.
//!
//! Octets outside frames are noise, or the text of a module that has restarted. Then it is asked something that every
//! module which multiplexes answers: by the standard, or by saying that it does not know the question.

use std::time::{Duration, Instant};

use super::attempt::{Attempt, Due};
use super::settings::SessionSettings;

/// Noise is not followed by a question each time.
const PAUSE: Duration = Duration::from_secs(5);
/// Printable characters that make a text, with a line end behind them.
const TEXT: u32 = 2;

#[derive(Debug, Default)]
pub(super) struct Suspicion {
    state: State,
    /// Counts the questions, so that each differs.
    asked: u32,
    /// Printable characters in a row.
    printable: u32,
    text: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    None,
    Asked(Attempt),
    /// The module has just answered. What came since is looked into when the pause is over.
    Answered {
        until: Instant,
        again: bool,
    },
}

/// What has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    Ask,
    /// The module does not multiplex any more; whether it speaks plain AT.
    Lost {
        text: bool,
    },
}

impl Suspicion {
    /// Octets came that belong to no frame.
    pub(super) fn outside(&mut self, now: Instant, octets: &[u8], settings: &SessionSettings) -> Step {
        for octet in octets {
            self.read(*octet);
        }
        self.arises(now, settings)
    }

    /// Something came that a module does not send.
    pub(super) fn arises(&mut self, now: Instant, settings: &SessionSettings) -> Step {
        match &mut self.state {
            State::None => self.ask(now, settings),
            State::Asked(_) => Step::Nothing,
            State::Answered { until, again } if now < *until => {
                *again = true;
                Step::Nothing
            }
            State::Answered { .. } => self.ask(now, settings),
        }
    }

    fn ask(&mut self, now: Instant, settings: &SessionSettings) -> Step {
        self.state = State::Asked(Attempt::new(now, settings.response_wait, settings.retransmissions));
        self.asked = self.asked.wrapping_add(1);
        Step::Ask
    }

    /// The module has sent a frame.
    pub(super) fn frame_came(&mut self, now: Instant) {
        self.printable = 0;
        if matches!(self.state, State::Asked(_)) {
            self.state = State::Answered { until: now + PAUSE, again: false };
            self.text = false;
        }
    }

    /// What is asked. If it comes back as a question, the line echoes.
    pub(super) fn question(&self) -> Option<[u8; 4]> {
        matches!(self.state, State::Asked(_)).then(|| self.asked.to_be_bytes())
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::None | State::Answered { again: false, .. } => None,
            State::Asked(attempt) => Some(attempt.at()),
            State::Answered { until, again: true } => Some(*until),
        }
    }

    pub(super) fn timeout(&mut self, now: Instant, settings: &SessionSettings) -> Step {
        match &mut self.state {
            State::Asked(attempt) => match attempt.fire(now, settings.response_wait) {
                Due::NotYet => Step::Nothing,
                Due::Again => Step::Ask,
                Due::Never => Step::Lost { text: self.text },
            },
            State::Answered { until, again: true } if *until <= now => self.ask(now, settings),
            _ => Step::Nothing,
        }
    }

    fn read(&mut self, octet: u8) {
        match octet {
            b' '..=b'~' => self.printable = self.printable.saturating_add(1),
            b'\r' | b'\n' => {
                self.text |= self.printable >= TEXT;
                self.printable = 0;
            }
            _ => self.printable = 0,
        }
    }
}
