//! What `#SSLCFG` says about one TLS socket beside TLS itself.

use std::time::Duration;

use crate::platform::SocketLayout;

/// The settings of one TLS socket. The defaults are those of the guide's examples, which suit the services
/// that bring TLS along; only TLS sockets themselves need others.
///
/// Source: SSL guide 6.7, 10.1.3; M37 p874-880.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketSettings {
    /// How many bytes make a packet in online mode, 1 to 1500. Default 300.
    pub packet_size: u16,
    /// Closes a connection in online mode after so much silence, in whole seconds; zero is never. Default 90 s.
    pub inactivity: Duration,
    /// How long a command waits for the network where it names no time of its own: 1 to 500 s. Default 10 s.
    pub answer: Duration,
    /// When an incomplete packet leaves in online mode, in steps of 100 ms up to 25.5 s. Default 5 s.
    pub flush: Duration,
    /// How the module tells that data have come. Default [`RingMode::Off`].
    pub ring: RingMode,
    /// What the module tells when a connection ends. Default [`ClosureReport::Plain`].
    pub closure: ClosureReport,
    /// Bound for the connection, 1 to 120 s, where the platform has it; `None` leaves it to the stack. Default
    /// `None`.
    pub connect: Option<Duration>,
}

/// How the module tells that data have come (`SSLSRING`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RingMode {
    /// Not at all.
    #[default]
    Off,
    /// It says so.
    Announce,
    /// It sends the data along.
    Deliver,
}

/// What the module tells when a connection ends (`NO CARRIER`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClosureReport {
    /// That one of them ended.
    #[default]
    Plain,
    /// Which one.
    Socket,
    /// Which one and why.
    Cause,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            packet_size: 300,
            inactivity: Duration::from_secs(90),
            answer: Duration::from_secs(10),
            flush: Duration::from_secs(5),
            ring: RingMode::Off,
            closure: ClosureReport::Plain,
            connect: None,
        }
    }
}

impl SocketSettings {
    /// The values behind `<SSId>`, as many as the platform has fields.
    pub(super) fn values(&self, layout: SocketLayout, context: u8, skip_host_check: bool) -> Vec<u32> {
        let connect = self.connect.filter(|_| layout.connect_timeout);
        let mut values = vec![
            u32::from(context),
            u32::from(self.packet_size).clamp(1, 1500),
            seconds(self.inactivity),
            tenths(self.answer).clamp(10, 5000),
            tenths(self.flush).min(255),
            self.ring as u32,
            self.closure as u32,
            u32::from(layout.skip_host_mismatch && skip_host_check),
            // equalizeTX.
            0,
            connect.map_or(0, |connect| tenths(connect).clamp(10, 1200)),
        ];
        values.resize(usize::from(layout.fields.saturating_sub(1)), 0);
        values
    }
}

fn seconds(time: Duration) -> u32 {
    u32::from(u16::try_from(time.as_secs()).unwrap_or(u16::MAX))
}

/// In steps of 100 ms, rounded up.
fn tenths(time: Duration) -> u32 {
    u32::try_from(time.as_millis().div_ceil(100)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{PlatformId, profile};

    fn layout() -> SocketLayout {
        profile(PlatformId::P37).tls.socket
    }

    #[test]
    fn the_defaults_are_those_of_the_guide() {
        let values = SocketSettings::default().values(layout(), 1, false);
        assert_eq!(values, [1, 300, 90, 100, 50, 0, 0, 0, 0, 0, 0]);
        let values = SocketSettings::default().values(layout(), 3, true);
        assert_eq!(values, [3, 300, 90, 100, 50, 0, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn units_and_bounds() {
        let settings = SocketSettings {
            packet_size: 9000,
            inactivity: Duration::ZERO,
            answer: Duration::from_millis(1),
            flush: Duration::from_millis(101),
            ring: RingMode::Deliver,
            closure: ClosureReport::Cause,
            connect: Some(Duration::from_secs(20)),
        };
        assert_eq!(settings.values(layout(), 1, false), [1, 1500, 0, 10, 2, 2, 2, 0, 0, 200, 0]);
    }

    #[test]
    fn shorter_layouts_lack_the_last_fields() {
        let settings = SocketSettings { connect: Some(Duration::from_secs(20)), ..SocketSettings::default() };
        let mut short = layout();
        short.fields = 8;
        short.skip_host_mismatch = false;
        short.connect_timeout = false;
        assert_eq!(settings.values(short, 1, true), [1, 300, 90, 100, 50, 0, 0]);
        short.fields = 10;
        assert_eq!(settings.values(short, 1, true), [1, 300, 90, 100, 50, 0, 0, 0, 0]);
    }
}
