//! A module that is broken or means harm: no answer of it holds memory, time or the next command.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{CommandLine, Event, Exchange, Expect, Failure, StreamEnding};

use crate::rig::{Rig, lines, read, set};

const PROBE_ANSWER: &[u8] = b"\r\n+CMEE: 2\r\n\r\nOK\r\n";
/// The most that the engine keeps of what it has not understood: a line, or a code with its data.
const HELD: usize = 8 * 1024 + 4096;

/// Feeds the same piece until the exchange ends, and gives how it ended and how many bytes that took.
fn endless(rig: &mut Rig, piece: &[u8], pause: Duration) -> (Failure, usize) {
    let mut fed = 0;
    loop {
        rig.feed(piece);
        fed += piece.len();
        assert!(rig.engine.input().len() <= HELD, "{} bytes are kept", rig.engine.input().len());
        rig.pass(pause);
        if let Some(result) = rig.result() {
            return (result.expect_err("no answer is endless and right"), fed);
        }
        rig.events.clear();
        assert!(fed < 64 * 1024 * 1024, "it does not end");
    }
}

fn timed_out(seconds: u64) -> Failure {
    Failure::TimedOut { waited: Duration::from_secs(seconds) }
}

#[test]
fn a_line_without_end_takes_no_memory() {
    let mut rig = Rig::new();
    rig.begin(Exchange::new(CommandLine::execute("+CLAC"), Expect::text()));
    let (failure, fed) = endless(&mut rig, &[b'x'; 4096], Duration::from_millis(1));
    assert!(matches!(failure, Failure::Unexpected(_)));
    assert_eq!(fed, 3 * 4096, "as soon as it is longer than 8 KiB");
    for _ in 0..1000 {
        rig.feed(&[b'x'; 4096]);
        assert_eq!(rig.engine.input().len(), 0, "its rest is thrown away");
    }
}

#[test]
fn an_overlong_line_is_the_same_in_one_piece_and_in_many() {
    for size in [1, 100, 10_000] {
        let mut rig = Rig::new();
        let line = [&[b'x'; 9000][..], b"\r\n#MQRING: 1,1,t,3\r\n"].concat();
        line.chunks(size).for_each(|piece| rig.feed(piece));
        assert_eq!(rig.unsolicited(), ["#MQRING: 1,1,t,3"], "in pieces of {size}");
    }
}

#[test]
fn a_code_inside_an_overlong_line_is_none() {
    let mut rig = Rig::new();
    rig.feed(&[b'x'; 9000]);
    rig.feed(b"SSLSRING: 1,4,abc\r\n");
    rig.feed(b"OK\r\n");
    assert_eq!(rig.unsolicited(), ["OK"]);
}

#[test]
fn a_code_whose_head_never_ends_is_a_line() {
    for (head, more) in
        [("SSLSRING: ", " "), ("SSLSRING: 1, ", " "), ("SSLSRING: ", "1"), ("SSLSRING: 1,", "1")]
    {
        let mut rig = Rig::new();
        rig.feed(head.as_bytes());
        rig.feed(more.repeat(20_000).as_bytes());
        assert_eq!(rig.engine.input().len(), 0, "{head} and {more:?} without end");
        rig.feed(b"\r\nRING\r\n");
        assert_eq!(rig.unsolicited(), ["RING"]);
    }
}

#[test]
fn answers_of_many_lines_are_bounded() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN"));
    let (failure, fed) = endless(&mut rig, b"#SSLEN: 1,0\r\n", Duration::ZERO);
    assert!(matches!(failure, Failure::Unexpected(_)));
    assert!(fed < 512 * 1024, "{fed}");
}

#[test]
fn codes_without_end_do_not_put_off_a_deadline() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN"));
    let (failure, _) = endless(&mut rig, b"\r\n#MQRING: 1,1,t,3\r\n", Duration::from_millis(100));
    assert_eq!(failure, timed_out(5));
}

#[test]
fn headers_without_data_do_not_put_off_a_deadline() {
    let mut rig = Rig::new();
    rig.begin(set("#FTPRECV", Expect::block("#FTPRECV", 0, &[], 1000)));
    let (failure, fed) = endless(&mut rig, b"#FTPRECV: 0\r\n", Duration::from_secs(4));
    assert_eq!((failure, fed), (timed_out(5), 26));
}

#[test]
fn line_ends_instead_of_the_mark_do_not_put_off_a_deadline() {
    let mut rig = Rig::new();
    rig.begin(set("#MQREAD", Expect::marked_block("#MQREAD", 1000)));
    rig.feed(b"#MQREAD: 1,t,10\r\n");
    let (failure, fed) = endless(&mut rig, b"\r\n", Duration::from_secs(4));
    assert_eq!((failure, fed), (timed_out(5), 4));
}

#[test]
fn lengths_that_cannot_be_are_no_lengths() {
    for length in ["18446744073709551615", "18446744073709551616", "-1", "", "1e3", "0x10", "1001"] {
        for (expect, header) in [
            (Expect::block("#FTPRECV", 0, &[], 1000), format!("#FTPRECV: {length}\r\n")),
            (Expect::marked_block("#MQREAD", 1000), format!("#MQREAD: 1,t,{length}\r\n<<<")),
        ] {
            let mut rig = Rig::new();
            rig.begin(set("#FTPRECV", expect));
            rig.feed(header.as_bytes());
            assert!(matches!(rig.result(), Some(Err(Failure::Unexpected(_)))), "{header}");
            assert!(rig.engine.input().capacity() < 64 * 1024, "memory for {header}");
        }
    }
}

#[test]
fn a_code_that_announces_too_much_is_a_line() {
    for length in ["4097", "65535", "99999", "18446744073709551616", "-1", "x"] {
        let mut rig = Rig::new();
        rig.feed(format!("\r\nSSLSRING: 1,{length},data\r\n").as_bytes());
        assert_eq!(rig.unsolicited(), [format!("SSLSRING: 1,{length},data")]);
        assert!(rig.engine.input().capacity() < 64 * 1024);
    }
}

#[test]
fn a_head_ends_with_its_line() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN"));
    rig.feed(b"\r\nSSLSRING: 1,\r\n5,\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["#SSLEN: 1,0"]);
}

#[test]
fn a_damaged_head_does_not_swallow_the_answers_to_probes() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN"));
    // Of three bytes of data came two thousand, says the damaged head.
    rig.feed(b"\r\nSSLSRING: 1,2003,abc\r\n\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
    rig.pass(Duration::from_secs(5));
    assert_eq!(rig.result(), Some(Err(timed_out(5))));
    rig.take_written();
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.take_written(), "AT+CMEE?\r");
    rig.feed(PROBE_ANSWER);
    rig.pass(Duration::from_millis(220));
    assert!(rig.engine.is_ready(rig.now), "the first probe was understood");
    rig.begin(read("#SSLEN"));
    rig.feed(b"\r\n#SSLEN: 1,1\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["#SSLEN: 1,1"]);
}

#[test]
fn a_damaged_head_between_commands_does_not_swallow_the_next_answer() {
    let mut rig = Rig::new();
    rig.feed(b"\r\nSSLSRING: 1,40,abc\r\n");
    rig.pass(Duration::from_millis(200));
    rig.begin(read("#SSLEN"));
    rig.feed(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["#SSLEN: 1,0"]);
    assert_eq!(rig.unsolicited(), ["abc"]);
}

#[test]
fn codes_without_end_do_not_keep_the_next_command_waiting() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN"));
    rig.pass(Duration::from_secs(5));
    rig.pass(Duration::from_millis(200));
    rig.feed(PROBE_ANSWER);
    let asked = rig.now;
    while !rig.engine.is_ready(rig.now) {
        rig.feed(b"\r\n#MQRING: 1,1,t,3\r\n");
        rig.pass(Duration::from_millis(100));
        assert!(rig.now - asked <= Duration::from_millis(1300), "it never falls silent");
    }
}

#[test]
fn codes_do_not_renew_the_pause_behind_an_answer() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN"));
    rig.feed(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
    rig.reply();
    rig.feed(b"\r\n#MQRING: 1,1,t,3\r");
    rig.pass(Duration::from_millis(15));
    rig.feed(b"\n");
    rig.pass(Duration::from_millis(5));
    assert!(rig.engine.is_ready(rig.now));
}

#[test]
fn a_deadline_may_be_as_long_as_anybody_likes() {
    let mut rig = Rig::new();
    rig.begin(read("#SSLEN").deadline(Duration::MAX));
    rig.pass(Duration::from_secs(1_000_000));
    assert_eq!(rig.result(), None);
    rig.feed(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
    assert_eq!(lines(&rig.reply()), ["#SSLEN: 1,0"]);
}

#[test]
fn the_blank_of_a_prompt_belongs_to_it_however_it_is_cut() {
    for pieces in [&[&b"\r\n>  #MQRING: 0\r\n"[..]][..], &[b"\r\n>", b" ", b" #MQRING: 0\r\n"]] {
        let mut rig = Rig::new();
        rig.begin(set("#SSLSENDEXT", Expect::counted_prompt(Bytes::from_static(b"data"), None)));
        pieces.iter().for_each(|piece| rig.feed(piece));
        assert_eq!(rig.unsolicited(), [" #MQRING: 0"]);
    }
}

#[test]
fn a_line_that_begins_like_a_triple_prompt_is_none() {
    let mut rig = Rig::new();
    rig.begin(set("#MQPUBSEXT", Expect::triple_prompt(Bytes::from_static(b"data"))));
    rig.take_written();
    rig.feed(b"\r\n> ");
    rig.pass(Duration::from_secs(5));
    assert_eq!(rig.result(), Some(Err(timed_out(5))));
    rig.feed(b"late\r\n");
    rig.pass(Duration::from_secs(10));
    assert_eq!(rig.take_written(), "AT+CMEE?\r", "and not the data");
}

#[test]
fn what_follows_a_block_does_not_decide_where_it_ends() {
    // Codes behind a short body, up to and over what a longer body could have.
    let answer = [&b"\r\n<<<body\r\nOK\r\n"[..], &b"\r\n#MQRING: 1,1,t,3\r\n".repeat(10)].concat();
    let mut outcomes = Vec::new();
    for size in [1, 7, answer.len()] {
        let mut rig = Rig::new();
        rig.begin(set("#HTTPRCV", Expect::unannounced_block(None, 100)));
        answer.chunks(size).for_each(|piece| rig.feed(piece));
        rig.answer_probe();
        assert_eq!(&rig.reply().body()[..], b"body", "in pieces of {size}");
        outcomes.push(rig.unsolicited());
    }
    assert!(outcomes.iter().all(|outcome| outcome.len() == 10), "{outcomes:?}");
}

#[test]
fn a_mark_with_a_code_right_behind_it_is_data_however_it_is_cut() {
    let data = b"data\r\nNO CARRIER\r\nRING\r\n";
    for size in [1, data.len()] {
        let mut rig = Rig::new();
        rig.begin(set("#FTPGET", Expect::stream(StreamEnding::MarkAndSilence)));
        rig.feed(b"\r\nCONNECT\r\n");
        rig.reply();
        data.chunks(size).for_each(|piece| rig.feed(piece));
        rig.pass(Duration::from_secs(1));
        assert_eq!(rig.stream_data(), data, "in pieces of {size}");
        assert!(!rig.events.iter().any(|event| matches!(event, Event::StreamEnded(_))));
    }
}

#[test]
fn a_stream_without_end_keeps_nothing() {
    let mut rig = Rig::new();
    rig.begin(set("#FTPGET", Expect::stream(StreamEnding::MarkAndSilence)));
    rig.feed(b"\r\nCONNECT\r\n");
    rig.reply();
    let piece = b"\r\nNO CARRIER\r\nand so on, and so on";
    let mut received = 0;
    for _ in 0..1000 {
        rig.feed(piece);
        received += rig.stream_data().len();
        rig.events.clear();
        assert!(rig.engine.input().len() <= 256);
    }
    rig.pass(Duration::from_secs(1));
    assert_eq!(received + rig.stream_data().len(), 1000 * piece.len());
}
