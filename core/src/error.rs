//! What can end any AT exchange, and what every error of the SDK has in common.

use std::fmt;
use std::time::Duration;

use crate::at::{Effect, InvalidValue, MARK_MISSING, ModuleError, UnexpectedReply};

/// Whose turn it is to act on an error. Every public error type of the SDK has a `category()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// The caller asked for something that cannot be done like this. Nothing was sent.
    Usage,
    /// The port or the line to the module.
    Link,
    /// The module refused.
    Refused,
    /// The mobile network, the internet, the server, or TLS with it.
    Network,
    /// Data arrived and are not what was asked for: size, hash.
    Verification,
    /// Another service or another AT port of the module holds TLS.
    Busy,
    /// None of these.
    Other,
}

/// Whether a command may have changed something although it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The module never saw it.
    NotSent,
    /// The module refused it.
    Refused,
    /// Nobody knows: it may have taken effect.
    Unknown,
}

/// What can end an AT exchange without success.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// A value cannot be sent to a module.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// The module refused the command.
    #[error("the module refused {command}: {error}")]
    Refused {
        /// The command's name.
        command: String,
        /// The module's own words.
        error: ModuleError,
    },
    /// No final result in time. The engine gets back in step by itself before the next command.
    #[error("the module did not answer {command} within {waited:?}")]
    TimedOut {
        /// The command's name.
        command: String,
        /// How long it waited.
        waited: Duration,
        /// What the command does.
        effect: Effect,
    },
    /// The module has restarted, and has not answered. Its connections, and the settings that it does not keep, are gone.
    #[error("the module has restarted before it answered {command}")]
    Restarted {
        /// The command's name.
        command: String,
        /// What the command does.
        effect: Effect,
    },
    /// The answer does not have the shape that the manual promises.
    #[error("unexpected answer to {command}: {detail}")]
    Unexpected {
        /// The command's name.
        command: String,
        /// What was wrong.
        detail: String,
        /// What the command does.
        effect: Effect,
    },
    /// The module answers nothing, not even a probe. The command was not sent.
    #[error("the module does not answer, {command} was not sent")]
    NotResponding {
        /// The command's name.
        command: String,
    },
    /// The port closed or failed.
    #[error("the link to the module is lost: {reason}")]
    LinkLost {
        /// The command's name.
        command: String,
        /// What the port said.
        reason: String,
        /// Whether the command may already have been written.
        sent: bool,
    },
}

impl CommandError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Invalid(_) => Category::Usage,
            Self::Refused { error, .. } if is_other_instance(error) => Category::Busy,
            Self::Refused { .. } => Category::Refused,
            Self::TimedOut { .. } | Self::Unexpected { .. } | Self::NotResponding { .. } => Category::Link,
            Self::Restarted { .. } | Self::LinkLost { .. } => Category::Link,
        }
    }

    /// Whether the command reached the module.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Invalid(_) | Self::NotResponding { .. } => Outcome::NotSent,
            Self::Refused { .. } => Outcome::Refused,
            Self::TimedOut { .. } | Self::Restarted { .. } | Self::Unexpected { .. } => Outcome::Unknown,
            Self::LinkLost { sent, .. } if *sent => Outcome::Unknown,
            Self::LinkLost { .. } => Outcome::NotSent,
        }
    }

    /// Whether the module may have done what was asked although the caller got an error.
    #[must_use]
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::TimedOut { effect, .. }
            | Self::Restarted { effect, .. }
            | Self::Unexpected { effect, .. } => *effect != Effect::Query,
            _ => self.outcome() == Outcome::Unknown,
        }
    }

    /// The module's refusal, if it refused.
    #[must_use]
    pub fn module_error(&self) -> Option<&ModuleError> {
        match self {
            Self::Refused { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Whether the module took too long.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::TimedOut { .. })
    }

    /// Whether the module sent data without the mark `<<<` in front of them, so that nothing tells them from lines.
    #[must_use]
    pub fn is_mark_missing(&self) -> bool {
        matches!(self, Self::Unexpected { detail, .. } if detail == MARK_MISSING)
    }

    /// Whether the port is gone, so that only opening it again helps.
    #[must_use]
    pub fn is_link_lost(&self) -> bool {
        matches!(self, Self::LinkLost { .. })
    }

    /// An answer that lacks what the command promises.
    #[must_use]
    pub fn unexpected(command: impl fmt::Display, detail: &UnexpectedReply, effect: Effect) -> Self {
        Self::Unexpected { command: command.to_string(), detail: detail.to_string(), effect }
    }
}

/// The refusal that means: another AT port of this module owns the resource.
///
/// Source: SSL guide 6.8.1; M37 p25 (612).
pub(crate) fn is_other_instance(error: &ModuleError) -> bool {
    error.is(&[612], "Resource used by other instance")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed_out(effect: Effect) -> CommandError {
        CommandError::TimedOut { command: "#X".into(), waited: Duration::from_secs(5), effect }
    }

    #[test]
    fn only_commands_that_change_something_may_have_taken_effect() {
        assert!(timed_out(Effect::Once).may_have_taken_effect());
        assert!(timed_out(Effect::Idempotent).may_have_taken_effect());
        assert!(!timed_out(Effect::Query).may_have_taken_effect());
        assert!(!CommandError::NotResponding { command: "#X".into() }.may_have_taken_effect());
    }

    #[test]
    fn another_port_of_the_module_is_busy_not_refused() {
        let error = ModuleError::equipment("Resource used by another instance.");
        let error = CommandError::Refused { command: "#SSLEN".into(), error };
        assert_eq!(error.category(), Category::Busy);
        assert_eq!(error.outcome(), Outcome::Refused);
    }
}
