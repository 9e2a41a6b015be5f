//! Frames of the session itself, which go before data.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::multiplexer::frame::{Header, encode};
use crate::multiplexer::{Dlci, FrameKind, Message};

/// Answers that wait: so many octets at most. A module that asks faster than it reads gets no answer to the rest.
const MOST_ANSWERS: usize = 8 * 1024;

/// Frames to be sent, in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    frames: VecDeque<Bytes>,
    octets: usize,
}

impl Outbox {
    pub(super) fn next(&mut self) -> Option<Bytes> {
        let frame = self.frames.pop_front()?;
        self.octets -= frame.len();
        Some(frame)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Opens or closes a channel. The session is the initiator.
    pub(super) fn command(&mut self, kind: FrameKind, dlci: Dlci) {
        self.push(&Header { dlci, command_response: true, kind, poll_final: true }, &[]);
    }

    /// Answers a command of the module.
    pub(super) fn answer(&mut self, kind: FrameKind, dlci: Dlci) {
        if self.octets < MOST_ANSWERS {
            self.push(&Header { dlci, command_response: false, kind, poll_final: true }, &[]);
        }
    }

    /// A message of our own.
    pub(super) fn say(&mut self, message: &Message) {
        self.push(&data_header(Dlci::CONTROL), &message.encode());
    }

    /// The answer to a message.
    pub(super) fn reply(&mut self, message: &Message) {
        if self.octets < MOST_ANSWERS {
            self.say(message);
        }
    }

    fn push(&mut self, header: &Header, information: &[u8]) {
        let mut octets = BytesMut::new();
        encode(header, information, &mut octets);
        self.octets += octets.len();
        self.frames.push_back(octets.freeze());
    }
}

/// Information goes as a command, also where it answers: a module got nothing from a host that sent it otherwise.
/// Source: 27.010 5.4.3.1; the same was seen on an ME910.
pub(super) const fn data_header(dlci: Dlci) -> Header {
    Header { dlci, command_response: true, kind: FrameKind::Uih, poll_final: false }
}
