//! What a TLS socket in command mode does next: an I/O-free, clock-free machine.
//!
//! Its owner asks [`Pump::next`], does what it says, tells the outcome and everything that the module says
//! meanwhile, and asks again. At most one command is under way.
//!
//! - An announcement (`SSLSRING`) is a level, not an edge, and its number is no length: it means "read". What
//!   comes while a read is under way may be about bytes which that read takes along, so it only means "perhaps".
//! - Nothing is read for which the application has no room. That holds up the peer.
//! - A read that fills its block is followed by another, a shorter one by none until the module announces more:
//!   a read of nothing blocks the line for a second.
//! - A lost announcement, or a lost end, is found by a slow look at the module.
//! - Reads and writes take turns when both have work.
//! - When the connection has ended, what the module still holds is read first.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::time::{Duration, Instant};

use super::ending::SocketEnding;
use super::options::Arrival;

/// How long after a full block the module may take to announce the rest.
const ANNOUNCEMENT: Duration = Duration::from_millis(20);
/// How long after `DISCONNECTED` the module may take to tell the cause.
const CAUSE: Duration = Duration::from_secs(1);

/// What the pump has to know about the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct PumpSettings {
    pub(super) arrival: Arrival,
    /// Most bytes of one read.
    pub(super) receive: usize,
    /// Most bytes of one write.
    pub(super) send: usize,
    /// Whether the module can be asked what is waiting.
    pub(super) counters: bool,
    /// Whether the module tells the cause when a connection ends.
    pub(super) tells_cause: bool,
    /// How often to look whether something was missed.
    pub(super) look: Duration,
}

/// What the application wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Demand {
    /// Bytes that it can take.
    pub(super) room: usize,
    /// Bytes that it wants sent.
    pub(super) outgoing: usize,
    /// It wants nothing more than that.
    pub(super) closing: bool,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Read a block of at most so many bytes.
    Receive { most: usize },
    /// Send a block of so many bytes.
    Send { length: usize },
    /// Ask how much is waiting.
    Count,
    /// Ask whether the connection still stands.
    Look,
    /// Nothing, until something happens or this time has come.
    Wait { until: Option<Instant> },
    /// The connection has ended and everything was read.
    Ended(SocketEnding),
    /// Everything was sent: hang up.
    HangUp,
}

/// What is known about data to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Incoming {
    Nothing,
    /// There may be some; look or read from then on.
    Perhaps {
        from: Instant,
    },
    Ready,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Read,
    Write,
}

#[derive(Debug)]
pub(super) struct Pump {
    settings: PumpSettings,
    incoming: Incoming,
    /// Something was announced while the module was being read or asked.
    rang: bool,
    /// The size of the read that is under way.
    reading: usize,
    turn: Turn,
    look_at: Instant,
    /// The connection has ended, data may be left.
    closed: Option<SocketEnding>,
    /// The module has said that everything was read.
    disconnected: bool,
    /// The module has no more data; the cause of the end is awaited until then.
    cause_until: Option<Instant>,
    /// All is over.
    ended: Option<SocketEnding>,
    /// No more bytes are sent.
    send_refused: bool,
}

impl Pump {
    pub(super) fn new(now: Instant, settings: PumpSettings) -> Self {
        Self {
            settings,
            incoming: Incoming::Nothing,
            rang: false,
            reading: 0,
            turn: Turn::Read,
            look_at: now + settings.look_interval(),
            closed: None,
            disconnected: false,
            cause_until: None,
            ended: None,
            send_refused: false,
        }
    }

    /// Whether announcements carry the data.
    pub(super) fn is_delivered_to(&self) -> bool {
        self.settings.arrival == Arrival::Delivered
    }

    /// How the connection has ended, as far as it is known yet; there may be something left to read.
    pub(super) fn closed_by(&self) -> Option<SocketEnding> {
        self.closed
    }

    /// What to do now.
    pub(super) fn next(&mut self, now: Instant, demand: Demand) -> Action {
        if self.cause_until.is_some_and(|until| until <= now) {
            self.ended = Some(self.without_cause());
        }
        if let Some(ending) = self.ended {
            return Action::Ended(ending);
        }
        let write = self.write(demand);
        if demand.closing && write.is_none() {
            return Action::HangUp;
        }
        let action = match (self.read(now, demand), write) {
            (Some(read), Some(write)) => match self.turn {
                Turn::Read => read,
                Turn::Write => write,
            },
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => return Action::Wait { until: self.wait_until(demand) },
        };
        self.begin(action);
        action
    }

    /// The module announced data.
    pub(super) fn rang(&mut self, ready: u64) {
        // Nothing is ready: nothing to read, and nothing that an earlier line said is taken back.
        if ready > 0 {
            self.rang = true;
            if self.reading == 0 {
                self.incoming = Incoming::Ready;
            }
        }
    }

    /// Lines of the module were lost: anything may have been said.
    pub(super) fn lines_were_lost(&mut self, now: Instant) {
        self.look_at = now;
    }

    /// Some connection of the module has ended, perhaps this one.
    pub(super) fn closed_somewhere(&mut self, now: Instant) {
        self.look_at = now;
    }

    /// This connection has ended.
    pub(super) fn closed(&mut self, now: Instant, ending: SocketEnding) {
        if self.closed.is_none_or(|told| told == SocketEnding::Unknown) {
            self.closed = Some(ending);
        }
        if self.cause_until.is_some() || self.settings.arrival == Arrival::Delivered {
            self.everything_is_read(now);
        } else if self.reading == 0 {
            self.incoming = Incoming::Ready;
        }
    }

    /// A read gave so many bytes.
    pub(super) fn received(&mut self, now: Instant, length: usize, disconnected: bool) {
        let full = length >= std::mem::take(&mut self.reading);
        self.look_at = now + self.settings.look_interval();
        self.disconnected |= disconnected;
        if disconnected || (self.closed.is_some() && length == 0) {
            return self.everything_is_read(now);
        }
        if self.closed.is_some() {
            self.incoming = Incoming::Ready;
            return;
        }
        self.incoming = match (full, self.rang) {
            (true, true) => Incoming::Ready,
            (true, false) => Incoming::Perhaps { from: now + self.settings.announcement() },
            (false, true) => Incoming::Perhaps { from: now },
            (false, false) => Incoming::Nothing,
        };
    }

    /// The module refused to be read.
    pub(super) fn receive_refused(&mut self, now: Instant) {
        self.reading = 0;
        self.everything_is_read(now);
    }

    /// So much is waiting.
    pub(super) fn counted(&mut self, now: Instant, pending: u64) {
        self.reading = 0;
        self.look_at = now + self.settings.look_interval();
        self.incoming = match (pending > 0, self.rang, self.closed) {
            (true, ..) | (_, _, Some(_)) => Incoming::Ready,
            (false, true, _) => Incoming::Perhaps { from: now },
            (false, false, _) => Incoming::Nothing,
        };
    }

    /// The module cannot be asked what is waiting.
    pub(super) fn count_refused(&mut self, now: Instant) {
        self.reading = 0;
        self.settings.counters = false;
        self.incoming = Incoming::Perhaps { from: now };
    }

    /// Whether the connection still stands.
    pub(super) fn looked(&mut self, now: Instant, open: bool) {
        self.look_at = now + self.settings.look_interval();
        if !open {
            return self.closed(now, SocketEnding::Unknown);
        }
        if self.incoming == Incoming::Nothing && self.settings.arrival != Arrival::Delivered {
            self.incoming = Incoming::Perhaps { from: now };
        }
    }

    /// The module refused a block: nothing more is sent, and the connection has probably ended.
    pub(super) fn send_refused(&mut self, now: Instant) {
        self.send_refused = true;
        self.look_at = now;
    }

    fn begin(&mut self, action: Action) {
        match action {
            Action::Receive { most } => {
                self.reading = most;
                self.rang = false;
                self.turn = Turn::Write;
            }
            Action::Count => {
                self.reading = 1;
                self.rang = false;
            }
            Action::Send { .. } => self.turn = Turn::Read,
            _ => {}
        }
    }

    fn write(&self, demand: Demand) -> Option<Action> {
        let length = demand.outgoing.min(self.settings.send);
        (length > 0 && !self.send_refused && self.closed.is_none()).then_some(Action::Send { length })
    }

    fn read(&self, now: Instant, demand: Demand) -> Option<Action> {
        if self.cause_until.is_some() {
            return None;
        }
        if self.look_at <= now && self.closed.is_none() {
            return self.look(demand);
        }
        if !self.has_room(demand) {
            return None;
        }
        let receive = Action::Receive { most: self.settings.receive };
        match self.incoming {
            Incoming::Ready => Some(receive),
            Incoming::Perhaps { from } if from <= now => {
                Some(if self.settings.counters { Action::Count } else { receive })
            }
            Incoming::Perhaps { .. } | Incoming::Nothing => None,
        }
    }

    /// A read tells both whether there is something and whether the connection stands; where it can be done without,
    /// the module is asked for the one, then for the other.
    fn look(&self, demand: Demand) -> Option<Action> {
        match self.settings.arrival {
            Arrival::Polled(_) if !self.settings.counters => {
                self.has_room(demand).then_some(Action::Receive { most: self.settings.receive })
            }
            _ => Some(Action::Look),
        }
    }

    fn has_room(&self, demand: Demand) -> bool {
        demand.room >= self.settings.receive
    }

    fn wait_until(&self, demand: Demand) -> Option<Instant> {
        if self.cause_until.is_some() {
            return self.cause_until;
        }
        if self.closed.is_some() {
            return None;
        }
        let perhaps = match self.incoming {
            Incoming::Perhaps { from } if self.has_room(demand) => Some(from),
            _ => None,
        };
        let polls = matches!(self.settings.arrival, Arrival::Polled(_)) && !self.settings.counters;
        let look = (!polls || self.has_room(demand)).then_some(self.look_at);
        [perhaps, look].into_iter().flatten().min()
    }

    /// Where causes are told, an end without one that leaves open whether everything was read is no whole one.
    fn without_cause(&self) -> SocketEnding {
        match self.closed {
            None | Some(SocketEnding::Unknown) if !self.disconnected => SocketEnding::Truncated,
            ending => ending.unwrap_or(SocketEnding::Unknown),
        }
    }

    /// The end, once its cause is known or does not come.
    fn everything_is_read(&mut self, now: Instant) {
        match self.closed {
            None | Some(SocketEnding::Unknown) if self.settings.tells_cause => {
                self.cause_until.get_or_insert(now + CAUSE);
            }
            ending => self.ended = Some(ending.unwrap_or(SocketEnding::Unknown)),
        }
    }
}

impl PumpSettings {
    fn look_interval(&self) -> Duration {
        match self.arrival {
            Arrival::Polled(interval) => interval,
            Arrival::Announced | Arrival::Delivered => self.look,
        }
    }

    fn announcement(&self) -> Duration {
        match self.arrival {
            Arrival::Announced => ANNOUNCEMENT,
            Arrival::Delivered | Arrival::Polled(_) => Duration::ZERO,
        }
    }
}
