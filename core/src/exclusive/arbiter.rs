//! Whose turn it is: a queue without a clock, a lock or a task.

use std::collections::VecDeque;

use super::rule::Claim;
use crate::platform::ExclusiveScope;

/// One asker. Tickets are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    ticket: Ticket,
    claim: Claim,
}

/// Grants claims in the order of asking; nobody overtakes somebody whom he excludes.
#[derive(Debug)]
pub(crate) struct Arbiter {
    scope: ExclusiveScope,
    next: u64,
    held: Vec<Place>,
    waiting: VecDeque<Place>,
}

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The claim is granted.
    Now,
    /// It will be granted by a later [`Arbiter::leave`].
    Later,
}

impl Arbiter {
    pub(crate) fn new(scope: ExclusiveScope) -> Self {
        Self { scope, next: 0, held: Vec::new(), waiting: VecDeque::new() }
    }

    /// Joins the queue.
    pub(crate) fn ask(&mut self, claim: Claim) -> (Ticket, Turn) {
        let turn = if self.blocker(claim).is_none() { Turn::Now } else { Turn::Later };
        let place = Place { ticket: Ticket(self.next), claim };
        self.next += 1;
        match turn {
            Turn::Now => self.held.push(place),
            Turn::Later => self.waiting.push_back(place),
        }
        (place.ticket, turn)
    }

    /// Asks without waiting. The error names who is in the way.
    pub(crate) fn try_ask(&mut self, claim: Claim) -> Result<Ticket, Claim> {
        match self.blocker(claim) {
            Some(blocker) => Err(blocker),
            None => Ok(self.ask(claim).0),
        }
    }

    /// Gives back what was granted, or the place in the queue. Gives the tickets whose turn it is now.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Vec<Ticket> {
        self.held.retain(|place| place.ticket != ticket);
        self.waiting.retain(|place| place.ticket != ticket);
        let mut granted = Vec::new();
        for place in std::mem::take(&mut self.waiting) {
            if self.blocker(place.claim).is_none() {
                self.held.push(place);
                granted.push(place.ticket);
            } else {
                self.waiting.push_back(place);
            }
        }
        granted
    }

    /// What is granted now, the oldest first.
    pub(crate) fn held(&self) -> impl Iterator<Item = (Ticket, Claim)> {
        self.held.iter().map(|place| (place.ticket, place.claim))
    }

    /// Whoever has `claim` wait: a holder, or somebody who asked earlier.
    fn blocker(&self, claim: Claim) -> Option<Claim> {
        let mut earlier = self.held.iter().chain(&self.waiting);
        earlier.find(|place| place.claim.excludes(claim, self.scope)).map(|place| place.claim)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::service::Service;
    use super::*;

    const HTTP: Claim = Claim::of(Service::Http);
    const FTP: Claim = Claim::of(Service::Ftp);
    const MQTT: Claim = Claim::of(Service::Mqtt);

    fn arbiter() -> Arbiter {
        Arbiter::new(ExclusiveScope::WholeModule)
    }

    #[test]
    fn in_the_order_of_asking() {
        let mut arbiter = arbiter();
        let (first, turn) = arbiter.ask(HTTP);
        assert_eq!(turn, Turn::Now);
        let (second, turn) = arbiter.ask(FTP);
        assert_eq!(turn, Turn::Later);
        let (third, _) = arbiter.ask(MQTT);
        assert_eq!(arbiter.leave(first), [second]);
        assert_eq!(arbiter.leave(second), [third]);
        assert_eq!(arbiter.leave(third), []);
        assert_eq!(arbiter.ask(HTTP).1, Turn::Now);
    }

    #[test]
    fn who_leaves_the_queue_is_passed_over() {
        let mut arbiter = arbiter();
        let (first, _) = arbiter.ask(HTTP);
        let (second, _) = arbiter.ask(FTP);
        let (third, _) = arbiter.ask(MQTT);
        assert_eq!(arbiter.leave(second), []);
        assert_eq!(arbiter.leave(first), [third]);
        assert_eq!(arbiter.leave(second), [], "twice changes nothing");
    }

    #[test]
    fn trying_names_who_is_in_the_way_and_leaves_no_trace() {
        let mut arbiter = arbiter();
        let first = arbiter.try_ask(MQTT).expect("it is free");
        assert_eq!(arbiter.try_ask(FTP), Err(MQTT));
        assert_eq!(arbiter.leave(first), []);
        assert!(arbiter.try_ask(FTP).is_ok());
    }

    #[test]
    fn nobody_overtakes_somebody_he_excludes() {
        let mut arbiter = Arbiter::new(ExclusiveScope::FirstSocket);
        let second_socket = Claim::on(Service::Socket, 2);
        let (first, _) = arbiter.ask(HTTP);
        assert_eq!(arbiter.ask(second_socket).1, Turn::Now, "another socket is free");
        let (waiting, _) = arbiter.ask(FTP);
        assert_eq!(arbiter.try_ask(MQTT), Err(HTTP));
        assert_eq!(arbiter.leave(first), [waiting]);
        assert_eq!(arbiter.try_ask(MQTT), Err(FTP));
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Ask(Claim),
        Leave(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let claim = (0..Service::ALL.len(), 1_u8..3)
            .prop_map(|(service, socket)| Claim::on(Service::ALL[service], socket));
        prop_oneof![claim.prop_map(Step::Ask), any::<usize>().prop_map(Step::Leave)]
    }

    proptest! {
        #[test]
        fn holders_never_exclude_each_other_and_everybody_gets_a_turn(
            steps in proptest::collection::vec(step(), 0..60), whole in any::<bool>()
        ) {
            let scope = if whole { ExclusiveScope::WholeModule } else { ExclusiveScope::FirstSocket };
            let mut arbiter = Arbiter::new(scope);
            let mut inside: Vec<Ticket> = Vec::new();
            let mut granted: Vec<Ticket> = Vec::new();
            for step in steps {
                match step {
                    Step::Ask(claim) => {
                        let (ticket, turn) = arbiter.ask(claim);
                        inside.push(ticket);
                        if turn == Turn::Now { granted.push(ticket); }
                    }
                    Step::Leave(_) if inside.is_empty() => {}
                    Step::Leave(index) => {
                        let ticket = inside.remove(index % inside.len());
                        granted.retain(|held| *held != ticket);
                        granted.extend(arbiter.leave(ticket));
                    }
                }
                let held: Vec<(Ticket, Claim)> = arbiter.held().collect();
                prop_assert_eq!(held.iter().map(|(ticket, _)| *ticket).collect::<Vec<_>>(), granted.clone());
                for (ticket, one) in &held {
                    let others = held.iter().filter(|(other, _)| other != ticket);
                    prop_assert!(others.clone().all(|(_, other)| !one.excludes(*other, scope)));
                }
            }
            while let Some(ticket) = granted.pop() {
                inside.retain(|other| *other != ticket);
                granted.extend(arbiter.leave(ticket));
            }
            prop_assert!(inside.is_empty(), "somebody waits for ever");
        }
    }
}
