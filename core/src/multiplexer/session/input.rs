//! What comes from the module.

use std::time::Instant;

use bytes::Bytes;

use super::channel::Link;
use super::event::{ChannelEnd, SessionEnd, SessionEvent};
use super::suspicion::Step;
use super::{Phase, Session};
use crate::multiplexer::{Decoded, Dlci, Frame, FrameKind, Message};

impl Session {
    /// Works on the octets that were appended to [`input`](Self::input).
    pub fn handle_input(&mut self, now: Instant) {
        while !self.is_ended()
            && let Some(decoded) = self.decoder.decode()
        {
            self.found(now, decoded);
        }
        if self.is_ended() {
            self.decoder.input().clear();
        }
        self.frame_due = self.decoder.is_unfinished().then(|| now + self.settings.frame_wait);
        self.stalled_until = match self.wants_input() {
            true => None,
            false => self.stalled_until.or(Some(now + self.settings.stall)),
        };
    }

    pub(super) fn found(&mut self, now: Instant, decoded: Decoded) {
        match decoded {
            Decoded::Frame(frame) => self.frame(now, frame),
            Decoded::Damaged(_) => self.counters.damaged += 1,
            Decoded::Outside(octets) => {
                self.counters.outside += octets.len() as u64;
                // While the control channel is opened, the rest of the answer to `AT+CMUX` may come.
                if !matches!(self.phase, Phase::Opening(_)) {
                    let step = self.suspicion.outside(now, &octets, &self.settings);
                    self.suspect(step);
                }
            }
        }
    }

    /// Does what a suspicion asks for.
    pub(super) fn suspect(&mut self, step: Step) {
        match step {
            Step::Nothing => {}
            Step::Ask => self.ask_for_life(),
            Step::Restarted => self.end(SessionEnd::Restarted),
            Step::Garbled => self.end(SessionEnd::Garbled),
            Step::Silent => self.end(SessionEnd::Silent),
        }
    }

    fn frame(&mut self, now: Instant, frame: Frame) {
        self.counters.frames_read += 1;
        let is_command = matches!(frame.kind, FrameKind::Sabm | FrameKind::Disc);
        if is_command && frame.command_response {
            // Ours has this bit, the module's has not: what we have sent comes back.
            if !matches!(self.phase, Phase::Opening(_)) {
                let step = self.suspicion.arises(now, &self.settings);
                self.suspect(step);
            }
            return;
        }
        if frame.dlci.is_control() {
            self.control_frame(now, &frame);
        } else {
            self.heard(now);
            self.channel_frame(now, frame);
        }
    }

    fn control_frame(&mut self, now: Instant, frame: &Frame) {
        match (frame.kind, self.phase) {
            (FrameKind::Ua, Phase::Opening(_)) => {
                self.phase = Phase::Running;
                self.open_next(now);
            }
            (FrameKind::Dm, Phase::Opening(_)) => self.end(SessionEnd::Refused),
            (FrameKind::Dm, Phase::Closing(_)) => self.end(SessionEnd::ByHost),
            (FrameKind::Dm, _) => self.end(SessionEnd::ByModule),
            (FrameKind::Disc, _) => {
                self.end(SessionEnd::ByModule);
                self.outbox.answer(FrameKind::Ua, Dlci::CONTROL);
            }
            (FrameKind::Sabm, _) => self.outbox.answer(FrameKind::Dm, Dlci::CONTROL),
            (FrameKind::Ua, _) => self.heard(now),
            (FrameKind::Uih | FrameKind::Ui, _) => {
                for message in Message::decode(&frame.information) {
                    self.message(now, message);
                }
            }
        }
    }

    fn channel_frame(&mut self, now: Instant, frame: Frame) {
        let dlci = frame.dlci;
        let link = self.channel(dlci).map(|channel| channel.link);
        match (frame.kind, link) {
            (FrameKind::Ua, Some(Link::Opening(_))) => self.link_opened(now, dlci),
            (FrameKind::Ua | FrameKind::Dm, Some(Link::Closing(_))) => {
                self.channel_closed(now, dlci, ChannelEnd::ByHost);
            }
            (FrameKind::Dm, Some(Link::Opening(_))) => self.channel_closed(now, dlci, ChannelEnd::Refused),
            (FrameKind::Dm, Some(Link::Open)) => self.channel_closed(now, dlci, ChannelEnd::ByModule),
            (FrameKind::Disc, Some(Link::Open | Link::Opening(_))) => {
                self.outbox.answer(FrameKind::Ua, dlci);
                self.channel_closed(now, dlci, ChannelEnd::ByModule);
            }
            (FrameKind::Disc, Some(Link::Closing(_))) => self.outbox.answer(FrameKind::Ua, dlci),
            // Channels are opened by this side alone.
            (FrameKind::Sabm | FrameKind::Disc, _) => self.outbox.answer(FrameKind::Dm, dlci),
            (FrameKind::Uih | FrameKind::Ui, Some(Link::Open)) => self.data(now, dlci, &frame.information),
            (FrameKind::Uih | FrameKind::Ui, _) => self.counters.stray += frame.information.len() as u64,
            (FrameKind::Ua | FrameKind::Dm, _) => {}
        }
    }

    /// The module has sent something that shows that it multiplexes.
    pub(super) fn heard(&mut self, now: Instant) {
        self.suspicion.frame_came(now);
        self.liveness.frame_came(now, self.settings.silence);
    }

    fn data(&mut self, now: Instant, dlci: Dlci, octets: &Bytes) {
        self.liveness.data_came();
        let Some(channel) = self.channel_mut(dlci) else { return };
        if channel.came(octets) {
            self.tell_signals(now, dlci);
        }
    }

    /// The channel is there; data go when the signals were exchanged. Source: 27.010 5.4.6.3.7.
    fn link_opened(&mut self, now: Instant, dlci: Dlci) {
        if let Some(channel) = self.channel_mut(dlci) {
            channel.link = Link::Open;
            self.tell_signals(now, dlci);
        }
    }

    pub(super) fn channel_opened(&mut self, now: Instant, dlci: Dlci) {
        self.events.push_back(SessionEvent::Opened(dlci));
        self.open_next(now);
    }
}
