//! The reader by itself.

use std::time::Duration;

use proptest::prelude::*;

use crate::matcher::{Fixtures, Matcher, Progress};
use crate::{Event, Kind, Part, Problem, ReadError, ServerAct, Text, Transcript, Varying};

fn only_event(line: &str) -> Kind {
    let mut transcript: Transcript = line.parse().expect("it is a transcript");
    assert_eq!(transcript.events.len(), 1, "{line}");
    transcript.events.remove(0).kind
}

fn literal(bytes: &[u8]) -> Part {
    Part::Literal(bytes.to_vec())
}

#[test]
fn every_kind_of_line() {
    let host = |port, parts: &[Part]| Kind::Host { port, text: Text::new(parts.to_vec()) };
    let module = |port, parts: &[Part]| Kind::Module { port, text: Text::new(parts.to_vec()) };
    let payload = |length, digest: &str| Part::Payload { length, digest: digest.to_owned() };
    for (line, kind) in [
        ("0.000 > AT\\r", host(1, &[literal(b"AT\r")])),
        ("12.345 >2 AT\\r", host(2, &[literal(b"AT\r")])),
        ("0.000 >", host(1, &[])),
        ("0.000 < \\r\\n> ", module(1, &[literal(b"\r\n> ")])),
        ("0.000 <  \\\\\\x1A\\xff", module(1, &[literal(b" \\\x1a\xff")])),
        ("0.000 > [3 bytes sha256:ba7816bf8f01]", host(1, &[payload(3, "ba7816bf8f01")])),
        ("0.000 > [3 bytes sha256:ba7816bf8f0]", host(1, &[literal(b"[3 bytes sha256:ba7816bf8f0]")])),
        ("0.000 > a[redacted]b", host(1, &[literal(b"a"), Part::Redacted, literal(b"b")])),
        ("0.000 > {ca}\\x1a", host(1, &[Part::Fixture("ca".to_owned()), literal(b"\x1a")])),
        ("0.000 > ={ca.size}", host(1, &[literal(b"="), Part::FixtureSize("ca".to_owned())])),
        ("0.000 > {\"a\":1}{}{A}{", host(1, &[literal(b"{\"a\":1}{}{A}{")])),
        ("0.000 < {?ip}\\r", module(1, &[Part::Varying(Varying::Ip), literal(b"\r")])),
        ("0.000 # two words", Kind::Remark("two words".to_owned())),
        ("0.000 #", Kind::Remark(String::new())),
        ("0.000 # server sends a\\r", Kind::Server(ServerAct::Sends(Text::new([literal(b"a\r")])))),
        ("0.000 # server receives", Kind::Server(ServerAct::Receives(Text::default()))),
        ("0.000 # server closes", Kind::Server(ServerAct::Closes)),
        ("0.000 # server sees the end", Kind::Server(ServerAct::SeesTheEnd)),
    ] {
        assert_eq!(only_event(line), kind, "{line}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let direction = |text: &str| Problem::Direction(text.to_owned());
    for (line, problem) in [
        (&b""[..], Problem::Time),
        (b"AT", Problem::Time),
        (b"0.00 > AT", Problem::Time),
        (b"+1.000 > AT", Problem::Time),
        (b"0.0+1 > AT", Problem::Time),
        (b"99999999999999999999.000 > AT", Problem::Time),
        (b"1.000 > AT", Problem::TimeGoesBack),
        (b"2.000", Problem::Time),
        (b"2.000 ? AT", direction("?")),
        (b"2.000 >1 AT", direction(">1")),
        (b"2.000 >0 AT", direction(">0")),
        (b"2.000 >10 AT", direction(">10")),
        (b"2.000  > AT", direction("")),
        (b"2.000 > \\t", Problem::Escape("\\t".to_owned())),
        (b"2.000 > \\x1g", Problem::Escape("\\x1g".to_owned())),
        (b"2.000 > \\", Problem::Escape("\\".to_owned())),
        (b"2.000 > AT\r", Problem::NotPrintable('\r')),
        ("2.000 > é".as_bytes(), Problem::NotPrintable('é')),
        (b"2.000 > \xff", Problem::NotUtf8),
        (b"2.000 < {?colour}\\r", Problem::UnknownKind("colour".to_owned())),
        (b"2.000 < {?ip}", Problem::OpenEnd("ip")),
        (b"2.000 < {?ip}{?ip}\\r", Problem::OpenEnd("ip")),
        (b"2.000 # server sleeps", Problem::ServerAct("sleeps".to_owned())),
    ] {
        let input = [b"2.000 # first\n", line, b"\n2.000 # last\n"].concat();
        assert_eq!(Transcript::parse(&input), Err(ReadError { line: 2, problem }), "{line:?}");
    }
}

#[test]
fn a_text_is_matched_part_by_part() {
    let fixtures = Fixtures::from([("name".to_owned(), b"ca".to_vec()), ("none".to_owned(), Vec::new())]);
    let matches = |text: &str, bytes: &[u8]| {
        let Kind::Module { text, .. } = only_event(&format!("0.000 < {text}")) else {
            unreachable!("it is a line of the module");
        };
        let mut matcher = Matcher::new(&text, &fixtures).expect("all fixtures are known");
        let mut taken = bytes.iter().map(|byte| matcher.take(*byte));
        taken.all(|progress| progress != Progress::Differs) && matcher.is_complete()
    };
    for (text, right, wrong) in [
        ("abc", "abc", &["abd", "ab", "abcd", ""][..]),
        ("{name}{name.size}", "ca2", &["ca3", "cb2"]),
        ("{none}a{none}b", "ab", &["a", "b"]),
        ("[3 bytes sha256:ba7816bf8f01]!", "abc!", &["abd!", "abc?"]),
        ("[0 bytes sha256:e3b0c44298fc]a", "a", &["b"]),
        ("{?ip}\\r", "10.0.0.1\r", &["10.0.0\r", "\r", "10.0.0.1\n"]),
        ("{?suite}!", "0xC02F!", &["0xC0!", "C02F!", "!"]),
        ("{?suite}!", "13!", &["256!"]),
        ("{?number},", "12,", &[",", "a,"]),
        ("{?clock}!", "26/11/25,18:14:56+00!", &["26/11/25,18:14:56!", "!"]),
        ("1{?rest}\\r", "1,0\r", &["1,0\n"]),
        ("1{?rest}\\r", "1\r", &["\r"]),
        ("{?escape}a", "+++a", &["++a", "++++a"]),
        ("{?escape}a", "a", &["b"]),
        ("GET\\r\\n{?fields}x", "GET\r\nA: b\r\n\r\nx", &["GET\r\nA: b\r\nx"]),
    ] {
        assert!(matches(text, right.as_bytes()), "{text}");
        for wrong in wrong {
            assert!(!matches(text, wrong.as_bytes()), "{text} {wrong}");
        }
    }
}

fn name() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9-]{0,8}"
}

fn part() -> impl Strategy<Value = Part> {
    let nasty = prop_oneof![
        Just(&b"[redacted]"[..]),
        Just(&b"[3 bytes sha256:ba7816bf8f01]"[..]),
        Just(&b"{ca}"[..]),
        Just(&b"{?ip}"[..]),
        Just(&b"{ca.size}"[..]),
        Just(&b"{"[..]),
        Just(&b"["[..]),
        Just(&b"\\x1a "[..]),
    ];
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..12).prop_map(Part::Literal),
        nasty.prop_map(|bytes| Part::Literal(bytes.to_vec())),
        (any::<usize>(), "[0-9a-f]{12}").prop_map(|(length, digest)| Part::Payload { length, digest }),
        Just(Part::Redacted),
        name().prop_map(Part::Fixture),
        name().prop_map(Part::FixtureSize),
        Just(Part::Varying(Varying::Fields)),
    ]
}

fn text() -> impl Strategy<Value = Text> {
    let closed = (proptest::sample::select(&Varying::ALL[..]), any::<u8>())
        .prop_map(|(kind, byte)| vec![Part::Varying(kind), Part::Literal(vec![byte])]);
    let parts = prop_oneof![4 => part().prop_map(|part| vec![part]), 1 => closed];
    proptest::collection::vec(parts, 0..5).prop_map(|parts| Text::new(parts.concat()))
}

fn kind() -> impl Strategy<Value = Kind> {
    let act = prop_oneof![
        text().prop_map(ServerAct::Sends),
        text().prop_map(ServerAct::Receives),
        Just(ServerAct::Closes),
        Just(ServerAct::SeesTheEnd),
    ];
    prop_oneof![
        (1..=9_u8, text()).prop_map(|(port, text)| Kind::Host { port, text }),
        (1..=9_u8, text()).prop_map(|(port, text)| Kind::Module { port, text }),
        "[ -~é]{0,20}"
            .prop_filter("it would be an act", |text| !text.starts_with("server "))
            .prop_map(Kind::Remark),
        act.prop_map(Kind::Server),
    ]
}

fn transcript() -> impl Strategy<Value = Transcript> {
    proptest::collection::vec((0..100_000_u64, kind()), 0..12).prop_map(|steps| {
        let mut at = Duration::ZERO;
        let events = steps.into_iter().map(|(pause, kind)| {
            at += Duration::from_millis(pause);
            Event { at, kind }
        });
        Transcript { events: events.collect() }
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(transcript in transcript()) {
        let printed = transcript.to_string();
        prop_assert_eq!(printed.parse(), Ok(transcript), "{}", printed);
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused(input in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(read) = Transcript::parse(&input) {
            prop_assert_eq!(read.to_string().parse(), Ok(read));
        }
    }

    #[test]
    fn nearly_transcripts_are_read_or_refused(input in "([0-2][.]000 [<>#]2? [\\[\\]{}?\\\\a-f0-9. x]{0,30}\n){1,5}") {
        if let Ok(read) = Transcript::parse(input.as_bytes()) {
            prop_assert_eq!(read.to_string().parse(), Ok(read));
        }
    }
}
