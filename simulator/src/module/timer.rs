//! The named timers of the module.

use std::collections::HashMap;

use tokio::time::Instant;

use super::InstanceId;

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The latency before an answer.
    Answer(InstanceId),
    /// No input in an entry for too long.
    EntryInput(InstanceId),
    /// The silence around an escape sequence.
    Escape(InstanceId),
    /// A part of a packet waits in data mode.
    Flush(u8),
    /// Nothing crosses a TLS socket in data mode.
    Inactivity(u8),
    /// Nothing crosses a plain socket.
    PlainInactivity(u8),
    /// `#SSLRECV` and `#SSLSEND` wait.
    TlsCommand(u8),
    /// The host has not opened the control channel of the multiplexer.
    ControlChannel,
    /// It has not answered what it was told on that channel.
    ChannelSignals,
    /// DTR is off.
    TerminalReady(InstanceId),
    Registration,
    StartUp,
    /// `#ENHRST`
    Restart,
    /// A network that was lost for a while comes back: nothing of the module's own.
    Coverage,
}

/// At most one deadline for each timer.
#[derive(Debug, Default)]
pub(super) struct Timers {
    deadlines: HashMap<Timer, Instant>,
}

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.deadlines.insert(timer, at);
    }

    pub(super) fn cancel(&mut self, timer: Timer) {
        self.deadlines.remove(&timer);
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.deadlines.contains_key(&timer)
    }

    /// Cancels all timers of the module.
    pub(super) fn clear(&mut self) {
        self.deadlines.retain(|timer, _| *timer == Timer::Coverage);
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.deadlines.values().min().copied()
    }

    /// The timer that has been due for longest, and since when.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(Instant, Timer)> {
        let due = self.deadlines.iter().filter(|(_, at)| **at <= now);
        let (at, timer) = due.map(|(timer, at)| (*at, *timer)).min()?;
        self.deadlines.remove(&timer);
        Some((at, timer))
    }
}
