//! A module that restarts while it owes an answer.

use std::time::Duration;

use bytes::Bytes;
use telit_core::at::{CommandLine, Exchange, Expect, Failure, Settings};

use crate::rig::{Rig, read};

const LONG: Duration = Duration::from_secs(40);
const PATIENCE: Duration = Duration::from_secs(2);
const BEFORE: Duration = Duration::from_millis(1999);

fn publish(expect: Expect) -> Exchange {
    let line = CommandLine::set("#MQPUBSEXT").number(1_u8).build().expect("it encodes");
    Exchange::new(line, expect).deadline(LONG)
}

/// It has been told that the module has restarted, ten seconds into the exchange.
fn restarted(exchange: Exchange, answered: &[u8]) -> Rig {
    let mut rig = Rig::new();
    rig.begin(exchange);
    rig.feed(answered);
    rig.pass(Duration::from_secs(10));
    rig.take_written();
    rig.engine.module_restarted(rig.now);
    rig
}

#[test]
fn what_a_restart_has_swallowed_is_not_waited_for() {
    let mut rig = restarted(publish(Expect::result()), b"");
    rig.pass(BEFORE);
    assert_eq!(rig.result(), None);
    rig.pass(PATIENCE - BEFORE);
    assert_eq!(rig.result(), Some(Err(Failure::Restarted)));
    rig.answer_probe();
    rig.begin(read("#SSLEN"));
    rig.feed(b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n");
    assert_eq!(rig.reply().values("#SSLEN"), ["1,0"]);
}

#[test]
fn a_module_that_has_started_may_answer_what_it_was_sent_shortly_before() {
    let mut rig = restarted(publish(Expect::result()), b"");
    rig.pass(BEFORE);
    rig.feed(b"\r\nOK\r\n");
    rig.reply();
}

#[test]
fn a_deadline_that_comes_sooner_is_not_put_off() {
    let mut rig = Rig::new();
    rig.begin(publish(Expect::result()).deadline(Duration::from_secs(1)));
    rig.engine.module_restarted(rig.now);
    rig.pass(Duration::from_secs(1));
    assert_eq!(rig.result(), Some(Err(Failure::Restarted)));
}

/// It waits for nothing, so the first probe need not wait either.
#[test]
fn neither_prompt_nor_payload_outlives_a_restart() {
    for answered in [&b""[..], b"\r\n>>>"] {
        let mut rig = restarted(publish(Expect::triple_prompt(Bytes::from_static(b"data"))), answered);
        rig.pass(PATIENCE);
        assert_eq!(rig.result(), Some(Err(Failure::Restarted)));
        rig.answer_probe();
    }
}

/// It shows that the module is at work on the command.
#[test]
fn a_prompt_behind_the_start_up_line_is_answered_and_its_answer_waited_for() {
    let mut rig = restarted(publish(Expect::triple_prompt(Bytes::from_static(b"data"))), b"");
    rig.feed(b"\r\n>>>");
    assert_eq!(rig.take_written(), "data");
    rig.pass(LONG - Duration::from_millis(1));
    rig.feed(b"\r\nOK\r\n");
    rig.reply();
}

#[test]
fn a_start_up_line_is_no_part_of_a_text() {
    let mut rig = with_start_up_line();
    rig.begin(Exchange::new(CommandLine::execute("+CGMM"), Expect::text()));
    rig.feed(b"\r\n^BOOT\r\n\r\nME310G1-WW\r\n\r\nOK\r\n");
    assert_eq!(rig.unsolicited(), ["^BOOT"]);
    let reply = rig.reply();
    assert_eq!(reply.lines().iter().map(|line| line.text().into_owned()).collect::<Vec<_>>(), ["ME310G1-WW"]);
}

#[test]
fn a_prompt_has_a_deadline_of_its_own() {
    let ten = Duration::from_secs(10);
    let exchange = || publish(Expect::triple_prompt(Bytes::from_static(b"data"))).prompt_deadline(ten);
    let mut rig = Rig::new();
    rig.begin(exchange());
    rig.pass(ten);
    assert_eq!(rig.result(), Some(Err(Failure::TimedOut { waited: ten })));
    let mut rig = Rig::new();
    rig.begin(exchange());
    rig.feed(b"\r\n>>>");
    rig.pass(LONG - Duration::from_millis(1));
    assert_eq!(rig.result(), None);
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.result(), Some(Err(Failure::TimedOut { waited: LONG })));
    let mut rig = Rig::new();
    rig.begin(exchange().deadline(Duration::from_secs(5)));
    rig.pass(Duration::from_secs(5));
    assert_eq!(rig.result(), Some(Err(Failure::TimedOut { waited: Duration::from_secs(5) })));
}

fn with_start_up_line() -> Rig {
    let mut settings = Settings::default();
    settings.start_up_lines = vec!["^BOOT".to_owned()];
    Rig::with(settings)
}

/// The port held the command back until the module had started.
#[test]
fn a_module_that_echoes_behind_its_start_up_line_is_at_work() {
    let answer = b"\r\n^BOOT\r\nAT#MQPUBSEXT=1\r";
    for size in [1, 9, 10, answer.len()] {
        let mut rig = with_start_up_line();
        rig.begin(publish(Expect::result()));
        answer.chunks(size).for_each(|piece| rig.feed(piece));
        rig.pass(LONG - Duration::from_millis(1));
        assert_eq!(rig.result(), None, "{size}");
        rig.feed(b"\r\nOK\r\n");
        rig.reply();
    }
}

#[test]
fn a_line_of_the_answer_behind_a_start_up_line_shows_the_same() {
    let answer = b"\r\n^BOOT\r\n\r\n#MQPUBSEXT: 1\r\n";
    for size in [1, 9, 10, answer.len()] {
        let mut rig = with_start_up_line();
        rig.begin(publish(Expect::lines("#MQPUBSEXT")));
        answer.chunks(size).for_each(|piece| rig.feed(piece));
        rig.pass(LONG - Duration::from_millis(1));
        assert_eq!(rig.result(), None, "{size}");
        rig.feed(b"\r\nOK\r\n");
        assert_eq!(rig.reply().values("#MQPUBSEXT"), ["1"]);
    }
}

#[test]
fn a_start_up_line_alone_shows_no_work() {
    for size in [1, 9, 100] {
        let mut rig = with_start_up_line();
        rig.begin(publish(Expect::result()));
        b"AT#MQPUBSEXT=1\r\r\n^BOOT\r\n".chunks(size).for_each(|piece| rig.feed(piece));
        rig.pass(BEFORE);
        assert_eq!(rig.result(), None, "{size}");
        rig.pass(PATIENCE - BEFORE);
        assert_eq!(rig.result(), Some(Err(Failure::Restarted)), "{size}");
    }
}

#[test]
fn a_module_that_is_at_work_again_has_the_time_of_a_prompt_for_it() {
    let ten = Duration::from_secs(10);
    let mut rig = with_start_up_line();
    rig.begin(publish(Expect::triple_prompt(Bytes::from_static(b"data"))).prompt_deadline(ten));
    rig.feed(b"\r\n^BOOT\r\nAT#MQPUBSEXT=1\r");
    rig.pass(ten - Duration::from_millis(1));
    assert_eq!(rig.result(), None);
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.result(), Some(Err(Failure::TimedOut { waited: ten })));
}
