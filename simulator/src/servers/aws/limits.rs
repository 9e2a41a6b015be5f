//! The numbers of AWS IoT Core.

use std::ops::RangeInclusive;
use std::time::Duration;

/// What a connection to AWS IoT Core may do. The defaults are those of AWS ("AWS IoT Core endpoints and quotas").
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest client id, in bytes. The shortest is 1.
    pub client_id: usize,
    /// Longest topic and topic filter, in bytes, without the prefix of basic ingest.
    pub topic: usize,
    /// Most slashes in a topic or topic filter, without the prefix of basic ingest.
    pub slashes: usize,
    /// Longest payload of a message, in bytes.
    pub payload: usize,
    /// Most subscriptions of a connection. One more is refused in SUBACK.
    pub subscriptions: usize,
    /// Most topic filters of one SUBSCRIBE. More end the connection.
    pub filters: usize,
    /// Keep-alive that is served, in seconds. What a client asks for is moved into it; 0 becomes the longest.
    pub keep_alive: RangeInclusive<u16>,
    /// Most CONNECTs of one client id in a second. `None`: any number.
    pub connects_per_second: Option<u32>,
    /// Most messages in both directions of a connection in a second; more are discarded without a word. `None`: any
    /// number.
    pub messages_per_second: Option<u32>,
    /// Most bytes that are read of a connection in a second; more have to wait. `None`: any number.
    pub bytes_per_second: Option<u32>,
    /// Most messages with quality of service 1 that a client has not acknowledged; more have to wait.
    pub unacknowledged: usize,
    /// How long a persistent session outlives its connection.
    pub session_expiry: Duration,
    /// How fast a persistent session gets what it has missed, in messages a second. `None`: at once.
    pub replays_per_second: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            client_id: 128,
            topic: 256,
            slashes: 7,
            payload: 128 * 1024,
            subscriptions: 50,
            filters: 8,
            keep_alive: 30..=1200,
            connects_per_second: Some(1),
            messages_per_second: Some(100),
            bytes_per_second: Some(512 * 1024),
            unacknowledged: 100,
            session_expiry: Duration::from_secs(60 * 60),
            replays_per_second: Some(10),
        }
    }
}

impl Limits {
    /// The keep-alive that a client gets for the one it asks for.
    pub(super) fn keep_alive_for(&self, asked: u16) -> Duration {
        let longest = *self.keep_alive.end();
        let served = if asked == 0 { longest } else { asked.min(longest).max(*self.keep_alive.start()) };
        Duration::from_secs(u64::from(served))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keep_alive_is_moved_into_the_range() {
        let limits = Limits::default();
        for (asked, served) in [(0, 1200), (1, 30), (30, 30), (60, 60), (1200, 1200), (3600, 1200)] {
            assert_eq!(limits.keep_alive_for(asked), Duration::from_secs(served), "{asked}");
        }
    }
}
