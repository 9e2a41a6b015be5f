//! How a TLS socket is driven.

use std::time::Duration;

use super::limits::SocketLimits;
use crate::commands::ConnectionMode;
use crate::tls::{ClosureReport, RingMode, SocketSettings};

/// How data from the peer come in command mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arrival {
    /// The module announces them and the host fetches them. A peer that sends faster than the application reads
    /// is held up.
    Announced,
    /// The module sends them along with the announcement. Less to say on the line, but nothing holds up the peer:
    /// more than 1 MiB that the application has not read ends the connection with an error.
    Delivered,
    /// The host asks, so often: every 100 ms at most, once a day at least.
    Polled(Duration),
}

/// How often a module that announces nothing is asked.
const POLL: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
pub(super) struct SocketOptions {
    pub(super) mode: ConnectionMode,
    pub(super) arrival: Arrival,
    pub(super) connect_timeout: Duration,
    pub(super) send_timeout: Duration,
    pub(super) keep_session: bool,
    /// How long an online connection may be silent before the module is asked whether it still stands.
    pub(super) idle_check: Option<Duration>,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            mode: ConnectionMode::Command,
            arrival: Arrival::Announced,
            connect_timeout: Duration::from_secs(60),
            send_timeout: Duration::from_secs(60),
            keep_session: false,
            idle_check: Some(Duration::from_secs(60)),
        }
    }
}

/// A time that makes sense.
pub(super) fn within_reason(time: Duration) -> Duration {
    time.clamp(Duration::from_millis(100), Duration::from_secs(24 * 60 * 60))
}

impl Arrival {
    pub(super) fn within_reason(self) -> Self {
        match self {
            Self::Polled(interval) => Self::Polled(within_reason(interval)),
            arrival => arrival,
        }
    }
}

impl SocketOptions {
    /// How data come on this module: one that announces nothing has to be asked.
    pub(super) fn arrival_on(&self, limits: &SocketLimits) -> Arrival {
        match self.arrival {
            Arrival::Announced if !limits.announces => Arrival::Polled(POLL),
            arrival => arrival,
        }
    }

    /// `#SSLCFG` for a connection of this kind.
    pub(super) fn settings(&self, limits: &SocketLimits) -> SocketSettings {
        let ring = match (self.mode, self.arrival_on(limits)) {
            // An announcement would only stand in the way while the connection is suspended.
            (ConnectionMode::Online, _) | (_, Arrival::Polled(_)) => RingMode::Off,
            (ConnectionMode::Command, Arrival::Announced) => RingMode::Announce,
            (ConnectionMode::Command, Arrival::Delivered) => RingMode::Deliver,
        };
        SocketSettings {
            ring,
            closure: if limits.tells_cause { ClosureReport::Cause } else { ClosureReport::Plain },
            connect: Some(self.connect_timeout),
            // Whole packets at once, and small ones after 100 ms instead of 5 s. Source: M37 p875.
            packet_size: 1500,
            flush: Duration::from_millis(100),
            // The application decides when a silent connection has lived long enough.
            inactivity: Duration::ZERO,
            ..SocketSettings::default()
        }
    }
}
