//! A module that echoes: the command, and what it was given at a prompt.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{CommandLine, Event, Exchange, Expect, Failure};

use crate::rig::{Rig, lines, read, set};

#[test]
fn an_echo_is_told_once_an_exchange() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN"));
    rig.feed(b"AT#SSLEN?\r\nAT#SSLEN?\r\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["#SSLEN: 1,0"]);
    assert_eq!(rig.events, [Event::EchoSeen]);
}

#[test]
fn the_command_that_switches_echo_off_is_echoed_if_it_was_on() {
    let mut rig = Rig::new();
    rig.begin(Exchange::new(CommandLine::execute("E0V1Q0"), Expect::result()).numeric_result());
    rig.feed(b"ATE0V1Q0\r\r\nOK\r\n");
    assert_eq!(rig.reply(), Default::default());
    assert_eq!(rig.events, [Event::EchoWasOn]);
}

#[test]
fn a_line_behind_the_first_of_an_answer_is_no_echo() {
    let mut rig = Rig::new();
    rig.begin(Exchange::new(CommandLine::execute("+CLAC"), Expect::text()));
    rig.feed(b"\r\nAT+CSQ\r\nAT+CLAC\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["AT+CSQ", "AT+CLAC"]);
    assert_eq!(rig.events, []);
}

/// A module that echoes has asked for the payload.
fn prompted(payload: &'static [u8], prompt: &[u8]) -> Rig {
    let mut rig = Rig::new();
    rig.begin(set("#SSLSENDEXT", Expect::counted_prompt(Bytes::from_static(payload), None)));
    rig.feed(b"AT#SSLSENDEXT=1\r\r\n");
    rig.take_written();
    rig.feed(prompt);
    assert_eq!(rig.written, payload);
    rig.events.clear();
    rig
}

#[test]
fn an_echoed_payload_may_come_in_any_pieces() {
    let mut rig = prompted(b"a\r\nOK\r\nb", b"> ");
    for piece in [&b"a\r\nOK"[..], b"", b"\r\n", b"b"] {
        rig.feed(piece);
        assert_eq!(rig.result(), None);
    }
    rig.feed(b"\r\nOK\r\n");
    assert_eq!(rig.reply(), Default::default());
    assert_eq!(rig.events, []);
}

#[test]
fn the_blank_behind_a_prompt_may_come_late() {
    let mut rig = prompted(b"abc", b">");
    for piece in [b" ", b"a", b"b", b"c"] {
        rig.feed(piece);
    }
    rig.feed(b"\r\nOK\r\n");
    assert_eq!(rig.reply(), Default::default());
    assert_eq!(rig.events, []);
}

#[test]
fn a_blank_that_the_payload_begins_with_belongs_to_its_echo() {
    let mut rig = prompted(b" OK", b">");
    rig.feed(b" OK\r\n");
    assert_eq!(rig.result(), None);
    rig.feed(b"\r\nOK\r\n");
    assert_eq!(rig.reply(), Default::default());
    assert_eq!(rig.events, []);
}

#[test]
fn a_payload_that_begins_with_a_blank_is_echoed_with_or_without_that_of_the_prompt() {
    for pieces in [[&b" "[..], b" OK"], [b" ", b"OK"], [b"  ", b"OK"], [b" O", b"K"]] {
        let mut rig = prompted(b" OK", b">");
        for piece in pieces {
            rig.feed(piece);
            assert_eq!(rig.result(), None);
        }
        rig.feed(b"\r\n\r\nOK\r\n");
        assert_eq!(rig.reply(), Default::default(), "{pieces:?}");
        assert_eq!(rig.events, []);
    }
}

#[test]
fn a_payload_that_is_not_echoed_hides_no_answer() {
    let mut rig = prompted(b"abc", b"> ");
    rig.feed(b"\r\n+CEREG: 1\r\n\r\nOK\r\n");
    assert_eq!(rig.reply(), Default::default());
    assert_eq!(rig.unsolicited(), ["+CEREG: 1"]);
}

#[test]
fn an_echo_that_stops_in_the_middle_hides_no_answer() {
    let mut rig = prompted(b"abc", b"> ");
    rig.feed(b"ab");
    rig.feed(b"\r\nERROR\r\n");
    assert!(matches!(rig.result(), Some(Err(Failure::Refused(_)))));
}

#[test]
fn the_ctrl_z_behind_a_payload_is_echoed_too() {
    let mut rig = Rig::new();
    let expect = Expect::terminated_prompt("certificate", Bytes::from_static(b"PEM")).unwrap();
    rig.begin(set("#SSLSECDATA", expect));
    rig.feed(b"AT#SSLSECDATA=1\r\r\n> ");
    rig.events.clear();
    rig.feed(b"PEM\x1a");
    rig.feed(b"\r\nOK\r\n");
    assert_eq!(rig.reply(), Default::default());
    assert_eq!(rig.events, []);
}

#[test]
fn every_piece_of_an_echo_may_take_the_whole_deadline_and_nothing_else_may() {
    let mut rig = prompted(b"abc", b"> ");
    for piece in [b"a", b"b", b"c"] {
        rig.pass(Duration::from_millis(4999));
        rig.feed(piece);
    }
    rig.pass(Duration::from_millis(4999));
    rig.feed(b"\r\nOK\r\n");
    assert_eq!(rig.reply(), Default::default());
    let mut rig = Rig::new();
    rig.begin(set("#SSLSENDEXT", Expect::counted_prompt(Bytes::from_static(b"abc"), None)));
    rig.feed(b"\r\n>");
    rig.pass(Duration::from_secs(3));
    rig.feed(b"\r\n+CEREG: 1\r\n");
    rig.pass(Duration::from_millis(1999));
    assert_eq!(rig.result(), None);
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.result(), Some(Err(Failure::TimedOut { waited: Duration::from_secs(5) })));
}

#[test]
fn a_module_that_never_echoed_is_not_expected_to_echo_the_payload() {
    let mut rig = Rig::new();
    rig.begin(set("#SSLSENDEXT", Expect::counted_prompt(Bytes::from_static(b"RING"), None)));
    rig.feed(b"\r\n> ");
    rig.feed(b"RING\r\n\r\nOK\r\n");
    assert_eq!(rig.reply(), Default::default());
    assert_eq!(rig.unsolicited(), ["RING"]);
}

#[test]
fn a_single_sign_is_no_triple_prompt() {
    let mut rig = Rig::new();
    rig.begin(set("#MQPUBSEXT", Expect::triple_prompt(Bytes::from_static(b"abc"))));
    rig.take_written();
    rig.feed(b"\r\n>>x\r\n");
    assert_eq!(rig.take_written(), "");
    assert_eq!(rig.unsolicited(), [">>x"]);
    rig.feed(b"\r\n>>>");
    assert_eq!(rig.take_written(), "abc");
    rig.feed(b"\r\nOK\r\n");
    assert_eq!(rig.reply(), Default::default());
}

#[test]
fn a_second_prompt_gets_no_second_payload() {
    let mut rig = Rig::new();
    rig.begin(set("#SSLSENDEXT", Expect::counted_prompt(Bytes::from_static(b"abc"), None)));
    rig.take_written();
    rig.feed(b"\r\n> ");
    assert_eq!(rig.take_written(), "abc");
    rig.feed(b"\r\n> \r\n\r\nOK\r\n");
    assert_eq!(rig.take_written(), "");
    assert_eq!(rig.reply(), Default::default());
}

#[test]
fn blank_lines_mean_nothing() {
    let mut rig = Rig::new();
    rig.begin(Exchange::new(CommandLine::execute("+CGMM"), Expect::text()));
    rig.feed(b"\r\n \r\n\r\nME310G1-WW\r\n\t\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["ME310G1-WW"]);
}
