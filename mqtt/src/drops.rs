//! Noticing that the broker hangs up on one and the same operation. It reads no clock and sends nothing.
//!
//! A hang-up is about the operation that waits for its acknowledgement, or about one that went shortly before and is
//! never acknowledged. Only what every hang-up in a row can have been about is to blame, and only if that is one
//! operation: where several go together each time, they are sent apart from each other until it shows.
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
/// After the window.
const MOMENT: Duration = Duration::from_millis(1);
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
    /// The operations that each of so many hang-ups in a row can have been about.
    strikes: Option<(Vec<Operation>, u32)>,
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
        let mut suspects: Vec<_> = self.unproven.drain(..).map(|(operation, _)| operation).collect();
        suspects.extend(self.under_way.take().filter(|operation| !suspects.contains(operation)));
        self.borne.clear();
        if !by_broker {
            return None;
        }
        let mut strikes = 1;
        if let Some((earlier, times)) = self.strikes.take()
            && suspects.iter().any(|suspect| earlier.contains(suspect))
        {
            suspects.retain(|suspect| earlier.contains(suspect));
            strikes = times.saturating_add(1);
        }
        match &suspects[..] {
            [] => None,
            [suspect] if strikes >= LIMIT => {
                let suspect = suspect.clone();
                self.forbid(now, suspect.clone());
                Some(suspect)
            }
            _ => {
                self.strikes = Some((suspects, strikes));
                None
            }
        }
    }

    /// Whether the broker has hung up often enough, but on one of several.
    pub(crate) fn is_unclear(&self) -> bool {
        self.strikes.as_ref().is_some_and(|(_, strikes)| *strikes >= LIMIT)
    }

    /// When to begin an operation at the earliest, so that the next hang-up tells which one of several it is about.
    pub(crate) fn not_before(&self, operation: &Operation) -> Option<Instant> {
        let (suspects, _) = self.strikes.as_ref().filter(|_| self.is_unclear())?;
        if !suspects.contains(operation) {
            return None;
        }
        let others = self.unproven.iter().filter(|(other, _)| other != operation && suspects.contains(other));
        others.map(|(_, at)| *at + WINDOW + MOMENT).max()
    }

    fn forbid(&mut self, now: Instant, operation: Operation) {
        self.forbidden.push_back((operation, now));
        if self.forbidden.len() > REMEMBERED {
            self.forbidden.pop_front();
        }
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
        if let Some((suspects, _)) = &mut self.strikes {
            suspects.retain(|suspect| suspect != operation);
        }
        self.strikes.take_if(|(suspects, _)| suspects.is_empty());
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

    /// Both are suspected, and neither is blamed for the other.
    #[test]
    fn who_only_goes_beside_the_culprit_is_innocent() {
        let now = start();
        let mut drops = Drops::default();
        for _ in 0..LIMIT {
            drops.began(now, to("secret"));
            drops.sent(now);
            drops.began(now, to("public"));
            drops.sent(now);
            assert_eq!(drops.lost(now, true), None);
        }
        // From now on they go apart.
        assert_eq!(drops.not_before(&to("public")), None);
        drops.began(now, to("public"));
        drops.sent(now);
        assert_eq!(drops.not_before(&to("public")), None, "not apart from itself");
        assert_eq!(drops.not_before(&to("other")), None);
        let apart = drops.not_before(&to("secret")).unwrap();
        assert_eq!(apart, now + Duration::from_millis(5001));
        drops.began(apart, to("secret"));
        drops.sent(apart);
        assert_eq!(drops.lost(apart, true), Some(to("secret")));
        assert!(drops.is_forbidden(apart, &to("secret")) && !drops.is_forbidden(apart, &to("public")));
    }

    #[test]
    fn an_unacknowledged_message_behind_the_culprit_is_innocent() {
        let now = start();
        let mut drops = Drops::default();
        for round in 1..=LIMIT {
            drops.began(now, to("secret"));
            drops.sent(now);
            if round < LIMIT {
                drops.began(now, to("sure"));
            }
            let forbidden = drops.lost(now, true);
            assert_eq!(forbidden, (round == LIMIT).then(|| to("secret")), "{round}");
        }
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
