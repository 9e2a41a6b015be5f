//! What clients did, for tests to read.

use bytes::Bytes;

use crate::journal::Journal;
use crate::mqtt_server::packet::Publish;

/// A message that a client published, or the broker for a client as its last will.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishedMessage {
    /// The client; `None` if it came from [`AwsIot::publish`](super::AwsIot::publish).
    pub client_id: Option<String>,
    /// The topic, also a reserved one.
    pub topic: String,
    /// What was published.
    pub payload: Bytes,
    /// Its quality of service, 0 or 1.
    pub qos: u8,
    /// Whether the broker was to keep it.
    pub retain: bool,
}

/// A message that a rule was sent by basic ingest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleMessage {
    /// The client that sent it.
    pub client_id: String,
    /// The topic without the prefix `$aws/rules/<rule>/`, as `topic()` gives it to the rule.
    pub topic: String,
    /// What was sent.
    pub payload: Bytes,
}

/// Why a connection ended or was not made, as the lifecycle events name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// `AUTH_ERROR`: the policy does not allow it.
    AuthError,
    /// `CLIENT_INITIATED_DISCONNECT`: DISCONNECT came.
    ClientInitiated,
    /// `CLIENT_ERROR`: what came is against the protocol or a limit.
    ClientError,
    /// `CONNECTION_LOST`
    ConnectionLost,
    /// `DUPLICATE_CLIENTID`: another connection has taken over.
    DuplicateClientId,
    /// `MQTT_KEEP_ALIVE_TIMEOUT`: nothing came for 1.5 times the keep-alive.
    KeepAliveTimeout,
    /// `SERVER_INITIATED_DISCONNECT`: a test wanted it.
    ServerInitiated,
    /// `THROTTLED`: too many CONNECTs of one client id.
    Throttled,
}

impl DisconnectReason {
    /// The name in the lifecycle events of AWS.
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthError => "AUTH_ERROR",
            Self::ClientInitiated => "CLIENT_INITIATED_DISCONNECT",
            Self::ClientError => "CLIENT_ERROR",
            Self::ConnectionLost => "CONNECTION_LOST",
            Self::DuplicateClientId => "DUPLICATE_CLIENTID",
            Self::KeepAliveTimeout => "MQTT_KEEP_ALIVE_TIMEOUT",
            Self::ServerInitiated => "SERVER_INITIATED_DISCONNECT",
            Self::Throttled => "THROTTLED",
        }
    }
}

/// What happened to the connection of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lifecycle {
    /// CONNACK said yes.
    Connected {
        /// The client.
        client_id: String,
        /// Whether it wanted a clean session.
        clean_session: bool,
        /// Whether it has got its earlier session.
        session_present: bool,
        /// The keep-alive that it asked for, in seconds.
        keep_alive: u16,
    },
    /// The client was not let in.
    ConnectFailed {
        /// The client.
        client_id: String,
        /// Why.
        reason: DisconnectReason,
        /// The same in words that say what exactly; the client was not told.
        detail: String,
    },
    /// The connection has ended.
    Disconnected {
        /// The client.
        client_id: String,
        /// Why.
        reason: DisconnectReason,
        /// The same in words that say what exactly; the client was not told.
        detail: String,
    },
}

/// All journals. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    pub(super) messages: Journal<PublishedMessage>,
    pub(super) events: Journal<Lifecycle>,
    /// With the name of the rule.
    pub(super) rules: Journal<(String, RuleMessage)>,
}

impl PublishedMessage {
    pub(super) fn new(client_id: Option<&str>, message: &Publish) -> Self {
        Self {
            client_id: client_id.map(str::to_owned),
            topic: message.topic.clone(),
            payload: message.payload.clone(),
            qos: message.qos,
            retain: message.retain,
        }
    }
}
