//! A module that does its worst.

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use telit_core::multiplexer::{Content, FrameKind, SessionEvent, Signals};

use crate::line::{Line, answers, asks, data, dlci, dm, frame, held, settings, status, ua};

#[test]
fn a_flood_of_questions_is_answered_as_far_as_it_is_read() {
    let mut line = Line::open(settings(3));
    let flood =
        [asks(Content::Test(Bytes::from_static(&[b'x'; 100]))), asks(held(1)), asks(status(1))].concat();
    let flood = flood.repeat(5_000);
    line.says(&[flood]);
    assert!(line.octets().len() <= 9 * 1024, "the rest gets no answer");
    line.says(&[asks(status(1))]);
    assert_eq!(line.sent().len(), 1, "the next one does");
}

#[test]
fn a_refusal_of_everything_ends_everything_once() {
    let mut line = Line::open(settings(3));
    for _ in 0..3 {
        line.says(&[dm(1), dm(2), dm(3), frame(9, FrameKind::Dm, true, b"")]);
    }
    assert_eq!(line.events().len(), 3);
    line.says(&[dm(0), dm(0)]);
    assert_eq!(line.events().len(), 1);
}

fn said() -> impl Strategy<Value = Vec<u8>> {
    let signals = any::<[bool; 2]>().prop_map(|[hold, ready_to_receive]| {
        asks(Content::ModemStatus(dlci(1), Signals { hold, ready_to_receive, ..Signals::READY }))
    });
    prop_oneof![
        (0..4_u8, proptest::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(number, octets)| data(number, &octets)),
        (0..4_u8).prop_map(ua),
        (1..4_u8).prop_map(dm),
        (1..4_u8).prop_map(|number| answers(status(number))),
        (1..4_u8).prop_map(|number| frame(number, FrameKind::Disc, false, b"")),
        (0..4_u8).prop_map(|number| frame(number, FrameKind::Sabm, true, b"")),
        signals,
        Just(asks(Content::FlowOff)),
        Just(asks(Content::FlowOn)),
        Just(b"\r\nOK\r\n".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..20),
    ]
}

/// Everything that can be seen from outside.
fn conversation(said: &[(Vec<u8>, u64)], piece: usize) -> (Vec<SessionEvent>, Vec<u8>, Vec<Vec<u8>>) {
    let mut line = Line::begin(settings(3));
    line.piece = piece;
    let mut read = vec![Vec::new(); 3];
    let (mut events, mut octets) = (Vec::new(), Vec::new());
    for (said, pause) in said {
        line.says(std::slice::from_ref(said));
        line.session.write(dlci(1), b"AT\r");
        octets.extend(line.octets());
        line.after(Duration::from_millis(*pause));
        events.extend(line.events());
        for (number, read) in (1..).zip(&mut read) {
            read.extend(line.read(number));
        }
    }
    (events, octets, read)
}

proptest! {
    #[test]
    fn wherever_the_octets_are_divided_the_same_happens(
        said in proptest::collection::vec((said(), prop_oneof![Just(0), 0..2000_u64]), 0..30), piece in 1..8_usize
    ) {
        let whole = conversation(&said, usize::MAX);
        let ends = whole.0.iter().filter(|event| matches!(event, SessionEvent::Ended(_))).count();
        prop_assert!(ends <= 1);
        prop_assert_eq!(conversation(&said, piece), whole);
    }
}
