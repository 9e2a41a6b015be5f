//! From the first frame to channels that carry data.

use std::time::Duration;

use telit_core::multiplexer::{ChannelEnd, Content, FrameKind, SessionEnd, SessionEvent, Signals};

use crate::line::{Line, Sent, T1, answers, asks, data, dlci, dm, settings, status, ua};

const SABM: FrameKind = FrameKind::Sabm;

#[test]
fn octet_by_octet() {
    let mut line = Line::begin(settings(1));
    assert_eq!(line.octets(), b"\xf9\x03\x3f\x01\x1c\xf9", "SABM 0");
    line.says(&[b"\xf9\x03\x73\x01\xd7\xf9".to_vec()]);
    assert_eq!(line.octets(), b"\xf9\x07\x3f\x01\xde\xf9", "SABM 1");
    line.says(&[b"\xf9\x07\x73\x01\x15\xf9".to_vec()]);
    let status = line.octets();
    assert_eq!(status[..8], *b"\xf9\x03\xef\x09\xe3\x05\x07\x8d", "MSC");
    assert_eq!(line.session.write(dlci(1), b"AT\r"), 0, "not before the signals were exchanged");
    assert!(line.events().is_empty());
    line.says(&[answers(Content::ModemStatus(dlci(1), Signals::READY))]);
    assert_eq!(line.events(), [SessionEvent::Opened(dlci(1))]);
    assert_eq!(line.session.write(dlci(1), b"AT\r"), 3);
    let question = line.octets();
    assert_eq!(question[..7], *b"\xf9\x07\xef\x07AT\r");
    assert_eq!(question[8..], *b"\xf9");
}

#[test]
fn one_channel_after_the_other() {
    let mut line = Line::begin(settings(2));
    assert_eq!(line.sent(), [Sent::Command(SABM, 0)]);
    line.says(&[ua(0)]);
    assert_eq!(line.sent(), [Sent::Command(SABM, 1)]);
    line.says(&[ua(1)]);
    assert_eq!(line.sent(), [Sent::Asks(status(1))]);
    line.says(&[asks(status(1))]);
    assert_eq!(line.sent(), [Sent::Answers(status(1))]);
    line.says(&[answers(status(1))]);
    assert_eq!(line.sent(), [Sent::Command(SABM, 2)]);
    line.says(&[ua(2), answers(status(2))]);
    assert_eq!(line.events(), [SessionEvent::Opened(dlci(1)), SessionEvent::Opened(dlci(2))]);
    assert_eq!(line.session.poll_timeout(), None, "nothing is to be done");
}

#[test]
fn a_module_that_does_not_answer_is_asked_four_times() {
    let mut line = Line::begin(settings(1));
    line.after(3 * T1);
    assert_eq!(
        line.sent(),
        [Sent::Command(SABM, 0), Sent::Command(SABM, 0), Sent::Command(SABM, 0), Sent::Command(SABM, 0)]
    );
    assert_eq!(line.events(), []);
    line.after(T1);
    assert_eq!(line.events(), [SessionEvent::Ended(SessionEnd::NoAnswer)]);
    assert_eq!((line.sent(), line.session.poll_timeout()), (vec![], None));
}

#[test]
fn a_late_answer_counts_and_a_second_one_is_no_harm() {
    let mut line = Line::begin(settings(1));
    line.after(3 * T1);
    line.sent();
    line.says(&[ua(0), ua(0)]);
    line.says(&[ua(1), ua(1), answers(status(1)), answers(status(1))]);
    assert_eq!(line.events(), [SessionEvent::Opened(dlci(1))]);
}

#[test]
fn the_control_channel_or_another_one_may_be_refused() {
    let mut line = Line::begin(settings(3));
    line.says(&[dm(0)]);
    assert_eq!(line.events(), [SessionEvent::Ended(SessionEnd::Refused)]);
    let mut line = Line::begin(settings(3));
    line.says(&[ua(0), ua(1), answers(status(1)), dm(2), ua(3), answers(status(3))]);
    let expected = [
        SessionEvent::Opened(dlci(1)),
        SessionEvent::Closed(dlci(2), ChannelEnd::Refused),
        SessionEvent::Opened(dlci(3)),
    ];
    assert_eq!(line.events(), expected);
}

#[test]
fn a_channel_that_does_not_answer_holds_up_the_next_for_two_seconds() {
    let mut line = Line::begin(settings(2));
    line.says(&[ua(0)]);
    line.after(4 * T1);
    assert_eq!(line.events(), [SessionEvent::Closed(dlci(1), ChannelEnd::NoAnswer)]);
    let sabms = [0, 1, 1, 1, 1, 2].map(|number| Sent::Command(SABM, number));
    assert_eq!(line.sent(), sabms);
}

#[test]
fn a_module_that_never_acknowledges_signals_gets_data_all_the_same() {
    let mut line = Line::begin(settings(1));
    line.says(&[ua(0), ua(1)]);
    line.sent();
    line.after(4 * T1);
    assert_eq!(line.sent(), [Sent::Asks(status(1)), Sent::Asks(status(1)), Sent::Asks(status(1))]);
    assert_eq!(line.events(), [SessionEvent::Opened(dlci(1))]);
    let mut line = Line::begin(settings(1));
    line.says(&[ua(0), ua(1), answers(Content::NotSupported(0xe3))]);
    assert_eq!(line.events(), [SessionEvent::Opened(dlci(1))], "nor does one that does not know them");
}

#[test]
fn data_that_come_before_the_signals_are_not_lost() {
    let mut line = Line::begin(settings(1));
    line.says(&[ua(0), ua(1), data(1, b"\r\n+CREG: 1\r\n"), answers(status(1))]);
    assert_eq!(line.read(1), b"\r\n+CREG: 1\r\n");
}

#[test]
fn the_rest_of_the_plain_answer_may_come_in_front() {
    let mut line = Line::begin(settings(1));
    line.sent();
    line.says(&[b"\r\nOK\r\n".to_vec(), ua(0)]);
    assert_eq!(line.sent(), [Sent::Command(SABM, 1)]);
}

#[test]
fn what_comes_back_as_it_was_sent_is_no_answer() {
    let mut line = Line::begin(settings(1));
    let sent = line.octets();
    line.says(&[sent]);
    line.after(4 * T1);
    assert_eq!(line.events(), [SessionEvent::Ended(SessionEnd::NoAnswer)]);
}

#[test]
fn frame_sizes_are_negotiated_where_that_is_asked_for() {
    let mut settings = settings(1);
    settings.negotiate = true;
    settings.frame_size = 512;
    let proposed = b"\xf9\x03\xef\x15\x83\x11\x01\x00\x07\x32\x00\x02\x03\x02";
    let mut line = Line::begin(settings.clone());
    line.sent();
    line.says(&[ua(0)]);
    assert_eq!(line.octets()[..14], *proposed);
    line.says(&[data(0, b"\x81\x11\x01\x00\x07\x0a\x04\x00\x03\x02"), ua(1), answers(status(1))]);
    assert_eq!(line.sent(), [Sent::Command(SABM, 1), Sent::Asks(status(1))]);
    line.session.write(dlci(1), b"123456789");
    assert_eq!(line.sent(), ["1234", "5678", "9"].map(|part| Sent::Data(1, part.into())));
    let mut line = Line::begin(settings.clone());
    line.says(&[ua(0), answers(Content::NotSupported(0x83)), ua(1), answers(status(1))]);
    assert_eq!(line.events(), [SessionEvent::Opened(dlci(1))], "a module without it");
    let mut line = Line::begin(settings);
    line.says(&[ua(0)]);
    line.sent();
    line.after(4 * T1 + Duration::from_millis(1));
    assert_eq!(line.sent().last(), Some(&Sent::Command(SABM, 1)), "one that does not answer it");
}
