//! What went wrong, in the words of the client.

use std::io;
use std::time::Duration;

use telit_core::CommandError;
use telit_core::at::InvalidValue;
use telit_core::socket::{SocketEnding, SocketError};

use crate::error::{ConnectError, Doubt, PublishError, SubscribeError};
use crate::state::{ClientState, LossReason};

/// Why something did not end as it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// It cannot be written down. Nothing was sent.
    #[error("MQTT cannot carry it: {0}")]
    Unusable(mqtt_proto::Error),
    /// The connection had ended. Nothing was sent.
    #[error("the connection had ended")]
    NotSent,
    /// The broker does not grant the topic filter.
    #[error("the broker does not grant it")]
    Refused,
    /// The broker did not answer within this time.
    #[error("the broker did not answer within {0:?}")]
    Unanswered(Duration),
    /// The connection was lost meanwhile.
    #[error("the connection was lost: {0}")]
    Lost(LossReason),
}

/// What an error of the stream says about the connection.
pub(super) fn loss(error: &io::Error) -> LossReason {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<SocketError>()) {
        Some(error) => socket_loss(error),
        None => LossReason::SocketFailure,
    }
}

fn socket_loss(error: &SocketError) -> LossReason {
    match error {
        SocketError::Ended { ending, .. } if is_by_peer(*ending) => LossReason::ClosedByBroker,
        SocketError::ModuleRestarted
        | SocketError::Disabled
        | SocketError::Command(CommandError::Restarted { .. }) => LossReason::ModuleRestarted,
        SocketError::Command(CommandError::LinkLost { .. }) => LossReason::LinkLost,
        SocketError::Stuck
        | SocketError::Command(CommandError::TimedOut { .. } | CommandError::NotResponding { .. }) => {
            LossReason::ModuleSilent
        }
        _ => LossReason::SocketFailure,
    }
}

/// Whether it was the broker. A reset, an end without a closing message and one that nobody explains are what a network
/// does that fails. Source: M37 p878-879.
pub(super) fn is_by_peer(ending: SocketEnding) -> bool {
    matches!(ending, SocketEnding::CloseNotify | SocketEnding::Alert)
}

pub(super) fn unusable_login(error: mqtt_proto::Error) -> ConnectError {
    InvalidValue::new("login", format!("MQTT cannot carry it: {error}")).into()
}

impl Failure {
    /// Whether the port to the module is gone.
    pub(crate) fn is_link_lost(&self) -> bool {
        *self == Self::Lost(LossReason::LinkLost)
    }

    /// Whether the broker has answered, if only by hanging up: nothing is wrong with the way to it.
    pub(crate) fn is_by_broker(&self) -> bool {
        match self {
            Self::Refused => true,
            Self::Lost(reason) => reason.is_by_broker(),
            _ => false,
        }
    }

    /// Of a message. `state`: what the connection has come to.
    pub(crate) fn of_publish(self, state: ClientState) -> PublishError {
        match self {
            Self::Unusable(_) => PublishError::NotRepresentable { reason: "MQTT cannot carry it" },
            Self::NotSent | Self::Refused => PublishError::NotConnected { state },
            Self::Unanswered(waited) => PublishError::InDoubt(Doubt::Unanswered { waited }),
            Self::Lost(reason) => PublishError::InDoubt(Doubt::ConnectionLost { reason }),
        }
    }
}

impl From<Failure> for SubscribeError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unusable(error) => {
                Self::InvalidFilter(InvalidValue::new("topic filter", error.to_string()).into())
            }
            Failure::NotSent => Self::ConnectionLost { reason: LossReason::Disconnected },
            Failure::Refused => Self::NotGranted,
            Failure::Unanswered(waited) => Self::Unanswered { waited },
            Failure::Lost(reason) => Self::ConnectionLost { reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_fails_is_no_broker_that_hangs_up() {
        for (ending, reason) in [
            (SocketEnding::CloseNotify, LossReason::ClosedByBroker),
            (SocketEnding::Alert, LossReason::ClosedByBroker),
            (SocketEnding::Truncated, LossReason::SocketFailure),
            (SocketEnding::Reset, LossReason::SocketFailure),
            (SocketEnding::Inactivity, LossReason::SocketFailure),
            (SocketEnding::ContextClosed, LossReason::SocketFailure),
            (SocketEnding::Unknown, LossReason::SocketFailure),
            (SocketEnding::Local, LossReason::SocketFailure),
        ] {
            let ended = SocketError::Ended { ending, before_first_byte: false };
            assert_eq!(loss(&io::Error::other(ended)), reason, "{ending:?}");
            let by_broker = reason == LossReason::ClosedByBroker;
            assert_eq!(Failure::Lost(reason).is_by_broker(), by_broker, "{ending:?}");
        }
    }
}
