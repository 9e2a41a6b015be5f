//! How channels and sessions end.

use telit_core::multiplexer::{ChannelEnd, Content, FrameKind, SessionEnd, SessionEvent};

use crate::line::{Line, Sent, T1, answers, asks, data, dlci, dm, frame, settings, status, ua};

const DISC: FrameKind = FrameKind::Disc;

fn closed(number: u8, end: ChannelEnd) -> SessionEvent {
    SessionEvent::Closed(dlci(number), end)
}

fn ended(end: SessionEnd) -> SessionEvent {
    SessionEvent::Ended(end)
}

#[test]
fn channels_first_and_then_the_multiplexer() {
    let mut line = Line::open(settings(2));
    line.session.close(line.now);
    assert_eq!(line.sent(), [Sent::Command(DISC, 1), Sent::Command(DISC, 2)]);
    line.says(&[ua(1)]);
    assert_eq!(line.sent(), []);
    line.says(&[ua(2)]);
    assert_eq!(line.octets(), b"\xf9\x03\xef\x05\xc3\x01\xf2\xf9", "CLD");
    line.says(&[answers(Content::CloseDown)]);
    let events = [closed(1, ChannelEnd::ByHost), closed(2, ChannelEnd::ByHost), ended(SessionEnd::ByHost)];
    assert_eq!(line.events(), events);
    assert_eq!(line.session.poll_timeout(), None);
}

#[test]
fn a_module_that_does_not_answer_is_left_after_four_seconds() {
    let mut line = Line::open(settings(1));
    line.holds_output = true;
    line.session.close(line.now);
    line.after(8 * T1);
    line.holds_output = false;
    assert_eq!(line.events(), [closed(1, ChannelEnd::ByHost), ended(SessionEnd::ByHost)]);
    let disc = vec![Sent::Command(DISC, 1); 4];
    let down = vec![Sent::Asks(Content::CloseDown); 4];
    // What was not sent when the session ended is not sent.
    assert_eq!(line.sent(), []);
    let mut line = Line::open(settings(1));
    line.session.close(line.now);
    let mut sent = Vec::new();
    for _ in 0..8 {
        sent.extend(line.sent());
        line.after(T1);
    }
    assert_eq!(sent, [disc, down].concat());
}

#[test]
fn the_module_closes_a_channel_and_it_is_opened_again() {
    let mut line = Line::open(settings(2));
    line.says(&[data(1, b"last"), frame(1, DISC, false, b""), data(1, b"stray")]);
    assert_eq!(line.events(), [closed(1, ChannelEnd::ByModule)]);
    assert_eq!(line.sent(), [Sent::Answer(FrameKind::Ua, 1)]);
    assert_eq!(line.read(1), b"last", "what came before can still be read");
    assert_eq!(line.session.counters().stray, 5);
    assert_eq!(line.session.write(dlci(1), b"x"), 0);
    line.session.open(line.now, dlci(1));
    line.says(&[ua(1), answers(status(1))]);
    assert_eq!(line.sent(), [Sent::Command(FrameKind::Sabm, 1), Sent::Asks(status(1))]);
    assert_eq!(line.events(), [SessionEvent::Opened(dlci(1))]);
    line.says(&[dm(2)]);
    assert_eq!(line.events(), [closed(2, ChannelEnd::ByModule)]);
}

#[test]
fn a_channel_is_closed_and_opened_again_at_once() {
    let mut line = Line::open(settings(1));
    line.session.write(dlci(1), b"dropped");
    line.session.close_channel(line.now, dlci(1));
    line.session.open(line.now, dlci(1));
    assert_eq!(line.sent(), [Sent::Command(DISC, 1)]);
    line.says(&[data(1, b"stray"), ua(1)]);
    assert_eq!(line.sent(), [Sent::Command(FrameKind::Sabm, 1)]);
    line.says(&[ua(1), answers(status(1)), data(1, b"new")]);
    assert_eq!(line.events(), [closed(1, ChannelEnd::ByHost), SessionEvent::Opened(dlci(1))]);
    assert_eq!(line.read(1), b"new");
}

#[test]
fn the_module_closes_everything() {
    for (last, answer) in [
        (asks(Content::CloseDown), vec![Sent::Answers(Content::CloseDown)]),
        (frame(0, DISC, false, b""), vec![Sent::Answer(FrameKind::Ua, 0)]),
        (dm(0), vec![]),
    ] {
        let mut line = Line::open(settings(2));
        line.says(&[last, data(1, b"ignored"), b"\r\nOK\r\n".to_vec()]);
        assert_eq!(line.events(), [ended(SessionEnd::ByModule)]);
        assert_eq!(line.sent(), answer);
        assert_eq!((line.session.is_ended(), line.session.poll_timeout()), (true, None));
        line.session.close(line.now);
        line.session.open(line.now, dlci(1));
        assert_eq!((line.sent(), line.events()), (vec![], vec![]));
    }
}

#[test]
fn a_session_may_be_closed_before_it_is_open() {
    let mut line = Line::begin(settings(1));
    line.session.close(line.now);
    assert_eq!(line.sent(), [Sent::Command(FrameKind::Sabm, 0), Sent::Asks(Content::CloseDown)]);
    line.says(&[ua(0), answers(Content::CloseDown)]);
    assert_eq!(line.events(), [ended(SessionEnd::ByHost)]);
    let mut line = Line::begin(settings(1));
    line.says(&[ua(0)]);
    line.session.close(line.now);
    line.sent();
    line.says(&[ua(1)]);
    assert_eq!(line.sent(), [Sent::Asks(Content::CloseDown)], "its answer to SABM stands for that to DISC");
}
