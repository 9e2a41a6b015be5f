//! A counted entry that the module may hold open: what is sent then would be delivered to somebody.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{Exchange, Expect, Failure, Settings, ShortPayload};

use crate::rig::{Rig, read, set};

const PROBE: &str = "AT+CMEE?\r";
/// For so long an entry is completed by nothing but its payload.
const KEPT: Duration = Duration::from_secs(300);
const LONG: usize = 341;

fn entry(length: usize) -> Exchange {
    set("#HTTPSND", Expect::triple_prompt(Bytes::from(vec![b'x'; length])))
}

/// An entry whose command has failed for want of an answer, and what was written from then on.
fn lost(exchange: Exchange, answer: &[u8]) -> Rig {
    lost_by(Rig::new(), exchange, answer)
}

fn lost_by(mut rig: Rig, exchange: Exchange, answer: &[u8]) -> Rig {
    rig.begin(exchange);
    rig.feed(answer);
    rig.pass(Duration::from_secs(5));
    assert!(matches!(rig.result(), Some(Err(Failure::TimedOut { .. }))));
    rig.take_written();
    rig
}

/// Asks again and again, so long; gives how many bytes were written.
fn insist(rig: &mut Rig, time: Duration) -> usize {
    let (until, mut written) = (rig.now + time, 0);
    while rig.now < until {
        if rig.engine.is_ready(rig.now) {
            rig.begin(read("#SSLEN"));
        }
        rig.pass(Duration::from_secs(1));
        written += rig.take_written().len();
        if let Some(result) = rig.result() {
            assert_eq!(result, Err(Failure::NotResponding));
        }
    }
    written
}

#[test]
fn a_payload_is_never_completed_by_anything_else_while_the_entry_may_be_open() {
    for length in [1, 9, 10, 54, 55, LONG] {
        let mut rig = lost(entry(length), b"");
        let written = insist(&mut rig, KEPT - Duration::from_secs(10));
        // The first question is always asked.
        assert!(written < length.max(PROBE.len() + 1), "{written} of {length} bytes");
        assert!(written + PROBE.len() >= length, "as often as possible: {written} of {length}");
    }
    let mut rig = lost(entry(LONG), b"\r\n>>>");
    assert!(insist(&mut rig, KEPT - Duration::from_secs(10)) < LONG, "all of it may have got lost");
}

#[test]
fn in_the_end_the_module_is_got_out_of_it() {
    let mut rig = lost(entry(LONG), b"");
    insist(&mut rig, KEPT);
    assert!(insist(&mut rig, Duration::from_secs(30)) > 1600);
}

#[test]
fn a_new_stream_to_the_module_does_not_complete_it_either() {
    let mut rig = lost(entry(LONG), b"");
    rig.engine.begin_on_new_stream(rig.now);
    assert!(insist(&mut rig, KEPT - Duration::from_secs(10)) < LONG);

    let mut rig = Rig::new();
    rig.begin(entry(LONG));
    rig.feed(b"\r\n>>>");
    rig.take_written();
    rig.engine.begin_on_new_stream(rig.now);
    assert!(insist(&mut rig, KEPT - Duration::from_secs(10)) < LONG, "the port went in the middle of it");
}

#[test]
fn a_module_that_has_restarted_waits_for_nothing() {
    let mut rig = lost(entry(1), b"");
    insist(&mut rig, Duration::from_secs(60));
    assert_eq!(insist(&mut rig, Duration::from_secs(30)), 0);
    rig.engine.module_restarted(rig.now);
    assert!(insist(&mut rig, Duration::from_secs(30)) > 1600);
}

#[test]
fn a_start_up_line_says_so() {
    let mut settings = Settings::default();
    settings.start_up_lines = vec!["^BOOT".to_owned()];
    let mut rig = lost_by(Rig::with(settings), entry(1), b"");
    insist(&mut rig, Duration::from_secs(60));
    rig.feed(b"\r\n^BOOT\r\n");
    assert!(insist(&mut rig, Duration::from_secs(30)) > 1600);
}

/// It was only slow.
#[test]
fn a_late_result_ends_it() {
    for late in ["\r\nOK\r\n", "\r\nERROR\r\n", "\r\n+CME ERROR: 4\r\n"] {
        let mut rig = lost(entry(1), b"\r\n>>>");
        rig.pass(Duration::from_secs(1));
        rig.feed(late.as_bytes());
        rig.answer_probe();
        assert!(rig.engine.is_ready(rig.now));

        let mut rig = lost(entry(1), b"");
        insist(&mut rig, Duration::from_secs(60));
        assert_eq!(insist(&mut rig, Duration::from_secs(5)), 0);
        rig.feed(late.as_bytes());
        rig.begin(read("#SSLEN"));
        rig.answer_probe();
        assert_eq!(rig.take_written(), "AT#SSLEN?\r");
    }
}

#[test]
fn a_prompt_that_opens_behind_a_question_gets_nothing() {
    let mut rig = lost(entry(LONG), b"");
    rig.pass(Duration::from_secs(10));
    assert_eq!(rig.take_written(), PROBE);
    rig.feed(b"\r\n>>>");
    rig.pass(Duration::from_secs(9));
    assert_eq!(rig.take_written(), "", "the question may be its beginning");
}

#[test]
fn a_module_that_gives_up_gets_the_time_for_it() {
    let exchange = entry(LONG).short_payload(ShortPayload::GivesUp(Duration::from_secs(20)));
    let mut rig = lost(exchange, b"");
    rig.pass(Duration::from_millis(20_999));
    assert_eq!(rig.take_written(), "");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.take_written(), PROBE);
    rig.feed(b"\r\n>>>");
    rig.pass(Duration::from_millis(20_999));
    assert_eq!(rig.take_written(), "", "it has opened now");
    rig.pass(Duration::from_secs(30));
    assert!(rig.take_written().len() > 1600, "nothing is open any more");
}

#[test]
fn what_harms_nobody_is_filled_up_at_once() {
    let mut rig = lost(entry(LONG).short_payload(ShortPayload::Harmless), b"");
    rig.pass(Duration::from_secs(20));
    assert!(rig.take_written().len() > 1600);
}

#[test]
fn a_prompt_of_which_a_byte_was_hit_is_answered() {
    let counted = || set("#SSLSENDEXT", Expect::counted_prompt(Bytes::from_static(b"data"), None));
    let triple = || entry(4);
    let hit: [(&dyn Fn() -> Exchange, &[u8]); 10] = [
        (&triple, b"\r\n>>"),
        (&triple, b"\r\n~>>"),
        (&triple, b"\r\n>?>"),
        (&triple, b"\r\n>>~"),
        (&triple, b"\r\x0b>>>"),
        (&triple, b"\x0c\n>>>"),
        (&counted, b"\r\n "),
        (&counted, b"\r\n? "),
        (&counted, b"\r\n>`"),
        (&counted, b"\rJ> "),
    ];
    for (exchange, prompt) in hit {
        let mut rig = Rig::new();
        rig.begin(exchange());
        rig.take_written();
        rig.feed(prompt);
        rig.pass(Duration::from_secs(1));
        assert_eq!(rig.take_written().len(), 4, "{prompt:?}");
        rig.feed(b"\r\nOK\r\n");
        rig.reply();
    }
}

#[test]
fn what_is_followed_by_more_is_no_prompt() {
    for line in [&b"\r\n>>"[..], b"\r\n> >", b"\r\n>", b"\r\n\xff\x00~\x80U\xfe"] {
        let mut rig = Rig::new();
        rig.begin(entry(4));
        rig.take_written();
        rig.feed(line);
        rig.pass(Duration::from_millis(900));
        rig.feed(b"CODE\r\n");
        rig.pass(Duration::from_secs(3));
        assert_eq!(rig.take_written(), "", "{line:?}");
    }
}
