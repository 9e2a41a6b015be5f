//! What an MQTT session is opened with.

use std::fmt;
use std::time::Duration;

use super::super::TlsSettings;

/// Quality of service of a message.
#[expect(clippy::enum_variant_names, reason = "the standard's own names")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Qos {
    /// Delivered as well as TCP does.
    AtMostOnce = 0,
    /// Acknowledged; may come twice.
    AtLeastOnce = 1,
    /// Acknowledged in two steps.
    ExactlyOnce = 2,
}

impl Qos {
    /// From its number; `None` above 2.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::AtMostOnce, Self::AtLeastOnce, Self::ExactlyOnce]
            .into_iter()
            .find(|qos| qos.number() == number)
    }

    /// Its number, 0 to 2.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }
}

/// The last will: what the broker publishes if the client vanishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Will {
    /// Where to.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
    /// How.
    pub qos: Qos,
    /// Whether the broker keeps it.
    pub retain: bool,
}

/// What an MQTT session is opened with.
#[derive(Clone)]
pub(crate) struct Options {
    /// The broker.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `None` is plain TCP.
    pub tls: Option<TlsSettings>,
    /// Bound of dialling and TLS handshake together.
    pub connect_timeout: Duration,
    /// The client id. May be empty.
    pub client_id: String,
    /// The user name.
    pub username: Option<String>,
    /// The password. MQTT allows it with a user name only (MQTT 3.1.2.9); without one it is not sent.
    pub password: Option<Vec<u8>>,
    /// A ping goes out after this long without a packet sent. Zero is no pings. Whole seconds.
    pub keep_alive: Duration,
    /// Whether the broker forgets an earlier session of this client id.
    pub clean_session: bool,
    /// The last will.
    pub will: Option<Will>,
    /// How long to wait for the broker's answer to a packet: CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, PINGREQ.
    pub packet_timeout: Duration,
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls.is_some())
            .field("client_id", &self.client_id)
            .field("keep_alive", &self.keep_alive)
            .field("clean_session", &self.clean_session)
            .finish_non_exhaustive()
    }
}
