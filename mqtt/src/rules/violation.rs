//! What was refused, and why.

use std::fmt;
use std::time::Duration;

use telit_core::Category;

use crate::message::QoS;

/// The broker would not take this. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{broker} {rule}")]
#[non_exhaustive]
pub struct RuleViolation {
    /// The broker.
    pub broker: &'static str,
    /// Its rule.
    pub rule: Rule,
}

/// A rule of a broker, as it was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// The client identifier is too long.
    ClientId {
        /// Its length in bytes.
        length: usize,
        /// The most that it may have.
        limit: usize,
    },
    /// The keep-alive is too short or too long.
    KeepAlive {
        /// The shortest that is taken.
        least: Duration,
        /// The longest.
        most: Duration,
    },
    /// The topic or topic filter is too long.
    TopicLength {
        /// Its length in bytes, as the broker counts.
        length: usize,
        /// The most that it may have.
        limit: usize,
    },
    /// The topic or topic filter has too many levels.
    TopicSlashes {
        /// Its slashes, as the broker counts.
        slashes: usize,
        /// The most that it may have.
        limit: usize,
    },
    /// The quality of service is too high.
    Qos {
        /// The highest that is taken.
        highest: QoS,
    },
    /// Messages on this topic cannot be retained.
    Retain,
    /// The payload is too large.
    Payload {
        /// Its size in bytes.
        size: usize,
        /// The most that it may have.
        limit: usize,
    },
    /// There are too many subscriptions.
    Subscriptions {
        /// How many there may be.
        limit: usize,
    },
    /// Topics of this kind can be published to and not subscribed to.
    PublishOnly,
    /// The topic is none that the broker takes messages on.
    PublishTopic {
        /// What they begin with.
        allowed: &'static [&'static str],
    },
    /// The filter is none that the broker takes subscriptions to.
    SubscribeFilter {
        /// What they begin with.
        allowed: &'static [&'static str],
    },
}

impl RuleViolation {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        Category::Usage
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match &self.rule {
            Rule::ClientId { .. } => "choose a shorter client identifier",
            Rule::KeepAlive { .. } => "choose another keep-alive",
            Rule::TopicLength { .. } | Rule::TopicSlashes { .. } => "choose a shorter topic",
            Rule::Qos { .. } => "use quality of service 1",
            Rule::Retain => "publish it without retain",
            Rule::Payload { .. } => "split it",
            Rule::Subscriptions { .. } => "subscribe with wildcards, or drop subscriptions first",
            Rule::PublishOnly | Rule::PublishTopic { .. } | Rule::SubscribeFilter { .. } => return None,
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientId { length, limit } => {
                write!(f, "takes client identifiers of at most {limit} bytes, this one has {length}")
            }
            Self::KeepAlive { least, most } => {
                write!(f, "takes keep-alive times of {} s to {} s", least.as_secs(), most.as_secs())
            }
            Self::TopicLength { length, limit } => {
                write!(f, "takes topics of at most {limit} bytes, this one has {length}")
            }
            Self::TopicSlashes { slashes, limit } => {
                write!(f, "takes topics with at most {limit} slashes, this one has {slashes}")
            }
            Self::Qos { highest } => {
                write!(f, "takes quality of service {} at the most", highest.number())
            }
            Self::Retain => f.write_str("does not retain messages on this topic"),
            Self::Payload { size, limit } => {
                write!(f, "takes payloads of at most {limit} bytes, this one has {size}")
            }
            Self::Subscriptions { limit } => write!(f, "takes at most {limit} subscriptions a connection"),
            Self::PublishOnly => f.write_str("lets nobody subscribe to this topic"),
            Self::PublishTopic { allowed } => {
                write!(f, "takes messages on topics that begin with {} only", allowed.join(" or "))
            }
            Self::SubscribeFilter { allowed } => {
                write!(f, "takes subscriptions to filters that begin with {} only", allowed.join(" or "))
            }
        }
    }
}
