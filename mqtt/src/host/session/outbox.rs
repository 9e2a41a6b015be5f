//! Bytes that are to be sent, and what is waited for once they have gone.

use std::collections::VecDeque;

use bytes::{Buf, BytesMut};
use mqtt_proto::v3::Packet;
use mqtt_proto::{Error, Pid};

use super::Ticket;

/// What begins when the module has accepted a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// All that is known of a message "at most once".
    Sent(Ticket),
    /// The wait for the broker's answer.
    Awaits(Pid),
    /// The wait for the answer to a ping.
    Ping,
    /// Nothing: it answers the broker.
    Answer,
}

#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Not on their way yet.
    bytes: BytesMut,
    /// Of all bytes ever: how many were put in, are on their way, and were accepted by the module.
    put: u64,
    wrote: u64,
    accepted: u64,
    /// Where the packet ends that each belongs to.
    marks: VecDeque<(u64, Mark)>,
    /// How many of them are answers.
    answers: usize,
}

impl Outbox {
    pub(super) fn push(&mut self, packet: &Packet, mark: Option<Mark>) -> Result<(), Error> {
        let encoded = packet.encode()?;
        self.bytes.extend_from_slice(encoded.as_ref());
        self.put += encoded.as_ref().len() as u64;
        self.marks.extend(mark.map(|mark| (self.put, mark)));
        self.answers += usize::from(mark == Some(Mark::Answer));
        Ok(())
    }

    /// Whether the module has accepted everything.
    pub(super) fn is_idle(&self) -> bool {
        self.accepted == self.put
    }

    /// Answers to the broker that the module has not accepted.
    pub(super) fn answers(&self) -> usize {
        self.answers
    }

    pub(super) fn front(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn wrote(&mut self, length: usize) {
        let length = length.min(self.bytes.len());
        self.bytes.advance(length);
        self.wrote += length as u64;
    }

    /// What begins now that everything on its way was accepted.
    pub(super) fn accepted(&mut self) -> Vec<Mark> {
        self.accepted = self.wrote;
        let gone = self.marks.iter().take_while(|(end, _)| *end <= self.wrote).count();
        let marks: Vec<_> = self.marks.drain(..gone).map(|(_, mark)| mark).collect();
        self.answers -= marks.iter().filter(|mark| **mark == Mark::Answer).count();
        marks
    }
}
