//! Whether the module still multiplexes.
//!
//! Octets outside frames are noise, or the text of a module that has restarted. Then it is asked something that every
//! module which multiplexes answers: by the standard, or by saying that it does not know the question.

use std::time::{Duration, Instant};

use super::attempt::{Attempt, Due};
use super::settings::SessionSettings;

/// Noise is not followed by a question each time.
const PAUSE: Duration = Duration::from_secs(5);
/// How many times as long a silent module may take as one that sends noise.
const SILENT_PATIENCE: u32 = 4;
/// A port that takes nothing for so long is taken for a module that answers nothing.
const LONGEST_HOLD: Duration = Duration::from_secs(60);
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
    /// Something came outside frames.
    noise: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    None,
    Asked {
        attempt: Attempt,
        /// How long the answer may take each time.
        wait: Duration,
        question: Way,
        /// Until when nothing counts as unanswered that has not left.
        held_until: Instant,
    },
    /// The module has just answered. What came since is looked into when the pause is over.
    Answered { until: Instant, again: bool },
}

/// How far a question is on its way to the module, which cannot answer before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Waiting,
    GivenOut,
    Left,
}

/// What has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    Ask,
    /// The module does not multiplex any more, and speaks plain AT.
    Restarted,
    /// It does not multiplex any more, whatever else it does.
    Garbled,
    /// It says nothing at all.
    Silent,
}

impl Suspicion {
    /// Octets came that belong to no frame.
    pub(super) fn outside(&mut self, now: Instant, octets: &[u8], settings: &SessionSettings) -> Step {
        for octet in octets {
            self.read(*octet);
        }
        self.noise = true;
        self.arises(now, settings)
    }

    /// Something came that a module does not send.
    pub(super) fn arises(&mut self, now: Instant, settings: &SessionSettings) -> Step {
        match &mut self.state {
            State::None => self.ask(now, settings, settings.response_wait),
            State::Asked { .. } => Step::Nothing,
            State::Answered { until, again } if now < *until => {
                *again = true;
                Step::Nothing
            }
            State::Answered { .. } => self.ask(now, settings, settings.response_wait),
        }
    }

    /// The module is silent although it owes something. It may be busy, so it gets more time than one that sends noise.
    pub(super) fn silent(&mut self, now: Instant, settings: &SessionSettings) -> Step {
        match &self.state {
            State::Asked { .. } => Step::Nothing,
            State::None | State::Answered { .. } => {
                self.ask(now, settings, settings.response_wait * SILENT_PATIENCE)
            }
        }
    }

    fn ask(&mut self, now: Instant, settings: &SessionSettings, wait: Duration) -> Step {
        let attempt = Attempt::new(now, wait, settings.retransmissions);
        self.state = State::Asked { attempt, wait, question: Way::Waiting, held_until: now + LONGEST_HOLD };
        self.asked = self.asked.wrapping_add(1);
        Step::Ask
    }

    /// All that was to be sent was given out.
    pub(super) fn given_out(&mut self) {
        if let State::Asked { question: question @ Way::Waiting, .. } = &mut self.state {
            *question = Way::GivenOut;
        }
    }

    /// The port has taken all that was given out.
    pub(super) fn left(&mut self, now: Instant) {
        if let State::Asked { attempt, wait, question: question @ Way::GivenOut, .. } = &mut self.state {
            *question = Way::Left;
            attempt.put_off(now, *wait);
        }
    }

    /// The module has sent a frame.
    pub(super) fn frame_came(&mut self, now: Instant) {
        self.printable = 0;
        if matches!(self.state, State::Asked { .. }) {
            self.state = State::Answered { until: now + PAUSE, again: false };
            (self.text, self.noise) = (false, false);
        }
    }

    /// What is asked. If it comes back as a question, the line echoes.
    pub(super) fn question(&self) -> Option<[u8; 4]> {
        matches!(self.state, State::Asked { .. }).then(|| self.asked.to_be_bytes())
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::None | State::Answered { again: false, .. } => None,
            State::Asked { attempt, .. } => Some(attempt.at()),
            State::Answered { until, again: true } => Some(*until),
        }
    }

    pub(super) fn timeout(&mut self, now: Instant, settings: &SessionSettings) -> Step {
        match &mut self.state {
            State::Asked { attempt, wait, question, held_until }
                if attempt.at() <= now && *question != Way::Left && now < *held_until =>
            {
                attempt.put_off(now, *wait);
                Step::Nothing
            }
            State::Asked { attempt, wait, question, .. } => match attempt.fire(now, *wait) {
                Due::NotYet => Step::Nothing,
                Due::Again => {
                    *question = Way::Waiting;
                    Step::Ask
                }
                Due::Never if self.text => Step::Restarted,
                Due::Never if self.noise => Step::Garbled,
                Due::Never => Step::Silent,
            },
            State::Answered { until, again: true } if *until <= now => {
                self.ask(now, settings, settings.response_wait)
            }
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
