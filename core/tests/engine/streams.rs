//! Online mode: exact bytes, whatever they look like, and a known end.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{Event, Expect, Failure, Line, StreamEnd, StreamEnding};

use crate::exchanges::hostile;
use crate::rig::{Rig, set};

pub(crate) fn open(ending: StreamEnding) -> Rig {
    let mut rig = Rig::new();
    rig.begin(set("#FTPGET", Expect::stream(ending)));
    rig.take_written();
    rig.feed(b"\r\nCONNECT\r\n");
    rig.reply();
    rig
}

pub(crate) fn closed(line: &'static str) -> Event {
    Event::StreamEnded(StreamEnd::Closed { line: Line::new(line.as_bytes()) })
}

#[test]
fn a_stream_of_known_length_is_exact() {
    let data = hostile();
    let mut rig = open(StreamEnding::Length(data.len() as u64));
    rig.feed(&[&data[..], b"\r\nNO CARRIER\r\n"].concat());
    assert_eq!(rig.stream_data(), data);
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER")));
    rig.pass(Duration::from_millis(20));
    assert!(rig.engine.is_ready(rig.now));
}

#[test]
fn data_that_end_like_the_end_are_data() {
    let data = b"file\r\nNO CARRIER\r\n";
    let mut rig = open(StreamEnding::Length(data.len() as u64));
    rig.feed(&[&data[..], b"\r\nNO CARRIER\r\n"].concat());
    assert_eq!(rig.stream_data(), data);
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER")));
}

#[test]
fn a_cut_stream_gives_exactly_what_was_sent_before() {
    let mut rig = open(StreamEnding::Length(1000));
    rig.feed(b"only this\r\nNO CARRIER\r\n");
    assert_eq!(rig.stream_data(), b"only this");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"only this");
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER")));
}

#[test]
fn a_cut_right_before_the_end_is_seen() {
    // Ten bytes are missing; the mark is longer than that.
    let mut rig = open(StreamEnding::Length(20));
    rig.feed(b"0123456789\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"0123456789");
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER")));
}

#[test]
fn a_mark_that_comes_late_is_awaited() {
    let mut rig = open(StreamEnding::Length(3));
    rig.feed(b"abc");
    rig.pass(Duration::from_secs(1));
    assert_eq!(rig.stream_data(), b"abc");
    rig.feed(b"\r\nNO CARRIER\r\n");
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER")));
}

/// A server that sends more than was announced must not reach what reads lines.
#[test]
fn what_comes_behind_the_announced_length_is_data() {
    let overlong = [b'x'; 200_000];
    for excess in [&b"de"[..], b"de\r\nfgh", b"de\r\n+CREG: 1", b"\x00\xff\x80", b"+CMEE: 2", &overlong] {
        let mut rig = open(StreamEnding::Length(3));
        rig.feed(&[b"abc", excess, b"\r\n\r\nNO CARRIER\r\n"].concat());
        rig.pass(Duration::from_millis(200));
        let data = rig.stream_data();
        assert!(data.starts_with(&[b"abc", excess].concat()), "{}", excess.escape_ascii());
        assert_eq!(rig.unsolicited(), [""; 0]);
        assert!(rig.events.contains(&closed("NO CARRIER")));
    }
}

#[test]
fn unsolicited_codes_behind_the_announced_length_are_no_data() {
    let mut rig = open(StreamEnding::Length(3));
    rig.feed(b"abc\r\n+CREG: 1\r\n\r\n#MQRING: 1,1,t,3\r\n\r\nNO CARRIER\r\n");
    assert_eq!(rig.stream_data(), b"abc");
    assert_eq!(rig.unsolicited(), ["+CREG: 1", "#MQRING: 1,1,t,3"]);
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER")));
}

#[test]
fn an_empty_stream() {
    let mut rig = open(StreamEnding::Length(0));
    rig.feed(b"\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"");
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER")));
}

#[test]
fn a_listing_ends_with_mark_and_silence_and_the_line_proves_it() {
    let mut rig = open(StreamEnding::ReceiveOnly);
    rig.feed(b"NO CARRIER\r\nfw.bin\r\n\r\nNO CARRIER\r\n\r\n#MQRING: 1,1,t,3\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"NO CARRIER\r\nfw.bin\r\n");
    assert!(rig.events.contains(&closed("NO CARRIER")));
    rig.answer_probe();
    assert_eq!(rig.unsolicited(), ["#MQRING: 1,1,t,3"]);
    assert!(rig.engine.is_ready(rig.now));
}

#[test]
fn a_stream_that_arrives_together_with_connect_ends() {
    let mut rig = Rig::new();
    rig.begin(set("#FTPLIST", Expect::stream(StreamEnding::ReceiveOnly)));
    rig.feed(b"\r\nCONNECT\r\na\r\n\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"a\r\n");
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER")));
}

#[test]
fn a_peer_that_plays_the_end_gets_no_command() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.feed(b"\r\nNO CARRIER:SSL,1,4\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER:SSL,1,4")));
    rig.take_written();
    rig.pass(Duration::from_millis(1500));
    assert_eq!(rig.take_written(), "+++", "the module may still be online");
}

#[test]
fn a_mark_that_names_nothing_may_be_data_and_the_module_tells() {
    let mut rig = open(StreamEnding::ProvenMarkAndSilence);
    rig.feed(b"text\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(200));
    assert!(!rig.engine.is_stream_writable(), "nobody knows who would get it");
    rig.pass(Duration::from_millis(1000));
    assert_eq!(rig.take_written(), "+++");
    rig.pass(Duration::from_millis(1000));
    rig.feed(b"\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"text\r\nNO CARRIER\r\n");
    assert_eq!(rig.events.last(), Some(&Event::StreamEnded(StreamEnd::Suspended)));
}

#[test]
fn only_a_mark_that_names_the_connection_counts_where_that_is_said() {
    let mut rig = open(StreamEnding::NamedMarkAndSilence);
    rig.feed(b"\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_secs(5));
    assert_eq!(rig.stream_data(), b"\r\nNO CARRIER\r\n");
    assert_eq!(rig.take_written(), "", "the peer would get it");
    rig.feed(b"x\r\nNO CARRIER:SSL,1,4\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"\r\nNO CARRIER\r\nx");
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER:SSL,1,4")));
}

#[test]
fn a_mark_that_names_nothing_is_data_when_more_follows() {
    let mut rig = open(StreamEnding::ProvenMarkAndSilence);
    rig.feed(b"\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(500));
    rig.feed(b"and more");
    assert_eq!(rig.stream_data(), b"\r\nNO CARRIER\r\nand more");
    rig.pass(Duration::from_secs(5));
    assert_eq!(rig.take_written(), "", "the doubt is gone");
    assert!(rig.engine.is_stream_writable());
}

#[test]
fn data_behind_the_escape_that_proves_are_kept() {
    let mut rig = open(StreamEnding::ProvenMarkAndSilence);
    rig.feed(b"\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(1200));
    assert_eq!(rig.take_written(), "+++");
    rig.feed(b"late data");
    rig.pass(Duration::from_millis(900));
    rig.feed(b"\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"\r\nNO CARRIER\r\nlate data");
    assert_eq!(rig.events.last(), Some(&Event::StreamEnded(StreamEnd::Suspended)));
}

#[test]
fn a_mark_that_names_nothing_was_the_end_if_the_module_does_not_answer() {
    let mut rig = open(StreamEnding::ProvenMarkAndSilence);
    rig.feed(b"text\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(1200));
    assert_eq!(rig.take_written(), "+++");
    rig.pass(Duration::from_millis(3200));
    assert_eq!(rig.stream_data(), b"text");
    assert!(rig.events.contains(&closed("NO CARRIER")));
}

#[test]
fn unknown_length_ends_with_mark_and_silence() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.feed(b"a\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(100));
    rig.feed(b"b\r\nNO CARRIER:SSL,1,4\r\n");
    assert_eq!(rig.stream_data(), b"a\r\nNO CARRIER\r\nb");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER:SSL,1,4")));
}

#[test]
fn half_a_mark_is_data_after_silence() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.feed(b"a\r\nNO CARR");
    assert_eq!(rig.stream_data(), b"a");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"a\r\nNO CARR");
}

#[test]
fn a_refused_connection_is_no_stream() {
    let mut rig = Rig::new();
    rig.begin(set("#FTPGET", Expect::stream(StreamEnding::Length(5))));
    rig.feed(b"\r\nNO CARRIER\r\n");
    assert!(matches!(rig.result(), Some(Err(Failure::Refused(_)))));
}

#[test]
fn ok_before_connect_is_tolerated() {
    let mut rig = Rig::new();
    rig.begin(set("#SSLD", Expect::stream(StreamEnding::MarkAndSilence)));
    rig.feed(b"\r\nOK\r\n\r\nCONNECT\r\n");
    assert!(rig.result().unwrap().is_ok());
}

#[test]
fn bytes_go_out_as_they_are() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.engine.stream_write(rig.now, hostile());
    rig.drain();
    assert_eq!(rig.written, hostile());
}

#[test]
fn payload_is_never_the_escape_sequence() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.pass(Duration::from_secs(3));
    rig.engine.stream_write(rig.now, Bytes::from_static(b"+++"));
    rig.drain();
    assert_eq!(rig.take_written(), "++");
    assert!(rig.engine.stream_holds_back());
    rig.pass(Duration::from_millis(1199));
    assert_eq!(rig.take_written(), "");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.take_written(), "+");
    assert!(!rig.engine.stream_holds_back());
}

#[test]
fn what_is_held_back_leaves_before_the_escape_sequence() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.pass(Duration::from_secs(3));
    rig.engine.stream_write(rig.now, Bytes::from_static(b"+++"));
    rig.engine.stream_close();
    rig.drain();
    rig.pass(Duration::from_millis(1200));
    assert_eq!(rig.take_written(), "+++");
    rig.pass(Duration::from_millis(1199));
    assert_eq!(rig.take_written(), "");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.take_written(), "+++", "the escape sequence itself");
}

#[test]
fn the_escape_sequence_keeps_its_guard_times() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.engine.stream_write(rig.now, Bytes::from_static(b"x"));
    rig.drain();
    rig.take_written();
    rig.engine.stream_close();
    rig.pass(Duration::from_millis(1199));
    assert_eq!(rig.take_written(), "");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.take_written(), "+++");
    rig.feed(b"last data");
    rig.pass(Duration::from_millis(1000));
    rig.feed(b"\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"last data");
    assert_eq!(rig.events.last(), Some(&Event::StreamEnded(StreamEnd::Suspended)));
}

#[test]
fn an_escape_that_crosses_the_end_is_followed_by_a_probe() {
    let mut rig = open(StreamEnding::ProvenMarkAndSilence);
    rig.engine.stream_close();
    rig.pass(Duration::from_millis(1200));
    assert_eq!(rig.take_written(), "+++");
    rig.feed(b"\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(3400));
    assert_eq!(rig.events.last(), Some(&closed("NO CARRIER")));
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), "AT+CMEE?\r");
}

#[test]
fn a_stream_that_cannot_be_left_is_lost() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.engine.stream_close();
    rig.pass(Duration::from_secs(13));
    assert_eq!(rig.events.last(), Some(&Event::StreamEnded(StreamEnd::Lost)));
}

#[test]
fn the_guard_time_counts_from_when_the_bytes_have_left() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.holds_output = true;
    rig.engine.stream_write(rig.now, Bytes::from_static(b"x"));
    rig.drain();
    rig.take_written();
    rig.engine.stream_close();
    rig.pass(Duration::from_secs(3));
    assert_eq!(rig.take_written(), "", "the byte is still in the host");
    rig.engine.output_left(rig.now, rig.now + Duration::from_millis(356));
    rig.pass(Duration::from_millis(1555));
    assert_eq!(rig.take_written(), "", "it has left the line for less than the guard time");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.take_written(), "+++");
}

#[test]
fn the_question_whether_it_was_the_end_waits_for_what_is_still_leaving() {
    let mut rig = open(StreamEnding::ProvenMarkAndSilence);
    rig.holds_output = true;
    rig.engine.stream_write(rig.now, Bytes::from_static(b"x"));
    rig.drain();
    rig.take_written();
    rig.feed(b"\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_secs(3));
    assert_eq!(rig.take_written(), "", "it would go to the peer");
    rig.engine.output_left(rig.now, rig.now);
    rig.pass(Duration::from_millis(1200));
    assert_eq!(rig.take_written(), "+++");
}

/// A stream whose port has not taken what was written.
fn stuck(ending: StreamEnding) -> Rig {
    let mut rig = open(ending);
    rig.holds_output = true;
    rig.engine.stream_write(rig.now, Bytes::from_static(b"x"));
    rig.drain();
    rig.take_written();
    rig
}

fn stalled(seconds: u64) -> Event {
    Event::StreamEnded(StreamEnd::Stalled { waited: Duration::from_secs(seconds) })
}

#[test]
fn a_write_that_the_port_does_not_take_is_given_up_and_the_stream_is_left() {
    let mut rig = stuck(StreamEnding::MarkAndSilence);
    rig.pass(Duration::from_millis(59_999));
    assert_eq!((rig.abandoned, rig.engine.is_stream_writable()), (0, true));
    rig.pass(Duration::from_millis(1));
    assert_eq!((rig.abandoned, rig.engine.is_stream_writable()), (1, false));
    rig.engine.output_left(rig.now, rig.now);
    rig.pass(Duration::from_millis(1200));
    assert_eq!(rig.take_written(), "+++");
    rig.feed(b"\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.events.last(), Some(&stalled(60)));
}

#[test]
fn bytes_that_were_dropped_are_told_whatever_came_afterwards() {
    for answer in [&b"\r\nNO CARRIER\r\n"[..], b"\r\nOK\r\n", b""] {
        let mut rig = stuck(StreamEnding::MarkAndSilence);
        rig.pass(Duration::from_secs(60));
        rig.feed(answer);
        rig.pass(Duration::from_secs(15));
        assert!(rig.events.contains(&stalled(60)), "{:?}", rig.events);
    }
}

#[test]
fn a_write_is_bounded_while_nobody_reads() {
    let mut rig = stuck(StreamEnding::MarkAndSilence);
    rig.feed(b"data that nobody takes\r\nNO CARR");
    rig.engine.input_paused();
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.abandoned, 1);
    assert_eq!(rig.stream_data(), b"data that nobody takes", "silence means nothing while nobody reads");
    rig.engine.input_resumed(rig.now);
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.stream_data(), b"data that nobody takes\r\nNO CARR");
    rig.pass(Duration::from_secs(1));
    assert_eq!(rig.take_written(), "+++");
}

#[test]
fn the_send_timeout_of_a_stream_counts_from_its_next_write() {
    let mut rig = open(StreamEnding::MarkAndSilence);
    rig.engine.stream_send_timeout(Duration::MAX);
    rig.holds_output = true;
    rig.engine.stream_write(rig.now, Bytes::from_static(b"x"));
    rig.pass(Duration::from_secs(1_000_000));
    assert_eq!(rig.abandoned, 0);
    rig.engine.output_left(rig.now, rig.now);
    rig.engine.stream_send_timeout(Duration::from_secs(2));
    rig.engine.stream_write(rig.now, Bytes::from_static(b"y"));
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.abandoned, 1);
}

#[test]
fn the_end_of_another_connection_does_not_end_a_dial() {
    let mut rig = Rig::new();
    rig.begin(set("#SSLD", Expect::stream(StreamEnding::MarkAndSilence)));
    rig.feed(b"\r\nNO CARRIER:SSL,2,4\r\n\r\nNO CARRIER: 1,0\r\n");
    assert_eq!(rig.result(), None);
    assert_eq!(rig.unsolicited(), ["NO CARRIER:SSL,2,4", "NO CARRIER: 1,0"]);
    rig.feed(b"\r\nCONNECT\r\n");
    rig.reply();
}

#[test]
fn a_dial_ends_by_a_mark_that_names_it_or_nothing() {
    for mark in ["NO CARRIER:SSL,1,5", "NO CARRIER"] {
        let mut rig = Rig::new();
        rig.begin(set("#SSLD", Expect::stream(StreamEnding::MarkAndSilence)));
        rig.feed(format!("\r\n{mark}\r\n").as_bytes());
        match rig.result() {
            Some(Err(Failure::Refused(error))) => assert_eq!(error.to_string(), mark),
            result => panic!("{result:?}"),
        }
    }
}

#[test]
fn a_damaged_line_end_behind_connect_is_not_the_first_byte_of_the_data() {
    let mut rig = Rig::new();
    rig.begin(set("#FTPGET", Expect::stream(StreamEnding::Length(3))));
    rig.feed(b"\r\nCONNECT\r\x0babc\r\nNO CARRIER\r\n");
    assert!(matches!(rig.result(), Some(Ok(_))));
    assert!(rig.events.contains(&Event::StreamEnded(StreamEnd::Lost)), "{:?}", rig.events);
    assert!(!rig.events.iter().any(|event| matches!(event, Event::StreamData(_))), "{:?}", rig.events);
}
