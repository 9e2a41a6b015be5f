//! Noise on the line, and a module that has restarted.

use std::time::Duration;

use bytes::Bytes;
use telit_core::multiplexer::{Content, SessionEnd, SessionEvent};

use crate::line::{Line, Sent, T1, answers, data, settings, status};

const PLAIN: &[u8] = b"\r\n+CMEE: 0\r\n\r\nOK\r\n";

fn question(count: u8) -> Sent {
    Sent::Asks(Content::Test(Bytes::copy_from_slice(&[0, 0, 0, count])))
}

#[test]
fn a_module_that_has_restarted_is_noticed_by_its_text() {
    let mut line = Line::open(settings(1));
    line.says(&[PLAIN.to_vec()]);
    assert_eq!(line.sent(), [question(1), Sent::Asks(status(1))]);
    line.after(4 * T1 - Duration::from_millis(1));
    assert_eq!(line.events(), []);
    line.after(Duration::from_millis(1));
    assert_eq!(line.events(), [SessionEvent::Ended(SessionEnd::Restarted)]);
}

#[test]
fn one_that_echoes_is_noticed_by_its_first_echo() {
    let mut line = Line::open(settings(1));
    line.says(&[PLAIN.to_vec()]);
    let sent = line.octets();
    line.says(&[sent]);
    assert_eq!(line.events(), [SessionEvent::Ended(SessionEnd::Restarted)]);
}

#[test]
fn noise_costs_a_question_and_nothing_else() {
    let mut line = Line::open(settings(1));
    line.says(&[b"\x00\xff".to_vec(), data(1, b"OK")]);
    assert_eq!(line.sent(), [question(1), Sent::Asks(status(1))]);
    line.after(Duration::from_secs(60));
    assert_eq!((line.events(), line.session.poll_timeout()), (vec![], None), "a frame came");
    assert_eq!(line.read(1), b"OK");
    assert_eq!(line.session.counters().outside, 2);
}

#[test]
fn whatever_a_module_answers_it_is_there() {
    let pattern = Content::Test(Bytes::from_static(&[0, 0, 0, 1]));
    for answer in [answers(pattern), answers(Content::NotSupported(0x23)), answers(status(1))] {
        let mut line = Line::open(settings(1));
        line.says(&[PLAIN.to_vec(), answer]);
        line.after(Duration::from_secs(60));
        assert_eq!(line.events(), []);
    }
}

#[test]
fn a_noisy_line_is_not_filled_with_questions() {
    let mut line = Line::open(settings(1));
    for _ in 0..100 {
        line.says(&[b"\x00".to_vec(), data(1, b"x")]);
    }
    assert_eq!(line.sent(), [question(1), Sent::Asks(status(1))]);
    line.after(Duration::from_secs(5));
    assert_eq!(line.sent(), [question(2), Sent::Asks(status(1))], "what came in the pause is looked into");
    line.says(&[answers(status(1))]);
    line.after(Duration::from_secs(60));
    assert_eq!((line.sent(), line.events()), (vec![], vec![]));
}

#[test]
fn a_line_that_carries_nothing_but_noise_is_lost() {
    let mut line = Line::open(settings(1));
    for _ in 0..40 {
        line.says(&[vec![0xf9, 0x00, 0x80, 0xf9]]);
        line.after(Duration::from_millis(50));
    }
    assert_eq!(line.events(), [SessionEvent::Ended(SessionEnd::Garbled)]);
}

#[test]
fn the_rest_of_a_frame_is_not_awaited_for_ever() {
    let mut line = Line::open(settings(1));
    line.says(&[data(1, b"cut off here")[..8].to_vec()]);
    line.after(Duration::from_millis(499));
    assert_eq!(line.session.counters().damaged, 0);
    line.after(Duration::from_millis(1));
    assert_eq!(line.session.counters().damaged, 1);
    line.says(&[data(1, b"whole")]);
    assert_eq!(line.read(1), b"whole");
}
