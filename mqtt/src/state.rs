//! What the client knows of its connection, and what happens to it.

use std::fmt;
use std::time::Duration;

use telit_core::Category;

use crate::drops::Operation;
use crate::error::{ConnectError, Refusal};

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
    /// No, and nobody asked for it. The client connects again by itself, and subscriptions go on then.
    Reconnecting(LossReason),
    /// No, nobody asked for it, and nothing more is tried. [`resume`](crate::MqttClient::resume) connects again.
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
    /// The broker let us in before and refuses the login now.
    Refused(Refusal),
    /// The broker sent what MQTT 3.1.1 does not allow. Only where MQTT runs on this computer.
    ProtocolViolated,
    /// The broker sent a packet of so many bytes, which is more than agreed. Only where MQTT runs on this computer.
    PacketTooLarge(usize),
    /// The module has restarted, or does not know our client any more, which means the same.
    ModuleRestarted,
    /// The module did not answer.
    ModuleSilent,
    /// The port to the module is gone.
    LinkLost,
}

/// What happened to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The state changed.
    State(ClientState),
    /// An attempt to connect again begins.
    Reconnecting {
        /// Counted from 1 since the connection was lost.
        attempt: u32,
    },
    /// An attempt to connect again failed.
    ReconnectFailed {
        /// Counted from 1 since the connection was lost.
        attempt: u32,
        /// Why.
        error: ConnectError,
        /// How long the next one waits. It waits longer while the module itself cannot be used.
        next_in: Duration,
    },
    /// The connection is back, and all subscriptions with it. What was published in between has waited at the broker
    /// only without [`clean_session`](crate::MqttOptions::clean_session).
    Resumed {
        /// From the moment when the loss was noticed.
        took: Duration,
        /// How often it was tried. 0: the module had kept the connection while its port was away, so nothing was
        /// lost but what did not fit into its message slots.
        attempts: u32,
        /// How many topic filters are subscribed to.
        subscriptions: usize,
    },
    /// Nothing more is tried; the subscriptions have ended.
    GaveUp {
        /// What came of the last attempt.
        error: ConnectError,
    },
    /// So many messages made room for newer ones in a full [`OfflineQueue`](crate::OfflineQueue), or found none.
    QueueDropped {
        /// How many.
        messages: u64,
    },
    /// So many messages have waited longer in the [`OfflineQueue`](crate::OfflineQueue) than they may.
    QueueExpired {
        /// How many.
        messages: u64,
    },
    /// So many messages that had been handed over were given up, because the client has ended or, without an
    /// [`OfflineQueue`](crate::OfflineQueue), has no connection. Each ends with
    /// [`PublishError::NotConnected`](crate::PublishError::NotConnected), or in doubt after an attempt that may have
    /// reached the broker.
    QueueGivenUp {
        /// How many.
        messages: u64,
    },
    /// The broker closed the connection each time right after this operation, so it is not repeated: probably the
    /// broker's policy does not allow it. A message ends with
    /// [`PublishError::ProbablyForbidden`](crate::PublishError::ProbablyForbidden), subscriptions to the topic filter
    /// end.
    ProbablyForbidden {
        /// What the broker does not bear.
        operation: Operation,
        /// How often in a row.
        times: u32,
    },
    /// All message slots of the module were taken: messages are lost.
    SlotsFull,
    /// A message lay in the module and could not be read; or its slot was being read when the answer was lost, and it
    /// is not known whether there was one.
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

    /// Whether the broker has hung up: no other end is one. Source: M37 p1016.
    pub(crate) fn is_by_broker(self) -> bool {
        self == Self::ClosedByBroker
    }

    /// Whose turn it is.
    #[must_use]
    pub fn category(self) -> Category {
        match self {
            Self::ModuleRestarted | Self::ModuleSilent | Self::LinkLost => Category::Link,
            Self::ModuleFailure | Self::UnknownState(_) => Category::Other,
            Self::Refused(refusal) => refusal.category(),
            _ => Category::Network,
        }
    }
}

impl ClientState {
    /// Whose turn it is if something needs a connection.
    #[must_use]
    pub fn category(self) -> Category {
        match self {
            Self::Reconnecting(reason) | Self::Lost(reason) => reason.category(),
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
            Self::Refused(refusal) => return write!(f, "the broker refused the login: {refusal}"),
            Self::ProtocolViolated => "the broker broke the rules of MQTT",
            Self::PacketTooLarge(size) => {
                return write!(f, "the broker sent a packet of {size} bytes, which is too large");
            }
            Self::ModuleRestarted => "the module has restarted",
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
            Self::Reconnecting(reason) => write!(f, "it is reconnecting: {reason}"),
            Self::Lost(reason) => reason.fmt(f),
            Self::Closed => f.write_str("it is closed"),
        }
    }
}
