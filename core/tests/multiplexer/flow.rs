//! Whose turn it is, and who has to wait.

use std::time::Duration;

use telit_core::multiplexer::{ChannelEnd, Content, FrameKind, SessionEvent, Signals};

use crate::line::{Line, Sent, T1, answers, asks, data, dlci, held, settings, status, ua};

fn texts(sent: &[Sent]) -> Vec<(u8, &str)> {
    sent.iter()
        .map(|sent| match sent {
            Sent::Data(number, text) => (*number, text.as_str()),
            other => panic!("no data: {other:?}"),
        })
        .collect()
}

#[test]
fn a_bulk_transfer_holds_up_a_question_by_one_frame() {
    let mut line = Line::open(settings(3));
    assert_eq!(line.session.write(dlci(1), &[b'x'; 5000]), 4096, "so much waits");
    line.session.write(dlci(3), &[b'y'; 62]);
    let first = line.session.poll_output(line.now).unwrap();
    line.session.write(dlci(2), b"AT+CSQ\r");
    let rest = line.sent();
    let numbers: Vec<u8> = texts(&rest).iter().map(|(number, _)| *number).collect();
    assert!(numbers[..2].contains(&2), "{numbers:?}");
    assert!(first.len() < 700, "what was given out cannot be overtaken");
}

#[test]
fn each_in_turn_with_frames_of_the_size_that_was_agreed() {
    let mut line = Line::open(settings(2));
    line.session.write(dlci(1), &[b'x'; 70]);
    line.session.write(dlci(2), &[b'y'; 40]);
    let (x, y) = ("x".repeat(31), "y".repeat(31));
    let sent = line.sent();
    let expected = [(1, &x[..]), (2, &y[..]), (1, &x[..]), (2, "yyyyyyyyy"), (1, "xxxxxxxx")];
    assert_eq!(texts(&sent), expected);
}

#[test]
fn a_channel_whose_module_side_cannot_receive_waits_and_the_others_go_on() {
    for signals in
        [Signals { hold: true, ..Signals::READY }, Signals { ready_to_receive: false, ..Signals::READY }]
    {
        let mut line = Line::open(settings(2));
        let wait = Content::ModemStatus(dlci(1), signals);
        line.says(&[asks(wait.clone())]);
        assert_eq!(line.events(), [SessionEvent::Signals(dlci(1), signals)]);
        line.session.write(dlci(1), b"one");
        line.session.write(dlci(2), b"two");
        assert_eq!(line.sent(), [Sent::Answers(wait), Sent::Data(2, "two".into())]);
        assert_eq!((line.session.unsent(dlci(1)), line.session.has_output()), (3, false));
        line.says(&[asks(status(1))]);
        assert_eq!(line.sent(), [Sent::Answers(status(1)), Sent::Data(1, "one".into())]);
    }
}

#[test]
fn the_whole_module_may_want_no_data() {
    let mut line = Line::open(settings(2));
    line.says(&[asks(Content::FlowOff)]);
    line.session.write(dlci(1), b"one");
    assert_eq!(line.sent(), [Sent::Answers(Content::FlowOff)]);
    assert!(!line.session.has_output());
    line.says(&[asks(Content::FlowOn)]);
    assert_eq!(line.sent(), [Sent::Answers(Content::FlowOn), Sent::Data(1, "one".into())]);
}

#[test]
fn a_reader_that_falls_behind_holds_up_its_own_channel() {
    let mut line = Line::open(settings(2));
    let full: Vec<_> = (0..11).map(|_| data(1, &[b'x'; 1500])).collect();
    line.says(&full);
    assert_eq!(line.sent(), [Sent::Asks(held(1))]);
    line.says(&[answers(held(1)), data(2, b"meanwhile"), data(1, b"on its way")]);
    assert_eq!(line.read(2), b"meanwhile");
    assert!(line.session.wants_input());
    let mut read = line.session.read(line.now, dlci(1), 12_000).to_vec();
    assert_eq!(line.sent(), []);
    read.extend(line.session.read(line.now, dlci(1), 1_000));
    assert_eq!(line.sent(), [Sent::Asks(status(1))], "4 KiB are left");
    read.extend(line.read(1));
    assert_eq!(read, [vec![b'x'; 16_500], b"on its way".to_vec()].concat());
}

#[test]
fn signals_that_are_not_acknowledged_are_told_again() {
    let mut line = Line::open(settings(1));
    let full: Vec<_> = (0..11).map(|_| data(1, &[b'x'; 1500])).collect();
    line.says(&full);
    line.after(Duration::from_secs(1));
    assert_eq!(line.sent(), [Sent::Asks(held(1)), Sent::Asks(held(1)), Sent::Asks(held(1))]);
    line.after(Duration::from_secs(10));
    assert_eq!(line.sent(), [Sent::Asks(held(1))]);
    assert_eq!(line.session.poll_timeout(), None);
}

/// Otherwise the module might wait for ever.
#[test]
fn an_answer_to_earlier_signals_is_none_to_the_last_ones() {
    let mut line = Line::open(settings(1));
    let full: Vec<_> = (0..11).map(|_| data(1, &[b'x'; 1500])).collect();
    line.says(&full);
    line.read(1);
    assert_eq!(line.sent(), [Sent::Asks(held(1)), Sent::Asks(status(1))], "and the second one is lost");
    line.says(&[answers(held(1))]);
    line.after(T1);
    assert_eq!(line.sent(), [Sent::Asks(status(1))]);
    line.says(&[answers(status(1))]);
    assert_eq!(line.session.poll_timeout(), None);
}

#[test]
fn a_module_that_does_not_wait_is_not_read_and_then_loses_the_channel() {
    let mut line = Line::open(settings(2));
    let mut pieces = 0;
    while line.session.wants_input() {
        line.says(&[data(1, &[b'x'; 1500])]);
        pieces += 1;
    }
    assert_eq!(pieces, 256 * 1024 / 1500 + 1);
    line.sent();
    line.after(Duration::from_secs(59));
    assert_eq!((line.events(), line.session.wants_input()), (vec![], false));
    line.after(Duration::from_secs(1));
    assert!(line.session.wants_input());
    assert!(line.sent().contains(&Sent::Command(FrameKind::Disc, 1)));
    line.says(&[data(1, b"more"), ua(1), data(2, b"alive")]);
    assert_eq!(line.events(), [SessionEvent::Closed(dlci(1), ChannelEnd::Overflow)]);
    assert_eq!((line.read(1), line.read(2)), (vec![], b"alive".to_vec()));
}

#[test]
fn a_reader_that_comes_back_in_time_loses_nothing() {
    let mut line = Line::open(settings(1));
    while line.session.wants_input() {
        line.says(&[data(1, &[b'x'; 1500])]);
    }
    line.after(Duration::from_secs(59));
    assert_eq!(line.read(1).len(), (256 * 1024 / 1500 + 1) * 1500);
    line.after(Duration::from_secs(60));
    assert_eq!(line.events(), []);
}
