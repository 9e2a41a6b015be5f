//! Why it is not known whether the broker has a message.

use std::time::Duration;

use telit_core::{Category, CommandError};

use super::category_at_broker;
use crate::state::LossReason;

/// Why it is not known whether the broker has a message.
///
/// Where MQTT runs on this computer without [`clean_session`](crate::MqttOptions::clean_session), a message above "at
/// most once" is sent again on the next connection if the broker has kept the session, and one "exactly once" is
/// delivered once then. One "at least once" is not, if an [`OfflineQueue`](crate::OfflineQueue) publishes it again anyway.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Doubt {
    /// The module's command did not end well, and may have done its work before that.
    #[error(transparent)]
    Command(CommandError),
    /// No acknowledgement came. Only where MQTT runs on this computer.
    #[error("no acknowledgement within {waited:?}")]
    Unanswered {
        /// How long it was waited for.
        waited: Duration,
    },
    /// The connection was lost before the acknowledgement. Only where MQTT runs on this computer.
    #[error("the connection was lost: {reason}")]
    ConnectionLost {
        /// Why.
        reason: LossReason,
    },
}

impl Doubt {
    pub(super) fn category(&self) -> Category {
        match self {
            Self::Command(error) => category_at_broker(error),
            Self::Unanswered { .. } => Category::Network,
            Self::ConnectionLost { reason } => reason.category(),
        }
    }

    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Command(_) | Self::Unanswered { .. } => {
                "publish it again if receiving it twice does no harm"
            }
            Self::ConnectionLost { .. } => {
                "once connected again, publish it again if receiving it twice does no harm"
            }
        }
    }
}
