//! Noticing that the broker hangs up on one and the same operation. It reads no clock and sends nothing.
//!
//! MQTT 3.1.1 has no word for "you may not": a broker whose policy forbids a message or a subscription closes the
//! connection (AWS IoT does). Whoever repeats what was forbidden after each reconnect never gets out of it.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

/// What a broker can hang up on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Publishing to a topic.
    Publish {
        /// The topic.
        topic: String,
    },
    /// Subscribing to a topic filter.
    Subscribe {
        /// The topic filter.
        filter: String,
    },
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publish { topic } => write!(f, "publishing to {topic:?}"),
            Self::Subscribe { filter } => write!(f, "subscribing to {filter:?}"),
        }
    }
}

/// How often in a row the broker hangs up on an operation until it is not repeated.
pub(crate) const LIMIT: u32 = 3;
/// How long after an operation that nothing acknowledges the broker hangs up on it.
const WINDOW: Duration = Duration::from_secs(5);
/// How long an operation is not tried again.
const FORBIDDEN_FOR: Duration = Duration::from_secs(3600);
/// Forbidden operations that are remembered.
const REMEMBERED: usize = 64;

/// Follows the operations of one client through its connections.
#[derive(Debug, Default)]
pub(crate) struct Drops {
    under_way: Option<Operation>,
    /// Operations of this connection that nothing has acknowledged, each with its first time, newest last.
    unproven: VecDeque<(Operation, Instant)>,
    /// Operations that the broker has borne on this connection.
    borne: VecDeque<Operation>,
    strikes: Option<(Operation, u32)>,
    forbidden: VecDeque<(Operation, Instant)>,
}

impl Drops {
    /// An operation is sent.
    pub(crate) fn began(&mut self, now: Instant, operation: Operation) {
        self.prove(now);
        self.under_way = Some(operation);
    }

    /// The broker has acknowledged it, and with it everything before.
    pub(crate) fn acknowledged(&mut self) {
        for (operation, _) in std::mem::take(&mut self.unproven) {
            self.bear(operation);
        }
        if let Some(operation) = self.under_way.take() {
            self.forgive(&operation);
        }
    }

    /// It was sent, and nothing acknowledges it.
    pub(crate) fn sent(&mut self, now: Instant) {
        if let Some(operation) = self.under_way.take()
            && !self.borne.contains(&operation)
            && !self.unproven.iter().any(|(known, _)| *known == operation)
        {
            self.unproven.push_back((operation, now));
            if self.unproven.len() > REMEMBERED {
                self.unproven.pop_front();
            }
        }
    }

    /// It failed, which does not say that the broker hung up on it.
    pub(crate) fn failed(&mut self) {
        self.under_way = None;
    }

    /// The connection is lost. `by_broker`: the broker has ended it. The operation that is forbidden from now on.
    pub(crate) fn lost(&mut self, now: Instant, by_broker: bool) -> Option<Operation> {
        self.prove(now);
        let unproven = self.unproven.drain(..).next_back().map(|(operation, _)| operation);
        let suspect = self.under_way.take().or(unproven).filter(|_| by_broker);
        self.borne.clear();
        let Some(suspect) = suspect else {
            if by_broker {
                self.strikes = None;
            }
            return None;
        };
        let strikes = match self.strikes.take() {
            Some((operation, strikes)) if operation == suspect => strikes + 1,
            _ => 1,
        };
        if strikes < LIMIT {
            self.strikes = Some((suspect, strikes));
            return None;
        }
        self.forbidden.push_back((suspect.clone(), now));
        if self.forbidden.len() > REMEMBERED {
            self.forbidden.pop_front();
        }
        Some(suspect)
    }

    /// Whether the broker has hung up on it too often, not long ago.
    pub(crate) fn is_forbidden(&mut self, now: Instant, operation: &Operation) -> bool {
        self.forbidden.retain(|(_, since)| now.saturating_duration_since(*since) < FORBIDDEN_FOR);
        self.forbidden.iter().any(|(forbidden, _)| forbidden == operation)
    }

    /// What was forbidden may be tried again.
    pub(crate) fn forgive_all(&mut self) {
        self.forbidden.clear();
        self.strikes = None;
    }

    /// What the broker has borne for long enough was not forbidden.
    fn prove(&mut self, now: Instant) {
        let is_proven = |at: Instant| now.saturating_duration_since(at) > WINDOW;
        while self.unproven.front().is_some_and(|(_, at)| is_proven(*at)) {
            if let Some((operation, _)) = self.unproven.pop_front() {
                self.bear(operation);
            }
        }
    }

    fn bear(&mut self, operation: Operation) {
        self.forgive(&operation);
        self.borne.push_back(operation);
        if self.borne.len() > REMEMBERED {
            self.borne.pop_front();
        }
    }

    fn forgive(&mut self, operation: &Operation) {
        self.strikes.take_if(|(suspect, _)| suspect == operation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "an Instant can be made in no other way")]
    fn start() -> Instant {
        Instant::now()
    }

    fn to(topic: &str) -> Operation {
        Operation::Publish { topic: topic.to_owned() }
    }

    fn filter(filter: &str) -> Operation {
        Operation::Subscribe { filter: filter.to_owned() }
    }

    #[test]
    fn three_times_on_the_same_operation() {
        let now = start();
        for operation in [to("a"), filter("a/#")] {
            let mut drops = Drops::default();
            for round in 1..=3 {
                drops.began(now, operation.clone());
                let forbidden = drops.lost(now, true);
                assert_eq!(forbidden, (round == 3).then(|| operation.clone()), "{round}");
            }
            assert!(drops.is_forbidden(now, &operation));
            assert!(!drops.is_forbidden(now, &to("b")));
            assert!(drops.is_forbidden(now + Duration::from_secs(3599), &operation));
            assert!(!drops.is_forbidden(now + Duration::from_secs(3600), &operation));
        }
    }

    #[test]
    fn a_message_without_acknowledgement_is_suspected_for_a_while() {
        let now = start();
        let (soon, late) = (now + Duration::from_secs(5), now + Duration::from_secs(6));
        for (at, forbidden) in [(soon, true), (late, false)] {
            let mut drops = Drops::default();
            for _ in 0..3 {
                drops.began(now, to("a"));
                drops.sent(now);
                drops.lost(at, true);
            }
            assert_eq!(drops.is_forbidden(now, &to("a")), forbidden);
        }
    }

    #[test]
    fn who_was_borne_once_on_a_connection_is_not_suspected_on_it() {
        let now = start();
        let mut drops = Drops::default();
        for _ in 0..5 {
            for seconds in 0..10 {
                let at = now + Duration::from_secs(2 * seconds);
                drops.began(at, to("telemetry"));
                drops.sent(at);
            }
            assert_eq!(drops.lost(now + Duration::from_secs(19), true), None);
        }
    }

    #[test]
    fn an_acknowledgement_speaks_for_everything_before_it() {
        let now = start();
        let mut drops = Drops::default();
        for _ in 0..5 {
            drops.began(now, to("quick"));
            drops.sent(now);
            drops.began(now, to("sure"));
            drops.acknowledged();
            assert_eq!(drops.lost(now, true), None);
        }
    }

    #[test]
    fn only_the_broker_and_only_in_a_row() {
        let now = start();
        let mut drops = Drops::default();
        for _ in 0..5 {
            drops.began(now, to("a"));
            assert_eq!(drops.lost(now, false), None, "the network is no suspect");
        }
        for _ in 0..2 {
            for topic in ["a", "b"] {
                drops.began(now, to(topic));
                assert_eq!(drops.lost(now, true), None, "not twice the same");
            }
        }
        drops.began(now, to("b"));
        drops.acknowledged();
        drops.began(now, to("b"));
        assert_eq!(drops.lost(now, true), None, "it went well in between");
        drops.began(now, to("b"));
        drops.failed();
        assert_eq!(drops.lost(now, true), None, "it had failed for another reason");
    }

    #[test]
    fn a_new_start_forgives() {
        let now = start();
        let mut drops = Drops::default();
        for _ in 0..3 {
            drops.began(now, to("a"));
            drops.lost(now, true);
        }
        drops.forgive_all();
        assert!(!drops.is_forbidden(now, &to("a")));
    }

    #[test]
    fn it_does_not_grow() {
        let now = start();
        let mut drops = Drops::default();
        for number in 0..1000 {
            let topic = number.to_string();
            for _ in 0..3 {
                drops.began(now, to(&topic));
                drops.lost(now, true);
            }
        }
        assert_eq!(drops.forbidden.len(), REMEMBERED);
        assert!(drops.is_forbidden(now, &to("999")) && !drops.is_forbidden(now, &to("0")));
    }
}
