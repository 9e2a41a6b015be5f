//! Every bound, at its exact number: memory is not taken for more, and no less is refused.

use std::time::Duration;

use telit_core::at::{CommandLine, Exchange, Expect, Failure, Reply, Settings, StreamEnding};

use crate::rig::{Rig, lines, read, set};

fn settings(line_limit: usize, reply_limit: usize) -> Settings {
    let mut settings = Settings::default();
    (settings.line_limit, settings.reply_limit) = (line_limit, reply_limit);
    settings
}

fn text() -> Exchange {
    Exchange::new(CommandLine::execute("+CLAC"), Expect::text())
}

fn unexpected(detail: &'static str) -> Option<Result<Reply, Failure>> {
    Some(Err(Failure::Unexpected(detail)))
}

#[test]
fn the_longest_line_that_is_taken() {
    let mut rig = Rig::with(settings(16, 1000));
    rig.begin(text());
    for piece in [&[b'x'; 10][..], &[b'y'; 6], b"\r\n\r\nOK\r\n"] {
        rig.feed(piece);
    }
    assert_eq!(lines(&rig.reply()), ["xxxxxxxxxxyyyyyy"]);
    let mut rig = Rig::with(settings(16, 1000));
    rig.begin(text());
    rig.feed(&[b'x'; 17]);
    assert_eq!(rig.result(), unexpected("a line is longer than the limit"));
}

#[test]
fn an_overlong_line_between_commands_is_dropped_and_counted() {
    let mut rig = Rig::with(settings(16, 1000));
    for piece in [&[b'x'; 17][..], &[b'x'; 100], b"xyz\r\n", b"\r\n+CEREG: 1\r\n"] {
        rig.feed(piece);
    }
    assert_eq!(rig.engine.dropped_bytes(), 120);
    assert_eq!(rig.unsolicited(), ["+CEREG: 1"]);
}

#[test]
fn nothing_in_an_overlong_line_is_more_than_a_piece_of_it() {
    for rest in [&b">"[..], b"\r\n", b"<<<", b"SSLSRING: 1,3,", b"\r", b"OK", b"SSLSRING"] {
        let mut rig = Rig::with(settings(16, 1000));
        rig.feed(&[b'x'; 17]);
        rig.begin(set("#MQPUBSEXT", Expect::counted_prompt("payload".into(), None)));
        rig.take_written();
        rig.feed(rest);
        assert_eq!((rig.take_written(), rig.result()), (String::new(), None), "{rest:?}");
        rig.feed(b"\r\n\r\n+CEREG: 1\r\n\r\n> ");
        assert_eq!(rig.take_written(), "payload", "{rest:?}");
        assert_eq!(rig.unsolicited(), ["+CEREG: 1"], "{rest:?}");
    }
}

#[test]
fn an_overlong_line_is_dropped_and_counted_while_the_line_is_looked_for() {
    let mut rig = Rig::with(settings(16, 1000));
    rig.begin(read("#SSLEN"));
    rig.pass(Duration::from_secs(5));
    rig.feed(&[b'x'; 20]);
    rig.feed(b"x\r\n");
    assert_eq!(rig.engine.dropped_bytes(), 21);
}

#[test]
fn the_longest_answer_that_is_taken() {
    // Each line counts with 32 bytes more than it has.
    let mut rig = Rig::with(settings(100, 24 + 3 * 32));
    rig.begin(text());
    rig.feed(b"\r\n0123456789\r\n0123456789\r\n0123\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["0123456789", "0123456789", "0123"]);
    rig.pass(Duration::from_millis(20));
    rig.begin(text());
    rig.feed(b"\r\n0123456789\r\n0123456789\r\n01234\r\n");
    assert_eq!(rig.result(), unexpected("the answer is longer than the limit"));
}

#[test]
fn the_longest_block_that_is_taken() {
    for expect in [Expect::block("#X", 0, &[], 4), Expect::marked_block("#X", 4)] {
        let mut rig = Rig::new();
        rig.begin(set("#X", expect.clone()));
        let mark = if format!("{expect:?}").contains("Marked") { "<<<" } else { "" };
        rig.feed(format!("\r\n#X: 4\r\n{mark}abcd\r\n\r\nOK\r\n").as_bytes());
        assert_eq!(&rig.reply().body()[..], b"abcd");
        rig.pass(Duration::from_millis(20));
        rig.begin(set("#X", expect));
        rig.feed(b"\r\n#X: 5\r\n");
        assert_eq!(rig.result(), unexpected("a block announces no length, or one over its limit"));
    }
}

#[test]
fn a_block_without_a_length_is_out_of_step() {
    for (expect, head) in [
        (Expect::block("#X", 1, &[], 4), "#X: 4"),
        (Expect::block("#X", 0, &[], 4), "#X: a"),
        (Expect::marked_block("#X", 4), "#X: 1,a"),
    ] {
        let mut rig = Rig::new();
        rig.begin(set("#X", expect));
        rig.feed(format!("\r\n{head}\r\n").as_bytes());
        assert_eq!(rig.result(), unexpected("a block announces no length, or one over its limit"), "{head}");
    }
}

fn unannounced(limit: usize) -> Rig {
    let mut rig = Rig::new();
    rig.begin(set("#HTTPRCV", Expect::unannounced_block(None, limit)));
    rig.feed(b"\r\n<<<");
    rig.take_written();
    rig
}

#[test]
fn an_unannounced_block_over_its_limit_is_no_success() {
    let mut rig = unannounced(8);
    rig.feed(b"0123456789abcd");
    assert_eq!(rig.result(), None, "eight bytes and what ends them are 14");
    rig.feed(b"e");
    assert_eq!(rig.result(), unexpected("a block is longer than its limit"));
}

#[test]
fn an_unannounced_block_that_has_its_end_too_early_for_its_limit_is_proven() {
    let mut rig = unannounced(8);
    rig.feed(b"abc\r\nOK\r\n\r\n+CEREG: 1\r\n");
    assert_eq!(rig.result(), None, "it could go on");
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), "AT+CMEE?\r");
    rig.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    assert_eq!(&rig.reply().body()[..], b"abc");
    assert_eq!(rig.unsolicited(), ["+CEREG: 1"]);
}

#[test]
fn a_silence_inside_an_unannounced_block_is_not_its_end() {
    let mut rig = unannounced(100);
    rig.feed(b"first");
    rig.pass(Duration::from_secs(1));
    rig.feed(b" second\r\nOK\r\n");
    rig.pass(Duration::from_millis(199));
    assert_eq!(rig.take_written(), "");
    rig.pass(Duration::from_millis(1));
    rig.answer_probe();
    assert_eq!(&rig.reply().body()[..], b"first second");
}

#[test]
fn a_silence_behind_a_block_of_unknown_length_is_awaited_even_if_it_came_at_once() {
    let mut rig = Rig::new();
    rig.begin(set("#HTTPRCV", Expect::unannounced_block(None, 100)));
    rig.take_written();
    rig.feed(b"\r\n<<<abc\r\nOK\r\n");
    rig.pass(Duration::from_millis(199));
    assert_eq!(rig.take_written(), "");
    rig.pass(Duration::from_millis(1));
    rig.pass(Duration::ZERO);
    assert_eq!(rig.take_written(), "AT+CMEE?\r");
}

#[test]
fn an_unannounced_block_that_never_ends_is_a_timeout() {
    let mut rig = unannounced(100);
    rig.feed(b"first");
    rig.pass(Duration::from_millis(4999));
    assert_eq!(rig.result(), None);
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.result(), Some(Err(Failure::TimedOut { waited: Duration::from_secs(5) })));
}

#[test]
fn ok_without_the_mark_is_no_success() {
    let mut rig = Rig::new();
    rig.begin(set("#HTTPRCV", Expect::unannounced_block(None, 100)));
    rig.feed(b"\r\nOK\r\n");
    assert_eq!(rig.result(), unexpected("the mark <<< is missing"));
}

#[test]
fn a_mark_that_is_none_is_a_line() {
    let mut rig = Rig::new();
    rig.begin(set("#HTTPRCV", Expect::unannounced_block(None, 100)));
    for piece in [&b"\r\n<"[..], b"<b\r\n", b"\r\n<b", b"c\r\n"] {
        rig.feed(piece);
    }
    assert_eq!(rig.unsolicited(), ["<<b", "<bc"]);
    rig.feed(b"\r\n<<");
    rig.feed(b"<abc\r\nOK\r\n");
    rig.pass(Duration::from_millis(200));
    rig.answer_probe();
    assert_eq!(&rig.reply().body()[..], b"abc");
}

#[test]
fn a_mark_is_missed_as_soon_as_something_else_comes() {
    for (piece, is_missing) in [("<", false), ("<<", false), ("a", true), ("<a", true), ("<<<", false)] {
        let mut rig = Rig::new();
        rig.begin(set("#MQREAD", Expect::marked_block("#MQREAD", 64)));
        rig.feed(b"\r\n#MQREAD: 1,a,3\r\n");
        rig.feed(piece.as_bytes());
        assert_eq!(rig.result() == unexpected("the mark <<< is missing"), is_missing, "{piece}");
    }
}

#[test]
fn every_piece_of_a_block_may_take_the_whole_deadline() {
    let mut rig = Rig::new();
    rig.begin(set("#FTPRECV", Expect::block("#FTPRECV", 0, &[], 100)).deadline(Duration::from_secs(5)));
    rig.pass(Duration::from_secs(4));
    rig.feed(b"\r\n#FTPRECV: 4\r\n");
    for byte in [b"a", b"b", b"c"] {
        rig.pass(Duration::from_millis(4999));
        rig.feed(byte);
    }
    rig.pass(Duration::from_millis(4999));
    rig.feed(b"d\r\n\r\nOK\r\n");
    assert_eq!(&rig.reply().body()[..], b"abcd");
}

#[test]
fn a_body_gets_a_second_at_least() {
    let mut rig = Rig::new();
    rig.begin(set("#FTPRECV", Expect::block("#FTPRECV", 0, &[], 100)).deadline(Duration::from_millis(10)));
    rig.feed(b"\r\n#FTPRECV: 2\r\na");
    rig.pass(Duration::from_millis(999));
    rig.feed(b"b\r\n\r\nOK\r\n");
    assert_eq!(&rig.reply().body()[..], b"ab");
}

#[test]
fn a_line_that_only_looks_like_a_code_with_data_is_a_line() {
    for line in [
        "SSLSRING: a,3,abc",
        "SSLSRING: 1,b,abc",
        "SSLSRING: 1;3,abc",
        "SSLSRING: 1,4097,abc",
        "SSLSRING: 1,123456,abc",
        "SSLSRING: 123456",
        "SSLSRINGS: 1,3,abc",
        "SSLSRING",
    ] {
        let mut rig = Rig::new();
        rig.feed(format!("\r\n{line}\r\n").as_bytes());
        assert_eq!(rig.unsolicited(), [line]);
    }
}

#[test]
fn the_longest_code_with_data_is_taken_by_count() {
    let code = [b"SSLSRING: 1,4096,", &[b'\n'; 4096][..]].concat();
    let mut rig = Rig::new();
    rig.feed(&code);
    rig.feed(b"\r\n\r\nRING\r\n");
    assert_eq!(rig.unsolicited(), [String::from_utf8(code).unwrap(), "RING".to_owned()]);
}

#[test]
fn a_number_of_too_many_digits_is_not_waited_for() {
    let mut rig = Rig::new();
    rig.feed(b"\r\nSSLSRING: 1,12345");
    rig.feed(b"6");
    rig.feed(b"\r\n+CEREG: 1\r\n");
    assert_eq!(rig.unsolicited(), ["SSLSRING: 1,123456", "+CEREG: 1"]);
}

#[test]
fn a_number_without_end_is_bounded_like_any_line() {
    let mut rig = Rig::with(settings(16, 1000));
    rig.feed(b"SSLSRING: 1,3");
    rig.feed(&[b'3'; 100]);
    assert_eq!(rig.engine.dropped_bytes(), 113);
}

#[test]
fn an_overlong_code_where_the_end_of_a_stream_is_due_is_dropped() {
    let mut rig = Rig::with(settings(16, 1000));
    rig.begin(set("#FTPGET", Expect::stream(StreamEnding::Length(3))));
    rig.feed(b"\r\nCONNECT\r\n");
    rig.reply();
    rig.feed(b"abc");
    rig.pass(Duration::from_millis(200));
    rig.feed(b"+CREG: 1234567890");
    rig.feed(b"\r\n\r\nNO CARR");
    rig.feed(b"IER\r\n");
    assert_eq!(rig.stream_data(), b"abc");
    assert_eq!(rig.unsolicited(), Vec::<String>::new());
    rig.pass(Duration::from_millis(20));
    assert!(rig.engine.is_ready(rig.now), "{:?}", rig.events);
}
