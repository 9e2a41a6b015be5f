//! The end of a stream where it is not plain to see.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{Event, StreamEnd, StreamEnding};

use crate::rig::{Rig, set};
use crate::streams::{closed, open};

fn suspended() -> Event {
    Event::StreamEnded(StreamEnd::Suspended)
}

/// A stream that may have ended: the mark names no connection, and silence followed.
fn doubtful() -> Rig {
    let mut rig = open(StreamEnding::ProvenMarkAndSilence);
    rig.feed(b"text\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!((rig.stream_data(), rig.engine.is_stream_writable()), (b"text".to_vec(), false));
    rig
}

#[test]
fn a_mark_that_never_comes_is_not_awaited_for_ever() {
    let mut rig = open(StreamEnding::Length(3));
    rig.feed(b"abc");
    rig.pass(Duration::from_millis(9999));
    assert_eq!(rig.take_written(), "");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.take_written(), "+++");
    rig.feed(b"\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"abc");
    assert_eq!(rig.events.last(), Some(&suspended()));
}

#[test]
fn a_stream_that_goes_on_behind_its_length_gives_all_that_comes() {
    let mut rig = open(StreamEnding::Length(3));
    rig.feed(b"abcdef\r\n\r\n+CEREG: 1\r\n\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"abcdef\r\n\r\n+CEREG: 1\r\n");
    assert_eq!(rig.unsolicited(), [""; 0]);
    assert!(rig.events.contains(&closed("NO CARRIER")));
    rig.answer_probe();
    assert!(rig.engine.is_ready(rig.now));
}

#[test]
fn last_bytes_that_could_be_the_mark_of_a_cut_stream_are_held_back() {
    let mut rig = open(StreamEnding::Length(13));
    rig.feed(b"data\r\nNO CARR");
    assert_eq!(rig.stream_data(), b"data");
    rig.feed(b"\r\nNO CARR");
    assert_eq!(rig.stream_data(), b"data\r\nNO CARR", "more came, so they were data");
    rig.feed(b"IER\r\n");
    assert_eq!(rig.stream_data(), b"data\r\nNO CARR");
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER")));
}

#[test]
fn last_bytes_that_only_began_like_a_mark_are_data_after_silence() {
    let mut rig = open(StreamEnding::Length(13));
    rig.feed(b"data\r\nNO CARR");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"data\r\nNO CARR");
    rig.pass(Duration::from_secs(5));
    rig.feed(b"\r\nNO CARRIER\r\n");
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER")));
    rig.pass(Duration::from_millis(20));
    assert!(rig.engine.is_ready(rig.now), "nothing is doubtful");
}

#[test]
fn a_mark_of_any_length_that_is_none_ends_nothing() {
    let long = format!("\r\nNO CARRIER: {}\r\n", "x".repeat(40));
    let endless = format!("\r\nNO CARRIER{}", "x".repeat(40));
    for data in [long.as_bytes(), endless.as_bytes(), b"\r\nNO CARRIER \x01\r\n", b"\r\nNO CARRIER\xff\r\n"] {
        let mut rig = open(StreamEnding::MarkAndSilence);
        rig.feed(data);
        rig.feed(b".");
        assert_eq!(rig.stream_data(), [data, b"."].concat(), "nothing of it is held back");
        rig.pass(Duration::from_secs(1));
        assert!(rig.engine.is_stream_writable());
    }
}

#[test]
fn the_longest_mark_that_counts() {
    let detail = |length: usize| format!("NO CARRIER:{}", "x".repeat(length - 11));
    for (mark, is_end) in [(detail(39), true), (detail(40), false)] {
        let mut rig = open(StreamEnding::MarkAndSilence);
        rig.feed(format!("\r\n{mark}\r\n").as_bytes());
        rig.pass(Duration::from_millis(200));
        assert_eq!(rig.stream_data().is_empty(), is_end, "{mark}");
        assert_eq!(rig.engine.is_stream_writable(), !is_end, "{mark}");
    }
}

#[test]
fn half_a_mark_of_any_length_is_held_back_until_silence() {
    let longest = format!("\r\nNO CARRIER{}", "x".repeat(29));
    for half in ["\r", "\r\n", "\r\nN", "\r\nNO CARRIER", "\r\nNOCARRIER", "\r\nNO CARRIER:SSL,1\r", &longest]
    {
        let mut rig = open(StreamEnding::MarkAndSilence);
        rig.feed(half.as_bytes());
        rig.pass(Duration::from_millis(199));
        assert_eq!(rig.stream_data(), b"", "{half:?}");
        rig.pass(Duration::from_millis(1));
        assert_eq!(rig.stream_data(), half.as_bytes());
        assert!(rig.engine.is_stream_writable(), "{half:?}");
    }
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.feed(format!("{longest}x").as_bytes());
    assert_eq!(rig.stream_data(), format!("{longest}x").as_bytes(), "no mark is that long");
}

#[test]
fn half_an_answer_to_the_escape_sequence_is_none() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.engine.stream_close();
    rig.pass(Duration::from_millis(1200));
    rig.feed(b"\r\nOK");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"\r\nOK");
    rig.feed(b"\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.events.last(), Some(&suspended()));
}

#[test]
fn a_mark_in_one_word_is_a_mark() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.feed(b"text\r\nNOCARRIER\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"text");
    assert_eq!(rig.events.last(), Some(&closed("NOCARRIER")));
}

#[test]
fn codes_behind_a_mark_do_not_hide_it_and_anything_else_does() {
    for (behind, is_end) in [
        ("", true),
        ("\r", true),
        ("\n", true),
        ("\r\n+CEREG: 1\r\n", true),
        ("\r\n+CEREG: 1\r\n\r\n#MQRING: 1,1,t,3\r\n", true),
        ("\r\n+CEREG: 1\r\n\r\n#MQRI", true),
        ("\r\n+CEREG: 1\r\nmore\r\n", false),
        ("more", false),
        ("\r\nmore\r\n", false),
        ("\r\n.", true),
    ] {
        let mut rig = open(StreamEnding::MarkAndSilence);
        rig.feed(format!("text\r\nNO CARRIER\r\n{behind}").as_bytes());
        rig.pass(Duration::from_millis(200));
        assert_eq!(rig.events.contains(&closed("NO CARRIER")), is_end, "{behind:?}");
        let data = if is_end { "text".to_owned() } else { format!("text\r\nNO CARRIER\r\n{behind}") };
        assert_eq!(String::from_utf8(rig.stream_data()).unwrap(), data);
    }
}

#[test]
fn a_mark_far_behind_the_data_is_found() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    let data = b"line\r\n".repeat(1000);
    rig.feed(&[&data[..], b"\r\nNO CARRIER\r\n"].concat());
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), data);
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER")));
}

#[test]
fn ok_in_the_data_is_no_answer_unless_the_escape_sequence_was_sent() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.feed(b"text\r\nOK\r\n");
    rig.pass(Duration::from_secs(1));
    assert_eq!(rig.stream_data(), b"text\r\nOK\r\n");
    rig.engine.stream_close();
    rig.feed(b"\r\nOK\r\n");
    rig.pass(Duration::from_millis(1300));
    assert_eq!(rig.stream_data(), b"text\r\nOK\r\n\r\nOK\r\n");
    assert_eq!(rig.take_written(), "+++");
    rig.feed(b"more\r\nOK\r\n\r\n+CEREG: 1\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"text\r\nOK\r\n\r\nOK\r\nmore");
    assert!(rig.events.contains(&suspended()));
}

#[test]
fn a_mark_that_names_the_connection_needs_no_proof() {
    for mark in ["NO CARRIER:SSL,1,4", "NO CARRIER: SSL,1"] {
        let mut rig = open(StreamEnding::ProvenMarkAndSilence);
        rig.feed(format!("text\r\n{mark}\r\n").as_bytes());
        rig.pass(Duration::from_millis(200));
        assert_eq!(rig.stream_data(), b"text");
        assert!(matches!(rig.events.last(), Some(Event::StreamEnded(StreamEnd::Closed { .. }))), "{mark}");
    }
    for mark in ["NO CARRIER: 1", "NO CARRIER:SSLX", "NO CARRIER SSL,1"] {
        let mut rig = open(StreamEnding::NamedMarkAndSilence);
        rig.feed(format!("text\r\n{mark}\r\n").as_bytes());
        rig.pass(Duration::from_millis(200));
        assert_eq!(rig.stream_data(), format!("text\r\n{mark}\r\n").as_bytes());
    }
}

#[test]
fn a_mark_behind_a_refuted_one_is_a_new_doubt_however_it_is_cut() {
    let behind = b"x\r\nNO CARRIER\r\n";
    for size in [1, behind.len()] {
        let mut rig = doubtful();
        rig.pass(Duration::from_millis(900));
        behind.chunks(size).for_each(|piece| rig.feed(piece));
        rig.pass(Duration::from_millis(199));
        assert_eq!(rig.take_written(), "", "in pieces of {size}");
        rig.pass(Duration::from_millis(1));
        assert_eq!(rig.take_written(), "+++", "in pieces of {size}");
    }
}

#[test]
fn the_doubt_ends_when_half_a_mark_turns_out_to_be_data() {
    let mut rig = doubtful();
    rig.feed(b"x\r\nNO CARR");
    assert_eq!(rig.stream_data(), b"text\r\nNO CARRIER\r\nx");
    rig.pass(Duration::from_millis(200));
    assert!(rig.engine.is_stream_writable());
    assert_eq!(rig.stream_data(), b"text\r\nNO CARRIER\r\nx\r\nNO CARR");
    rig.pass(Duration::from_secs(5));
    assert_eq!(rig.take_written(), "");
}

#[test]
fn a_code_behind_a_doubtful_mark_takes_away_no_doubt() {
    let mut rig = doubtful();
    rig.pass(Duration::from_millis(300));
    rig.feed(b"\r\n+CEREG: 1\r\n");
    rig.pass(Duration::from_millis(700));
    assert_eq!(rig.take_written(), "+++", "1.2 s after the last byte that was sent");
    rig.pass(Duration::from_millis(3200));
    assert!(rig.events.contains(&closed("NO CARRIER")));
    assert_eq!(rig.stream_data(), b"text");
}

#[test]
fn nothing_is_sent_while_it_is_doubtful_who_would_get_it() {
    let mut rig = doubtful();
    rig.engine.stream_write(rig.now, Bytes::from_static(b"AT#REBOOT\r"));
    rig.drain();
    assert_eq!(rig.take_written(), "");
    rig.engine.stream_close();
    rig.pass(Duration::from_millis(1000));
    assert_eq!(rig.take_written(), "+++");
}

#[test]
fn a_doubtful_mark_while_the_stream_is_being_left_waits_for_the_answer() {
    let mut rig = open(StreamEnding::ProvenMarkAndSilence);
    rig.engine.stream_close();
    rig.pass(Duration::from_millis(500));
    rig.feed(b"text\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(500));
    assert_eq!(rig.take_written(), "");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), "+++");
    // No sooner than the 11.2 s that leaving may take: it was not the mark that made the engine ask.
    rig.pass(Duration::from_millis(11_199));
    assert!(!rig.events.contains(&closed("NO CARRIER")));
    rig.pass(Duration::from_millis(1));
    assert!(rig.events.contains(&closed("NO CARRIER")), "{:?}", rig.events);
}

#[test]
fn a_doubtful_mark_behind_the_escape_sequence_is_proven_sooner() {
    let mut rig = open(StreamEnding::ProvenMarkAndSilence);
    rig.engine.stream_close();
    rig.pass(Duration::from_millis(1200));
    assert_eq!(rig.take_written(), "+++");
    rig.feed(b"text\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(200 + 3199));
    assert!(!rig.events.contains(&closed("NO CARRIER")));
    rig.pass(Duration::from_millis(1));
    assert!(rig.events.contains(&closed("NO CARRIER")), "{:?}", rig.events);
}

#[test]
fn data_do_not_keep_a_stream_from_being_left() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.engine.stream_close();
    rig.pass(Duration::from_millis(600));
    rig.feed(b"data");
    rig.pass(Duration::from_millis(600));
    assert_eq!(rig.take_written(), "+++");
    rig.feed(b"more");
    rig.pass(Duration::from_millis(11_200));
    assert_eq!(rig.stream_data(), b"datamore");
    assert_eq!(rig.events.last(), Some(&Event::StreamEnded(StreamEnd::Lost)));
}

#[test]
fn a_stream_that_does_not_answer_the_escape_sequence_ends_when_it_is_said() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.engine.stream_close();
    rig.pass(Duration::from_millis(1200));
    rig.pass(Duration::from_millis(11_199));
    assert_eq!(rig.events, []);
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.events, [Event::StreamEnded(StreamEnd::Lost)]);
}

#[test]
fn a_stream_of_known_length_that_ends_by_ok_or_mark_was_not_proven_by_bytes_of_the_peer() {
    // The escape sequence crossed the end: it stands in the module's command line now.
    let mut rig = open(StreamEnding::Length(3));
    rig.feed(b"abc");
    rig.pass(Duration::from_millis(200));
    rig.engine.stream_close();
    rig.pass(Duration::from_millis(1200));
    assert_eq!(rig.take_written(), "+++");
    rig.feed(b"\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER")));
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), "AT+CMEE?\r");
}

#[test]
fn bytes_that_are_held_back_leave_while_nobody_reads() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    for byte in [&b"+"[..], b"+", b"+"] {
        rig.engine.stream_write(rig.now, Bytes::from_static(byte));
        rig.drain();
    }
    assert_eq!(rig.take_written(), "++");
    rig.engine.input_paused();
    rig.pass(Duration::from_millis(1199));
    assert_eq!(rig.take_written(), "");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.take_written(), "+");
}

#[test]
fn reading_again_starts_no_silence_where_none_was_awaited() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.pass(Duration::from_millis(200));
    rig.engine.input_paused();
    rig.engine.input_resumed(rig.now);
    assert_eq!(rig.engine.poll_timeout(), None);
}

#[test]
fn a_stream_whose_marks_must_name_it_is_left_by_the_escape_sequence_like_any_other() {
    let mut rig = open(StreamEnding::NamedMarkAndSilence);
    rig.engine.stream_close();
    rig.pass(Duration::from_millis(1200));
    assert_eq!(rig.take_written(), "+++");
    rig.feed(b"\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.events, [suspended()]);
}

#[test]
fn a_stream_is_not_left_while_nobody_reads() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.engine.input_paused();
    rig.engine.stream_close();
    rig.pass(Duration::from_secs(60));
    assert_eq!((rig.take_written(), rig.events.len()), (String::new(), 0));
    rig.engine.input_resumed(rig.now);
    rig.pass(Duration::ZERO);
    assert_eq!(rig.take_written(), "+++", "the silence has long been long enough");
}

#[test]
fn silence_counts_from_when_the_input_is_read_again() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.feed(b"text\r\nNO CARRIER\r\n");
    rig.engine.input_paused();
    rig.pass(Duration::from_secs(5));
    rig.engine.input_resumed(rig.now);
    rig.pass(Duration::from_millis(199));
    assert_eq!(rig.events.len(), 1, "{:?}", rig.events);
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER")));
}

#[test]
fn what_is_held_back_is_dropped_with_a_write_that_the_port_does_not_take() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.holds_output = true;
    rig.engine.stream_write(rig.now, Bytes::from_static(b"++"));
    rig.engine.stream_write(rig.now, Bytes::from_static(b"+"));
    rig.drain();
    assert_eq!(rig.take_written(), "++");
    assert!(rig.engine.stream_holds_back());
    rig.pass(Duration::from_secs(60));
    assert!(!rig.engine.stream_holds_back());
    rig.pass(Duration::from_millis(1200));
    assert_eq!(rig.take_written(), "+++", "the escape sequence and nothing before it");
}

#[test]
fn a_listing_that_ended_is_followed_by_a_question_at_once() {
    let mut rig = Rig::new();
    rig.begin(set("#FTPLIST", telit_core::at::Expect::stream(StreamEnding::ReceiveOnly)));
    rig.feed(b"\r\nCONNECT\r\n\r\nNO CARRIER\r\n");
    rig.take_written();
    rig.pass(Duration::from_millis(400));
    assert_eq!(rig.take_written(), "AT+CMEE?\r", "no peer gets it");
}

#[test]
fn a_connection_that_the_module_has_proven_to_be_closed_is_followed_by_a_question_at_once() {
    let mut rig = doubtful();
    rig.pass(Duration::from_millis(1000));
    assert_eq!(rig.take_written(), "+++");
    rig.pass(Duration::from_millis(3200));
    assert!(rig.events.contains(&closed("NO CARRIER")));
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), "AT+CMEE?\r");
}

/// A module that has restarted is in command mode with its echo on.
#[test]
fn an_echo_of_the_escape_sequence_is_no_data() {
    let mut rig = open(StreamEnding::ProvenMarkAndSilence);
    rig.engine.stream_close();
    rig.pass(Duration::from_millis(1300));
    assert_eq!(rig.take_written(), "+++");
    rig.feed(b"++");
    rig.pass(Duration::from_millis(500));
    rig.feed(b"+");
    rig.pass(Duration::from_secs(20));
    assert_eq!(rig.stream_data(), b"");
    assert!(rig.events.contains(&Event::StreamEnded(StreamEnd::Lost)), "{:?}", rig.events);
}

/// A peer can send the same, and then the module answers.
#[test]
fn plus_signs_before_the_answer_to_the_escape_sequence_are_data() {
    for data in ["+", "+++", "+++x", "++++"] {
        let mut rig = open(StreamEnding::ProvenMarkAndSilence);
        rig.engine.stream_close();
        rig.pass(Duration::from_millis(1300));
        assert_eq!(rig.take_written(), "+++");
        rig.feed(data.as_bytes());
        rig.pass(Duration::from_millis(500));
        rig.feed(b"\r\nOK\r\n");
        rig.pass(Duration::from_secs(1));
        assert_eq!(String::from_utf8_lossy(&rig.stream_data()), data);
        assert!(rig.events.contains(&suspended()), "{:?}", rig.events);
    }
}
