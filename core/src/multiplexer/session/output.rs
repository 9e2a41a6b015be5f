//! What goes to the module.

use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::Session;
use super::channel::{Channel, Link};
use super::outbox::data_header;
use crate::multiplexer::frame::encode;
use crate::multiplexer::{Content, Dlci, FrameKind, Message, Parameters};

/// Short frames are put together up to this, so that each write to the port is worth its while.
const BATCH: usize = 512;

impl Session {
    /// The next octets to write to the module: whole frames. Those of the session itself go first, then each channel
    /// that has data sends one in turn.
    ///
    /// Ask only when the port can take them: what was given out cannot be overtaken any more.
    pub fn poll_output(&mut self, now: Instant) -> Option<Bytes> {
        let mut octets = BytesMut::new();
        while octets.len() < BATCH {
            if let Some(frame) = self.outbox.next() {
                octets.extend_from_slice(&frame);
            } else if self.next_data(&mut octets) {
                self.liveness.data_sent(now, self.settings.silence);
            } else {
                break;
            }
        }
        if self.outbox.is_empty() {
            self.suspicion.given_out();
        }
        (!octets.is_empty()).then(|| octets.freeze())
    }

    /// Tells that the port has taken every octet of [`poll_output`](Self::poll_output). A module cannot answer what a port
    /// holds back, so whether it still multiplexes is judged from then on only, or when a minute has passed.
    pub fn output_left(&mut self, now: Instant) {
        self.suspicion.left(now);
    }

    /// Whether [`poll_output`](Self::poll_output) would give something.
    #[must_use]
    pub fn has_output(&self) -> bool {
        !self.outbox.is_empty() || (!self.flow_off && self.channels.iter().any(Channel::may_send))
    }

    /// One frame of the channel whose turn it is, if there is one and it still fits.
    fn next_data(&mut self, octets: &mut BytesMut) -> bool {
        if self.flow_off {
            return false;
        }
        let count = self.channels.len();
        let ready = |index: &usize| self.channels.get(*index).is_some_and(Channel::may_send);
        let Some(index) = (self.turn..count).chain(0..self.turn).find(ready) else { return false };
        let size = self.channels.get(index).map_or(0, Channel::next_size);
        if !octets.is_empty() && octets.len() + size > BATCH {
            return false;
        }
        self.turn = (index + 1) % count;
        if let Some(channel) = self.channels.get_mut(index) {
            encode(&data_header(channel.dlci), &channel.next_information(), octets);
        }
        true
    }

    /// Opens the first channel that is wanted, if none is being opened.
    pub(super) fn open_next(&mut self, now: Instant) {
        let busy = self.channels.iter().any(|channel| !channel.is_settled());
        if self.phase != super::Phase::Running || busy {
            return;
        }
        let mut wanted =
            self.channels.iter().filter(|channel| channel.wanted && channel.link == Link::Closed);
        let Some(dlci) = wanted.next().map(|channel| channel.dlci) else { return };
        match self.settings.negotiate {
            true => self.negotiate(now, dlci),
            false => self.open_link(now, dlci),
        }
    }

    fn negotiate(&mut self, now: Instant, dlci: Dlci) {
        let attempt = self.response(now);
        if let Some(channel) = self.channel_mut(dlci) {
            channel.link = Link::Negotiating(attempt);
            self.propose(dlci);
        }
    }

    pub(super) fn propose(&mut self, dlci: Dlci) {
        let hundredths = self.settings.acknowledgement_wait.as_millis() / 10;
        let parameters = Parameters {
            dlci,
            layer: 0,
            // That of the standard for channels 1 to 7, and those behind in steps of eight. Source: 27.010 5.6.
            priority: dlci.number() | 0x07,
            acknowledgement_timer: u8::try_from(hundredths).unwrap_or(u8::MAX),
            frame_size: self.settings.frame_size,
            retransmissions: self.settings.retransmissions,
            window: 2,
        };
        self.outbox.say(&Message::command(Content::Negotiation(parameters)));
    }

    pub(super) fn open_link(&mut self, now: Instant, dlci: Dlci) {
        let attempt = self.acknowledgement(now);
        if let Some(channel) = self.channel_mut(dlci) {
            channel.link = Link::Opening(attempt);
            self.outbox.command(FrameKind::Sabm, dlci);
        }
    }

    pub(super) fn begin_close_down(&mut self, now: Instant) {
        self.phase = super::Phase::Closing(Some(self.response(now)));
        self.outbox.say(&Message::command(Content::CloseDown));
    }
}
