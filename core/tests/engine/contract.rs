//! What the owner of an engine may do at any time, and what it may rely on.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{CommandLine, Event, Exchange, Expect, Failure, Line, Settings, StreamEnding};

use crate::rig::{Rig, lines, read, set};

/// Fires the time-out now, although nothing may be due.
fn fire(rig: &mut Rig) {
    rig.engine.handle_timeout(rig.now);
    rig.drain();
}

#[test]
fn a_timeout_that_comes_too_early_changes_nothing() {
    let mut settings = Settings::default();
    settings.unknown_state = true;
    let mut rig = Rig::with(settings);
    fire(&mut rig);
    assert_eq!((rig.take_written(), rig.events.len()), (String::new(), 0));
    let mut rig = Rig::new();
    fire(&mut rig);
    rig.begin(read("#SSLEN").deadline(Duration::from_secs(5)));
    assert_eq!(rig.take_written(), "AT#SSLEN?\r");
    rig.pass(Duration::from_millis(4999));
    fire(&mut rig);
    assert_eq!((rig.take_written(), rig.result()), (String::new(), None));
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.result(), Some(Err(Failure::TimedOut { waited: Duration::from_secs(5) })));
    rig.pass(Duration::from_millis(199));
    fire(&mut rig);
    assert_eq!(rig.take_written(), "", "the silence is not over");
    rig.answer_probe();
    rig.begin(set("#FTPGET", Expect::stream(StreamEnding::MarkAndSilence)));
    rig.feed(b"\r\nCONNECT\r\n");
    rig.reply();
    rig.take_written();
    rig.feed(b"a\r\nNO CARR");
    rig.pass(Duration::from_millis(199));
    fire(&mut rig);
    assert_eq!(rig.stream_data(), b"a");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.stream_data(), b"a\r\nNO CARR");
}

#[test]
fn the_pause_ends_by_itself_when_the_clock_says_so() {
    let mut rig = Rig::new();
    rig.begin(read("+CMEE"));
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
    let ready_at = rig.now + Duration::from_millis(20);
    assert_eq!(rig.engine.poll_timeout(), Some(ready_at));
    assert!(!rig.engine.is_ready(ready_at - Duration::from_nanos(1)));
    assert!(rig.engine.is_ready(ready_at));
    fire(&mut rig);
    assert_eq!(rig.engine.poll_timeout(), Some(ready_at), "it was too early");
    rig.pass(Duration::from_millis(20));
    assert_eq!(rig.engine.poll_timeout(), None, "nothing is due any more");
}

#[test]
fn without_a_pause_the_next_command_may_follow_at_once() {
    let mut settings = Settings::default();
    settings.pause = Duration::ZERO;
    let mut rig = Rig::with(settings);
    rig.begin(read("+CMEE"));
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
    assert_eq!(rig.engine.poll_timeout(), None);
    assert!(rig.engine.is_ready(rig.now));
}

#[test]
fn an_exchange_that_is_begun_too_early_fails_and_disturbs_nothing() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN"));
    rig.take_written();
    rig.engine.begin(rig.now, read("#SSLCFG"));
    rig.drain();
    assert_eq!(rig.take_written(), "");
    assert_eq!(rig.result(), Some(Err(Failure::NotResponding)));
    rig.feed(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["#SSLEN: 1,0"]);
}

#[test]
fn an_exchange_cannot_be_begun_while_the_line_is_looked_for() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN").deadline(Duration::from_secs(5)));
    rig.pass(Duration::from_secs(5));
    rig.result();
    rig.take_written();
    rig.engine.begin(rig.now, read("#SSLCFG"));
    rig.drain();
    assert_eq!(rig.result(), Some(Err(Failure::NotResponding)));
    rig.answer_probe();
    assert_eq!(rig.take_written(), "", "it is not sent later either");
}

#[test]
fn an_exchange_that_waits_for_the_line_can_be_forgotten() {
    let mut settings = Settings::default();
    settings.unknown_state = true;
    let mut rig = Rig::with(settings);
    assert!(!rig.engine.is_exchange_unsent());
    rig.begin(read("#SSLEN"));
    assert!(rig.engine.is_exchange_unsent());
    rig.engine.forget_unsent();
    assert!(!rig.engine.is_exchange_unsent());
    rig.answer_probe();
    assert_eq!((rig.take_written(), rig.result()), (String::new(), None));
    assert!(rig.engine.is_ready(rig.now));
    rig.begin(read("#SSLEN"));
    assert!(!rig.engine.is_exchange_unsent(), "it was sent");
    rig.engine.forget_unsent();
    rig.feed(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["#SSLEN: 1,0"], "what was sent runs to its end");
}

#[test]
fn on_a_new_stream_nothing_of_the_old_one_counts() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN"));
    rig.take_written();
    rig.feed(b"\r\n#SSLEN: 1,");
    rig.engine.stream_write(rig.now, Bytes::from_static(b"x"));
    rig.engine.begin_on_new_stream(rig.now);
    rig.pass(Duration::from_secs(60));
    assert_eq!((rig.take_written(), rig.result()), (String::new(), None), "it ends in no event");
    assert!(rig.engine.is_ready(rig.now));
    rig.begin(read("#SSLCFG"));
    rig.answer_probe();
    assert_eq!(rig.take_written(), "AT#SSLCFG?\r");
    rig.feed(b"\r\n#SSLCFG: 1,1\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["#SSLCFG: 1,1"]);
    assert_eq!(rig.unsolicited(), Vec::<String>::new());
}

#[test]
fn what_is_meant_for_a_stream_is_ignored_without_one() {
    let mut rig = Rig::new();
    rig.engine.stream_write(rig.now, Bytes::from_static(b"AT#REBOOT\r"));
    rig.engine.stream_send_timeout(Duration::ZERO);
    rig.engine.stream_close();
    rig.engine.input_paused();
    rig.engine.input_resumed(rig.now);
    rig.engine.output_left(rig.now, rig.now);
    assert!(!rig.engine.is_stream_writable() && !rig.engine.stream_holds_back());
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.take_written(), "");
    assert_eq!((rig.events.len(), rig.abandoned), (0, 0));
}

#[test]
fn nothing_is_counted_before_anything_happened() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN"));
    rig.feed(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
    assert_eq!((rig.engine.dropped_bytes(), rig.engine.resync_count()), (0, 0));
}

#[test]
fn what_was_dropped_is_counted_in_bytes() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN"));
    rig.pass(Duration::from_secs(5));
    rig.feed(b"\r\n#SSLEN: 1,1\r\n\r\n+CEREG: 1\r\n\r\nOK\r\n");
    assert_eq!(rig.engine.dropped_bytes(), 13, "the two lines without their ends");
    rig.answer_probe();
    assert_eq!((rig.engine.dropped_bytes(), rig.engine.resync_count()), (13, 1));
    assert_eq!(rig.unsolicited(), ["+CEREG: 1"]);
}

#[test]
fn the_debug_form_shows_nothing_of_what_is_under_way() {
    let secret = CommandLine::set("#MQCONN").secret_text("password", "topsecret").build().unwrap();
    let mut rig = Rig::new();
    assert_eq!(format!("{:?}", rig.engine), "Engine { state: \"idle\", dropped_bytes: 0, resyncs: 0, .. }");
    rig.engine.begin(rig.now, Exchange::new(secret, Expect::text()).secret());
    rig.engine.input().extend_from_slice(b"topsecret");
    assert_eq!(
        format!("{:?}", rig.engine),
        "Engine { state: \"waits for an answer\", dropped_bytes: 0, resyncs: 0, .. }"
    );
    rig.feed(b"\r\n");
    rig.pass(Duration::from_secs(5));
    assert_eq!(
        format!("{:?}", rig.engine),
        "Engine { state: \"looks for the line\", dropped_bytes: 0, resyncs: 1, .. }"
    );
    rig.answer_probe();
    rig.begin(set("#SSLO", Expect::stream(StreamEnding::MarkAndSilence)));
    rig.feed(b"\r\nCONNECT\r\n");
    rig.engine.stream_write(rig.now, Bytes::from_static(b"topsecret"));
    assert_eq!(format!("{:?}", rig.engine), "Engine { state: \"online\", dropped_bytes: 0, resyncs: 1, .. }");
}

#[test]
fn the_debug_form_of_an_exchange_shows_what_is_expected_and_no_payload() {
    let key = Bytes::from_static(b"topsecret");
    for (expect, shown) in [
        (Expect::result(), "Final"),
        (Expect::lines("#SSLEN"), "Lines(#SSLEN)"),
        (Expect::foreign_text(), "Text(foreign: true)"),
        (Expect::terminated_prompt("key", key.clone()).unwrap(), "Prompt(Terminated, 9 bytes)"),
        (Expect::counted_prompt(key.clone(), None), "Prompt(Counted, 9 bytes)"),
        (Expect::triple_prompt(key), "Prompt(CountedTriple, 9 bytes)"),
        (Expect::block("#FTPRECV", 0, &[], 3000), "Block(#FTPRECV, at most 3000 bytes)"),
        (Expect::marked_block("#MQREAD", 64), "Marked(#MQREAD, at most 64 bytes)"),
        (Expect::unannounced_block(Some(3), 64), "Unannounced(Some(3), at most 64 bytes)"),
        (Expect::stream(StreamEnding::Length(5)), "Stream(Length(5))"),
    ] {
        assert_eq!(format!("{expect:?}"), format!("Expect({shown})"));
    }
}

#[test]
fn the_debug_form_of_a_line_is_its_text() {
    assert_eq!(format!("{:?}", Line::new(&b"say \"hi\"\x1b"[..])), "\"say \\\"hi\\\"\\u{1b}\"");
    assert_eq!(Line::new(&b"a\x1bb"[..]).to_string(), "a\\u{1b}b");
}

#[test]
fn codes_arrive_whole_however_they_are_cut_between_commands() {
    let mut rig = Rig::new();
    for piece in [&b"\r\nSSLSR"[..], b"ING: 1,", b"6,a\r", b"\nOK\n", b"\r\n+CEREG", b": 1\r\n"] {
        rig.feed(piece);
    }
    assert_eq!(rig.unsolicited(), ["SSLSRING: 1,6,a\r\nOK\n", "+CEREG: 1"]);
    assert!(rig.events.iter().all(|event| matches!(event, Event::Unsolicited(_))));
}

#[test]
fn an_engine_at_work_is_not_ready() {
    let mut rig = Rig::new();
    rig.begin(read("+CMEE"));
    assert!(!rig.engine.is_ready(rig.now));
}

#[test]
fn there_is_room_for_what_is_read() {
    let mut rig = Rig::new();
    let room = rig.engine.input_with_room(512);
    assert!(room.capacity() - room.len() >= 256, "{}", room.capacity());
}

#[test]
fn what_a_payload_says_the_module_may_say_too() {
    let mut rig = Rig::new();
    let line = CommandLine::set("#MQPUBS").payload_text("payload", "#MQRING: 1,1,lost?").build().unwrap();
    rig.begin(Exchange::new(line, Expect::result()));
    rig.feed(b"\r\n#MQRING: 1,1,lost\r\n\r\nOK\r\n");
    let told =
        rig.events.iter().any(|event| *event == Event::Unsolicited(Line::new(&b"#MQRING: 1,1,lost"[..])));
    assert!(told, "{:?}", rig.events);
}

/// The body is handed on from where it was read, however much of it came with its head.
#[test]
fn a_body_is_not_moved() {
    for size in [64, 512, 4096] {
        let mut rig = Rig::new();
        for round in 0..4 {
            rig.begin(Exchange::new(
                CommandLine::execute("#FTPRECV"),
                Expect::block("#FTPRECV", 0, &[], 3000),
            ));
            let head = b"\r\n#FTPRECV: 3000\r\n";
            let answer = [&head[..], &[b'x'; 3000], b"\r\n\r\nOK\r\n"].concat();
            let mut places = Vec::new();
            for piece in answer.chunks(size) {
                let input = rig.engine.input_with_room(4096);
                let begin = input.as_ptr().addr() + input.len();
                places.extend(begin..begin + piece.len());
                rig.feed(piece);
            }
            let body = rig.reply().body().clone();
            let read = &places[head.len()..head.len() + 3000];
            let begin = body.as_ptr().addr();
            assert!((begin..begin + 3000).eq(read.iter().copied()), "round {round}, reads of {size}");
            rig.pass(Duration::from_millis(20));
        }
    }
}

/// A message that is kept holds the read that it came with, and not what the longest one would need.
#[test]
fn a_short_body_of_a_command_that_gives_long_ones_holds_little() {
    let mut rig = Rig::new();
    rig.begin(set("#MQREAD", Expect::marked_block("#MQREAD", 1 << 20)));
    rig.engine.input_with_room(1024);
    rig.feed(b"\r\n#MQREAD: 1,topic,5\r\n<<<\r\nshort\r\nOK\r\n");
    let body = rig.reply().body().clone();
    drop(rig);
    let held = body.try_into_mut().expect("nobody else has it");
    assert_eq!(&held[..], b"short");
    assert!(held.capacity() <= 1024, "{} bytes", held.capacity());
}
