//! Coming back after a loss: when to look, when to try, when to stop. It reads no clock and sends nothing.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::time::{Duration, Instant};

use telit_core::Backoff;
use telit_core::driver::ModuleState;

/// What a client does about a connection that was lost. By default it tries again for ever.
///
/// Before every attempt it waits at random up to a bound that doubles from 1 s to 2 min, so that a thousand devices do
/// not come back in the same second. Attempts end at once when there is nothing to hope for: the broker refuses user
/// name, password, client identifier or the client altogether, the options cannot be used, or the module is out of
/// reach and nobody opens its port again.
///
/// While a [supervisor](telit_core::supervisor) is at work on the module no attempt is made and none is counted. A
/// connection that is lost again within a minute was none: the waits go on growing, and attempts go on counting.
///
/// ```
/// use std::time::Duration;
/// use telit_core::Backoff;
/// use telit_mqtt::Reconnect;
///
/// let patient = Reconnect::default().backoff(Backoff::new(Duration::from_secs(10), Duration::from_secs(600)));
/// let brief = Reconnect::default().max_attempts(3);
/// # drop((patient, brief));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "nothing changes until it is given to MqttOptions::reconnect()"]
pub struct Reconnect {
    backoff: Backoff,
    max_attempts: Option<u32>,
    keeps_module: bool,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(120)),
            max_attempts: None,
            keeps_module: false,
        }
    }
}

impl Reconnect {
    /// How long to wait before an attempt. Default at random, at first up to 1 s, in the end up to 2 min.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How many attempts in a row may fail before the client is lost for good. Default: any number. 0 is the same as
    /// [`never`](Self::never).
    pub fn max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = Some(max_attempts);
        self
    }

    /// Leaves the module's client and its TLS set up between a loss and the first attempt, if that is less than two seconds
    /// away: then all it takes is a login. Other services of the program wait for TLS so long. Default no: TLS is given
    /// back at once, and the next attempt sets everything up again. Without effect where this computer speaks MQTT.
    pub fn keep_module(mut self, keep: bool) -> Self {
        self.keeps_module = keep;
        self
    }

    /// Not at all: a connection that was lost stays lost. Subscriptions end, and
    /// [`state`](crate::MqttClient::state) tells why.
    pub fn never() -> Self {
        Self::default().max_attempts(0)
    }

    pub(crate) fn is_never(self) -> bool {
        self.max_attempts == Some(0)
    }
}

/// How long a connection must last so that the next loss begins with the shortest wait again.
const LASTING: Duration = Duration::from_secs(60);

/// Whoever waits for TLS waits so long at most for a client that may be logged in again.
const SOON: Duration = Duration::from_secs(2);

/// What to do next about a connection that is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing now.
    Wait,
    /// The port is back: find out whether the module has kept the connection.
    Look,
    /// Log in again: attempt number so and so since the loss.
    Attempt(u32),
    /// The module is out of reach for good, or enough was tried.
    GiveUp,
}

/// What a failed attempt means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It may work the next time.
    Transient,
    /// It never will.
    Permanent,
    /// The module was lost meanwhile, which says nothing about the broker.
    ModuleLost,
}

/// What came of an absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Back {
    pub(crate) took: Duration,
    pub(crate) attempts: u32,
}

/// Follows one client through losses and returns.
#[derive(Debug)]
pub(crate) struct Reconnector {
    policy: Reconnect,
    /// Failed attempts since the last connection that lasted.
    failed: u32,
    /// When the connection was made, if an attempt made it.
    made_at: Option<Instant>,
    away: Option<Away>,
}

#[derive(Clone, Copy, Debug)]
struct Away {
    since: Instant,
    next_at: Instant,
    attempts: u32,
}

impl Reconnector {
    pub(crate) fn new(policy: Reconnect) -> Self {
        Self { policy, failed: 0, made_at: None, away: None }
    }

    /// There is a connection. `Some` if it had been lost.
    pub(crate) fn connected(&mut self, now: Instant) -> Option<Back> {
        let away = self.away.take();
        self.made_at = away.filter(|away| away.attempts > 0).map(|_| now);
        away.map(|away| Back { took: now.saturating_duration_since(away.since), attempts: away.attempts })
    }

    /// The connection is lost. True: an absence begins; false: it goes on.
    pub(crate) fn lost(&mut self, now: Instant) -> bool {
        if self.away.is_some() {
            return false;
        }
        let lasted = self.made_at.take().map(|made| now.saturating_duration_since(made));
        self.failed = match lasted {
            Some(lasted) if lasted < LASTING => self.failed.saturating_add(1),
            _ => 0,
        };
        self.away = Some(Away { since: now, next_at: later(now, self.draw()), attempts: 0 });
        true
    }

    /// Nobody wants the connection back.
    pub(crate) fn stop(&mut self) {
        *self = Self::new(self.policy);
    }

    /// Whether the module stays as it is for the first attempt after a loss.
    pub(crate) fn returns_soon(&self) -> bool {
        self.policy.keeps_module && self.policy.backoff.bound(self.failed.saturating_add(1)) <= SOON
    }

    pub(crate) fn is_away(&self) -> bool {
        self.away.is_some()
    }

    /// The next step on a module in this state. `held`: the module may have kept the connection.
    pub(crate) fn next_step(&mut self, now: Instant, module: ModuleState, held: bool) -> Step {
        let Some(away) = &mut self.away else {
            return Step::Wait;
        };
        match module {
            ModuleState::Down => Step::GiveUp,
            _ if self.policy.max_attempts.is_some_and(|most| self.failed >= most) => Step::GiveUp,
            ModuleState::Up if held => Step::Look,
            ModuleState::Up if away.next_at <= now => {
                away.attempts += 1;
                Step::Attempt(away.attempts)
            }
            _ => Step::Wait,
        }
    }

    /// When there will be a step although nothing happens.
    pub(crate) fn deadline(&self, module: ModuleState) -> Option<Instant> {
        self.away.filter(|_| module == ModuleState::Up).map(|away| away.next_at)
    }

    /// The next attempt begins now.
    pub(crate) fn hurry(&mut self, now: Instant) {
        if let Some(away) = &mut self.away {
            away.next_at = now;
        }
    }

    /// An attempt failed. Which one, and how long the next one waits; `None`: there is none.
    pub(crate) fn attempt_failed(&mut self, now: Instant, failure: Failure) -> Option<(u32, Duration)> {
        match failure {
            Failure::Permanent => return None,
            Failure::ModuleLost => {}
            Failure::Transient => self.failed = self.failed.saturating_add(1),
        }
        if self.policy.max_attempts.is_some_and(|most| self.failed >= most) {
            return None;
        }
        let wait = self.draw();
        let away = self.away.as_mut()?;
        away.next_at = later(now, wait);
        Some((away.attempts, wait))
    }

    fn draw(&self) -> Duration {
        self.policy.backoff.draw(self.failed.saturating_add(1))
    }
}

/// A wait that no clock can express is one of a year.
fn later(now: Instant, wait: Duration) -> Instant {
    now.checked_add(wait).unwrap_or_else(|| now + YEAR)
}

const YEAR: Duration = Duration::from_secs(365 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    const UP: ModuleState = ModuleState::Up;

    #[expect(clippy::disallowed_methods, reason = "an Instant can be made in no other way")]
    fn start() -> Instant {
        Instant::now()
    }

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    /// Long enough for every wait.
    const LONG: u64 = 1000;

    #[test]
    fn attempts_begin_after_their_wait_and_only_on_a_module_that_is_up() {
        let start = start();
        let mut reconnector = Reconnector::new(Reconnect::default());
        assert_eq!(reconnector.next_step(start, UP, false), Step::Wait);
        assert!(reconnector.lost(start));
        assert!(!reconnector.lost(start), "the same absence");
        let at = reconnector.deadline(UP).unwrap();
        assert!(at <= after(start, 1));
        assert_eq!(reconnector.deadline(ModuleState::Recovering), None);
        assert_eq!(reconnector.next_step(at, ModuleState::Recovering, false), Step::Wait);
        assert_eq!(reconnector.next_step(at, UP, false), Step::Attempt(1));
        let (attempt, wait) = reconnector.attempt_failed(at, Failure::Transient).unwrap();
        assert_eq!(attempt, 1);
        assert!(wait <= Duration::from_secs(2), "{wait:?}");
        assert_eq!(reconnector.deadline(UP), Some(at + wait));
        assert_eq!(reconnector.next_step(at + wait, UP, false), Step::Attempt(2));
        let back = Back { took: at + wait - start, attempts: 2 };
        assert_eq!(reconnector.connected(at + wait), Some(back));
        assert_eq!(reconnector.next_step(after(start, LONG), UP, false), Step::Wait);
        assert!(!reconnector.is_away());
    }

    #[test]
    fn a_port_that_is_back_is_looked_at_without_a_wait() {
        let start = start();
        let mut reconnector = Reconnector::new(Reconnect::default());
        reconnector.lost(start);
        assert_eq!(reconnector.next_step(start, ModuleState::Recovering, true), Step::Wait);
        assert_eq!(reconnector.next_step(start, UP, true), Step::Look);
        assert_eq!(reconnector.connected(start), Some(Back { took: Duration::ZERO, attempts: 0 }));
    }

    #[test]
    fn a_module_out_of_reach_is_given_up() {
        let start = start();
        let mut reconnector = Reconnector::new(Reconnect::default());
        reconnector.lost(start);
        for held in [true, false] {
            assert_eq!(reconnector.next_step(start, ModuleState::Down, held), Step::GiveUp);
        }
    }

    #[test]
    fn what_the_module_is_to_blame_for_does_not_count() {
        let start = start();
        let mut reconnector = Reconnector::new(Reconnect::default().max_attempts(1));
        reconnector.lost(start);
        for number in 1..=3 {
            assert_eq!(reconnector.next_step(after(start, LONG), UP, false), Step::Attempt(number));
            let (attempt, wait) = reconnector.attempt_failed(start, Failure::ModuleLost).unwrap();
            assert_eq!(attempt, number);
            assert!(wait <= Duration::from_secs(1), "{wait:?}");
        }
        assert_eq!(reconnector.attempt_failed(start, Failure::Transient), None);
        assert_eq!(reconnector.attempt_failed(start, Failure::Permanent), None);
    }

    #[test]
    fn a_connection_that_does_not_last_is_a_failed_attempt() {
        let start = start();
        let policy = Reconnect::default().max_attempts(3);
        let mut reconnector = Reconnector::new(policy);
        reconnector.connected(start);
        for round in 0..3 {
            assert!(reconnector.lost(after(start, 10 * round)));
            assert_eq!(reconnector.next_step(after(start, LONG), UP, false), Step::Attempt(1), "{round}");
            assert!(reconnector.connected(after(start, 10 * round + 5)).is_some());
        }
        reconnector.lost(after(start, 30));
        assert_eq!(reconnector.next_step(after(start, LONG), UP, false), Step::GiveUp);

        let mut reconnector = Reconnector::new(policy);
        for round in 0..9 {
            assert!(reconnector.lost(after(start, 100 * round)));
            assert_eq!(reconnector.next_step(after(start, LONG), UP, false), Step::Attempt(1), "{round}");
            reconnector.connected(after(start, 100 * round + 5));
        }
    }

    #[test]
    fn an_endless_wait_is_no_harm() {
        let start = start();
        let endless = Backoff::new(Duration::MAX, Duration::MAX);
        let mut reconnector = Reconnector::new(Reconnect::default().backoff(endless));
        reconnector.lost(start);
        assert!(reconnector.deadline(UP).is_some());
        assert!(reconnector.attempt_failed(start, Failure::Transient).is_some());
    }

    #[test]
    fn who_is_in_a_hurry_does_not_wait() {
        let start = start();
        let mut reconnector = Reconnector::new(Reconnect::default().backoff(Backoff::new(YEAR, YEAR)));
        reconnector.hurry(start);
        reconnector.lost(start);
        assert_eq!(reconnector.next_step(start, UP, false), Step::Wait);
        reconnector.hurry(start);
        assert_eq!(reconnector.next_step(start, UP, false), Step::Attempt(1));
        reconnector.stop();
        assert!(!reconnector.is_away());
        assert_eq!(reconnector.deadline(UP), None);
    }
}
