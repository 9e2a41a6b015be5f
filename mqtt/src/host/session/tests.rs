//! Exact bytes, and a clock that only moves when it is told to.

use proptest::prelude::*;

use super::*;
use crate::message::Publish;

const LIMIT: usize = 200_000;
const ACKNOWLEDGEMENT: u64 = 30;

#[expect(clippy::disallowed_methods, reason = "an Instant can be made in no other way")]
fn start() -> Instant {
    Instant::now()
}

/// A session, the bytes that it sends, and a clock.
struct Bench {
    session: Session,
    now: Instant,
}

fn settings() -> Settings {
    Settings {
        keep_alive: Duration::from_secs(60),
        acknowledgement: Duration::from_secs(ACKNOWLEDGEMENT),
        login: Duration::from_secs(90),
        owner_repeats: false,
        packet_limit: LIMIT,
    }
}

fn login(clean_session: bool) -> Login {
    let (client_id, user, password) = ("c1".into(), String::new(), String::new());
    Login { client_id, user, password, clean_session, will: None }
}

const ACCEPTED: &[u8] = b"\x20\x02\x00\x00";
const ACCEPTED_AGAIN: &[u8] = b"\x20\x02\x01\x00";

impl Bench {
    fn new(login: &Login, carried: Carried) -> Self {
        let now = start();
        Self { session: Session::new(now, settings(), login, carried).unwrap(), now }
    }

    fn logged_in(clean_session: bool) -> Self {
        let mut bench = Self::new(&login(clean_session), Carried::default());
        bench.sent();
        assert_eq!(bench.hears(ACCEPTED), [Happening::Accepted { session_present: false }]);
        bench
    }

    /// Everything goes out at once, and is accepted.
    fn sent(&mut self) -> Vec<u8> {
        let bytes = self.session.to_send().to_vec();
        self.session.wrote(bytes.len());
        self.session.accepted(self.now);
        bytes
    }

    fn hears(&mut self, bytes: &[u8]) -> Vec<Happening> {
        self.session.received(self.now, bytes);
        self.happenings().unwrap()
    }

    fn happenings(&mut self) -> Result<Vec<Happening>, LossReason> {
        std::iter::from_fn(|| self.session.next(true).transpose()).collect()
    }

    fn after(&mut self, seconds: u64) -> Result<Vec<Happening>, LossReason> {
        self.now += Duration::from_secs(seconds);
        self.session.elapsed(self.now)?;
        self.happenings()
    }

    fn sleeps_until(&self) -> Option<u64> {
        self.session.deadline().map(|deadline| (deadline - self.now).as_secs())
    }

    fn publish(&mut self, qos: QoS, payload: &'static [u8]) -> Ticket {
        self.session.publish(&Publish::new("t", payload).qos(qos)).unwrap()
    }
}

fn done(ticket: Ticket, outcome: Outcome) -> Vec<Happening> {
    vec![Happening::Done(ticket, outcome)]
}

fn unanswered(ticket: Ticket) -> Vec<Happening> {
    done(ticket, Outcome::Unanswered(Duration::from_secs(ACKNOWLEDGEMENT)))
}

fn message(topic: &str, payload: &'static [u8], qos: QoS) -> Message {
    let mut message = Message::new(topic, payload.into());
    (message.qos, message.retained, message.duplicate) = (Some(qos), Some(false), Some(false));
    message
}

#[test]
fn a_login_says_who_we_are() {
    let mut bench = Bench::new(&login(true), Carried::default());
    assert_eq!(bench.sent(), b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02c1");

    let will = crate::last_will::LastWill::new("w", &b"gone"[..]).qos(QoS::ExactlyOnce).retain(true);
    let login = Login { user: "u".into(), password: "pw".into(), will: Some(will), ..login(false) };
    let mut bench = Bench::new(&login, Carried::default());
    assert_eq!(
        bench.sent(),
        b"\x10\x1e\x00\x04MQTT\x04\xf4\x00\x3c\x00\x02c1\x00\x01w\x00\x04gone\x00\x01u\x00\x02pw"
    );
    assert!(!format!("{login:?}").contains("pw"));
}

#[test]
fn every_answer_to_the_login_is_understood() {
    for (code, refusal) in [
        (1, Refusal::Protocol),
        (2, Refusal::Identifier),
        (3, Refusal::ServerUnavailable),
        (4, Refusal::Credentials),
        (5, Refusal::NotAuthorised),
    ] {
        let mut bench = Bench::new(&login(true), Carried::default());
        bench.sent();
        assert_eq!(bench.hears(&[0x20, 2, 0, code]), [Happening::Refused(refusal)]);
        assert_eq!(bench.sleeps_until(), None);
        assert!(!bench.session.has_room());
    }
}

#[test]
fn a_login_is_answered_in_time_or_lost() {
    let mut bench = Bench::new(&login(true), Carried::default());
    assert_eq!(bench.sleeps_until(), Some(90));
    assert_eq!(bench.after(89), Ok(vec![]));
    assert_eq!(bench.after(1), Err(LossReason::LoginUnanswered));
}

#[test]
fn at_most_once_ends_when_the_module_has_it() {
    let mut bench = Bench::logged_in(true);
    let ticket = bench.publish(QoS::AtMostOnce, b"hi");
    assert_eq!(bench.session.to_send(), b"\x30\x05\x00\x01thi");
    bench.session.wrote(3);
    bench.session.accepted(bench.now);
    assert_eq!(bench.happenings(), Ok(vec![]), "a part of it is not all of it");
    assert_eq!(bench.sent(), b"\x01thi");
    assert_eq!(bench.happenings().unwrap(), done(ticket, Outcome::Sent));
}

#[test]
fn at_least_once_ends_at_the_acknowledgement() {
    let mut bench = Bench::logged_in(true);
    let retained = Publish::new("t", &b"hi"[..]).retain(true);
    let first = bench.session.publish(&retained).unwrap();
    let second = bench.publish(QoS::AtLeastOnce, b"");
    assert_eq!(bench.sent(), b"\x33\x07\x00\x01t\x00\x01hi\x32\x05\x00\x01t\x00\x02");
    assert_eq!(bench.hears(b"\x40\x02\x00\x02"), done(second, Outcome::Acknowledged));
    assert_eq!(bench.hears(b"\x40\x02\x00\x02"), [], "twice");
    assert_eq!(bench.hears(b"\x50\x02\x00\x01\x70\x02\x00\x01"), [], "not what was awaited");
    assert_eq!(bench.hears(b"\x40\x02\x00\x01"), done(first, Outcome::Acknowledged));
}

#[test]
fn exactly_once_ends_at_the_last_of_four_packets() {
    let mut bench = Bench::logged_in(true);
    let ticket = bench.publish(QoS::ExactlyOnce, b"hi");
    assert_eq!(bench.sent(), b"\x34\x07\x00\x01t\x00\x01hi");
    for _ in 0..2 {
        assert_eq!(bench.hears(b"\x50\x02\x00\x01"), []);
        assert_eq!(bench.sent(), b"\x62\x02\x00\x01");
    }
    assert_eq!(bench.hears(b"\x70\x02\x00\x01"), done(ticket, Outcome::Acknowledged));
}

/// Each of them would give the message its whole time anew.
#[test]
fn a_broker_that_repeats_itself_makes_no_wait_longer() {
    let mut bench = Bench::logged_in(true);
    let ticket = bench.publish(QoS::ExactlyOnce, b"hi");
    bench.sent();
    assert_eq!(bench.hears(b"\x50\x02\x00\x01"), []);
    bench.sent();
    assert_eq!(bench.after(20), Ok(vec![]));
    assert_eq!(bench.hears(b"\x50\x02\x00\x01"), []);
    assert_eq!(bench.sent(), b"\x62\x02\x00\x01");
    assert_eq!(bench.after(10).unwrap(), unanswered(ticket));
}

#[test]
fn what_is_not_acknowledged_in_time_is_told() {
    let mut bench = Bench::logged_in(true);
    let ticket = bench.publish(QoS::ExactlyOnce, b"hi");
    assert_eq!(bench.after(20), Ok(vec![]), "it has not gone yet");
    bench.sent();
    assert_eq!(bench.sleeps_until(), Some(30));
    assert_eq!(bench.after(29), Ok(vec![]));
    assert_eq!(bench.hears(b"\x50\x02\x00\x01"), []);
    bench.sent();
    assert_eq!(bench.after(29), Ok(vec![]), "each step has its own time");
    assert_eq!(bench.after(1).unwrap(), unanswered(ticket));
    assert_eq!(bench.hears(b"\x70\x02\x00\x01"), [], "too late");
    assert_eq!(bench.hears(b"\x50\x02\x00\x01"), []);
    assert_eq!(bench.sent(), b"\x62\x02\x00\x01", "so that the broker forgets it");
}

#[test]
fn identifiers_are_not_used_twice_at_once() {
    let mut window = Window::default();
    let first = window.free_identifier();
    window.add(InFlight::other(first, Awaited::Puback, Ticket(1)));
    for expected in 2..=65_535 {
        assert_eq!(window.free_identifier().value(), expected);
    }
    assert_eq!(window.free_identifier().value(), 2, "0 is none, 1 is in use");
}

#[test]
fn there_is_room_for_twenty() {
    let mut bench = Bench::logged_in(true);
    for _ in 0..20 {
        assert!(bench.session.has_room());
        bench.publish(QoS::AtLeastOnce, b"");
    }
    assert!(!bench.session.has_room());
    bench.hears(b"\x40\x02\x00\x07");
    assert!(bench.session.has_room());
}

#[test]
fn subscriptions_are_granted_or_refused_one_by_one() {
    let mut bench = Bench::logged_in(true);
    let ticket = bench.session.subscribe(&[("a/#", QoS::ExactlyOnce), ("b", QoS::AtMostOnce)]).unwrap();
    assert_eq!(bench.sent(), b"\x82\x0c\x00\x01\x00\x03a/#\x02\x00\x01b\x00");
    assert_eq!(bench.hears(b"\x90\x03\x00\x01\x00"), [], "an answer to one of two is none");
    let outcome = Outcome::Subscribed(vec![Some(QoS::AtLeastOnce), None]);
    assert_eq!(bench.hears(b"\x90\x04\x00\x01\x01\x80"), done(ticket, outcome));

    let ticket = bench.session.unsubscribe("a/#").unwrap();
    assert_eq!(bench.sent(), b"\xa2\x07\x00\x02\x00\x03a/#");
    assert_eq!(bench.hears(b"\xb0\x02\x00\x02"), done(ticket, Outcome::Acknowledged));

    let ticket = bench.session.subscribe(&[("c", QoS::AtMostOnce)]).unwrap();
    bench.sent();
    assert_eq!(bench.after(ACKNOWLEDGEMENT).unwrap(), unanswered(ticket));
}

#[test]
fn messages_are_acknowledged_when_they_are_taken() {
    let mut bench = Bench::logged_in(true);
    bench.session.received(bench.now, b"\x32\x06\x00\x01t\x00\x07x\x3b\x06\x00\x01t\x00\x08y");
    assert_eq!(bench.session.to_send(), b"");
    let first = bench.session.next(true).unwrap();
    assert_eq!(first, Some(Happening::Message(message("t", b"x", QoS::AtLeastOnce))));
    assert_eq!(bench.sent(), b"\x40\x02\x00\x07");
    let Some(Happening::Message(second)) = bench.session.next(true).unwrap() else {
        panic!("there is another one");
    };
    assert_eq!((second.retained, second.duplicate), (Some(true), Some(true)));
    assert_eq!(bench.sent(), b"\x40\x02\x00\x08");
    assert_eq!(bench.hears(b"\x30\x03\x00\x01t"), [Happening::Message(message("t", b"", QoS::AtMostOnce))]);
    assert_eq!(bench.sent(), b"");
}

#[test]
fn exactly_once_is_delivered_once() {
    let mut bench = Bench::logged_in(true);
    let first = b"\x34\x06\x00\x01t\x00\x07x";
    assert_eq!(bench.hears(first), [Happening::Message(message("t", b"x", QoS::ExactlyOnce))]);
    assert_eq!(bench.sent(), b"\x50\x02\x00\x07");
    assert_eq!(bench.hears(b"\x3c\x06\x00\x01t\x00\x07x"), [], "again");
    assert_eq!(bench.sent(), b"\x50\x02\x00\x07");
    for _ in 0..2 {
        assert_eq!(bench.hears(b"\x62\x02\x00\x07"), []);
        assert_eq!(bench.sent(), b"\x70\x02\x00\x07");
    }
    assert_eq!(bench.hears(first).len(), 1, "the identifier is free again");
}

#[test]
fn a_silent_connection_is_pinged_and_a_dead_one_noticed() {
    let mut bench = Bench::logged_in(true);
    assert_eq!(bench.sleeps_until(), Some(60));
    assert_eq!(bench.after(59), Ok(vec![]));
    assert_eq!(bench.session.to_send(), b"");
    assert_eq!(bench.after(1), Ok(vec![]));
    assert_eq!(bench.sent(), b"\xc0\x00");
    assert_eq!(bench.after(29), Ok(vec![]));
    bench.hears(b"\x30");
    assert_eq!(bench.after(29), Ok(vec![]), "a message is on its way");
    bench.hears(b"\x03\x00\x01t\xd0\x00");
    assert_eq!(bench.after(31), Ok(vec![]), "60 s after the last ping");
    assert_eq!(bench.sent(), b"\xc0\x00");
    assert_eq!(bench.after(29), Ok(vec![]));
    assert_eq!(bench.after(1), Err(LossReason::PingUnanswered));
}

#[test]
fn who_only_sends_finds_out_whether_anybody_listens() {
    let mut bench = Bench::logged_in(true);
    for _ in 0..5 {
        assert_eq!(bench.after(10), Ok(vec![]));
        bench.publish(QoS::AtMostOnce, b"");
        bench.sent();
        assert_eq!(bench.happenings().unwrap().len(), 1);
    }
    assert_eq!(bench.after(10), Ok(vec![]));
    assert_eq!(bench.sent(), b"\xc0\x00");
}

#[test]
fn nothing_is_pinged_while_something_is_on_its_way() {
    let mut bench = Bench::logged_in(true);
    bench.publish(QoS::AtMostOnce, b"large");
    bench.session.wrote(4);
    assert_eq!(bench.sleeps_until(), None);
    assert_eq!(bench.after(600), Ok(vec![]));
    assert_eq!(bench.sent(), b"tlarge");
    assert_eq!(bench.sleeps_until(), Some(0), "nothing has come for 600 s");
    bench.after(0).unwrap();
    assert_eq!(bench.sent(), b"\xc0\x00");
}

#[test]
fn a_session_that_the_broker_keeps_goes_on() {
    let mut bench = Bench::logged_in(false);
    for (qos, payload) in [(QoS::AtLeastOnce, &b"1"[..]), (QoS::ExactlyOnce, b"2"), (QoS::ExactlyOnce, b"3")]
    {
        bench.publish(qos, payload);
    }
    bench.session.subscribe(&[("f", QoS::AtMostOnce)]).unwrap();
    bench.publish(QoS::AtMostOnce, b"4");
    bench.sent();
    bench.hears(b"\x50\x02\x00\x03\x34\x06\x00\x01t\x00\x07x");

    let mut bench = Bench::new(&login(false), bench.session.take_carried());
    bench.sent();
    assert_eq!(bench.hears(ACCEPTED_AGAIN), [Happening::Accepted { session_present: true }]);
    assert_eq!(bench.sent(), b"\x3a\x06\x00\x01t\x00\x011\x3c\x06\x00\x01t\x00\x022\x62\x02\x00\x03");
    assert_eq!(bench.sleeps_until(), Some(60), "nobody waits");
    assert_eq!(bench.hears(b"\x3c\x06\x00\x01t\x00\x07x"), [], "delivered before");
    assert_eq!(bench.hears(b"\x40\x02\x00\x01\x50\x02\x00\x02\x70\x02\x00\x02\x70\x02\x00\x03"), []);

    let mut bench = Bench::new(&login(false), bench.session.take_carried());
    bench.sent();
    bench.hears(ACCEPTED_AGAIN);
    assert_eq!(bench.sent(), b"", "everything was acknowledged");
    bench.publish(QoS::AtLeastOnce, b"");
    assert_eq!(bench.sent(), b"\x32\x05\x00\x01t\x00\x06", "identifiers go on too");
}

/// The offline queue publishes again what was not acknowledged: the session must not do so, too.
#[test]
fn what_its_owner_repeats_is_not_repeated_by_the_session() {
    let settings = Settings { owner_repeats: true, ..settings() };
    let begin = |carried| {
        let now = start();
        let mut bench = Bench { session: Session::new(now, settings, &login(false), carried).unwrap(), now };
        bench.sent();
        bench
    };
    let mut bench = begin(Carried::default());
    bench.hears(ACCEPTED);
    let first = bench.publish(QoS::AtLeastOnce, b"1");
    bench.sent();
    assert_eq!(bench.after(ACKNOWLEDGEMENT).unwrap(), unanswered(first));
    // Once more on this connection, acknowledged, and one that the loss of the connection meets.
    let again = bench.publish(QoS::AtLeastOnce, b"1");
    bench.sent();
    assert_eq!(bench.hears(b"\x40\x02\x00\x02"), done(again, Outcome::Acknowledged));
    bench.publish(QoS::AtLeastOnce, b"2");
    bench.publish(QoS::ExactlyOnce, b"3");
    bench.sent();

    let mut bench = begin(bench.session.take_carried());
    assert_eq!(bench.hears(ACCEPTED_AGAIN), [Happening::Accepted { session_present: true }]);
    assert_eq!(bench.sent(), b"\x3c\x06\x00\x01t\x00\x043", "only what nobody else may send again");
    bench.publish(QoS::AtLeastOnce, b"2");
    assert_eq!(bench.sent(), b"\x32\x06\x00\x01t\x00\x052");
}

#[test]
fn a_session_that_the_broker_has_forgotten_begins_anew() {
    let mut bench = Bench::logged_in(false);
    bench.publish(QoS::AtLeastOnce, b"1");
    bench.sent();
    bench.hears(b"\x34\x06\x00\x01t\x00\x07x");
    let mut bench = Bench::new(&login(false), bench.session.take_carried());
    bench.sent();
    bench.hears(ACCEPTED);
    assert_eq!(bench.sent(), b"");
    assert_eq!(bench.hears(b"\x34\x06\x00\x01t\x00\x07x").len(), 1);
}

#[test]
fn what_is_given_up_is_kept_within_bounds() {
    let mut bench = Bench::logged_in(false);
    for _ in 0..30 {
        for _ in 0..5 {
            bench.publish(QoS::AtLeastOnce, b"");
        }
        bench.sent();
        assert_eq!(bench.after(ACKNOWLEDGEMENT).unwrap().len(), 5);
        bench.hears(b"\xd0\x00");
    }
    let mut bench = Bench::new(&login(false), bench.session.take_carried());
    bench.sent();
    bench.hears(ACCEPTED_AGAIN);
    assert_eq!(bench.sent().len(), 100 * 7);
}

#[test]
fn good_bye_comes_last() {
    let mut bench = Bench::logged_in(true);
    bench.publish(QoS::AtMostOnce, b"x");
    bench.session.disconnect();
    assert_eq!(bench.sent(), b"\x30\x04\x00\x01tx\xe0\x00");
    assert_eq!(bench.hears(b"\x30\x03\x00\x01t").len(), 1, "the publish, and nothing that comes now");
    assert_eq!(bench.sleeps_until(), None);
}

#[test]
fn brokers_that_break_the_rules_are_left() {
    let mut early = Bench::new(&login(true), Carried::default());
    early.session.received(early.now, b"\xd0\x00");
    assert_eq!(early.happenings(), Err(LossReason::ProtocolViolated));
    for bytes in [ACCEPTED, b"\xc0\x00", b"\xe0\x00", b"\x30\x02\x00\x00", b"\x30\x03\x00\x01+"] {
        let mut bench = Bench::logged_in(true);
        bench.session.received(bench.now, bytes);
        assert_eq!(bench.happenings(), Err(LossReason::ProtocolViolated), "{bytes:02x?}");
        assert_eq!(bench.hears(b"\x30\x03\x00\x01t"), [], "it is over");
    }
    let mut bench = Bench::logged_in(true);
    bench.session.received(bench.now, b"\x30\xc0\x9a\x0c");
    assert_eq!(bench.happenings(), Err(LossReason::PacketTooLarge(200_004)));
}

#[test]
fn a_large_message_comes_whole() {
    let mut bench = Bench::logged_in(true);
    let payload = vec![0x30; 128 * 1024];
    let packet = [&b"\x30\x83\x80\x08\x00\x01t"[..], &payload].concat();
    let mut came = Vec::new();
    for piece in packet.chunks(1000) {
        came.extend(bench.hears(piece));
    }
    let [Happening::Message(message)] = &came[..] else {
        panic!("{} happenings", came.len());
    };
    assert_eq!(message.payload, payload);
}

#[test]
fn what_cannot_be_written_down_is_refused() {
    let mut bench = Bench::logged_in(true);
    for topic in ["a/+", "#", "a\0b"] {
        assert!(bench.session.publish(&Publish::new(topic, "")).is_err(), "{topic:?}");
    }
    assert!(bench.session.publish(&Publish::new("t".repeat(65_536), "")).is_err());
    for filter in ["a#", "a\0b", "$share/", "$share//", "$share/a", "$share/a/"] {
        let outcome = bench.session.subscribe(&[(filter, QoS::AtMostOnce)]);
        assert!(outcome.is_err(), "{filter:?}");
    }
    assert_eq!(bench.session.to_send(), b"");
}

/// Packets of a broker, well formed or not, and a client that does what it likes.
fn turmoil() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    let identifier = (0_u8..4).prop_map(|id| vec![0, id]);
    let kinds = prop::sample::select(vec![0x40_u8, 0x50, 0x62, 0x70, 0xb0]);
    let acknowledgement = (kinds, identifier).prop_map(|(kind, id)| [vec![kind, 2], id].concat());
    let publish = (prop::sample::select(vec![0x30_u8, 0x32, 0x34, 0x3c]), 0_u8..4)
        .prop_map(|(head, id)| vec![head, 6, 0, 1, b't', 0, id, b'x']);
    let suback = (0_u8..4, any::<u8>()).prop_map(|(id, code)| vec![0x90, 3, 0, id, code]);
    let anything = prop::collection::vec(any::<u8>(), 0..6);
    let bytes = prop_oneof![acknowledgement, publish, suback, Just(vec![0xd0, 0]), anything];
    prop::collection::vec((any::<u8>(), bytes), 0..40)
}

proptest! {
    #[test]
    fn no_broker_and_no_user_brings_it_down(steps in turmoil(), clean: bool) {
        let mut bench = Bench::logged_in(clean);
        let (mut waiting, mut told) = (std::collections::HashSet::new(), Vec::new());
        for (step, bytes) in steps {
            if bench.session.has_room() {
                waiting.insert(match step % 5 {
                    0 => bench.publish(QoS::AtMostOnce, b"x"),
                    1 => bench.publish(QoS::AtLeastOnce, b"x"),
                    2 => bench.publish(QoS::ExactlyOnce, b"x"),
                    3 => bench.session.subscribe(&[("f", QoS::AtMostOnce)]).unwrap(),
                    _ => bench.session.unsubscribe("f").unwrap(),
                });
            }
            bench.session.received(bench.now, &bytes);
            bench.sent();
            let Ok(happenings) = bench.happenings().and_then(|first| Ok([first, bench.after(step.into())?].concat()))
            else {
                break;
            };
            told.extend(happenings.into_iter().filter_map(|happening| match happening {
                Happening::Done(ticket, _) => Some(ticket),
                _ => None,
            }));
        }
        for ticket in told {
            prop_assert!(waiting.remove(&ticket), "told twice, or never asked for");
        }
        prop_assert!(bench.session.take_carried().window.unacknowledged().len() <= 120);
    }
}
