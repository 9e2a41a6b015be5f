//! A module that restarts without a word while it owes an answer.

use std::time::Duration;

use bytes::Bytes;
use telit_core::multiplexer::{Content, SessionEnd, SessionEvent, SessionSettings};

use crate::line::{Line, Sent, T1, answers, asks, data, dlci, frame, settings, status, ua};

const SILENCE: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(8);
const MOMENT: Duration = Duration::from_millis(1);

fn question(count: u8) -> Sent {
    Sent::Asks(Content::Test(Bytes::copy_from_slice(&[0, 0, 0, count])))
}

/// It was sent a command.
fn owing(settings: SessionSettings) -> Line {
    let mut line = Line::open(settings);
    line.session.write(dlci(1), b"AT\r");
    line.sent();
    line
}

#[test]
fn a_module_that_owes_an_answer_and_says_nothing_is_asked_and_then_lost() {
    let mut line = owing(settings(1));
    line.after(SILENCE - MOMENT);
    assert_eq!(line.sent(), []);
    line.after(MOMENT);
    assert_eq!(line.sent(), [question(1), Sent::Asks(status(1))]);
    line.after(ANSWER - MOMENT);
    assert_eq!((line.sent().len(), line.events()), (6, vec![]), "it is asked four times");
    line.after(MOMENT);
    assert_eq!(line.events(), [SessionEvent::Ended(SessionEnd::Silent)]);
}

#[test]
fn one_that_answers_the_question_is_asked_again_only_after_another_silence() {
    let mut line = owing(settings(1));
    for count in 1..=5 {
        line.after(SILENCE);
        assert_eq!(line.sent(), [question(count), Sent::Asks(status(1))]);
        line.says(&[answers(status(1))]);
    }
    line.says(&[data(1, b"OK")]);
    line.after(Duration::from_secs(3600));
    assert_eq!((line.sent(), line.events(), line.session.poll_timeout()), (vec![], vec![], None));
}

#[test]
fn any_frame_shows_that_it_is_there() {
    let mut line = owing(settings(2));
    line.after(SILENCE - MOMENT);
    line.says(&[asks(status(2))]);
    line.sent();
    line.after(SILENCE - MOMENT);
    assert_eq!(line.sent(), []);
    line.after(MOMENT);
    assert_eq!(line.sent()[0], question(1));
}

#[test]
fn one_that_owes_nothing_is_not_asked() {
    let mut line = owing(settings(1));
    line.says(&[data(1, b"OK")]);
    assert_eq!(line.session.poll_timeout(), None);
}

/// Nobody waits for it any more.
#[test]
fn what_stays_unanswered_is_forgotten() {
    let mut line = owing(settings(1));
    for _ in 0..30 {
        line.after(SILENCE);
        line.says(&[answers(status(1))]);
    }
    line.sent();
    line.after(Duration::from_secs(3600));
    assert_eq!((line.sent(), line.events(), line.session.poll_timeout()), (vec![], vec![], None));
}

#[test]
fn one_that_never_answered_on_the_control_channel_is_not_asked() {
    let mut line = Line::begin(settings(1));
    line.says(&[ua(0), ua(1)]);
    line.after(Duration::from_secs(10));
    assert_eq!(line.events(), [SessionEvent::Opened(dlci(1))]);
    line.session.write(dlci(1), b"AT\r");
    line.sent();
    line.after(Duration::from_secs(3600));
    assert_eq!((line.sent(), line.events()), (vec![], vec![]));
}

/// It is in plain AT mode, and its echo is on.
#[test]
fn one_that_has_restarted_shows_it_by_its_echo() {
    let mut line = owing(settings(1));
    line.after(SILENCE);
    let echo = line.octets();
    line.says(&[echo]);
    assert_eq!(line.events(), [SessionEvent::Ended(SessionEnd::Restarted)]);
}

/// What stays unread is not silence.
#[test]
fn a_line_that_is_not_read_is_not_silent() {
    let mut line = owing(settings(1));
    let information = vec![b'x'; 1024];
    while line.session.wants_input() {
        line.says(&[frame(1, telit_core::multiplexer::FrameKind::Uih, false, &information)]);
    }
    line.session.write(dlci(1), b"AT\r");
    line.sent();
    line.after(SILENCE + ANSWER);
    assert_eq!(line.events(), []);
}

/// It holds the line, so that the question does not reach it.
#[test]
fn a_module_that_was_not_asked_yet_is_not_silent() {
    let mut line = owing(settings(1));
    line.holds_output = true;
    line.after(SILENCE + 3 * ANSWER);
    assert_eq!(line.events(), []);
    line.holds_output = false;
    assert_eq!(line.sent(), [question(1), Sent::Asks(status(1))], "it is asked once");
    line.after(ANSWER - MOMENT);
    assert_eq!(line.events(), [], "it has its whole time from now on");
    line.after(MOMENT);
    assert_eq!(line.events(), [SessionEvent::Ended(SessionEnd::Silent)]);
}

/// It was given out, and does not leave.
#[test]
fn a_question_that_the_port_has_not_taken_whole_is_not_unanswered() {
    let mut line = owing(settings(1));
    line.holds_output = true;
    line.after(SILENCE);
    assert!(line.session.poll_output(line.now).is_some());
    line.after(3 * ANSWER);
    assert_eq!((line.events(), line.session.has_output()), (vec![], false));
    line.session.output_left(line.now);
    line.holds_output = false;
    line.says(&[answers(status(1)), data(1, b"OK")]);
    line.after(Duration::from_secs(3600));
    assert_eq!((line.sent(), line.events()), (vec![], vec![]));
}

#[test]
fn noise_behind_a_port_that_takes_nothing_is_no_restart_yet() {
    let mut line = Line::open(settings(1));
    line.holds_output = true;
    line.says(&[b"\r\n^BOOT\r\n".to_vec()]);
    line.after(ANSWER);
    assert_eq!(line.events(), []);
    line.holds_output = false;
    assert_eq!(line.sent(), [question(1), Sent::Asks(status(1))]);
    line.after(4 * T1);
    assert_eq!(line.events(), [SessionEvent::Ended(SessionEnd::Restarted)]);
}

#[test]
fn a_port_that_takes_nothing_for_a_minute_has_no_module() {
    let minute = Duration::from_secs(60);
    let mut line = owing(settings(1));
    line.holds_output = true;
    line.after(SILENCE + minute);
    assert_eq!(line.events(), []);
    line.after(ANSWER);
    assert_eq!(line.events(), [SessionEvent::Ended(SessionEnd::Silent)]);
}
