//! Why a request to a service of AWS IoT had no answer.

use std::time::Duration;

use telit_core::Category;

use crate::error::{PublishError, SubscribeError};

/// A request went unanswered, or its answer cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The answers could not be subscribed to. Nothing was asked.
    #[error("the answers could not be subscribed to: {0}")]
    Subscribe(#[from] SubscribeError),
    /// The request was not published, or nobody knows.
    #[error("the request could not be published: {0}")]
    Publish(#[from] PublishError),
    /// No answer came. The request may have been carried out.
    #[error("no answer came within {} s", after.as_secs())]
    TimedOut {
        /// How long it was waited for.
        after: Duration,
    },
    /// The connection has ended meanwhile. The request may have been carried out.
    #[error("the connection ended before an answer came")]
    Ended,
    /// A message cannot be read.
    #[error("a message on {topic} cannot be read, its {size} bytes {}: {problem}", if *.truncated { "have no end" } else { "are not what they should be" })]
    Unreadable {
        /// Its topic.
        topic: String,
        /// Its size in bytes.
        size: usize,
        /// It ends in the middle, as if the module had delivered a part only.
        truncated: bool,
        /// What is wrong with it.
        problem: String,
    },
}

impl RequestError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Subscribe(error) => error.category(),
            Self::Publish(error) => error.category(),
            Self::TimedOut { .. } | Self::Ended => Category::Network,
            Self::Unreadable { .. } => Category::Other,
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Subscribe(SubscribeError::Refused(_) | SubscribeError::NotGranted) => Some(
                "check that the policy allows iot:Subscribe and iot:Receive on the topics of the answers",
            ),
            Self::Subscribe(error) => error.hint(),
            Self::Publish(error) => error.hint(),
            Self::TimedOut { .. } => Some(
                "check the name of the thing, and that the policy allows iot:Publish, iot:Subscribe and iot:Receive on \
                 these topics",
            ),
            Self::Ended => Some("connect again"),
            Self::Unreadable { truncated: true, .. } => {
                Some("the module delivers less than the whole message: keep the documents small")
            }
            Self::Unreadable { .. } => Some("check that the type fits the document"),
        }
    }

    /// Whether trying it again later may help.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::TimedOut { .. } => true,
            Self::Subscribe(error) => error.category() != Category::Usage || error.is_without_connection(),
            Self::Publish(error) => error.category() != Category::Usage || error.is_without_connection(),
            Self::Ended | Self::Unreadable { .. } => false,
        }
    }
}
