//! The I/O-free session: which message slots to read, when to look after the connection, what was found.
//!
//! The owner tells it what arrived and what came of its work, and asks for the next piece of work. It reads
//! no clock and sends nothing.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use crate::commands::Ring;
use crate::state::{ClientState, LossReason};

/// How often the module may fail to tell its state before the connection counts as lost.
const SILENT_POLLS: u8 = 3;
/// When to ask again after the module did not tell.
const RETRY: Duration = Duration::from_secs(5);

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Ask for the state of the connection.
    Poll,
    /// Ask how many messages wait.
    CountUnread,
    /// Read a message slot.
    Read {
        slot: u8,
        /// The module announced it, so that finding nothing is a surprise.
        announced: bool,
    },
}

/// What asking for the state gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    /// The module told it.
    State(u64),
    /// It is lost, for this reason.
    Lost(LossReason),
    /// The module does not know our client.
    Forgotten,
    /// No answer, or none that could be read.
    Unknown,
}

/// One connection to one broker, seen from the host.
#[derive(Debug)]
pub(crate) struct Session {
    /// The module's client of the last connection.
    instance: u8,
    slots: RangeInclusive<u8>,
    /// `None`: there is nothing to read and nothing to ask regularly.
    interval: Option<Duration>,
    state: ClientState,
    announced: VecDeque<u8>,
    count_unread: bool,
    sweep: Option<Sweep>,
    poll_at: Option<Instant>,
    unknown_polls: u8,
}

/// A walk over all slots, because it is not known which ones hold messages.
#[derive(Debug)]
struct Sweep {
    next: u8,
    left: u64,
}

impl Session {
    pub(crate) fn new(slots: RangeInclusive<u8>, keep_alive: Duration) -> Self {
        Self {
            instance: 0,
            slots,
            interval: Some(keep_alive / 2),
            state: ClientState::Connecting,
            announced: VecDeque::new(),
            count_unread: false,
            sweep: None,
            poll_at: None,
            unknown_polls: 0,
        }
    }

    /// Of a connection whose messages come by themselves.
    pub(crate) fn without_slots() -> Self {
        Self { interval: None, ..Self::new(0..=0, Duration::ZERO) }
    }

    pub(crate) fn state(&self) -> ClientState {
        self.state
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.state == ClientState::Connected
    }

    /// The broker has accepted us. Messages may lie in the slots already.
    pub(crate) fn connected(&mut self, now: Instant, instance: u8) {
        self.instance = instance;
        self.state = ClientState::Connected;
        self.unknown_polls = 0;
        self.poll_at = self.interval.map(|interval| now + interval);
        self.count_unread = self.interval.is_some();
    }

    /// The connection is gone, for whatever reason. What lies in the slots is out of reach.
    pub(crate) fn down(&mut self, state: ClientState) {
        self.state = state;
        self.announced.clear();
        self.count_unread = false;
        self.sweep = None;
        self.poll_at = None;
    }

    /// Takes an unsolicited line. True: the module has lost messages.
    pub(crate) fn line_arrived(&mut self, now: Instant, line: &str) -> bool {
        if !self.is_connected() || self.interval.is_none() {
            return false;
        }
        match Ring::parse(line) {
            Some(Ring::Message { instance, slot }) if instance == self.instance => {
                if self.slots.contains(&slot) && !self.announced.contains(&slot) {
                    self.announced.push_back(slot);
                }
                false
            }
            Some(Ring::Full) => {
                self.count_unread = true;
                true
            }
            Some(Ring::Message { .. }) => false,
            None => {
                // No manual has such a code; whoever sends one has news of the connection.
                if line.starts_with("#MQDISC") || line.starts_with("#MQCONN") {
                    self.look_at_once(now);
                }
                false
            }
        }
    }

    /// Unsolicited lines were lost, so some slot may hold a message that was never announced to us.
    pub(crate) fn lines_lost(&mut self) {
        self.count_unread = self.is_connected() && self.interval.is_some();
    }

    /// A command failed: maybe the connection has.
    pub(crate) fn look_at_once(&mut self, now: Instant) {
        if self.is_connected() {
            self.poll_at = Some(now);
        }
    }

    /// Whether [`next_work`](Self::next_work) has anything now.
    pub(crate) fn has_work(&self, now: Instant) -> bool {
        self.count_unread
            || !self.announced.is_empty()
            || self.sweep.is_some()
            || self.poll_at.is_some_and(|poll_at| poll_at <= now)
    }

    /// When there will be work although nothing arrives.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.poll_at
    }

    /// The next piece of work. Its outcome is reported before the next one is taken.
    pub(crate) fn next_work(&mut self, now: Instant) -> Option<Work> {
        if self.poll_at.is_some_and(|poll_at| poll_at <= now) {
            self.poll_at = Some(now + RETRY);
            return Some(Work::Poll);
        }
        if let Some(slot) = self.announced.pop_front() {
            return Some(Work::Read { slot, announced: true });
        }
        if std::mem::take(&mut self.count_unread) {
            return Some(Work::CountUnread);
        }
        self.next_of_sweep()
    }

    /// The next slot that the module announced, for the last look before the client is freed.
    pub(crate) fn next_announced(&mut self) -> Option<u8> {
        self.announced.pop_front()
    }

    fn next_of_sweep(&mut self) -> Option<Work> {
        let sweep = self.sweep.as_mut()?;
        let slot = sweep.next;
        if slot < *self.slots.end() {
            sweep.next += 1;
        } else {
            self.sweep = None;
        }
        Some(Work::Read { slot, announced: false })
    }

    /// So many messages wait; which slots hold them is not told, so all are tried until as many were read.
    pub(crate) fn unread_counted(&mut self, unread: u64) {
        self.sweep = (unread > 0).then(|| Sweep { next: *self.slots.start(), left: unread });
    }

    /// A slot held a message.
    pub(crate) fn slot_read(&mut self) {
        if let Some(sweep) = &mut self.sweep {
            sweep.left = sweep.left.saturating_sub(1);
            if sweep.left == 0 {
                self.sweep = None;
            }
        }
    }

    /// A slot held nothing, or could not be read. If it was announced, either is strange: all slots are looked at.
    pub(crate) fn slot_not_read(&mut self, now: Instant, announced: bool) {
        if announced {
            self.look_at_once(now);
            self.count_unread = self.is_connected();
        }
    }

    /// Takes the state that the module told. `Some` is why the connection counts as lost.
    pub(crate) fn polled(&mut self, now: Instant, polled: Polled) -> Option<LossReason> {
        match polled {
            Polled::State(1) => {
                self.unknown_polls = 0;
                self.poll_at = self.interval.map(|interval| now + interval);
                // An announcement may have been lost on the line.
                self.count_unread = self.interval.is_some();
                None
            }
            Polled::State(state) => Some(LossReason::from_state(state)),
            Polled::Lost(reason) => Some(reason),
            Polled::Forgotten => Some(LossReason::ModuleRestarted),
            Polled::Unknown => {
                self.unknown_polls += 1;
                self.poll_at = Some(now + RETRY);
                (self.unknown_polls >= SILENT_POLLS).then_some(LossReason::ModuleSilent)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Clock(Instant);

    impl Clock {
        fn at(&self, seconds: u64) -> Instant {
            self.0 + Duration::from_secs(seconds)
        }
    }

    #[expect(clippy::disallowed_methods, reason = "an Instant can be made in no other way")]
    fn clock() -> Clock {
        Clock(Instant::now())
    }

    fn connected(clock: &Clock) -> Session {
        let mut session = Session::new(1..=30, Duration::from_secs(60));
        session.connected(clock.at(0), 1);
        assert_eq!(session.next_work(clock.at(0)), Some(Work::CountUnread));
        session.unread_counted(0);
        assert_eq!(session.next_work(clock.at(0)), None);
        session
    }

    fn announced(slot: u8) -> Option<Work> {
        Some(Work::Read { slot, announced: true })
    }

    fn swept(slot: u8) -> Option<Work> {
        Some(Work::Read { slot, announced: false })
    }

    #[test]
    fn announced_slots_are_read_in_order_and_once() {
        let clock = clock();
        let mut session = connected(&clock);
        for slot in [3, 1, 3, 2] {
            session.line_arrived(clock.at(1), &format!("#MQRING: 1,{slot},topic,3"));
        }
        assert!(session.has_work(clock.at(1)));
        for slot in [3, 1, 2] {
            assert_eq!(session.next_work(clock.at(1)), announced(slot));
            session.slot_read();
        }
        assert_eq!(session.next_work(clock.at(1)), None);
        assert!(!session.line_arrived(clock.at(1), "#MQRING: 1,3,topic,3"));
        assert_eq!(session.next_work(clock.at(1)), announced(3), "a freed slot is used again");
    }

    #[test]
    fn other_instances_and_impossible_slots_are_ignored() {
        let clock = clock();
        let mut session = connected(&clock);
        for line in ["#MQRING: 2,1,t,1", "#MQRING: 1,31,t,1", "#MQRING: 1,0,t,1", "#MQRING: ?", "+CEREG: 1"] {
            assert!(!session.line_arrived(clock.at(1), line));
        }
        assert!(!session.has_work(clock.at(1)));
    }

    #[test]
    fn full_slots_are_reported_and_swept_until_all_were_found() {
        let clock = clock();
        let mut session = connected(&clock);
        assert!(session.line_arrived(clock.at(1), "#MQRING: 0"));
        assert_eq!(session.next_work(clock.at(1)), Some(Work::CountUnread));
        session.unread_counted(2);
        assert_eq!(session.next_work(clock.at(1)), swept(1));
        session.slot_read();
        assert_eq!(session.next_work(clock.at(1)), swept(2));
        session.slot_not_read(clock.at(1), false);
        assert_eq!(session.next_work(clock.at(1)), swept(3));
        session.slot_read();
        assert_eq!(session.next_work(clock.at(1)), None, "both were found, an empty slot is no alarm");
    }

    #[test]
    fn a_sweep_ends_after_the_last_slot() {
        let clock = clock();
        let mut session = connected(&clock);
        session.lines_lost();
        assert_eq!(session.next_work(clock.at(1)), Some(Work::CountUnread));
        session.unread_counted(99);
        for slot in 1..=30 {
            assert_eq!(session.next_work(clock.at(1)), swept(slot));
            session.slot_read();
        }
        assert_eq!(session.next_work(clock.at(1)), None);
    }

    #[test]
    fn the_connection_is_looked_after_every_half_keep_alive() {
        let clock = clock();
        let mut session = connected(&clock);
        assert_eq!(session.next_work(clock.at(29)), None);
        assert_eq!(session.deadline(), Some(clock.at(30)));
        assert_eq!(session.next_work(clock.at(30)), Some(Work::Poll));
        assert_eq!(session.polled(clock.at(31), Polled::State(1)), None);
        assert_eq!(session.deadline(), Some(clock.at(61)));
    }

    #[test]
    fn every_state_but_one_is_a_loss() {
        let clock = clock();
        for (state, reason) in [
            (0, LossReason::Disconnected),
            (2, LossReason::ClosedByBroker),
            (3, LossReason::PingUnanswered),
            (4, LossReason::LoginUnanswered),
            (5, LossReason::LoginUndelivered),
            (6, LossReason::ModuleFailure),
            (7, LossReason::SocketFailure),
            (255, LossReason::UnknownState(255)),
        ] {
            assert_eq!(connected(&clock).polled(clock.at(1), Polled::State(state)), Some(reason));
        }
        assert_eq!(
            connected(&clock).polled(clock.at(1), Polled::Forgotten),
            Some(LossReason::ModuleRestarted)
        );
    }

    #[test]
    fn a_silent_module_is_asked_three_times() {
        let clock = clock();
        let mut session = connected(&clock);
        assert_eq!(session.polled(clock.at(30), Polled::Unknown), None);
        assert_eq!(session.deadline(), Some(clock.at(35)));
        assert_eq!(session.polled(clock.at(35), Polled::Unknown), None);
        assert_eq!(session.polled(clock.at(40), Polled::Unknown), Some(LossReason::ModuleSilent));
    }

    #[test]
    fn failed_commands_and_hints_make_it_look_at_once() {
        let clock = clock();
        let mut session = connected(&clock);
        session.look_at_once(clock.at(3));
        assert_eq!(session.next_work(clock.at(3)), Some(Work::Poll));
        assert_eq!(session.polled(clock.at(3), Polled::State(1)), None);
        session.line_arrived(clock.at(4), "#MQDISC: 1");
        assert_eq!(session.next_work(clock.at(4)), Some(Work::Poll));
        assert_eq!(session.polled(clock.at(4), Polled::State(1)), None);
        session.slot_not_read(clock.at(5), true);
        assert_eq!(session.next_work(clock.at(5)), Some(Work::Poll));
    }

    #[test]
    fn nothing_is_done_without_a_connection() {
        let clock = clock();
        let mut session = connected(&clock);
        session.line_arrived(clock.at(1), "#MQRING: 1,3,topic,3");
        session.down(ClientState::Paused);
        assert!(!session.line_arrived(clock.at(1), "#MQRING: 1,4,topic,3"));
        assert!(!session.line_arrived(clock.at(1), "#MQRING: 0"));
        session.lines_lost();
        session.look_at_once(clock.at(1));
        assert!(!session.has_work(clock.at(99)));
        assert_eq!((session.next_work(clock.at(99)), session.deadline()), (None, None));
    }
}
