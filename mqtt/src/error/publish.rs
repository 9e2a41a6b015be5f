//! Why a message was not published, or is not known to be.

use telit_core::{Category, CommandError, Outcome};

use super::{Doubt, category_at_broker, names, reconnect_hint, tells_silence};
use crate::message::QoS;
use crate::rules::RuleViolation;
use crate::state::ClientState;
use crate::topic::TopicError;

/// A message was not published, or nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The topic cannot be published to. Nothing was sent.
    #[error("invalid topic: {0}")]
    InvalidTopic(TopicError),
    /// The broker would not take it. Nothing was sent.
    #[error(transparent)]
    Rule(#[from] RuleViolation),
    /// The payload is larger than the module takes. Nothing was sent.
    #[error("the payload has {size} bytes, the module takes at most {limit}")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The most the module takes.
        limit: usize,
    },
    /// No command of this firmware carries such a payload unchanged. Nothing was sent.
    #[error("this payload cannot be published: {reason}")]
    NotRepresentable {
        /// Why.
        reason: &'static str,
    },
    /// No room in the [`OfflineQueue`](crate::OfflineQueue), or without one among the messages that wait for their
    /// turn. Nothing was sent.
    #[error("too much waits to be published: {messages} messages of {bytes} bytes")]
    QueueFull {
        /// How many messages wait.
        messages: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// It made room for another message in the [`OfflineQueue`](crate::OfflineQueue), or there was none for it.
    #[error("the message was dropped from a full queue{}", doubt(*.in_doubt))]
    Dropped {
        /// The broker may have it from an attempt before.
        in_doubt: bool,
    },
    /// It waited longer in the [`OfflineQueue`](crate::OfflineQueue) than it may.
    #[error("the message has expired before it could be published{}", doubt(*.in_doubt))]
    Expired {
        /// The broker may have it from an attempt before.
        in_doubt: bool,
    },
    /// The broker closed the connection each time right after a message to this topic: probably its policy does not
    /// allow it. Messages to it are refused for an hour, or until the client is [resumed](crate::MqttClient::resume)
    /// from a pause or a loss.
    #[error(
        "the broker closed the connection {times} times in a row on {topic:?}: probably it is not allowed{}",
        doubt(*.in_doubt)
    )]
    ProbablyForbidden {
        /// The topic.
        topic: String,
        /// How often.
        times: u32,
        /// It was sent, or may have been in an attempt before. Otherwise nothing of it was.
        in_doubt: bool,
    },
    /// There is no connection. Nothing was sent.
    #[error("there is no connection: {state}")]
    NotConnected {
        /// The state of the client.
        state: ClientState,
    },
    /// The command did not reach the module. The broker does not have the message.
    #[error("the message was not sent: {0}")]
    NotSent(CommandError),
    /// The module refused. The broker does not have the message.
    #[error(transparent)]
    Refused(CommandError),
    /// The module restarted with the message under way.
    #[error("the module restarted, the message {}: {error}", if *.in_doubt { "may or may not have been published" } else { "was not published" })]
    ModuleRestarted {
        /// How the command ended.
        error: CommandError,
        /// The module may have published it before. Otherwise the broker does not have it.
        in_doubt: bool,
    },
    /// The message may have reached the broker, or not: no acknowledgement was seen. Publishing it again can
    /// deliver it twice.
    #[error("the message may or may not have been published: {0}")]
    InDoubt(Doubt),
}

impl PublishError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::InvalidTopic(_) | Self::TooLarge { .. } | Self::NotRepresentable { .. } => Category::Usage,
            Self::Rule(violation) => violation.category(),
            Self::NotConnected { state } => state.category(),
            Self::QueueFull { .. } | Self::Dropped { .. } => Category::Other,
            Self::Expired { .. } => Category::Network,
            Self::ProbablyForbidden { .. } => Category::Refused,
            Self::NotSent(error) | Self::Refused(error) => category_at_broker(error),
            Self::InDoubt(doubt) => doubt.category(),
            Self::ModuleRestarted { .. } => Category::Link,
        }
    }

    /// Whether nothing but a connection is missing.
    #[cfg(feature = "aws")]
    pub(crate) fn is_without_connection(&self) -> bool {
        matches!(self, Self::NotConnected { state } if *state != ClientState::Closed)
    }

    /// Whether the broker may have the message.
    #[must_use]
    pub fn may_have_been_published(&self) -> bool {
        match self {
            Self::InDoubt(_) => true,
            Self::ModuleRestarted { in_doubt, .. }
            | Self::ProbablyForbidden { in_doubt, .. }
            | Self::Dropped { in_doubt }
            | Self::Expired { in_doubt } => *in_doubt,
            _ => false,
        }
    }

    /// The end of a message of which an attempt before may have reached the broker: `earlier` tells how that one ended.
    pub(crate) fn after(self, earlier: Option<Self>) -> Self {
        match (self, earlier) {
            (Self::ProbablyForbidden { topic, times, in_doubt }, earlier) => {
                Self::ProbablyForbidden { topic, times, in_doubt: in_doubt || earlier.is_some() }
            }
            (error, Some(earlier)) if !error.may_have_been_published() => earlier,
            (error, _) => error,
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Rule(violation) => violation.hint(),
            Self::NotConnected { state } => reconnect_hint(*state),
            Self::InDoubt(doubt) => Some(doubt.hint()),
            Self::ModuleRestarted { in_doubt: true, .. } => {
                Some("once connected again, publish it again if receiving it twice does no harm")
            }
            Self::ModuleRestarted { .. } => Some("publish it again once connected again"),
            Self::NotRepresentable { .. } => {
                Some("let MQTT run on this computer (engine host, with TLS), or encode it as text")
            }
            Self::TooLarge { .. } => {
                Some("split it, or let MQTT run on this computer (engine host, with TLS)")
            }
            Self::QueueFull { .. } => Some("publish less, or wait until something was published"),
            Self::Dropped { .. } => Some("publish less, or make the queue larger"),
            Self::Expired { .. } => Some("see why there was no connection for so long"),
            Self::ProbablyForbidden { .. } => Some(
                "check that the broker's policy allows this client to publish to the topic, and to retain",
            ),
            Self::InvalidTopic(_) | Self::NotSent(_) | Self::Refused(_) => None,
        }
    }

    /// Judges a failed publish command on a module that was seen to restart meanwhile. `answered`: the restart was seen
    /// before the command ended. What answered then was a module that has no client, so a refusal is one.
    pub(crate) fn judge_restarted(error: CommandError, answered: bool) -> Self {
        let in_doubt = match error.outcome() {
            Outcome::NotSent => false,
            Outcome::Refused => !answered,
            _ => true,
        };
        Self::ModuleRestarted { error, in_doubt }
    }

    /// Judges a failed publish command. `connected`: the connection was still there afterwards.
    ///
    /// An acknowledgement that did not come is an error of the same command as everything else, so above
    /// "at most once" a failure to publish means that the broker may have the message.
    /// Source: M37 p1034; IPE28 p143.
    pub(crate) fn judge(error: CommandError, qos: QoS, connected: bool) -> Self {
        let Some(module) = error.module_error() else {
            return match error.outcome() {
                Outcome::NotSent => Self::NotSent(error),
                _ => Self::InDoubt(Doubt::Command(error)),
            };
        };
        let named = |number, text| names(module, number, text);
        let late = tells_silence(module);
        let failed = named(1105, "Publish Fail") || named(1110, "PUBSEXT Fail");
        if late || !connected || (failed && qos != QoS::AtMostOnce) {
            Self::InDoubt(Doubt::Command(error))
        } else {
            Self::Refused(error)
        }
    }
}

/// What else is to be said of a message that was not published in the end.
fn doubt(in_doubt: bool) -> &'static str {
    if in_doubt { ", but an earlier attempt may have published it" } else { "" }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use telit_core::at::{Effect, ModuleError};

    use super::*;

    fn refused(words: &str) -> CommandError {
        CommandError::Refused { command: "#MQPUBSEXT".into(), error: ModuleError::equipment(words) }
    }

    fn in_doubt(words: &str, qos: QoS, connected: bool) -> bool {
        PublishError::judge(refused(words), qos, connected).may_have_been_published()
    }

    #[test]
    fn only_a_clear_refusal_is_one() {
        assert!(!in_doubt("operation not allowed", QoS::AtLeastOnce, true));
        assert!(!in_doubt("MQTT Publish Fail", QoS::AtMostOnce, true));
        assert!(in_doubt("MQTT Publish Fail", QoS::AtLeastOnce, true));
        assert!(in_doubt("1110", QoS::ExactlyOnce, true));
        assert!(in_doubt("1109", QoS::AtMostOnce, true));
        assert!(in_doubt("operation not allowed", QoS::AtMostOnce, false));
    }

    #[test]
    fn late_and_lost_answers() {
        let (command, waited, effect) = ("#MQPUBSEXT".to_owned(), Duration::from_secs(40), Effect::Once);
        let late = CommandError::TimedOut { command: command.clone(), waited, effect };
        let error = PublishError::judge(late.clone(), QoS::AtMostOnce, true);
        assert_eq!(error, PublishError::InDoubt(Doubt::Command(late)));
        let silent = CommandError::NotResponding { command };
        let error = PublishError::judge(silent.clone(), QoS::AtLeastOnce, true);
        assert_eq!(error, PublishError::NotSent(silent));
        assert_eq!(error.category(), Category::Link);
    }

    #[test]
    fn a_restart_is_named_and_its_doubts_are_true() {
        let (command, waited, effect) = ("#MQPUBSEXT".to_owned(), Duration::from_secs(40), Effect::Once);
        let late = CommandError::TimedOut { command: command.clone(), waited, effect };
        for (error, answered, in_doubt) in [
            (late, false, true),
            (CommandError::NotResponding { command }, false, false),
            (refused("operation not allowed"), true, false),
            (refused("operation not allowed"), false, true),
        ] {
            let judged = PublishError::judge_restarted(error.clone(), answered);
            assert_eq!(judged.may_have_been_published(), in_doubt, "{error}");
            assert_eq!(judged.category(), Category::Link);
            assert!(judged.to_string().starts_with("the module restarted"), "{judged}");
            assert_eq!(judged, PublishError::ModuleRestarted { error, in_doubt });
        }
    }

    #[test]
    fn an_earlier_doubt_outlives_a_later_certainty() {
        let doubt = || PublishError::InDoubt(Doubt::Command(refused("MQTT Command Timeout Fail")));
        let certain = || PublishError::Refused(refused("operation not allowed"));
        assert_eq!(certain().after(None), certain());
        assert_eq!(certain().after(Some(doubt())), doubt());
        let restarted = PublishError::ModuleRestarted { error: refused(""), in_doubt: true };
        assert_eq!(restarted.clone().after(Some(doubt())), restarted, "the latest word");
        let forbidden =
            |in_doubt| PublishError::ProbablyForbidden { topic: "t".to_owned(), times: 3, in_doubt };
        assert_eq!(forbidden(false).after(None), forbidden(false));
        assert_eq!(forbidden(false).after(Some(doubt())), forbidden(true));
        assert!(forbidden(true).to_string().ends_with("an earlier attempt may have published it"));
    }

    #[test]
    fn what_the_broker_or_the_way_did_is_the_networks_fault() {
        let error = PublishError::judge(refused("MQTT Publish Fail"), QoS::AtLeastOnce, true);
        assert_eq!(error.category(), Category::Network);
        let error = PublishError::judge(refused("operation not allowed"), QoS::AtLeastOnce, true);
        assert_eq!(error.category(), Category::Refused);
    }
}
