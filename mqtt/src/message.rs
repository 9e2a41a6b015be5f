//! What is published and what arrives.

use bytes::Bytes;

/// Quality of service: how hard module and broker try to deliver a message.
///
/// Source: M37 p1030.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QoS {
    /// At most once (0): sent and forgotten.
    AtMostOnce,
    /// At least once (1): the broker acknowledges; a message can arrive twice.
    #[default]
    AtLeastOnce,
    /// Exactly once (2). Some brokers close the connection on it.
    ExactlyOnce,
}

impl QoS {
    /// The number that MQTT gives it.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::AtMostOnce => 0,
            Self::AtLeastOnce => 1,
            Self::ExactlyOnce => 2,
        }
    }
}

/// A message that arrived.
///
/// The module tells neither quality of service nor the retain and duplicate flags. Source: M37 p1031-1032. MQTT that
/// runs on this computer does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The topic it was published to.
    pub topic: String,
    /// The payload, byte by byte as it was published.
    pub payload: Bytes,
    /// The quality of service it was delivered with; `None` where nobody tells.
    pub qos: Option<QoS>,
    /// Whether the broker had kept it for later subscribers; `None` where nobody tells.
    pub retained: Option<bool>,
    /// Whether it may have been delivered before; `None` where nobody tells.
    pub duplicate: Option<bool>,
}

impl Message {
    pub(crate) fn new(topic: impl Into<String>, payload: Bytes) -> Self {
        Self { topic: topic.into(), payload, qos: None, retained: None, duplicate: None }
    }
}

/// A message to publish. Without further calls: at least once, not retained.
///
/// ```
/// use telit_mqtt::{Publish, QoS};
///
/// let status = Publish::new("meter/7/status", "online").qos(QoS::AtLeastOnce).retain(true);
/// # drop(status);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "nothing is published until it is given to MqttClient::send()"]
pub struct Publish {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
}

impl Publish {
    /// A message for `topic`. The topic is checked when it is published.
    pub fn new(topic: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self { topic: topic.into(), payload: payload.into(), qos: QoS::default(), retain: false }
    }

    /// The quality of service. Default [`QoS::AtLeastOnce`].
    pub fn qos(mut self, qos: QoS) -> Self {
        self.qos = qos;
        self
    }

    /// Whether the broker keeps the message for later subscribers. Default no.
    ///
    /// An empty retained message makes the broker forget the one it kept.
    pub fn retain(mut self, retain: bool) -> Self {
        self.retain = retain;
        self
    }
}
