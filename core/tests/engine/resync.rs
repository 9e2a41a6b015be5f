//! Late, missing and damaged answers: the next command gets its own answer or a clear error.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{CommandLine, Effect, Exchange, Expect, Failure, Settings};

use crate::rig::{Rig, lines, read, set};

const PROBE: &str = "AT+CMEE?\r";

fn timed_out(rig: &mut Rig) {
    rig.begin(read("#SSLEN").deadline(Duration::from_secs(5)).effect(Effect::Query));
    rig.take_written();
    rig.pass(Duration::from_secs(5));
    assert_eq!(rig.result(), Some(Err(Failure::TimedOut { waited: Duration::from_secs(5) })));
    assert!(!rig.engine.is_ready(rig.now));
}

#[test]
fn a_late_answer_never_reaches_the_next_command() {
    let mut rig = Rig::new();
    timed_out(&mut rig);
    rig.feed(b"\r\n#SSLEN: 1,1\r\n\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), PROBE);
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
    rig.pass(Duration::from_millis(220));
    rig.begin(read("#SSLCFG"));
    rig.feed(b"\r\n#SSLCFG: 1,1\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["#SSLCFG: 1,1"]);
    assert!(rig.engine.dropped_bytes() > 0);
    assert_eq!(rig.engine.resync_count(), 1);
}

#[test]
fn an_answer_that_comes_behind_the_probe_is_dropped_too() {
    let mut rig = Rig::new();
    timed_out(&mut rig);
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), PROBE);
    // The late OK is not the probe's.
    rig.feed(b"\r\nOK\r\n");
    assert!(!rig.engine.is_ready(rig.now));
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
    rig.pass(Duration::from_millis(220));
    assert!(rig.engine.is_ready(rig.now));
}

#[test]
fn answers_to_repeated_probes_are_all_awaited() {
    let mut rig = Rig::new();
    timed_out(&mut rig);
    rig.pass(Duration::from_millis(1200));
    assert_eq!(rig.take_written(), PROBE.repeat(2));
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
    rig.pass(Duration::from_millis(150));
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
    rig.pass(Duration::from_millis(220));
    rig.begin(read("+CMEE"));
    rig.feed(b"\r\n+CMEE: 1\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["+CMEE: 1"]);
}

#[test]
fn codes_are_handed_on_while_looking_for_the_line() {
    let mut rig = Rig::new();
    timed_out(&mut rig);
    rig.feed(b"\r\n#MQRING: 1,1,t,3\r\n");
    assert_eq!(rig.unsolicited(), ["#MQRING: 1,1,t,3"]);
}

#[test]
fn a_dead_module_is_given_up_and_found_again() {
    let mut rig = Rig::new();
    timed_out(&mut rig);
    rig.pass(Duration::from_secs(12));
    assert!(rig.engine.is_ready(rig.now), "the next command may try again");
    rig.take_written();
    rig.begin(read("#SSLEN"));
    assert_eq!(rig.take_written(), "", "first the line is looked for");
    rig.pass(Duration::from_secs(12));
    assert_eq!(rig.result(), Some(Err(Failure::NotResponding)));
    rig.take_written();
    rig.begin(read("#SSLEN"));
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), PROBE);
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), "AT#SSLEN?\r");
    rig.feed(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["#SSLEN: 1,0"]);
}

#[test]
fn the_ladder_goes_from_harmless_to_intrusive() {
    let mut rig = Rig::with(unknown());
    rig.begin(Exchange::new(CommandLine::execute("E0"), Expect::result()));
    rig.pass(Duration::from_secs(25));
    let fill = "\r".repeat(1600);
    let escape = ["+++", "\r", PROBE].concat();
    let text = [PROBE, PROBE, "\x1b\r", PROBE, &escape, &fill, PROBE, PROBE, &escape].concat();
    let expected = [text.as_bytes(), CLOSE_DOWN, b"\r", PROBE.as_bytes()].concat();
    assert!(rig.written == expected, "{}", rig.written.escape_ascii());
    assert_eq!(rig.result(), Some(Err(Failure::NotResponding)));
}

fn unknown() -> Settings {
    let mut settings = Settings::default();
    settings.unknown_state = true;
    settings
}

#[test]
fn a_half_typed_line_is_overcome() {
    let mut rig = Rig::with(unknown());
    rig.begin(Exchange::new(CommandLine::execute("E0V1Q0"), Expect::result()).numeric_result());
    rig.pass(Duration::from_millis(200));
    rig.take_written();
    rig.feed(b"AT+CGAT+CMEE?\r\r\nERROR\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), PROBE);
    rig.feed(b"AT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), "ATE0V1Q0\r");
    rig.feed(b"ATE0V1Q0\r\r\nOK\r\n");
    assert!(rig.result().unwrap().is_ok());
}

#[test]
fn a_module_without_result_codes_is_in_step_too() {
    let mut rig = Rig::with(unknown());
    rig.begin(Exchange::new(CommandLine::execute("E0V1Q0"), Expect::result()).numeric_result());
    rig.pass(Duration::from_millis(200));
    rig.take_written();
    rig.feed(b"+CMEE: 0\r\n");
    rig.pass(Duration::from_millis(1200));
    assert_eq!(rig.take_written(), "ATE0V1Q0\r");
}

#[test]
fn a_late_terminated_prompt_is_abandoned() {
    let mut rig = Rig::new();
    let expect = Expect::terminated_prompt("certificate", Bytes::from_static(b"PEM")).unwrap();
    rig.begin(set("#SSLSECDATA", expect).deadline(Duration::from_secs(5)));
    rig.take_written();
    rig.pass(Duration::from_secs(5));
    assert!(matches!(rig.result(), Some(Err(Failure::TimedOut { .. }))));
    rig.pass(Duration::from_secs(1));
    rig.feed(b"\r\n> ");
    assert_eq!(rig.take_written(), "\x1b\r");
    rig.feed(b"\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), PROBE);
}

#[test]
fn a_late_counted_prompt_gets_the_bytes_that_were_announced() {
    let mut rig = Rig::new();
    rig.begin(set("#MQPUBSEXT", Expect::triple_prompt(Bytes::from_static(b"payload"))));
    rig.take_written();
    rig.pass(Duration::from_secs(5));
    rig.pass(Duration::from_secs(1));
    rig.feed(b"\r\n>>>");
    assert_eq!(rig.take_written(), "payload", "a probe would have been published");
}

#[test]
fn a_body_that_stops_is_a_timeout_and_its_rest_is_dropped() {
    let mut rig = Rig::new();
    rig.begin(set("#FTPRECV", Expect::block("#FTPRECV", 0, &[], 3000)).deadline(Duration::from_secs(5)));
    rig.feed(b"\r\n#FTPRECV: 10\r\nabc");
    rig.pass(Duration::from_secs(5));
    assert!(matches!(rig.result(), Some(Err(Failure::TimedOut { .. }))));
    rig.take_written();
    rig.feed(b"defghij\r\n\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), PROBE);
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
    rig.pass(Duration::from_millis(220));
    assert!(rig.engine.is_ready(rig.now));
}

#[test]
fn noise_is_dropped_and_the_line_found() {
    let mut rig = Rig::new();
    timed_out(&mut rig);
    rig.feed(&[0xff; 20_000]);
    rig.feed(b"\r\n> \r\n+CME ERROR: 4\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), PROBE);
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
    rig.pass(Duration::from_millis(220));
    rig.begin(read("#SSLEN"));
    rig.feed(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["#SSLEN: 1,0"]);
}

#[test]
fn a_transfer_that_somebody_left_is_ended_and_its_rest_awaited() {
    let mut rig = Rig::with(unknown());
    rig.begin(Exchange::new(CommandLine::execute("E0V1Q0"), Expect::result()).numeric_result());
    // Data flow until three seconds after the escape sequence: what was under way.
    let mut after = 0;
    while after < 300 {
        rig.feed(&[0x55; 115]);
        rig.pass(Duration::from_millis(10));
        after += usize::from(String::from_utf8_lossy(&rig.written).contains("+++"));
    }
    rig.feed(b"\r\nNO CARRIER\r\n");
    rig.pass(Duration::from_millis(300));
    assert!(rig.take_written().ends_with("AT+CMEE?\r"));
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
    rig.pass(Duration::from_millis(300));
    assert_eq!(rig.take_written(), "ATE0V1Q0\r");
}

#[test]
fn a_prompt_that_nobody_can_answer_is_refused_and_closed() {
    let mut rig = Rig::new();
    let line = CommandLine::verbatim("AT#SSLSECDATA=1,1,0,10").unwrap();
    rig.begin(Exchange::new(line, Expect::text()).refuse_prompt());
    rig.take_written();
    rig.feed(b"\r\n> ");
    rig.pass(Duration::from_millis(199));
    assert_eq!(rig.result(), None, "the rest of a line may come");
    rig.pass(Duration::from_millis(1));
    assert!(matches!(rig.result(), Some(Err(Failure::Unexpected(_)))));
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), "\x1b\rAT+CMEE?\r");
}

#[test]
fn a_line_that_begins_like_a_prompt_is_a_line_however_it_is_cut() {
    let mut rig = Rig::new();
    let line = CommandLine::verbatim("AT#SCFG?").unwrap();
    rig.begin(Exchange::new(line, Expect::text()).refuse_prompt());
    rig.feed(b"\r\n>");
    rig.pass(Duration::from_millis(150));
    rig.feed(b" a line\r\n>");
    rig.pass(Duration::from_millis(150));
    rig.feed(b">>\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["> a line", ">>>"]);
}

/// Everything that is written until the engine gives up, with the milliseconds since the start.
fn until_it_gives_up(rig: &mut Rig) -> Vec<(u128, String)> {
    let start = rig.now;
    let mut written = Vec::new();
    while rig.result().is_none() {
        rig.pass(Duration::from_millis(10));
        let bytes = rig.take_written();
        if !bytes.is_empty() {
            written.push(((rig.now - start).as_millis(), bytes));
        }
        assert!(rig.now - start < Duration::from_secs(60));
    }
    written
}

#[test]
fn a_port_that_was_just_opened_may_have_the_longest_guard_time() {
    let mut rig = Rig::with(unknown());
    rig.begin(Exchange::new(CommandLine::execute("E0V1Q0"), Expect::result()).numeric_result());
    let written = until_it_gives_up(&mut rig);
    let last: Vec<_> = written.iter().rev().skip(2).take(3).rev().collect();
    let [(before, probe), (escaped, sequence), (probed, behind)] = last[..] else { panic!("{written:?}") };
    assert_eq!((&probe[..], &sequence[..], &behind[..]), (PROBE, "+++", "\rAT+CMEE?\r"));
    // S12 is at most 5.1 s, and the module's clock is not ours.
    assert!(escaped - before >= 6120 && probed - escaped >= 6120, "{written:?}");
}

/// The frame, octet by octet: flag, control channel as a command, UIH, two octets, CLD as a command without values, check,
/// flag. Source: 3GPP TS 27.010 5.2.1, 5.4.6.3.3.
const CLOSE_DOWN: &[u8] = b"\xf9\x03\xef\x05\xc3\x01\xf2\xf9";

#[test]
fn a_multiplexer_that_somebody_left_is_closed_when_nothing_else_helps() {
    let mut rig = Rig::with(unknown());
    rig.begin(Exchange::new(CommandLine::execute("E0V1Q0"), Expect::result()).numeric_result());
    let start = rig.now;
    while !rig.written.ends_with(CLOSE_DOWN) {
        rig.pass(Duration::from_millis(10));
        assert_eq!(rig.result(), None);
    }
    assert_eq!((rig.now - start).as_millis(), 21_840);
    rig.take_written();
    rig.feed(b"\xf9\x01\xef\x05\xc1\x01\x9b\xf9");
    rig.pass(Duration::from_millis(499));
    assert_eq!(rig.take_written(), "", "the module has its time to come back");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.take_written(), "\rAT+CMEE?\r");
    rig.feed(b"\r\r\nERROR\r\nAT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), "ATE0V1Q0\r");
    rig.feed(b"ATE0V1Q0\r\r\nOK\r\n");
    assert!(rig.result().unwrap().is_ok());
}

#[test]
fn nothing_on_the_port_is_known_within_the_time_that_is_told() {
    let mut rig = Rig::with(unknown());
    rig.begin(Exchange::new(CommandLine::execute("E0V1Q0"), Expect::result()).numeric_result());
    let start = rig.now;
    until_it_gives_up(&mut rig);
    assert_eq!((rig.now - start).as_millis(), 23_340);
}

/// The frame is bytes like any others to whoever does not multiplex: it ends no line, abandons no entry, sends none, and
/// escapes from no stream. If S3 was set to one of its octets, what that ends does not begin with `AT`.
#[test]
fn the_close_down_is_no_command() {
    for special in *b"\r\n\x08\x1a\x1b+AaTt/\0" {
        assert!(!CLOSE_DOWN.contains(&special), "{special:#x}");
    }
}

#[test]
fn a_module_that_was_spoken_to_gets_no_close_down() {
    let mut rig = Rig::new();
    timed_out(&mut rig);
    rig.pass(Duration::from_secs(60));
    assert!(!rig.written.contains(&0xf9), "{}", rig.written.escape_ascii());
    rig.begin(read("#SSLCFG"));
    until_it_gives_up(&mut rig);
    assert!(!rig.written.contains(&0xf9), "{}", rig.written.escape_ascii());
}

#[test]
fn a_module_whose_guard_time_is_known_is_not_waited_for_so_long() {
    let mut rig = Rig::new();
    timed_out(&mut rig);
    rig.pass(Duration::from_secs(10));
    assert!(rig.engine.is_ready(rig.now), "it has given up");
    rig.take_written();
    rig.engine.set_escape_guard(Duration::from_secs(3));
    rig.begin(read("#SSLCFG"));
    let written = until_it_gives_up(&mut rig);
    let escapes: Vec<_> = written.iter().filter(|(_, bytes)| bytes == "+++").collect();
    assert_eq!(escapes.len(), 1, "{written:?}");
    let before = written.iter().take_while(|(_, bytes)| bytes != "+++").last().expect("a probe");
    assert!(escapes[0].0 - before.0 >= 3600, "{written:?}");
}
