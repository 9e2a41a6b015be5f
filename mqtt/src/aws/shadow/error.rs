//! Why a shadow was not read or changed.

use serde::Deserialize;
use telit_core::Category;
use telit_core::at::InvalidValue;

use crate::aws::RequestError;

/// A shadow was not read or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShadowError {
    /// A value cannot be used. Nothing was sent.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// The state cannot be written as JSON. Nothing was sent.
    #[error("the state cannot be written as JSON: {problem}")]
    Unsendable {
        /// Why.
        problem: String,
    },
    /// The state is larger than a shadow can be. Nothing was sent.
    #[error("the state has {size} bytes, a shadow has at most {limit}")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The most that a shadow has.
        limit: usize,
    },
    /// The state has more levels than a shadow can have. Nothing was sent.
    #[error("the state has {depth} levels, a shadow has at most {limit}")]
    TooDeep {
        /// Its levels.
        depth: usize,
        /// The most that a shadow has.
        limit: usize,
    },
    /// An array of a shadow cannot hold `null`. Nothing was sent.
    #[error("the state has an array with null in it, which a shadow cannot have")]
    NullInArray,
    /// There was no answer, or none that can be read.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The thing has no such shadow.
    #[error("there is no such shadow: {message}")]
    NotFound {
        /// What AWS says.
        message: String,
    },
    /// The update was for another version than the shadow has. It was not made.
    #[error("the shadow has another version: {message}")]
    VersionConflict {
        /// What AWS says.
        message: String,
    },
    /// The service refused.
    #[error("the shadow service refused ({code}): {message}")]
    Rejected {
        /// Its code, as those of HTTP.
        code: u16,
        /// What it says.
        message: String,
    },
}

#[derive(Deserialize)]
pub(super) struct RejectionWire {
    code: u16,
    #[serde(default)]
    message: String,
}

/// Source: AWS IoT documentation, "Device Shadow error messages".
pub(super) fn rejection(RejectionWire { code, message }: RejectionWire) -> ShadowError {
    match code {
        404 => ShadowError::NotFound { message },
        409 => ShadowError::VersionConflict { message },
        code => ShadowError::Rejected { code, message },
    }
}

impl ShadowError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Invalid(_)
            | Self::Unsendable { .. }
            | Self::TooLarge { .. }
            | Self::TooDeep { .. }
            | Self::NullInArray => Category::Usage,
            Self::Request(error) => error.category(),
            Self::NotFound { .. } | Self::VersionConflict { .. } => Category::Refused,
            Self::Rejected { code: 429 | 500.., .. } => Category::Network,
            Self::Rejected { .. } => Category::Refused,
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Request(error) => error.hint(),
            Self::NotFound { .. } => Some("the first update makes it"),
            Self::VersionConflict { .. } => Some("read the shadow again and decide anew"),
            Self::Rejected { code: 429 | 500.., .. } => Some("try again later"),
            _ => None,
        }
    }

    /// Whether trying it again later may help.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Request(error) => error.is_transient(),
            Self::Rejected { .. } => self.category() == Category::Network,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        let refused = |code| rejection(RejectionWire { code, message: "m".to_owned() });
        assert_eq!(refused(404), ShadowError::NotFound { message: "m".to_owned() });
        assert_eq!(refused(409), ShadowError::VersionConflict { message: "m".to_owned() });
        assert_eq!(refused(413).to_string(), "the shadow service refused (413): m");
        assert_eq!(refused(413).category(), Category::Refused);
        assert!(refused(500).is_transient() && refused(429).is_transient());
        assert!(!refused(409).is_transient() && !refused(400).is_transient());
    }
}
