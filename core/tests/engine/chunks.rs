//! Any split of any input gives the same events, and no input panics or hangs the engine.

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use telit_core::at::{CommandLine, Event, Exchange, Expect, Failure, StreamEnding};

use crate::exchanges::hostile;
use crate::rig::{Rig, read, set};

/// Exchanges with their complete answers.
fn conversations() -> Vec<(Exchange, Vec<u8>)> {
    let body = hostile();
    let around = |head: &[u8], tail: &[u8]| [head, &body, tail].concat();
    vec![
        (read("#SSLEN"), b"AT#SSLEN?\r\r\n#SSLEN: 1,0\r\n\r\n#MQRING: 1,1,t,3\r\n\r\nOK\r\n".to_vec()),
        (
            read("#SSLS"),
            around(b"\r\nSSLSRING: 1,304,", b"\r\n\r\n#SSLS: 1,2\r\n\r\nSSLSRING:1,3\r\n\r\nOK\r\n"),
        ),
        (
            read("#SSLEN"),
            b"\r\n#SSLEN: 1,0\r\n> x\r\n<<<y\r\n\r\n\r\nSSLSRING: 1,3,\r\nOK\r\n#SSLEN: 2,0\nRING\rRING\r\n\r\nOK\r\n\
              \r\n+CEREG: 1\r\n> \r\n>>\nRING\r\n\r\n<\r\n+CEREG: 2\r"
                .to_vec(),
        ),
        (Exchange::new(CommandLine::execute("+CGMM"), Expect::text()), b"\r\nME310G1\r\n\r\nOK\r\n".to_vec()),
        (
            set("#FTPRECV", Expect::block("#FTPRECV", 0, &[], 3000)),
            around(b"\r\n#FTPRECV: 304\r\n", b"\r\n\r\nOK\r\n"),
        ),
        (
            set("#MQREAD", Expect::marked_block("#MQREAD", 4096)),
            around(b"\r\n#MQREAD: 1,a,304\r\n<<<\r\n", b"\r\n\r\nOK\r\n"),
        ),
        (
            set("#MQREAD", Expect::marked_block("#MQREAD", 4096)),
            around(b"\r\n#MQREAD: 1,a,304\r\n\r\n\n<<<", b"\r\n\r\nOK\r\n\r\nRING\r\n"),
        ),
        (
            set("#MQREAD", Expect::marked_block("#MQREAD", 4096)),
            around(b"\r\n#MQREAD: 1,a,305\n<<<\r", b"\r\n\r\nOK\r\n"),
        ),
        (
            set("#MQREAD", Expect::marked_block("#MQREAD", 4096)),
            b"\r\n#MQREAD: 1,a,0\r\n<<<\r\n\r\n\r\nOK\r\n".to_vec(),
        ),
        (
            set("#HTTPRCV", Expect::unannounced_block(Some(304), 1500)),
            around(b"\r\n\n\r+CEREG: 1\r\n<<<", b"\r\nOK\r\n\r\n+CEREG: 1\r\n"),
        ),
        (
            set("#HTTPRCV", Expect::unannounced_block(Some(304), 1500)),
            around(b"\r\n<<<", b"\r\nOK\r\n\r\n+CEREG: 1\r\n"),
        ),
        (set("#HTTPRCV", Expect::unannounced_block(None, 1500)), around(b"\r\n<<<", b"\r\nOK\r\n")),
        (
            set("#MQPUBSEXT", Expect::triple_prompt(Bytes::from_static(b"abc"))),
            b"\r\n>>>\r\nOK\r\n\r\n#MQRING: 1,1,t,3\r\n".to_vec(),
        ),
        (
            set("#FTPGET", Expect::stream(StreamEnding::Length(304))),
            around(b"\r\nCONNECT\r\n", b"\r\nNO CARRIER\r\n\r\n+CEREG: 1\r\n"),
        ),
        (
            set("#FTPLIST", Expect::stream(StreamEnding::ReceiveOnly)),
            b"\r\nCONNECT\r\na\r\nb\r\n\r\nNO CARRIER\r\n".to_vec(),
        ),
        (
            set("#FTPGET", Expect::stream(StreamEnding::Length(20))),
            b"\r\nCONNECT\r\n0123456789\r\nNO CARRIER\r\n".to_vec(),
        ),
        (
            set("#FTPGET", Expect::stream(StreamEnding::Length(8))),
            b"\r\nCONNECT\r\n01\r\n67\r\nmore\r\n\r\nNO CARRIER\r\n".to_vec(),
        ),
    ]
}

/// Everything that happened, with the pieces of the stream joined: how data are cut is no event.
fn outcome(exchange: &Exchange, pieces: &[&[u8]]) -> (Vec<Event>, Vec<u8>, Vec<u8>) {
    let mut rig = Rig::new();
    rig.begin(exchange.clone());
    for piece in pieces {
        rig.feed(piece);
    }
    rig.pass(Duration::from_millis(300));
    if rig.written.ends_with(b"AT+CMEE?\r") {
        rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
        rig.pass(Duration::from_millis(300));
    }
    let data = rig.stream_data();
    let events = rig.events.into_iter().filter(|event| !matches!(event, Event::StreamData(_))).collect();
    (events, data, rig.written)
}

#[test]
fn single_bytes_give_the_same_events() {
    for (exchange, answer) in conversations() {
        let whole = outcome(&exchange, &[&answer]);
        assert!(whole.0.iter().any(|event| matches!(event, Event::Completed(Ok(_)))), "{exchange:?}");
        let bytes: Vec<&[u8]> = answer.chunks(1).collect();
        assert_eq!(outcome(&exchange, &bytes), whole, "{exchange:?}");
    }
}

/// Begins an exchange whose answer counts only if nothing follows it, and feeds the answer in pieces of this size.
fn held(answer: &[u8], size: usize) -> Rig {
    let mut rig = Rig::new();
    rig.begin(Exchange::new(CommandLine::execute("#FTPMSG"), Expect::foreign_text()));
    rig.take_written();
    answer.chunks(size).for_each(|piece| rig.feed(piece));
    rig
}

#[test]
fn the_line_feed_of_a_held_answer_breaks_no_silence() {
    for size in [1, 100] {
        let mut rig = held(b"\r\n226 OK\r\nOK\r\n", size);
        rig.pass(Duration::ZERO);
        assert_eq!(rig.take_written(), "AT+CMEE?\r", "in pieces of {size}");
    }
}

#[test]
fn what_follows_a_held_answer_breaks_the_silence() {
    for answer in [&b"\r\nOK\r\n0"[..], b"\r\nOK\r\n\r\n", b"\r\nOK\r0", b"\nOK\n\n"] {
        for size in [1, 100] {
            let mut rig = held(answer, size);
            rig.pass(Duration::from_millis(199));
            assert_eq!(rig.take_written(), "", "{answer:?} in pieces of {size}");
            rig.pass(Duration::from_millis(1));
            assert_eq!(rig.take_written(), "AT+CMEE?\r", "{answer:?} in pieces of {size}");
        }
    }
}

#[test]
fn a_line_feed_that_comes_late_breaks_no_silence_either() {
    let mut rig = held(b"\r\nOK\r\n0\r", 100);
    rig.pass(Duration::from_millis(150));
    rig.feed(b"\n");
    rig.pass(Duration::from_millis(50));
    assert_eq!(rig.take_written(), "AT+CMEE?\r");
}

#[test]
fn a_body_of_nothing_puts_no_deadline_off_however_it_is_cut() {
    let answer = b"\r\n#MQREAD: 1,a,0\r\n<<<\r\n\r";
    for size in [1, 100] {
        let mut rig = Rig::new();
        rig.begin(set("#MQREAD", Expect::marked_block("#MQREAD", 100)));
        rig.pass(Duration::from_secs(4));
        answer.chunks(size).for_each(|piece| rig.feed(piece));
        rig.pass(Duration::from_secs(1));
        let failure = Failure::TimedOut { waited: Duration::from_secs(5) };
        assert_eq!(rig.result(), Some(Err(failure)), "in pieces of {size}");
    }
}

proptest! {
    #[test]
    fn any_two_cuts_give_the_same_events(one in 0..1000_usize, two in 0..1000_usize) {
        for (exchange, answer) in conversations() {
            let (one, two) = (one % answer.len(), two % answer.len());
            let (first, last) = (one.min(two), one.max(two));
            let pieces = [&answer[..first], &answer[first..last], &answer[last..]];
            prop_assert_eq!(outcome(&exchange, &pieces), outcome(&exchange, &[&answer]));
        }
    }

    #[test]
    fn every_exchange_ends_whatever_arrives(
        which in 0..conversations().len(),
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20),
    ) {
        let (exchange, _) = conversations().swap_remove(which);
        let mut rig = Rig::new();
        rig.begin(exchange);
        for piece in &pieces {
            rig.feed(piece);
            rig.pass(Duration::from_millis(50));
        }
        rig.engine.stream_close();
        rig.pass(Duration::from_secs(60));
        let completed = rig.events.iter().filter(|event| matches!(event, Event::Completed(_))).count();
        prop_assert_eq!(completed, 1);
        prop_assert!(rig.engine.is_ready(rig.now));
    }

    #[test]
    fn after_any_noise_the_line_is_found_again(noise in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut rig = Rig::new();
        rig.begin(read("#SSLEN"));
        rig.feed(&noise);
        rig.pass(Duration::from_secs(5));
        rig.feed(b"\r\n");
        rig.pass(Duration::from_millis(250));
        for _ in 0..3 {
            rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
            rig.pass(Duration::from_secs(2));
        }
        prop_assert!(rig.engine.is_ready(rig.now));
        rig.events.clear();
        rig.begin(read("#SSLEN"));
        rig.feed(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
        prop_assert_eq!(rig.reply().values("#SSLEN"), ["1,0"]);
    }
}
