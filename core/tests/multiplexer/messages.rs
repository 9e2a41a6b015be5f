//! What the module may ask.

use bytes::Bytes;
use telit_core::multiplexer::{Content, FrameKind};

use crate::line::{Line, Sent, asks, data, frame, settings};

#[test]
fn a_test_is_sent_back() {
    let mut line = Line::open(settings(1));
    let pattern = Content::Test(Bytes::from_static(b"anything\xf9"));
    line.says(&[asks(pattern.clone())]);
    assert_eq!(line.sent(), [Sent::Answers(pattern)]);
}

#[test]
fn what_is_not_known_is_answered_so() {
    let mut line = Line::open(settings(1));
    // PSC, RPN, RLS, SNC: optional, and of no use to AT channels.
    for kind in [0x43_u8, 0x93, 0x53, 0xd3] {
        line.says(&[data(0, &[kind, 0x05, 0x07, 0x01])]);
        assert_eq!(line.sent(), [Sent::Answers(Content::NotSupported(kind))], "{kind:02x}");
    }
    line.says(&[data(0, b"\x41\x01")]);
    assert_eq!(line.sent(), [], "an answer to nothing");
}

#[test]
fn several_messages_in_one_frame_are_answered_in_order() {
    let mut line = Line::open(settings(1));
    line.says(&[data(0, b"\x43\x01\x23\x03a\x23\x03b")]);
    let test = |pattern: &'static str| Sent::Answers(Content::Test(Bytes::from_static(pattern.as_bytes())));
    assert_eq!(line.sent(), [Sent::Answers(Content::NotSupported(0x43)), test("a"), test("b")]);
}

#[test]
fn the_module_may_negotiate() {
    let mut line = Line::open(settings(1));
    line.says(&[data(0, b"\x83\x11\x01\x10\x07\x0a\xff\x7f\x03\x02")]);
    let sent = line.octets();
    assert_eq!(sent[4..14], *b"\x81\x11\x01\x00\x07\x0a\x00\x08\x03\x02", "layer 1, frames of 2048");
}

#[test]
fn the_module_opens_no_channel() {
    let mut line = Line::open(settings(1));
    line.says(&[frame(5, FrameKind::Sabm, false, b""), frame(5, FrameKind::Disc, false, b"")]);
    assert_eq!(line.sent(), [Sent::Answer(FrameKind::Dm, 5), Sent::Answer(FrameKind::Dm, 5)]);
    line.says(&[frame(5, FrameKind::Ua, true, b""), frame(5, FrameKind::Dm, true, b""), data(5, b"x")]);
    assert_eq!(line.sent(), []);
}

#[test]
fn data_may_come_checked() {
    let mut line = Line::open(settings(1));
    line.says(&[frame(1, FrameKind::Ui, false, b"OK")]);
    assert_eq!(line.read(1), b"OK");
}
