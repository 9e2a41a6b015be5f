//! What happens to messages while there is no connection.

use std::time::Duration;

/// What to do with a message for which a queue has no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenFull {
    /// The messages that have waited longest make room; each ends with
    /// [`PublishError::Dropped`](crate::PublishError::Dropped). For measurements, of which the newest count.
    #[default]
    DropOldest,
    /// The new one is dropped and ends with [`PublishError::Dropped`](crate::PublishError::Dropped).
    DropNewest,
    /// The new one is not taken: [`PublishError::QueueFull`](crate::PublishError::QueueFull).
    Refuse,
}

/// Messages that wait while the client is reconnecting or paused, bounded in number, bytes and time.
///
/// With it, publishing ends at the broker's acknowledgement, however long the connection is away, or when the message
/// expires or is dropped. Messages go out in the order in which they were published.
///
/// A message at least once (1) whose fate is in doubt - the connection was lost before its acknowledgement was seen -
/// is sent again once there is a connection, so that it arrives at least once and the broker may see it twice.
/// One at most once (0) or exactly once (2) is never sent twice: when it is in doubt it ends with
/// [`PublishError::InDoubt`](crate::PublishError::InDoubt).
///
/// The queue is in memory: what waits is lost with the program. It is given up when the client is
/// [closed](crate::MqttClient::disconnect), which publishes for a minute at most if there is a connection, or
/// [lost for good](crate::ClientState::Lost): [`Event::QueueGivenUp`](crate::Event::QueueGivenUp).
/// [`flush`](crate::MqttClient::flush) waits until it is empty.
///
/// ```
/// use std::time::Duration;
/// use telit_mqtt::{MqttOptions, MqttSecurity, OfflineQueue, WhenFull};
///
/// let queue = OfflineQueue::new(1000).bytes(256 * 1024).when_full(WhenFull::DropOldest);
/// let options = MqttOptions::new("broker.example", "client-1", MqttSecurity::DangerPlain)
///     .offline_queue(queue.expiry(Duration::from_secs(3600)));
/// # drop(options);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "nothing changes until it is given to MqttOptions::offline_queue()"]
pub struct OfflineQueue {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
    pub(crate) when_full: WhenFull,
    pub(crate) expiry: Duration,
}

const BYTES: usize = 1024 * 1024;
const EXPIRY: Duration = Duration::from_secs(86_400);

impl OfflineQueue {
    /// Room for so many messages, at least 1, beside the one that is being sent.
    pub fn new(messages: usize) -> Self {
        Self { messages: messages.max(1), bytes: BYTES, when_full: WhenFull::default(), expiry: EXPIRY }
    }

    /// Room for so many bytes of topics and payloads. Default 1 MiB. A message that is larger than all of it is
    /// refused with [`PublishError::QueueFull`](crate::PublishError::QueueFull) whatever the policy.
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// What to do with a message for which there is no room. Default [`WhenFull::DropOldest`].
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// How long a message may wait before it ends with [`PublishError::Expired`](crate::PublishError::Expired).
    /// Default a day.
    pub fn expiry(mut self, expiry: Duration) -> Self {
        self.expiry = expiry;
        self
    }
}
