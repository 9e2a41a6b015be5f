//! What the client knows of its connection, and what happens to it.

use std::fmt;

use telit_core::Category;

/// Whether there is a connection to the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientState {
    /// Not yet.
    Connecting,
    /// Yes.
    Connected,
    /// No, on request; [`resume`](crate::MqttClient::resume) brings it back.
    Paused,
    /// No, and nobody asked for it. [`resume`](crate::MqttClient::resume) connects again.
    Lost(LossReason),
    /// No, for good.
    Closed,
}

/// Why a connection was lost, as far as the module tells.
///
/// Source: M37 p1016.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LossReason {
    /// The module says that its client is not connected (state 0).
    Disconnected,
    /// The broker closed or reset the connection (state 2). Brokers do that without a word when a client is
    /// not allowed to do what it did, and when another one connects with the same identifier.
    ClosedByBroker,
    /// The broker did not answer a ping (state 3).
    PingUnanswered,
    /// The broker did not answer the login (state 4).
    LoginUnanswered,
    /// The login could not be delivered (state 5).
    LoginUndelivered,
    /// Something failed inside the module (state 6).
    ModuleFailure,
    /// The socket failed or timed out (state 7).
    SocketFailure,
    /// A state that no manual describes.
    UnknownState(u64),
    /// The module does not know our client any more: it has probably restarted.
    ModuleForgot,
    /// The module did not answer.
    ModuleSilent,
    /// The port to the module is gone.
    LinkLost,
}

/// What happened to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// The state changed.
    State(ClientState),
    /// All message slots of the module were taken: messages are lost.
    SlotsFull,
    /// A message lay in the module and could not be read.
    Unreadable,
    /// More messages of a persistent session arrived before anybody had subscribed to them than a queue holds
    /// ([`queue_capacity`](crate::MqttOptions::queue_capacity)): the oldest of them was lost.
    EarlyMessageLost,
    /// The reader of these events fell behind, and so many of them were lost for it.
    Missed(u64),
}

impl LossReason {
    /// The reason behind a state other than 1, which is `connected`. Source: M37 p1016.
    pub(crate) fn from_state(state: u64) -> Self {
        match state {
            0 => Self::Disconnected,
            2 => Self::ClosedByBroker,
            3 => Self::PingUnanswered,
            4 => Self::LoginUnanswered,
            5 => Self::LoginUndelivered,
            6 => Self::ModuleFailure,
            7 => Self::SocketFailure,
            other => Self::UnknownState(other),
        }
    }

    /// Whose turn it is.
    #[must_use]
    pub fn category(self) -> Category {
        match self {
            Self::ModuleForgot | Self::ModuleSilent | Self::LinkLost => Category::Link,
            Self::ModuleFailure | Self::UnknownState(_) => Category::Other,
            _ => Category::Network,
        }
    }
}

impl ClientState {
    /// Whose turn it is if something needs a connection.
    #[must_use]
    pub fn category(self) -> Category {
        match self {
            Self::Lost(reason) => reason.category(),
            Self::Connecting | Self::Connected => Category::Other,
            Self::Paused | Self::Closed => Category::Usage,
        }
    }
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disconnected => "the module's client is not connected",
            Self::ClosedByBroker => "the broker closed the connection",
            Self::PingUnanswered => "the broker did not answer a ping",
            Self::LoginUnanswered => "the broker did not answer the login",
            Self::LoginUndelivered => "the login could not be delivered",
            Self::ModuleFailure => "something failed inside the module",
            Self::SocketFailure => "the network connection failed",
            Self::UnknownState(state) => return write!(f, "the module reports the unknown state {state}"),
            Self::ModuleForgot => "the module has forgotten its client, it has probably restarted",
            Self::ModuleSilent => "the module does not answer",
            Self::LinkLost => "the port to the module is gone",
        })
    }
}

impl fmt::Display for ClientState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => f.write_str("it is connecting"),
            Self::Connected => f.write_str("it is connected"),
            Self::Paused => f.write_str("it is paused"),
            Self::Lost(reason) => reason.fmt(f),
            Self::Closed => f.write_str("it is closed"),
        }
    }
}
