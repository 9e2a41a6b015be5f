//! Why a subscription was not made or ended.

use std::time::Duration;

use telit_core::{Category, CommandError};

use super::{category_at_broker, reconnect_hint};
use crate::message::QoS;
use crate::rules::RuleViolation;
use crate::state::{ClientState, LossReason};
use crate::topic::TopicError;

/// Subscribing or unsubscribing failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The topic filter cannot be used. Nothing was sent.
    #[error("invalid topic filter: {0}")]
    InvalidFilter(TopicError),
    /// The broker would not take it. Nothing was sent.
    #[error(transparent)]
    Rule(#[from] RuleViolation),
    /// This firmware subscribes with "at least once" only. Nothing was sent.
    #[error("this firmware cannot subscribe with quality of service {}", qos.number())]
    UnsupportedQos {
        /// What was asked for.
        qos: QoS,
    },
    /// The broker closed the connection each time on this subscription, or refused it: probably its policy does not
    /// allow it. It is refused for an hour, or until the client is [resumed](crate::MqttClient::resume) from a pause
    /// or a loss.
    #[error(
        "the broker closed the connection {times} times in a row on {filter:?}: probably it is not allowed"
    )]
    ProbablyForbidden {
        /// The topic filter.
        filter: String,
        /// How often.
        times: u32,
    },
    /// There is no connection. Nothing was sent.
    #[error("there is no connection: {state}")]
    NotConnected {
        /// The state of the client.
        state: ClientState,
    },
    /// The module or the broker refused.
    #[error(transparent)]
    Refused(CommandError),
    /// The broker does not grant the topic filter. Only told where MQTT runs on this computer.
    #[error("the broker does not grant the topic filter")]
    NotGranted,
    /// The broker did not answer. Only where MQTT runs on this computer.
    #[error("the broker did not answer within {waited:?}")]
    Unanswered {
        /// How long it was waited for.
        waited: Duration,
    },
    /// The connection was lost meanwhile. Only where MQTT runs on this computer.
    #[error("the connection was lost meanwhile: {reason}")]
    ConnectionLost {
        /// Why.
        reason: LossReason,
    },
    /// The module restarted meanwhile. The subscription was not made, or not ended.
    #[error("the module restarted: {0}")]
    ModuleRestarted(CommandError),
    /// The exchange failed.
    #[error(transparent)]
    Command(CommandError),
}

impl SubscribeError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::InvalidFilter(_) | Self::UnsupportedQos { .. } => Category::Usage,
            Self::Rule(violation) => violation.category(),
            Self::NotConnected { state } => state.category(),
            Self::ProbablyForbidden { .. } => Category::Refused,
            Self::Refused(error) => category_at_broker(error),
            Self::NotGranted => Category::Refused,
            Self::Unanswered { .. } => Category::Network,
            Self::ConnectionLost { reason } => reason.category(),
            Self::ModuleRestarted(_) => Category::Link,
            Self::Command(error) => error.category(),
        }
    }

    /// Whether nothing but a connection is missing.
    #[cfg(feature = "aws")]
    pub(crate) fn is_without_connection(&self) -> bool {
        matches!(self, Self::NotConnected { state } if *state != ClientState::Closed)
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Rule(violation) => violation.hint(),
            Self::NotConnected { state } => reconnect_hint(*state),
            Self::ProbablyForbidden { .. } => {
                Some("check that the broker's policy allows this client exactly this topic filter")
            }
            Self::Refused(_) | Self::NotGranted => {
                Some("check that the broker allows this client the topic filter")
            }
            Self::ModuleRestarted(_) | Self::ConnectionLost { .. } => {
                Some("try it again once connected again")
            }
            Self::Unanswered { .. } => Some("try it again, or allow more time for acknowledgements"),
            Self::UnsupportedQos { .. } => Some("subscribe with quality of service 1"),
            Self::InvalidFilter(_) | Self::Command(_) => None,
        }
    }
}

impl From<CommandError> for SubscribeError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Invalid(invalid) => Self::InvalidFilter(invalid.into()),
            CommandError::Refused { .. } => Self::Refused(error),
            other => Self::Command(other),
        }
    }
}
