//! The multiplexer of 3GPP TS 27.010, basic option: several AT channels on one serial line. This end is the responder.
//!
//! It knows frames and the state of the channels, and neither the AT parsers behind them nor the time. Bytes of the line
//! go in with [`Multiplexer::push`], what they mean comes out of [`Multiplexer::next_event`], and what is to be written
//! out of [`Multiplexer::take_control`] and [`Multiplexer::frame`].
//!
//! Sections are those of 3GPP TS 27.010.

mod decoder;
mod frame;
mod message;
mod signals;

use bytes::{Bytes, BytesMut};

use decoder::Decoder;
use frame::{Frame, Kind};
use message::Message;
pub(crate) use signals::Signals;

/// AT channels: one a parser. Source: IPE28 p187.
pub(crate) const CHANNELS: usize = 3;

/// How often a message is repeated that is not answered. Source: 5.7 (N2).
const REPETITIONS: u8 = 3;

/// What the host did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The control channel is there.
    Started,
    /// A channel is to be opened: [`Multiplexer::accept`] or [`Multiplexer::refuse`] is the answer.
    Open(usize),
    Closed(usize),
    Data(usize, Bytes),
    /// The host's end is ready or not, as DTR says on a wire.
    TerminalReady(usize, bool),
    /// The host wants the plain line back.
    ClosedDown,
}

#[derive(Debug, Clone)]
struct Channel {
    open: bool,
    /// The host takes nothing on it.
    stopped: bool,
    terminal_ready: bool,
    frame_size: usize,
    /// What the host has been told of this end.
    told: Signals,
    /// How often it has been told without an answer; 0 is answered.
    tellings: u8,
}

/// The module's end of a multiplexed line.
#[derive(Debug)]
pub(crate) struct Multiplexer {
    decoder: Decoder,
    channels: [Channel; CHANNELS],
    started: bool,
    /// The host takes nothing on any channel but the control channel.
    stopped: bool,
    /// UIH frames that are marked as an answer are not for this end.
    strict: bool,
    largest_frame: usize,
    /// Frames that go before all others.
    control: BytesMut,
}

impl Multiplexer {
    /// `frame_size` is what `+CMUX` set, `largest_frame` what may be agreed on instead.
    pub(crate) fn new(frame_size: usize, largest_frame: usize, strict: bool) -> Self {
        let channel = Channel {
            open: false,
            stopped: false,
            terminal_ready: true,
            frame_size,
            told: Signals::default(),
            tellings: 0,
        };
        Self {
            decoder: Decoder::new(frame_size),
            channels: std::array::from_fn(|_| channel.clone()),
            started: false,
            stopped: false,
            strict,
            largest_frame,
            control: BytesMut::new(),
        }
    }

    /// Takes bytes from the line.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    /// What the bytes so far mean, one at a time.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        loop {
            let sizes = self.channels.each_ref().map(|channel| channel.frame_size);
            let frame = self.decoder.next_frame(&sizes)?;
            let event = self.handle(frame);
            if event.is_some() {
                return event;
            }
        }
    }

    /// The bytes that have not been used: behind a close-down they belong to the plain line.
    pub(crate) fn rest(&mut self) -> BytesMut {
        self.decoder.rest()
    }

    pub(crate) fn is_started(&self) -> bool {
        self.started
    }

    pub(crate) fn is_open(&self, channel: usize) -> bool {
        self.channels.get(channel).is_some_and(|channel| channel.open)
    }

    /// The channel is open from now on. The host learns of it, and of this end's signals.
    pub(crate) fn accept(&mut self, channel: usize, signals: Signals) {
        self.answer(Kind::Ua, dlci(channel), true);
        if let Some(found) = self.channels.get_mut(channel) {
            (found.open, found.stopped, found.terminal_ready) = (true, false, true);
        }
        self.tell(channel, signals);
    }

    pub(crate) fn refuse(&mut self, channel: usize) {
        self.answer(Kind::Dm, dlci(channel), true);
    }

    /// What the host has been told of this end.
    pub(crate) fn told(&self, channel: usize) -> Option<Signals> {
        self.channels.get(channel).map(|channel| channel.told)
    }

    /// Tells the host of this end's signals. Source: 5.4.6.3.7.
    pub(crate) fn tell(&mut self, channel: usize, signals: Signals) {
        let Some(found) = self.channels.get_mut(channel) else { return };
        (found.told, found.tellings) = (signals, 1);
        self.send(&Message::status(true, dlci(channel), signals.octet()));
    }

    /// Whether the host owes an answer to what it was told.
    pub(crate) fn waits_for_answer(&self) -> bool {
        self.channels.iter().any(|channel| channel.open && channel.tellings > 0)
    }

    /// The host has not answered in time: tells it again, up to N2 times. Source: 5.4.6.3, 5.7.
    pub(crate) fn tell_again(&mut self) {
        for channel in 0..CHANNELS {
            let Some(found) = self.channels.get_mut(channel) else { continue };
            if !found.open || found.tellings == 0 {
                continue;
            }
            if found.tellings > REPETITIONS {
                found.tellings = 0;
                continue;
            }
            found.tellings += 1;
            let octet = found.told.octet();
            self.send(&Message::status(true, dlci(channel), octet));
        }
    }

    /// Frames of the control channel and answers that wait to be written.
    pub(crate) fn take_control(&mut self) -> BytesMut {
        self.control.split()
    }

    /// Whether the host takes data on the channel now.
    pub(crate) fn takes_data(&self, channel: usize) -> bool {
        !self.stopped && self.channels.get(channel).is_some_and(|channel| channel.open && !channel.stopped)
    }

    /// Puts as much of `output` as one frame carries behind `line`.
    pub(crate) fn frame(&self, channel: usize, output: &mut BytesMut, line: &mut BytesMut) {
        let Some(found) = self.channels.get(channel) else { return };
        let count = output.len().min(found.frame_size);
        frame::write(line, frame::command_address(dlci(channel)), frame::UIH, &output.split_to(count));
    }

    fn handle(&mut self, frame: Frame) -> Option<Event> {
        match (frame.dlci, frame.kind) {
            (0, Kind::Sabm) => {
                self.answer(Kind::Ua, 0, frame.poll);
                return (!std::mem::replace(&mut self.started, true)).then_some(Event::Started);
            }
            (0, Kind::Disc) if self.started => {
                self.answer(Kind::Ua, 0, frame.poll);
                return Some(Event::ClosedDown);
            }
            (0, Kind::Uih) if self.started => return self.control_message(&frame),
            (number, Kind::Sabm) if self.started && usize::from(number) <= CHANNELS => {
                return self.opened(usize::from(number) - 1, frame.poll);
            }
            (number, kind) => {
                let channel = usize::from(number).wrapping_sub(1);
                match kind {
                    Kind::Disc if self.is_open(channel) => {
                        self.answer(Kind::Ua, number, frame.poll);
                        self.close(channel);
                        return Some(Event::Closed(channel));
                    }
                    Kind::Uih if self.is_open(channel) => return self.data(channel, frame),
                    // Source: 5.4.1, 5.3.3: what a channel that is not there gets is answered with DM.
                    Kind::Sabm | Kind::Disc | Kind::Uih => self.answer(Kind::Dm, number, frame.poll),
                    Kind::Ua | Kind::Dm => {}
                }
            }
        }
        None
    }

    /// A second SABM on an open channel is answered as the first one was, whose answer may have been lost.
    fn opened(&mut self, channel: usize, poll: bool) -> Option<Event> {
        if !self.is_open(channel) {
            return Some(Event::Open(channel));
        }
        self.answer(Kind::Ua, dlci(channel), poll);
        None
    }

    fn data(&self, channel: usize, frame: Frame) -> Option<Event> {
        let ours = frame.command || !self.strict;
        (ours && !frame.information.is_empty()).then_some(Event::Data(channel, frame.information))
    }

    fn close(&mut self, channel: usize) {
        if let Some(found) = self.channels.get_mut(channel) {
            (found.open, found.tellings) = (false, 0);
        }
    }

    fn control_message(&mut self, frame: &Frame) -> Option<Event> {
        if self.strict && !frame.command {
            return None;
        }
        let message = Message::read(&frame.information)?;
        if !message.command {
            return self.answered(&message);
        }
        match message.kind {
            message::CLOSE_DOWN => {
                self.send(&message.answer());
                return Some(Event::ClosedDown);
            }
            message::FLOW_ON => self.stopped = false,
            message::FLOW_OFF => self.stopped = true,
            message::TEST => {}
            message::STATUS => {
                let event = self.status(&message);
                self.send(&message.answer());
                return event;
            }
            message::NEGOTIATION => {
                if let Some(answer) = self.negotiate(&message) {
                    self.send(&answer);
                }
                return None;
            }
            _ => {
                self.send(&message.not_supported());
                return None;
            }
        }
        self.send(&message.answer());
        None
    }

    /// The host has answered what it was told.
    fn answered(&mut self, message: &Message) -> Option<Event> {
        if message.kind == message::STATUS
            && let [address, ..] = message.values.as_ref()
            && let Some(found) = self.channels.get_mut(usize::from(address >> 2).wrapping_sub(1))
        {
            found.tellings = 0;
        }
        None
    }

    /// Source: 5.4.6.3.7.
    fn status(&mut self, message: &Message) -> Option<Event> {
        let [address, octet, ..] = message.values.as_ref() else { return None };
        let channel = usize::from(address >> 2).wrapping_sub(1);
        let found = self.channels.get_mut(channel)?;
        found.stopped = octet & signals::FLOW_CONTROL != 0;
        let ready = octet & signals::READY_TO_COMMUNICATE != 0;
        let changed = std::mem::replace(&mut found.terminal_ready, ready) != ready;
        (changed && found.open).then_some(Event::TerminalReady(channel, ready))
    }

    /// The frame size is agreed on; nothing else has a choice in the basic option with UIH frames. Source: 5.4.6.3.1.
    fn negotiate(&mut self, message: &Message) -> Option<Message> {
        let mut agreed = message::Negotiated::read(&message.values)?;
        let channel = usize::from(agreed.dlci()).wrapping_sub(1);
        let size = agreed.frame_size().clamp(1, self.largest_frame);
        match self.channels.get_mut(channel) {
            Some(found) => found.frame_size = size,
            // Of the control channel.
            None if agreed.dlci() == 0 => self.decoder.control_size = size,
            None => return None,
        }
        agreed.settle(size);
        Some(Message::negotiation(&agreed))
    }

    fn send(&mut self, message: &Message) {
        frame::write(&mut self.control, frame::command_address(0), frame::UIH, &message.encode());
    }

    fn answer(&mut self, kind: Kind, number: u8, last: bool) {
        frame::write(&mut self.control, frame::answer_address(number), kind.control(last), &[]);
    }
}

fn dlci(channel: usize) -> u8 {
    u8::try_from(channel + 1).unwrap_or(u8::MAX)
}
