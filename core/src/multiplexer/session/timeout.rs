//! What is due.

use std::time::Instant;

use super::attempt::{Attempt, Due};
use super::channel::{Channel, MOST_INBOUND, Step};
use super::event::{ChannelEnd, SessionEnd};
use super::{Phase, Session};
use crate::multiplexer::{Content, Dlci, FrameKind, Message};

impl Session {
    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let phase = match &self.phase {
            Phase::Ended => return None,
            Phase::Opening(attempt) | Phase::Closing(Some(attempt)) => Some(attempt.at()),
            Phase::Running | Phase::Closing(None) => None,
        };
        let channels = self.channels.iter().filter_map(Channel::next_timeout).min();
        let asking = [self.suspicion.next_timeout(), self.liveness_due()].into_iter();
        let line = asking.chain([self.unfinished_due(), self.stalled_until]);
        line.chain([phase, channels]).flatten().min()
    }

    /// Fires what is due. Harmless when nothing is.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.is_ended() {
            return;
        }
        if self.unfinished_due().is_some_and(|due| due <= now) {
            self.give_up_frame(now);
        }
        if self.stalled_until.is_some_and(|until| until <= now) {
            self.hang_up_stalled(now);
        }
        self.phase_timeout(now);
        for dlci in self.channels.iter().map(|channel| channel.dlci).collect::<Vec<_>>() {
            self.channel_timeout(now, dlci);
        }
        if !self.is_ended() {
            let step = self.suspicion.timeout(now, &self.settings);
            self.suspect(step);
        }
        if self.liveness_due().is_some() && self.liveness.is_due(now) {
            let step = self.suspicion.silent(now, &self.settings);
            self.suspect(step);
        }
    }

    /// Who does not read cannot say that the module is silent.
    fn liveness_due(&self) -> Option<Instant> {
        let running = self.phase == Phase::Running && self.stalled_until.is_none();
        self.liveness.next_timeout().filter(|_| running)
    }

    /// A line that is not read brings no rest of a frame.
    fn unfinished_due(&self) -> Option<Instant> {
        self.frame_due.filter(|_| self.stalled_until.is_none())
    }

    fn give_up_frame(&mut self, now: Instant) {
        if let Some(damage) = self.decoder.give_up() {
            self.found(now, crate::multiplexer::Decoded::Damaged(damage));
        }
        self.handle_input(now);
    }

    fn hang_up_stalled(&mut self, now: Instant) {
        let stalled = self.channels.iter().filter(|channel| channel.inbound() >= MOST_INBOUND);
        for dlci in stalled.map(|channel| channel.dlci).collect::<Vec<_>>() {
            self.close_channel(now, dlci);
            if let Some(channel) = self.channel_mut(dlci) {
                channel.forget_inbound();
                channel.overflowed = true;
            }
        }
        self.stalled_until = None;
    }

    fn phase_timeout(&mut self, now: Instant) {
        let (acknowledgement, response) = (self.settings.acknowledgement_wait, self.settings.response_wait);
        let fire = |attempt: &mut Attempt, wait| attempt.fire(now, wait);
        match &mut self.phase {
            Phase::Opening(attempt) => match fire(attempt, acknowledgement) {
                Due::NotYet => {}
                Due::Again => self.outbox.command(FrameKind::Sabm, Dlci::CONTROL),
                Due::Never => self.end(SessionEnd::NoAnswer),
            },
            Phase::Closing(Some(attempt)) => match fire(attempt, response) {
                Due::NotYet => {}
                Due::Again => self.outbox.say(&Message::command(Content::CloseDown)),
                Due::Never => self.end(SessionEnd::ByHost),
            },
            Phase::Running | Phase::Closing(None) | Phase::Ended => {}
        }
    }

    fn channel_timeout(&mut self, now: Instant, dlci: Dlci) {
        let settings = self.settings.clone();
        let Some(channel) = self.channel_mut(dlci) else { return };
        match channel.timeout(now, &settings) {
            Step::Nothing => {}
            Step::Negotiate => self.propose(dlci),
            Step::Open => self.open_again(now, dlci),
            Step::Close => self.outbox.command(FrameKind::Disc, dlci),
            Step::TellSignals => {
                let signals = channel.ours();
                self.outbox.say(&Message::command(Content::ModemStatus(dlci, signals)));
            }
            Step::Opened => self.channel_opened(now, dlci),
            Step::NoAnswer => self.channel_closed(now, dlci, ChannelEnd::NoAnswer),
            Step::Closed => self.channel_closed(now, dlci, ChannelEnd::ByHost),
        }
    }

    /// It goes on without a negotiation that is not answered; otherwise it is asked again.
    fn open_again(&mut self, now: Instant, dlci: Dlci) {
        let is_opening = |channel: &Channel| matches!(channel.link, super::Link::Opening(_));
        match self.channel(dlci).is_some_and(is_opening) {
            true => self.outbox.command(FrameKind::Sabm, dlci),
            false => self.open_link(now, dlci),
        }
    }
}
