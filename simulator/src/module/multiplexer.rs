//! The multiplexed line: which parser a channel leads to, and what crosses the line.
//!
//! Channel 1 leads to the parser AT0, 2 to AT1, 3 to AT2 (IPE28 p15, p187). A parser that has a port of its own is taken:
//! its channel is refused. What no source tells is the choice here: there is one multiplexer at a time, every parser
//! starts with its stored settings, and a channel that closes in data mode leaves it as `+++` does.

use std::time::Duration;

use bytes::BytesMut;
use tokio::time::Instant;

use super::{Effect, InstanceId, Module, OUTPUT_LIMIT, Timer};
use crate::entry::Entered;
use crate::instance::{Instance, Mode};
use crate::multiplexer::{CHANNELS, Event, Multiplexer, Signals};

/// Input of a channel that is not used yet: above the first the host is told to stop, below the second to go on.
const STOP: usize = OUTPUT_LIMIT + 8 * 1024;
const GO_ON: usize = 8 * 1024;
/// A host that does not stop finds the whole line held back above this.
const FULL: usize = 64 * 1024;
/// How long the module waits for an answer on the control channel. Source: 3GPP TS 27.010 5.7 (T2).
const ANSWER_TIME: Duration = Duration::from_millis(300);
/// What the serial port itself takes ahead, so that another channel need not wait for long.
const AHEAD: Duration = Duration::from_millis(10);
/// The same where the line takes no time.
const AHEAD_UNPACED: usize = 4 * 1024;
/// What a frame adds: flags, address, control, length of two octets, check.
const FRAME_OVERHEAD: usize = 7;

/// A line that carries frames.
pub(super) struct MultiplexedLine {
    /// Its plug is in this place.
    port: InstanceId,
    multiplexer: Multiplexer,
    /// Output that the plug has not written yet.
    unwritten: usize,
    /// Input that the plug has not been told to be used.
    uncredited: usize,
    /// What comes before is lost.
    deaf_until: Instant,
    /// It answers nothing any more.
    stuck: bool,
    /// The channel whose turn it is.
    turn: usize,
    frame_size: usize,
}

impl Module {
    pub(crate) fn is_multiplexed(&self) -> bool {
        self.multiplexed.is_some()
    }

    /// Whether the plug in this place carries frames.
    pub(super) fn carries_frames(&self, port: InstanceId) -> bool {
        self.multiplexed.as_ref().is_some_and(|line| line.port == port)
    }

    /// Whether a channel leads to this instance.
    pub(super) fn is_channel(&self, id: InstanceId) -> bool {
        self.multiplexed.as_ref().is_some_and(|line| line.multiplexer.is_open(id.0))
    }

    /// `OK`, and from then on frames on the port of this instance.
    pub(crate) fn start_multiplexer(&mut self, port: InstanceId, frame_size: usize) {
        self.finish(port, Ok(()));
        self.flush_instance(port);
        for channel in 0..CHANNELS {
            self.make_instance(channel);
        }
        let limits = self.profile.general.multiplexer;
        let instance = self.instance(port);
        let early = instance.input.split();
        let line = MultiplexedLine {
            port,
            multiplexer: Multiplexer::new(
                frame_size,
                limits.largest_frame(),
                self.quirks.multiplexer_wants_commands,
            ),
            unwritten: std::mem::take(&mut self.instance(port).unwritten),
            uncredited: std::mem::take(&mut self.instance(port).uncredited),
            deaf_until: self.now + limits.deafness,
            stuck: false,
            turn: 0,
            frame_size,
        };
        self.multiplexed = Some(line);
        self.detach_instance(port);
        for id in (0..CHANNELS).map(InstanceId) {
            if !self.peek(id).attached {
                self.instance(id).settings = self.nvm.start_settings(id.0);
            }
        }
        self.set_timer(Timer::ControlChannel, limits.patience);
        self.use_frames(&early);
    }

    /// Bytes from a line that carries frames.
    pub(super) fn take_frames(&mut self, bytes: &[u8]) {
        if let Some(line) = &mut self.multiplexed {
            line.uncredited += bytes.len();
        }
        self.use_frames(bytes);
    }

    fn use_frames(&mut self, bytes: &[u8]) {
        let (now, sticks) = (self.now, self.quirks.multiplexer_sticks);
        let Some(line) = &mut self.multiplexed else { return };
        if now < line.deaf_until {
            line.stuck |= sticks && !bytes.is_empty();
            return;
        }
        if line.stuck {
            return;
        }
        line.multiplexer.push(bytes);
        // It may be gone after any event.
        while let Some(event) = self.multiplexed.as_mut().and_then(|line| line.multiplexer.next_event()) {
            self.multiplexer_event(event);
        }
    }

    fn multiplexer_event(&mut self, event: Event) {
        match event {
            Event::Started => self.cancel_timer(Timer::ControlChannel),
            Event::Open(channel) => self.open_channel(InstanceId(channel)),
            Event::Closed(channel) => self.close_channel(InstanceId(channel)),
            Event::Data(channel, bytes) => {
                self.take_input(InstanceId(channel), &bytes);
                // Each frame is used before the next one, which may close the channel.
                self.pump_input(InstanceId(channel));
            }
            Event::TerminalReady(channel, ready) => self.terminal_ready_changed(InstanceId(channel), ready),
            Event::ClosedDown => self.end_multiplexer(),
        }
    }

    fn open_channel(&mut self, id: InstanceId) {
        let taken = self.peek(id).attached;
        let signals = Signals { stop: false, carrier: self.carrier(id) };
        let Some(line) = &mut self.multiplexed else { return };
        if taken {
            return line.multiplexer.refuse(id.0);
        }
        line.multiplexer.accept(id.0, signals);
        self.instance(id).attached = true;
    }

    /// The host has given a channel up, or lost it.
    fn close_channel(&mut self, id: InstanceId) {
        self.cancel_timer(Timer::TerminalReady(id));
        // The final result of what goes on would be for nobody.
        self.instance(id).mute = !matches!(self.peek(id).mode, Mode::Command | Mode::Silent);
        match self.peek(id).mode {
            Mode::Online(_) => self.leave_data_mode(id),
            Mode::Entry(_) => self.end_entry(id, Entered::Escaped),
            _ => {}
        }
        self.detach_instance(id);
        self.instance(id).output.clear();
    }

    /// The host wants the plain line back. What it sent behind the wish is for the parser.
    pub(super) fn end_multiplexer(&mut self) {
        self.write_frames(AHEAD_UNPACED);
        let Some(mut line) = self.multiplexed.take() else { return };
        for channel in 0..CHANNELS {
            if line.multiplexer.is_open(channel) {
                self.close_channel(InstanceId(channel));
            }
        }
        let rest = line.multiplexer.rest();
        self.give_port_back(&line);
        self.take_input(line.port, &rest);
    }

    /// The module restarts or hangs. What it has said already still gets to the host.
    pub(super) fn lose_multiplexer(&mut self) {
        self.write_frames(usize::MAX);
        let Some(line) = self.multiplexed.take() else { return };
        for channel in 0..CHANNELS {
            if line.multiplexer.is_open(channel) {
                self.detach_instance(InstanceId(channel));
                self.instance(InstanceId(channel)).output.clear();
            }
        }
        self.give_port_back(&line);
    }

    /// The plug that carries the frames is pulled out.
    pub(super) fn unplug_multiplexer(&mut self) {
        let Some(line) = self.multiplexed.take() else { return };
        for channel in 0..CHANNELS {
            if line.multiplexer.is_open(channel) {
                self.close_channel(InstanceId(channel));
            }
        }
    }

    fn give_port_back(&mut self, line: &MultiplexedLine) {
        self.cancel_timer(Timer::ControlChannel);
        self.cancel_timer(Timer::ChannelSignals);
        let instance = self.instance(line.port);
        (instance.attached, instance.unwritten, instance.uncredited) =
            (true, line.unwritten, line.uncredited);
    }

    /// No control channel has come: the line is plain again. Source: `GM862r0` 3.7.2.1.7, EVDO p54.
    pub(super) fn control_channel_missing(&mut self) {
        let stuck = self.multiplexed.as_ref().is_some_and(|line| line.stuck || line.multiplexer.is_started());
        if !stuck {
            self.end_multiplexer();
        }
    }

    pub(super) fn signals_unanswered(&mut self) {
        if let Some(line) = &mut self.multiplexed {
            line.multiplexer.tell_again();
        }
    }

    /// DTR must be off for as long as S25 says. Source: M37 p139.
    fn terminal_ready_changed(&mut self, id: InstanceId, ready: bool) {
        let delay = 10 * u64::from(self.peek(id).settings.terminal_delay);
        if ready {
            self.cancel_timer(Timer::TerminalReady(id));
        } else {
            self.set_timer(Timer::TerminalReady(id), Duration::from_millis(delay));
        }
    }

    /// DTR has gone. Source: M37 p151 (`&D`).
    pub(super) fn terminal_not_ready(&mut self, id: InstanceId) {
        match self.peek(id).settings.terminal_ready {
            1 => self.leave_data_mode(id),
            2 => self.hang_up(id),
            _ => {}
        }
    }

    /// DCD. Source: M37 p150 (`&C`); the wink of `&C2` is left out.
    fn carrier(&self, id: InstanceId) -> bool {
        let instance = self.peek(id);
        instance.settings.carrier_line != 1 || matches!(instance.mode, Mode::Online(_))
    }

    /// The plug has written so many bytes of frames.
    pub(super) fn frames_written(&mut self, count: usize) {
        if let Some(line) = &mut self.multiplexed {
            line.unwritten = line.unwritten.saturating_sub(count);
        }
    }

    pub(super) fn credit_frames(&mut self) {
        let held = |id: usize| self.instances.get(id).map_or(0, Instance::held_input);
        let Some(line) = &mut self.multiplexed else { return };
        let full = (0..CHANNELS).any(|id| line.multiplexer.is_open(id) && held(id) > FULL);
        let used = std::mem::take(&mut line.uncredited);
        if full {
            line.uncredited = used;
        } else if used > 0 {
            self.effects.push(Effect::Consumed(line.port, used));
        }
    }

    /// Puts on the line what there is, as far as the line takes it.
    pub(super) fn flush_frames(&mut self) {
        let Some(line) = &self.multiplexed else { return };
        let paced = self.options.baud.map(|baud| {
            let bytes = u128::from(baud) * AHEAD.as_millis() / 10_000;
            usize::try_from(bytes).unwrap_or(AHEAD_UNPACED)
        });
        let two_frames = 2 * (line.frame_size + FRAME_OVERHEAD);
        let limit = paced.unwrap_or(AHEAD_UNPACED).max(two_frames);
        self.tell_signals();
        self.write_frames(limit);
    }

    fn write_frames(&mut self, limit: usize) {
        let Self { multiplexed: Some(line), instances, .. } = self else { return };
        let port = line.port;
        let mut frames = line.multiplexer.take_control();
        while line.unwritten + frames.len() < limit && line.write_next(instances, &mut frames) {}
        if frames.is_empty() {
            return;
        }
        let bytes = self.faults.on_output(frames);
        if let Some(line) = &mut self.multiplexed {
            line.unwritten += bytes.len();
        }
        self.effects.push(Effect::Output(port, bytes));
    }

    /// Tells the host of signals that have changed: of flow control at once, of the carrier behind the data.
    fn tell_signals(&mut self) {
        for id in (0..CHANNELS).map(InstanceId) {
            let Some(line) = &self.multiplexed else { return };
            let Some(told) = line.multiplexer.told(id.0).filter(|_| line.multiplexer.is_open(id.0)) else {
                continue;
            };
            let instance = self.peek(id);
            let held = instance.held_input();
            let stop = if told.stop { held > GO_ON } else { held > STOP };
            let carrier = if instance.output.is_empty() { self.carrier(id) } else { told.carrier };
            let signals = Signals { stop, carrier };
            if let Some(line) = self.multiplexed.as_mut().filter(|_| signals != told) {
                line.multiplexer.tell(id.0, signals);
            }
        }
        let waits = self.multiplexed.as_ref().is_some_and(|line| line.multiplexer.waits_for_answer());
        if waits && !self.timers.is_set(Timer::ChannelSignals) {
            self.set_timer(Timer::ChannelSignals, ANSWER_TIME);
        }
    }
}

impl MultiplexedLine {
    /// One frame of the next channel that has something to say. `false`: none has.
    fn write_next(&mut self, instances: &mut [Instance], frames: &mut BytesMut) -> bool {
        for step in 0..CHANNELS {
            let channel = (self.turn + step) % CHANNELS;
            let Some(instance) = instances.get_mut(channel) else { continue };
            if instance.output.is_empty() || !self.multiplexer.takes_data(channel) {
                continue;
            }
            self.multiplexer.frame(channel, &mut instance.output, frames);
            self.turn = channel + 1;
            return true;
        }
        false
    }
}
