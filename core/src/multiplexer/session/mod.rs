//! A session of the side that begins it: no port, no clock, no task.

mod attempt;
mod channel;
mod event;
mod input;
mod liveness;
mod messages;
mod outbox;
mod output;
mod settings;
mod suspicion;
mod timeout;

use std::collections::VecDeque;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

pub use event::{ChannelEnd, SessionEnd, SessionEvent};
pub use settings::SessionSettings;

use super::{Decoder, Dlci, FrameKind};
use attempt::Attempt;
use channel::{Channel, Link};
use liveness::Liveness;
use outbox::Outbox;
use suspicion::Suspicion;

/// Several channels on one line, opened and used by the side that begins.
///
/// # Contract
///
/// After every call that takes `now` drain [`Session::poll_event`] and, as the port takes it, [`Session::poll_output`]
/// (tell by [`Session::output_left`] that it has), and arrange for [`Session::handle_timeout`] at [`Session::poll_timeout`]. Append what the port gives to
/// [`Session::input`], while [`Session::wants_input`], and call [`Session::handle_input`].
///
/// - **Any chunks.** The same octets at the same times give the same events however they are divided.
/// - **In turn.** Each channel with data sends one frame, then the next one does, so a bulk transfer holds up a short
///   question by one frame of each other channel.
/// - **Bounded.** A channel keeps what nobody has taken up to a bound; the module is told to wait long before.
/// - **One end.** A session ends in exactly one [`SessionEvent::Ended`].
#[derive(Debug)]
pub struct Session {
    settings: SessionSettings,
    decoder: Decoder,
    phase: Phase,
    channels: Vec<Channel>,
    outbox: Outbox,
    /// The module takes no data on any channel (`FCoff`).
    flow_off: bool,
    suspicion: Suspicion,
    liveness: Liveness,
    events: VecDeque<SessionEvent>,
    /// Which channel sends next.
    turn: usize,
    /// When the rest of a frame that has begun is given up.
    frame_due: Option<Instant>,
    /// When the channels that nobody reads are hung up, so that the line is read again.
    stalled_until: Option<Instant>,
    counters: Counters,
}

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The control channel is being opened.
    Opening(Attempt),
    Running,
    /// The channels are being closed, and then (with an attempt) the multiplexer.
    Closing(Option<Attempt>),
    Ended,
}

/// What happened on the line so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Whole frames from the module.
    pub frames_read: u64,
    /// What began like a frame and was none.
    pub damaged: u64,
    /// Octets outside frames.
    pub outside: u64,
    /// Octets of data for channels that are not open.
    pub stray: u64,
}

impl Session {
    /// Begins a session on a line whose module has just been told to multiplex: the control channel is opened, then the
    /// others, one after the other.
    #[must_use]
    pub fn begin(now: Instant, settings: SessionSettings) -> Self {
        let dlcis = (1..=settings.channels).filter_map(Dlci::new);
        let channels = dlcis.map(|dlci| Channel::new(dlci, settings.frame_size)).collect();
        let mut outbox = Outbox::default();
        outbox.command(FrameKind::Sabm, Dlci::CONTROL);
        let attempt = Attempt::new(now, settings.acknowledgement_wait, settings.retransmissions);
        Self {
            decoder: Decoder::new(usize::from(settings.longest_frame)),
            phase: Phase::Opening(attempt),
            channels,
            outbox,
            flow_off: false,
            suspicion: Suspicion::default(),
            liveness: Liveness::default(),
            events: VecDeque::new(),
            turn: 0,
            frame_due: None,
            stalled_until: None,
            counters: Counters::default(),
            settings,
        }
    }

    /// Where arriving octets are appended. Call [`handle_input`](Self::handle_input) afterwards.
    pub fn input(&mut self) -> &mut BytesMut {
        self.decoder.input()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<SessionEvent> {
        self.events.pop_front()
    }

    /// Whether a channel carries data.
    #[must_use]
    pub fn is_open(&self, dlci: Dlci) -> bool {
        self.channel(dlci).is_some_and(Channel::is_open)
    }

    /// Opens a channel that was closed. Ends in [`SessionEvent::Opened`] or [`SessionEvent::Closed`].
    pub fn open(&mut self, now: Instant, dlci: Dlci) {
        if self.phase != Phase::Ended
            && let Some(channel) = self.channel_mut(dlci)
        {
            channel.begin();
            self.open_next(now);
        }
    }

    /// Closes a channel. What was written and has not gone is dropped.
    pub fn close_channel(&mut self, now: Instant, dlci: Dlci) {
        let attempt = self.acknowledgement(now);
        let Some(channel) = self.channel_mut(dlci) else { return };
        channel.wanted = false;
        match channel.link {
            Link::Closing(_) | Link::Closed => {}
            Link::Negotiating(_) => self.channel_closed(now, dlci, ChannelEnd::ByHost),
            Link::Opening(_) | Link::Open => {
                channel.closed();
                channel.link = Link::Closing(attempt);
                self.outbox.command(FrameKind::Disc, dlci);
            }
        }
    }

    /// Ends the session: closes the channels, then the multiplexer (CLD). Ends in [`SessionEvent::Ended`].
    pub fn close(&mut self, now: Instant) {
        match self.phase {
            Phase::Opening(_) => self.begin_close_down(now),
            Phase::Running => {
                self.phase = Phase::Closing(None);
                for dlci in self.channels.iter().map(|channel| channel.dlci).collect::<Vec<_>>() {
                    self.close_channel(now, dlci);
                }
                self.close_down_if_due(now);
            }
            Phase::Closing(_) | Phase::Ended => {}
        }
    }

    /// Sends data on a channel; takes as many octets as there is room for.
    pub fn write(&mut self, dlci: Dlci, octets: &[u8]) -> usize {
        let channel = self.channel_mut(dlci).filter(|channel| channel.is_open());
        channel.map_or(0, |channel| channel.write(octets))
    }

    /// Octets of a channel that wait to be sent.
    #[must_use]
    pub fn unsent(&self, dlci: Dlci) -> usize {
        self.channel(dlci).map_or(0, Channel::outbound)
    }

    /// Takes at most `limit` octets that came on a channel, also after it was closed. Empty when there are none.
    pub fn read(&mut self, now: Instant, dlci: Dlci, limit: usize) -> Bytes {
        let Some(channel) = self.channel_mut(dlci) else { return Bytes::new() };
        let (octets, relieved) = channel.read(limit);
        if relieved {
            self.tell_signals(now, dlci);
        }
        if self.wants_input() {
            self.stalled_until = None;
        }
        octets
    }

    /// Octets of a channel that came and that nobody has taken.
    #[must_use]
    pub fn unread(&self, dlci: Dlci) -> usize {
        self.channel(dlci).map_or(0, Channel::inbound)
    }

    /// Whether the line should be read. Not while a module goes on sending on a channel that it was told to wait with.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        self.channels.iter().all(|channel| channel.inbound() < channel::MOST_INBOUND)
    }

    /// Whether the session is over.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// What happened so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    fn channel(&self, dlci: Dlci) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.dlci == dlci)
    }

    fn channel_mut(&mut self, dlci: Dlci) -> Option<&mut Channel> {
        self.channels.iter_mut().find(|channel| channel.dlci == dlci)
    }

    fn acknowledgement(&self, now: Instant) -> Attempt {
        Attempt::new(now, self.settings.acknowledgement_wait, self.settings.retransmissions)
    }

    fn response(&self, now: Instant) -> Attempt {
        Attempt::new(now, self.settings.response_wait, self.settings.retransmissions)
    }

    fn channel_closed(&mut self, now: Instant, dlci: Dlci, end: ChannelEnd) {
        let Some(channel) = self.channel_mut(dlci) else { return };
        // It may have been opened again meanwhile.
        let wanted = channel.wanted && end == ChannelEnd::ByHost;
        let end = if std::mem::take(&mut channel.overflowed) { ChannelEnd::Overflow } else { end };
        channel.closed();
        channel.wanted = wanted;
        self.events.push_back(SessionEvent::Closed(dlci, end));
        self.open_next(now);
        self.close_down_if_due(now);
    }

    fn end(&mut self, end: SessionEnd) {
        if self.phase == Phase::Ended {
            return;
        }
        self.phase = Phase::Ended;
        self.channels.iter_mut().for_each(Channel::closed);
        self.outbox = Outbox::default();
        (self.frame_due, self.stalled_until) = (None, None);
        self.events.push_back(SessionEvent::Ended(end));
    }

    fn close_down_if_due(&mut self, now: Instant) {
        let closed = self.channels.iter().all(|channel| channel.link == Link::Closed);
        if self.phase == Phase::Closing(None) && closed {
            self.begin_close_down(now);
        }
    }
}
