//! The pump against a model of a module, with events in any order.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::ending::SocketEnding;
use super::options::Arrival;
use super::pump::{Action, Demand, Pump, PumpSettings};

const ROOM: Demand = Demand { room: 4000, outgoing: 0, closing: false };

fn settings(arrival: Arrival, counters: bool) -> PumpSettings {
    let look = Duration::from_secs(15);
    PumpSettings { arrival, receive: 1000, send: 1500, counters, tells_cause: true, look }
}

fn pump(arrival: Arrival, counters: bool) -> (Pump, Instant) {
    let now = tokio::time::Instant::now().into_std();
    (Pump::new(now, settings(arrival, counters)), now)
}

fn announced() -> (Pump, Instant) {
    pump(Arrival::Announced, true)
}

const RECEIVE: Action = Action::Receive { most: 1000 };

#[test]
fn an_announcement_is_read_until_a_short_block() {
    let (mut pump, now) = announced();
    assert!(matches!(pump.next(now, ROOM), Action::Wait { until: Some(_) }));
    pump.rang(2500);
    assert_eq!(pump.next(now, ROOM), RECEIVE);
    pump.rang(1500);
    pump.received(now, 1000, false);
    assert_eq!(pump.next(now, ROOM), RECEIVE, "the rest was announced");
    pump.rang(500);
    pump.received(now, 1000, false);
    assert_eq!(pump.next(now, ROOM), RECEIVE);
    pump.received(now, 500, false);
    assert!(matches!(pump.next(now, ROOM), Action::Wait { .. }));
}

#[test]
fn after_a_full_block_the_module_is_asked_if_it_announces_nothing() {
    let (mut pump, now) = announced();
    pump.rang(1000);
    assert_eq!(pump.next(now, ROOM), RECEIVE);
    pump.received(now, 1000, false);
    let soon = now + Duration::from_millis(20);
    assert_eq!(pump.next(now, ROOM), Action::Wait { until: Some(soon) });
    assert_eq!(pump.next(soon, ROOM), Action::Count);
    pump.counted(soon, 0);
    assert!(matches!(pump.next(soon, ROOM), Action::Wait { .. }), "no read of nothing blocks the line");
}

#[test]
fn an_announcement_of_nothing_is_none() {
    let (mut pump, now) = announced();
    pump.rang(0);
    assert!(matches!(pump.next(now, ROOM), Action::Wait { .. }));
}

#[test]
fn an_announcement_during_a_read_means_perhaps() {
    for (counters, action) in [(true, Action::Count), (false, RECEIVE)] {
        let (mut pump, now) = pump(Arrival::Announced, counters);
        pump.rang(5);
        assert_eq!(pump.next(now, ROOM), RECEIVE);
        pump.rang(10);
        pump.received(now, 10, false);
        assert_eq!(pump.next(now, ROOM), action);
    }
}

#[test]
fn nothing_is_read_without_room() {
    let (mut pump, now) = announced();
    pump.rang(5);
    let full = Demand { room: 999, ..ROOM };
    assert!(matches!(pump.next(now, full), Action::Wait { .. }));
    assert_eq!(pump.next(now, ROOM), RECEIVE);
}

#[test]
fn reads_and_writes_take_turns() {
    let (mut pump, now) = announced();
    let demand = Demand { outgoing: 2000, ..ROOM };
    pump.rang(5000);
    let mut seen = Vec::new();
    for _ in 0..4 {
        let action = pump.next(now, demand);
        if action == RECEIVE {
            pump.rang(4000);
            pump.received(now, 1000, false);
        }
        seen.push(action);
    }
    let send = Action::Send { length: 1500 };
    assert_eq!(seen, [RECEIVE, send, RECEIVE, send]);
}

#[test]
fn a_lost_announcement_is_found() {
    let (mut pump, now) = announced();
    let later = now + Duration::from_secs(15);
    assert_eq!(pump.next(now, ROOM), Action::Wait { until: Some(later) });
    assert_eq!(pump.next(later, ROOM), Action::Look);
    pump.looked(later, true);
    assert_eq!(pump.next(later, ROOM), Action::Count);
    pump.counted(later, 5);
    assert_eq!(pump.next(later, ROOM), RECEIVE);
}

#[test]
fn a_lost_end_is_found_and_everything_read() {
    let (mut pump, now) = announced();
    let later = now + Duration::from_secs(15);
    assert_eq!(pump.next(later, ROOM), Action::Look);
    pump.looked(later, false);
    assert_eq!(pump.next(later, ROOM), RECEIVE);
    pump.received(later, 7, false);
    assert_eq!(pump.next(later, ROOM), RECEIVE);
    pump.received(later, 0, true);
    let cause = later + Duration::from_secs(1);
    assert_eq!(pump.next(later, ROOM), Action::Wait { until: Some(cause) });
    assert_eq!(pump.next(cause, ROOM), Action::Ended(SocketEnding::Unknown));
}

#[test]
fn an_end_that_nobody_explains_is_not_known_to_be_whole() {
    for arrival in [Arrival::Announced, Arrival::Delivered] {
        let (mut pump, now) = pump(arrival, true);
        pump.looked(now, false);
        if arrival == Arrival::Announced {
            assert_eq!(pump.next(now, ROOM), RECEIVE);
            pump.receive_refused(now);
        }
        let cause = now + Duration::from_secs(1);
        assert_eq!(pump.next(now, ROOM), Action::Wait { until: Some(cause) });
        assert_eq!(pump.next(cause, ROOM), Action::Ended(SocketEnding::Truncated));
    }
}

#[test]
fn a_module_that_is_polled_is_asked_for_the_end_too() {
    for counters in [true, false] {
        let (mut pump, now) = pump(Arrival::Polled(Duration::from_secs(60)), counters);
        pump.closed_somewhere(now);
        if counters {
            assert_eq!(pump.next(now, ROOM), Action::Look);
            pump.looked(now, false);
        }
        assert_eq!(pump.next(now, ROOM), RECEIVE);
        pump.received(now, 0, true);
        let cause = now + Duration::from_secs(1);
        assert_eq!(pump.next(now, ROOM), Action::Wait { until: Some(cause) });
        assert_eq!(pump.next(cause, ROOM), Action::Ended(SocketEnding::Unknown));
    }
    let minute = Duration::from_secs(60);
    let (mut pump, now) = pump(Arrival::Polled(minute), true);
    assert_eq!(pump.next(now + minute, ROOM), Action::Look, "without any word too");
}

#[test]
fn the_cause_may_come_before_or_behind_the_last_byte() {
    let (mut pump, now) = announced();
    pump.rang(5);
    assert_eq!(pump.next(now, ROOM), RECEIVE);
    pump.closed(now, SocketEnding::Truncated);
    pump.received(now, 5, false);
    assert_eq!(pump.next(now, ROOM), RECEIVE);
    pump.received(now, 0, true);
    assert_eq!(pump.next(now, ROOM), Action::Ended(SocketEnding::Truncated));

    let (mut pump, now) = announced();
    pump.rang(5);
    assert_eq!(pump.next(now, ROOM), RECEIVE);
    pump.received(now, 0, true);
    pump.closed(now, SocketEnding::Reset);
    assert_eq!(pump.next(now, ROOM), Action::Ended(SocketEnding::Reset));
}

#[test]
fn a_module_that_refuses_to_be_read_has_no_more() {
    let (mut pump, now) = announced();
    pump.closed(now, SocketEnding::CloseNotify);
    assert_eq!(pump.next(now, ROOM), RECEIVE);
    pump.receive_refused(now);
    assert_eq!(pump.next(now, ROOM), Action::Ended(SocketEnding::CloseNotify));
}

#[test]
fn closing_sends_first() {
    let (mut pump, now) = announced();
    let closing = Demand { room: usize::MAX, outgoing: 10, closing: true };
    assert_eq!(pump.next(now, closing), Action::Send { length: 10 });
    assert_eq!(pump.next(now, Demand { outgoing: 0, ..closing }), Action::HangUp);
}

#[test]
fn a_refused_block_ends_the_sending_but_not_the_reading() {
    let (mut pump, now) = announced();
    let demand = Demand { outgoing: 10, ..ROOM };
    assert_eq!(pump.next(now, demand), Action::Send { length: 10 });
    pump.send_refused(now);
    assert_eq!(pump.next(now, demand), Action::Look);
    pump.looked(now, false);
    assert_eq!(pump.next(now, demand), RECEIVE);
}

#[test]
fn a_module_without_counters_is_read_instead() {
    let (mut pump, now) = announced();
    assert_eq!(pump.next(now + Duration::from_secs(15), ROOM), Action::Look);
    pump.looked(now, true);
    assert_eq!(pump.next(now, ROOM), Action::Count);
    pump.count_refused(now);
    assert_eq!(pump.next(now, ROOM), RECEIVE);
}

#[test]
fn delivered_data_are_never_fetched() {
    let (mut pump, now) = pump(Arrival::Delivered, true);
    let later = now + Duration::from_secs(15);
    assert_eq!(pump.next(later, ROOM), Action::Look);
    pump.looked(later, true);
    assert!(matches!(pump.next(later, ROOM), Action::Wait { .. }));
    pump.closed(later, SocketEnding::CloseNotify);
    assert_eq!(pump.next(later, ROOM), Action::Ended(SocketEnding::CloseNotify));
}

/// What can happen between two commands.
#[derive(Clone, Copy, Debug)]
enum Happening {
    /// So many bytes arrive; announced or not.
    Arrive(usize, bool),
    /// The application takes so many bytes.
    Take(usize),
    /// The application writes so many bytes.
    Write(usize),
    /// Time passes, in milliseconds.
    Pass(u64),
    /// Lines are lost.
    Lag,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (1_usize..3000, any::<bool>()).prop_map(|(length, told)| Happening::Arrive(length, told)),
        (1_usize..4000).prop_map(Happening::Take),
        (1_usize..4000).prop_map(Happening::Write),
        (0_u64..30_000).prop_map(Happening::Pass),
        Just(Happening::Lag),
    ]
}

/// A module and an application as far as the pump sees them.
struct Model {
    pump: Pump,
    now: Instant,
    in_module: VecDeque<u8>,
    buffered: VecDeque<u8>,
    got: Vec<u8>,
    outgoing: VecDeque<u8>,
    sent: Vec<u8>,
    next: u8,
    closed: bool,
}

impl Model {
    fn new(arrival: Arrival, counters: bool) -> Self {
        let (pump, now) = pump(arrival, counters);
        let (in_module, buffered, outgoing) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
        let (got, sent) = (Vec::new(), Vec::new());
        Self { pump, now, in_module, buffered, got, outgoing, sent, next: 0, closed: false }
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let bytes = (0..length).map(|_| {
            self.next = self.next.wrapping_mul(37).wrapping_add(11);
            self.next
        });
        bytes.collect()
    }

    fn happen(&mut self, happening: Happening, all: &mut (Vec<u8>, Vec<u8>)) {
        match happening {
            Happening::Arrive(length, told) => {
                let bytes = self.bytes(length);
                all.0.extend(&bytes);
                self.in_module.extend(bytes);
                if told {
                    self.pump.rang(self.in_module.len() as u64);
                }
            }
            Happening::Take(length) => self.take(length),
            Happening::Write(length) => {
                let bytes = self.bytes(length);
                all.1.extend(&bytes);
                self.outgoing.extend(bytes);
            }
            Happening::Pass(millis) => self.now += Duration::from_millis(millis),
            Happening::Lag => self.pump.lines_were_lost(self.now),
        }
    }

    fn take(&mut self, length: usize) {
        let length = length.min(self.buffered.len());
        self.got.extend(self.buffered.drain(..length));
    }

    /// One command; the end, if there is one.
    fn step(&mut self) -> Option<SocketEnding> {
        let demand = Demand {
            room: 4000_usize.saturating_sub(self.buffered.len()),
            outgoing: self.outgoing.len(),
            closing: false,
        };
        match self.pump.next(self.now, demand) {
            Action::Receive { most } => {
                assert!(demand.room >= most, "nobody has room for it");
                let length = most.min(self.in_module.len());
                self.buffered.extend(self.in_module.drain(..length));
                self.pump.received(self.now, length, length == 0 && self.closed);
            }
            Action::Send { length } => self.sent.extend(self.outgoing.drain(..length)),
            Action::Count => self.pump.counted(self.now, self.in_module.len() as u64),
            Action::Look => self.pump.looked(self.now, !self.closed),
            Action::Wait { until } => self.now = until.unwrap_or(self.now).max(self.now),
            Action::Ended(ending) => return Some(ending),
            Action::HangUp => panic!("nobody wants to hang up"),
        }
        None
    }
}

proptest! {
    #[test]
    fn any_interleaving_keeps_the_bytes(
        happenings in proptest::collection::vec((happening(), 0_usize..4), 0..40),
        announced in any::<bool>(),
        counters in any::<bool>(),
        told in any::<bool>(),
    ) {
        let arrival = if announced { Arrival::Announced } else { Arrival::Polled(Duration::from_secs(1)) };
        let mut model = Model::new(arrival, counters);
        let mut all = (Vec::new(), Vec::new());
        for (happening, steps) in happenings {
            model.happen(happening, &mut all);
            for _ in 0..steps {
                prop_assert_eq!(model.step(), None, "nothing has ended");
            }
        }
        // All that is to be sent goes before the end.
        for _ in 0..1000 {
            model.take(4000);
            prop_assert_eq!(model.step(), None, "nothing has ended");
            if model.outgoing.is_empty() {
                break;
            }
        }
        prop_assert!(model.sent == all.1);
        model.closed = true;
        if told {
            model.pump.closed(model.now, SocketEnding::CloseNotify);
        }
        let mut ending = None;
        for _ in 0..1000 {
            model.take(4000);
            ending = model.step();
            if ending.is_some() {
                break;
            }
        }
        model.take(4000);
        prop_assert_eq!(ending, Some(if told { SocketEnding::CloseNotify } else { SocketEnding::Unknown }));
        prop_assert!(model.got == all.0, "{} of {} bytes", model.got.len(), all.0.len());
    }
}
