//! The control channel.

use std::time::Instant;

use bytes::Bytes;

use super::channel::{Channel, Link};
use super::event::{SessionEnd, SessionEvent};
use super::suspicion::Step;
use super::{Phase, Session};
use crate::multiplexer::control::{MODEM_STATUS, NEGOTIATION, kind_of};
use crate::multiplexer::{Content, Dlci, Message, Parameters, Signals};

impl Session {
    pub(super) fn message(&mut self, now: Instant, message: Message) {
        if self.is_ended() {
            return;
        }
        match message.is_command {
            true => self.asked(now, message.content),
            false => self.answered(now, message.content),
        }
    }

    /// What the module wants. What is not known is answered so. Source: 27.010 5.4.6.3.8.
    fn asked(&mut self, now: Instant, content: Content) {
        if self.is_own_question(&content) {
            // A module that multiplexes does not send it back as a question: it is in plain AT mode, and echoes.
            self.suspect(Step::Restarted);
            return;
        }
        self.heard(now);
        let reply = match content {
            Content::ModemStatus(dlci, signals) => {
                self.signalled(dlci, signals);
                Content::ModemStatus(dlci, signals)
            }
            Content::FlowOn | Content::FlowOff => {
                self.flow_off = content == Content::FlowOff;
                content
            }
            Content::CloseDown => {
                self.end(SessionEnd::ByModule);
                content
            }
            Content::Test(_) => content,
            Content::Negotiation(parameters) => Content::Negotiation(self.agree(parameters)),
            // The module did not know something.
            Content::NotSupported(kind) => return self.not_supported(now, kind),
            Content::Unknown(kind) => Content::NotSupported(kind),
        };
        self.outbox.reply(&Message::response(reply));
    }

    fn is_own_question(&self, content: &Content) -> bool {
        match (content, self.suspicion.question()) {
            (Content::Test(pattern), Some(question)) => **pattern == question,
            _ => false,
        }
    }

    fn answered(&mut self, now: Instant, content: Content) {
        self.heard(now);
        self.liveness.answered();
        match content {
            Content::ModemStatus(dlci, signals) if self.is_current(dlci, signals) => {
                self.signals_acknowledged(now, dlci);
            }
            Content::Negotiation(parameters) => {
                let frame_size = usize::from(parameters.frame_size.max(1));
                if let Some(channel) = self.channel_mut(parameters.dlci) {
                    channel.frame_size = channel.frame_size.min(frame_size);
                }
                self.negotiated(now, parameters.dlci);
            }
            Content::CloseDown if matches!(self.phase, Phase::Closing(Some(_))) => {
                self.end(SessionEnd::ByHost)
            }
            Content::NotSupported(kind) => self.not_supported(now, kind),
            _ => {}
        }
    }

    /// Whether an answer is to the last signals that were told, and not to those before: whether the module may go on
    /// sending must not be left to chance. What opens a channel need not repeat them.
    fn is_current(&self, dlci: Dlci, heard: Signals) -> bool {
        self.channel(dlci).is_some_and(|channel| !channel.is_open() || channel.ours().hold == heard.hold)
    }

    fn signals_acknowledged(&mut self, now: Instant, dlci: Dlci) {
        if self.channel_mut(dlci).is_some_and(Channel::acknowledged) {
            self.channel_opened(now, dlci);
        }
    }

    /// The module does not know signals or negotiation: then it goes without.
    fn not_supported(&mut self, now: Instant, kind: u8) {
        let kind = kind_of(kind);
        if let Some(dlci) = self.pending(kind) {
            match kind {
                MODEM_STATUS => self.signals_acknowledged(now, dlci),
                _ => self.negotiated(now, dlci),
            }
        }
    }

    fn pending(&self, kind: u8) -> Option<Dlci> {
        let mut channels = self.channels.iter();
        let pending = match kind {
            MODEM_STATUS => channels.find(|channel| channel.link == Link::Open && !channel.is_open()),
            NEGOTIATION => channels.find(|channel| matches!(channel.link, Link::Negotiating(_))),
            _ => None,
        };
        pending.map(|channel| channel.dlci)
    }

    fn signalled(&mut self, dlci: Dlci, signals: Signals) {
        let Some(channel) = self.channel_mut(dlci) else { return };
        let changed = std::mem::replace(&mut channel.theirs, signals) != signals;
        if changed && channel.link == Link::Open {
            self.events.push_back(SessionEvent::Signals(dlci, signals));
        }
    }

    /// What this side takes of what the module proposes: its frames may be no longer than those that are read here.
    fn agree(&mut self, proposed: Parameters) -> Parameters {
        let frame_size = proposed.frame_size.clamp(1, self.settings.longest_frame);
        if let Some(channel) = self.channel_mut(proposed.dlci) {
            channel.frame_size = channel.frame_size.min(usize::from(frame_size));
        }
        Parameters { layer: 0, frame_size, ..proposed }
    }

    pub(super) fn negotiated(&mut self, now: Instant, dlci: Dlci) {
        if self.channel(dlci).is_some_and(|channel| matches!(channel.link, Link::Negotiating(_))) {
            self.open_link(now, dlci);
        }
    }

    /// Tells the module our signals for a channel.
    pub(super) fn tell_signals(&mut self, now: Instant, dlci: Dlci) {
        let settings = self.settings.clone();
        let Some(channel) = self.channel_mut(dlci).filter(|channel| channel.link == Link::Open) else {
            return;
        };
        let signals = channel.tell(now, &settings);
        self.outbox.say(&Message::command(Content::ModemStatus(dlci, signals)));
    }

    /// Asks something that a module which multiplexes answers.
    pub(super) fn ask_for_life(&mut self) {
        if let Some(question) = self.suspicion.question() {
            let pattern = Bytes::copy_from_slice(&question);
            self.outbox.say(&Message::command(Content::Test(pattern)));
        }
        let open = self.channels.iter().find(|channel| channel.link == Link::Open);
        if let Some((dlci, signals)) = open.map(|channel| (channel.dlci, channel.ours())) {
            self.outbox.say(&Message::command(Content::ModemStatus(dlci, signals)));
        }
    }
}
