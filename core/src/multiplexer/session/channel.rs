//! One channel: how it is opened and closed, its signals, its data.

use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::attempt::{Attempt, Due};
use super::settings::SessionSettings;
use crate::multiplexer::{Dlci, Signals};

/// With so many octets that nobody has taken the module is told to wait,
const HIGH: usize = 16 * 1024;
/// and with so many to go on.
const LOW: usize = 4 * 1024;
/// A module that does not wait is not read any more. What is on its way when it is told has to fit.
pub(super) const MOST_INBOUND: usize = 256 * 1024;
/// Octets that wait to be sent.
const MOST_OUTBOUND: usize = 4 * 1024;

#[derive(Debug)]
pub(super) struct Channel {
    pub(super) dlci: Dlci,
    pub(super) link: Link,
    /// It is to be opened.
    pub(super) wanted: bool,
    /// What the module says.
    pub(super) theirs: Signals,
    pub(super) frame_size: usize,
    ours: Signals,
    /// Our signals were told and not acknowledged yet.
    told: Option<Attempt>,
    /// They were acknowledged once, or the module never does: data may go.
    greeted: bool,
    /// It is being closed because nobody took its data.
    pub(super) overflowed: bool,
    inbound: BytesMut,
    outbound: BytesMut,
}

/// Whether a channel is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Closed,
    Negotiating(Attempt),
    Opening(Attempt),
    Open,
    Closing(Attempt),
}

/// What has to be done for a channel whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    Negotiate,
    Open,
    Close,
    TellSignals,
    /// The module never acknowledges signals.
    Opened,
    NoAnswer,
    Closed,
}

impl Channel {
    pub(super) fn new(dlci: Dlci, frame_size: u16) -> Self {
        Self {
            dlci,
            link: Link::Closed,
            wanted: true,
            theirs: Signals::READY,
            frame_size: usize::from(frame_size.max(1)),
            ours: Signals::READY,
            told: None,
            greeted: false,
            overflowed: false,
            inbound: BytesMut::new(),
            outbound: BytesMut::new(),
        }
    }

    /// Nothing is left of what it was; what came before is still there to be read.
    pub(super) fn closed(&mut self) {
        self.link = Link::Closed;
        self.wanted = false;
        (self.told, self.greeted) = (None, false);
        (self.ours, self.theirs) = (Signals::READY, Signals::READY);
        self.outbound.clear();
    }

    /// What came before it was closed is not for whoever opens it again.
    pub(super) fn begin(&mut self) {
        self.inbound.clear();
        self.overflowed = false;
        self.wanted = true;
    }

    pub(super) fn is_settled(&self) -> bool {
        matches!(self.link, Link::Closed | Link::Open) && !self.is_greeting()
    }

    fn is_greeting(&self) -> bool {
        self.link == Link::Open && !self.greeted
    }

    /// Whether it carries data.
    pub(super) fn is_open(&self) -> bool {
        self.link == Link::Open && self.greeted
    }

    /// The signals to be told now.
    pub(super) fn tell(&mut self, now: Instant, settings: &SessionSettings) -> Signals {
        self.told = Some(Attempt::new(now, settings.response_wait, settings.retransmissions));
        self.ours
    }

    pub(super) fn ours(&self) -> Signals {
        self.ours
    }

    /// The module has heard our signals. Gives whether the channel carries data from now on.
    pub(super) fn acknowledged(&mut self) -> bool {
        self.told = None;
        let opened = self.is_greeting();
        self.greeted |= opened;
        opened
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let link = match &self.link {
            Link::Negotiating(attempt) | Link::Opening(attempt) | Link::Closing(attempt) => {
                Some(attempt.at())
            }
            Link::Open | Link::Closed => None,
        };
        link.into_iter().chain(self.told.as_ref().map(Attempt::at)).min()
    }

    pub(super) fn timeout(&mut self, now: Instant, settings: &SessionSettings) -> Step {
        match &mut self.link {
            Link::Negotiating(attempt) => match attempt.fire(now, settings.response_wait) {
                Due::NotYet => Step::Nothing,
                Due::Again => Step::Negotiate,
                Due::Never => Step::Open,
            },
            Link::Opening(attempt) => match attempt.fire(now, settings.acknowledgement_wait) {
                Due::NotYet => Step::Nothing,
                Due::Again => Step::Open,
                Due::Never => Step::NoAnswer,
            },
            Link::Closing(attempt) => match attempt.fire(now, settings.acknowledgement_wait) {
                Due::NotYet => Step::Nothing,
                Due::Again => Step::Close,
                Due::Never => Step::Closed,
            },
            Link::Closed | Link::Open => self.signals_timeout(now, settings),
        }
    }

    fn signals_timeout(&mut self, now: Instant, settings: &SessionSettings) -> Step {
        let Some(told) = &mut self.told else { return Step::Nothing };
        match told.fire(now, settings.response_wait) {
            Due::NotYet => Step::Nothing,
            Due::Again => Step::TellSignals,
            Due::Never if self.acknowledged() => Step::Opened,
            Due::Never => Step::Nothing,
        }
    }

    /// Data came. Gives whether our signals have changed: enough for now.
    pub(super) fn came(&mut self, octets: &[u8]) -> bool {
        self.inbound.extend_from_slice(octets);
        self.inbound.len() > HIGH && !std::mem::replace(&mut self.ours.hold, true)
    }

    /// Takes at most so many octets of what came, and tells whether our signals have changed: go on.
    pub(super) fn read(&mut self, limit: usize) -> (Bytes, bool) {
        let octets = self.inbound.split_to(limit.min(self.inbound.len())).freeze();
        let relieved = self.inbound.len() <= LOW && std::mem::replace(&mut self.ours.hold, false);
        (octets, relieved)
    }

    pub(super) fn inbound(&self) -> usize {
        self.inbound.len()
    }

    pub(super) fn forget_inbound(&mut self) {
        self.inbound.clear();
    }

    /// Takes as much as there is room for.
    pub(super) fn write(&mut self, octets: &[u8]) -> usize {
        let room = MOST_OUTBOUND.saturating_sub(self.outbound.len());
        let taken = octets.get(..room).unwrap_or(octets);
        self.outbound.extend_from_slice(taken);
        taken.len()
    }

    pub(super) fn outbound(&self) -> usize {
        self.outbound.len()
    }

    /// Whether a frame of data may go now. A module without RTR cannot receive, as one with FC.
    pub(super) fn may_send(&self) -> bool {
        self.is_open() && !self.outbound.is_empty() && !self.theirs.hold && self.theirs.ready_to_receive
    }

    /// Octets of information in the next frame.
    pub(super) fn next_size(&self) -> usize {
        self.frame_size.min(self.outbound.len())
    }

    /// The information of the next frame.
    pub(super) fn next_information(&mut self) -> BytesMut {
        self.outbound.split_to(self.next_size())
    }
}
