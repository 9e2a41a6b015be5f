//! The way back in step: what is tried, when, and what is taken for an answer.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{CommandLine, Exchange, Expect, Failure, Settings, StreamEnding};

use crate::rig::{Rig, lines, read, set};

const PROBE: &str = "AT+CMEE?\r";

fn begun_on_a_port_in_any_state() -> Rig {
    let mut settings = Settings::default();
    settings.unknown_state = true;
    let mut rig = Rig::with(settings);
    rig.begin(read("#SSLEN"));
    rig
}

/// An exchange that has failed; its result and what was written for it are taken already.
fn failed(exchange: Exchange, answer: &[u8]) -> Rig {
    let mut rig = Rig::new();
    rig.begin(exchange);
    rig.feed(answer);
    rig.pass(Duration::from_secs(5));
    assert!(matches!(rig.result(), Some(Err(_))));
    rig.take_written();
    rig
}

/// What is written within the time, with the milliseconds from now.
fn written_within(rig: &mut Rig, time: Duration, mut step: impl FnMut(&mut Rig)) -> Vec<(u128, String)> {
    let start = rig.now;
    let mut written = Vec::new();
    while rig.now - start < time {
        step(rig);
        rig.pass(Duration::from_millis(10));
        let bytes = rig.take_written();
        if !bytes.is_empty() {
            written.push(((rig.now - start).as_millis(), bytes));
        }
    }
    written
}

fn at(times: &[(u128, &str)]) -> Vec<(u128, String)> {
    times.iter().map(|(time, text)| (*time, (*text).to_owned())).collect()
}

#[test]
fn every_remedy_has_its_time() {
    let mut rig = failed(read("#SSLEN"), b"");
    let filling = ["\r".repeat(1600).as_str(), PROBE].concat();
    assert_eq!(
        written_within(&mut rig, Duration::from_secs(60), |_| {}),
        at(&[
            (200, PROBE),
            (1200, PROBE),
            (2200, "\x1b\rAT+CMEE?\r"),
            (4400, "+++"),
            (5600, "\rAT+CMEE?\r"),
            (6600, &filling),
            (7600, PROBE)
        ])
    );
    assert!(rig.engine.is_ready(rig.now));
    assert_eq!(rig.engine.poll_timeout(), None);
}

#[test]
fn a_module_that_keeps_sending_gets_the_escape_sequence_and_then_nothing_while_it_sends() {
    let mut rig = begun_on_a_port_in_any_state();
    let start = rig.now;
    let flood = |rig: &mut Rig| {
        if rig.now - start < Duration::from_secs(5) {
            rig.feed(b"data");
        }
    };
    let written = written_within(&mut rig, Duration::from_millis(5300), flood);
    // 1.2 s without silence, the guard time before the sequence; then 0.2 s of silence.
    assert_eq!(written, at(&[(2400, "+++"), (5190, PROBE)]));
}

#[test]
fn a_module_that_never_stops_sending_is_given_up() {
    let mut rig = begun_on_a_port_in_any_state();
    let written = written_within(&mut rig, Duration::from_secs(40), |rig| {
        if !rig.engine.is_ready(rig.now) {
            rig.feed(b"data");
        }
    });
    assert_eq!(written[..2], at(&[(2400, "+++"), (12_000, PROBE)]), "it is listened to for 12 s at most");
    assert_eq!(rig.result(), Some(Err(Failure::NotResponding)));
    assert!(written.last().unwrap().0 <= 12_000 + 9_000 + 13_000, "{written:?}");
}

#[test]
fn the_first_probe_waits_for_silence() {
    let mut rig = failed(read("#SSLEN"), b"");
    rig.pass(Duration::from_millis(150));
    rig.feed(b"\r\n#SSLEN: 1,0\r\n");
    rig.pass(Duration::from_millis(199));
    assert_eq!(rig.take_written(), "");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.take_written(), PROBE);
}

#[test]
fn the_line_is_free_when_nothing_follows_the_answer_to_the_probe() {
    let mut rig = failed(read("#SSLEN"), b"");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), PROBE);
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
    rig.pass(Duration::from_millis(150));
    rig.feed(b"\r\n+CEREG: 1\r\n");
    rig.pass(Duration::from_millis(199));
    assert!(!rig.engine.is_ready(rig.now));
    rig.pass(Duration::from_millis(1 + 20));
    assert!(rig.engine.is_ready(rig.now), "the silence and the pause before the next command");
}

#[test]
fn a_line_between_the_probes_answer_and_its_ok_is_no_ok() {
    let mut rig = begun_on_a_port_in_any_state();
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), PROBE);
    rig.feed(b"\r\n+CMEE: 2\r\n\r\n#SSLEN: 1,1\r\n");
    rig.pass(Duration::from_millis(500));
    assert_eq!(rig.take_written(), "");
    rig.feed(b"\r\nOK\r\n");
    rig.pass(Duration::from_millis(199));
    assert_eq!(rig.take_written(), "");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.take_written(), "AT#SSLEN?\r");
}

#[test]
fn a_zero_is_the_ok_of_a_module_that_answers_in_numbers() {
    let mut rig = begun_on_a_port_in_any_state();
    rig.pass(Duration::from_millis(200));
    rig.take_written();
    rig.feed(b"+CMEE: 2\r\n0\r");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), "AT#SSLEN?\r");
}

#[test]
fn a_module_without_result_codes_gets_its_time_for_them() {
    let mut rig = begun_on_a_port_in_any_state();
    rig.pass(Duration::from_millis(200));
    rig.take_written();
    rig.feed(b"+CMEE: 0\r\n");
    rig.pass(Duration::from_millis(1199));
    assert_eq!(rig.take_written(), "", "a second for the OK, and silence");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.take_written(), "AT#SSLEN?\r");
}

#[test]
fn a_refused_probe_is_repeated_soon_but_not_at_once() {
    let mut rig = begun_on_a_port_in_any_state();
    rig.pass(Duration::from_millis(200));
    rig.take_written();
    rig.feed(b"\r\nERROR\r\n");
    rig.pass(Duration::from_millis(199));
    assert_eq!(rig.take_written(), "");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.take_written(), PROBE);
    rig.pass(Duration::from_millis(900));
    rig.feed(b"\r\n+CME ERROR: 4\r\n");
    rig.pass(Duration::from_millis(100));
    assert_eq!(rig.take_written(), "\x1b\rAT+CMEE?\r", "no later than without that answer");
}

#[test]
fn the_guard_time_counts_from_when_the_last_probe_has_crossed_the_line() {
    let mut rig = failed(read("#SSLEN"), b"");
    rig.pass(Duration::from_millis(2200));
    rig.take_written();
    rig.engine.output_left(rig.now, rig.now + Duration::from_millis(1100));
    rig.pass(Duration::from_millis(2299));
    assert_eq!(rig.take_written(), "");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.take_written(), "+++");
}

#[test]
fn a_payload_that_may_be_incomplete_is_completed_by_nothing_intrusive() {
    for (answer, prompt) in [
        (&b"\r\n>>>"[..], Expect::triple_prompt(Bytes::from_static(b"abc"))),
        (b"\r\n> ", Expect::counted_prompt(Bytes::from_static(b"abc"), None)),
    ] {
        let mut rig = failed(set("#MQPUBSEXT", prompt), answer);
        let times = [10_000, 11_000, 12_000, 13_000, 14_000, 15_000];
        assert_eq!(
            written_within(&mut rig, Duration::from_secs(20), |_| {}),
            times.map(|time| (time, PROBE.to_owned()))
        );
    }
}

#[test]
fn an_entry_that_ctrl_z_has_closed_needs_no_such_care() {
    let expect = Expect::terminated_prompt("certificate", Bytes::from_static(b"PEM")).unwrap();
    let mut rig = failed(set("#SSLSECDATA", expect), b"\r\n> ");
    let written = written_within(&mut rig, Duration::from_millis(2300), |_| {});
    assert_eq!(written, at(&[(200, PROBE), (1200, PROBE), (2200, "\x1b\rAT+CMEE?\r")]));
}

#[test]
fn a_prompt_that_may_open_late_is_waited_for() {
    let mut rig = failed(set("#MQPUBSEXT", Expect::triple_prompt(Bytes::from_static(b"abc"))), b"");
    rig.pass(Duration::from_millis(9999));
    assert_eq!(rig.take_written(), "");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.take_written(), PROBE);
}

#[test]
fn a_late_triple_prompt_is_awaited_whole() {
    let mut rig = failed(set("#MQPUBSEXT", Expect::triple_prompt(Bytes::from_static(b"abc"))), b"");
    for piece in [&b"\r\n>"[..], b">"] {
        rig.feed(piece);
        assert_eq!(rig.take_written(), "");
    }
    rig.feed(b">");
    assert_eq!(rig.take_written(), "abc");
    rig.feed(b"\r\n>>>");
    assert_eq!(rig.take_written(), "", "once only");
}

#[test]
fn a_late_prompt_gets_nothing_if_it_was_answered_before() {
    let mut rig = failed(set("#MQPUBSEXT", Expect::triple_prompt(Bytes::from_static(b"abc"))), b"\r\n>>>");
    rig.feed(b"\r\n>>>\r\n");
    assert_eq!(rig.take_written(), "");
}

#[test]
fn codes_with_data_are_handed_on_while_the_line_is_looked_for() {
    let mut rig = failed(read("#SSLEN"), b"");
    for piece in [&b"\r\nSSLSRING: 1,6,"[..], b"\r\nOK", b"\r\n"] {
        rig.feed(piece);
    }
    assert_eq!(rig.unsolicited(), ["SSLSRING: 1,6,\r\nOK\r\n"]);
    assert_eq!(rig.engine.dropped_bytes(), 0);
}

#[test]
fn a_code_whose_data_do_not_come_is_given_up_and_counted() {
    let mut rig = failed(read("#SSLEN"), b"");
    rig.feed(b"\r\nSSLSRING: 1,300,abc");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), PROBE);
    assert_eq!(rig.engine.dropped_bytes(), 16, "its head");
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
    assert_eq!(rig.engine.dropped_bytes(), 19, "and what came of its data");
    rig.pass(Duration::from_millis(220));
    assert!(rig.engine.is_ready(rig.now));
}

#[test]
fn a_module_that_never_falls_silent_holds_up_the_next_command_for_a_moment() {
    let mut rig = begun_on_a_port_in_any_state();
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), PROBE);
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
    let written = written_within(&mut rig, Duration::from_millis(1300), |rig| rig.feed(b"\r\nRING\r\n"));
    assert_eq!(written, at(&[(1200, "AT#SSLEN?\r")]), "silence, and a second more");
}

#[test]
fn an_answer_that_silence_has_ended_is_none_if_the_module_does_not_respond() {
    let mut rig = Rig::new();
    rig.begin(Exchange::new(CommandLine::execute("#FTPMSG"), Expect::foreign_text()));
    rig.take_written();
    rig.feed(b"\r\n230 welcome\r\n\r\nOK\r\n");
    rig.pass(Duration::ZERO);
    assert_eq!(rig.take_written(), PROBE, "the question follows at once");
    rig.pass(Duration::from_secs(20));
    assert_eq!(
        rig.result(),
        Some(Err(Failure::Unexpected("more followed what looked like the end of the answer")))
    );
}

#[test]
fn a_code_behind_such_an_answer_is_no_part_of_it() {
    let mut rig = Rig::new();
    rig.begin(Exchange::new(CommandLine::execute("#FTPMSG"), Expect::foreign_text()));
    rig.feed(b"\r\n230 welcome\r\n\r\nOK\r\n");
    rig.feed(b"\r\n+CEREG: 1\r\n");
    rig.answer_probe();
    assert_eq!(lines(&rig.reply()), ["230 welcome"]);
    assert_eq!(rig.unsolicited(), ["+CEREG: 1"]);
}

#[test]
fn an_expected_block_that_is_short_is_asked_about_after_a_long_silence() {
    let mut rig = Rig::new();
    rig.begin(set("#HTTPRCV", Expect::unannounced_block(Some(1500), 1500)));
    rig.feed(b"\r\n<<<");
    rig.take_written();
    rig.feed(b"short\r\nOK\r\n");
    rig.pass(Duration::from_millis(1999));
    assert_eq!(rig.take_written(), "", "the rest may be late");
    rig.pass(Duration::from_millis(1));
    rig.pass(Duration::ZERO);
    assert_eq!(rig.take_written(), PROBE);
}

#[test]
fn what_was_not_handed_out_is_not_written_by_an_engine_that_is_out_of_step() {
    let mut rig = Rig::new();
    rig.begin(set("#SSLO", Expect::stream(StreamEnding::MarkAndSilence)));
    rig.feed(b"\r\nCONNECT\r\n");
    rig.take_written();
    rig.engine.stream_write(rig.now, Bytes::from_static(b"AT#REBOOT\r"));
    rig.now += Duration::from_secs(60);
    rig.engine.handle_timeout(rig.now);
    rig.drain();
    assert_eq!((rig.take_written(), rig.abandoned), (String::new(), 1));
}

#[test]
fn only_raw_bytes_move_the_deadline() {
    let mut rig = Rig::new();
    rig.begin(set("#FTPRECV", Expect::block("#FTPRECV", 0, &[], 100)));
    rig.pass(Duration::from_secs(3));
    rig.feed(b"\r\n+CEREG: 1\r\n");
    rig.pass(Duration::from_millis(1999));
    assert_eq!(rig.result(), None);
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.result(), Some(Err(Failure::TimedOut { waited: Duration::from_secs(5) })));
    rig.answer_probe();
    rig.begin(set("#FTPRECV", Expect::block("#FTPRECV", 0, &[], 100)));
    rig.feed(b"\r\n#FTPRECV: 3\r\nabc\r\n");
    rig.pass(Duration::from_secs(3));
    rig.feed(b"\r\n+CEREG: 1\r\n");
    rig.pass(Duration::from_millis(1999));
    assert_eq!(rig.result(), None);
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.result(), Some(Err(Failure::TimedOut { waited: Duration::from_secs(5) })));
}

#[test]
fn lines_behind_a_body_do_not_belong_to_the_answer() {
    let mut rig = Rig::new();
    rig.begin(set("#FTPRECV", Expect::block("#FTPRECV", 0, &["LATE"], 100)));
    rig.feed(b"\r\n#FTPRECV: 3\r\nabc\r\n#FTPRECV: 5\r\nLATE\r\n\r\nOK\r\n");
    let reply = rig.reply();
    assert_eq!((lines(&reply), &reply.body()[..]), (vec!["#FTPRECV: 3".to_owned()], &b"abc"[..]));
    assert_eq!(rig.unsolicited(), ["#FTPRECV: 5", "LATE"]);
}

#[test]
fn a_sign_in_the_answer_is_no_prompt_where_none_is_refused() {
    let mut rig = Rig::new();
    rig.begin(Exchange::new(CommandLine::execute("+CLAC"), Expect::text()));
    for piece in [&b"\r\n>"[..], b" ", b"1\r\n", b"\r\nOK\r\n"] {
        rig.feed(piece);
    }
    assert_eq!(lines(&rig.reply()), ["> 1"]);
    rig.pass(Duration::from_millis(20));
    rig.begin(Exchange::new(CommandLine::execute("+CLAC"), Expect::text()).refuse_prompt());
    rig.feed(b"\r\n+CMEE\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["+CMEE"]);
}

/// `CONNECT` may have been lost on the line, and then the module sends on whatever it gets.
#[test]
fn a_dial_without_an_answer_is_left_by_the_escape_sequence_first() {
    let dial = |end| set("#FTPPUT", Expect::stream(end));
    for (end, first) in [
        (StreamEnding::MarkAndSilence, "+++"),
        (StreamEnding::ProvenMarkAndSilence, "+++"),
        (StreamEnding::NamedMarkAndSilence, "+++"),
        (StreamEnding::ReceiveOnly, PROBE),
        (StreamEnding::Length(3), PROBE),
    ] {
        for answer in [&b""[..], b"\r\nCONNE\r\n"] {
            let mut rig = failed(dial(end), answer);
            let written = written_within(&mut rig, Duration::from_secs(5), |_| {});
            assert_eq!(written.first().map(|(_, text)| text.as_str()), Some(first), "{end:?} {answer:?}");
        }
    }
}
