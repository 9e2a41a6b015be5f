//! One measured figure, with what it is compared to.

use serde::{Deserialize, Serialize};

/// One figure of the SDK, with its floor, its peer and its target.
///
/// ```
/// use telit_benches::{Row, Target};
///
/// let row = Row::new("a text line, typed, 512-byte reads", 480.0, "instructions")
///     .floor("memchr", 91.0)
///     .peer("atat 0.25", 1479.0)
///     .target(Target::AtMost(490.0));
/// assert!(row.is_met());
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// What was measured, in words that stand alone.
    pub name: String,
    /// The figure of the SDK.
    pub ours: f64,
    /// The unit of all figures of the row.
    pub unit: String,
    /// What cannot be beaten: a bare loop, a memory copy, the line itself.
    pub floor: Option<Reference>,
    /// What others reach.
    pub peer: Option<Reference>,
    /// What is to be met.
    pub target: Option<Target>,
    /// What the profile shows and what would help, for when the target is missed; Markdown.
    #[serde(default)]
    pub why_missed: Option<String>,
}

/// A figure that was measured in the same run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reference {
    /// What it is.
    pub name: String,
    /// Its figure, in the unit of the row.
    pub value: f64,
}

/// What a figure is to meet.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Target {
    /// Ours is at most this, in the unit of the row.
    AtMost(f64),
    /// Ours is at least this, in the unit of the row.
    AtLeast(f64),
    /// Ours is at most this many times the floor.
    AtMostTimesFloor(f64),
    /// Ours is at least this share of the floor, in percent.
    AtLeastPercentOfFloor(f64),
}

impl Row {
    /// A figure without anything beside it.
    #[must_use]
    pub fn new(name: impl Into<String>, ours: f64, unit: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ours,
            unit: unit.into(),
            floor: None,
            peer: None,
            target: None,
            why_missed: None,
        }
    }

    /// What cannot be beaten, measured in the same run.
    #[must_use]
    pub fn floor(mut self, name: impl Into<String>, value: f64) -> Self {
        self.floor = Some(Reference { name: name.into(), value });
        self
    }

    /// What another reaches, measured in the same run.
    #[must_use]
    pub fn peer(mut self, name: impl Into<String>, value: f64) -> Self {
        self.peer = Some(Reference { name: name.into(), value });
        self
    }

    /// What is to be met.
    #[must_use]
    pub const fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// What the profile shows and what would help, told only when the target is missed; Markdown.
    #[must_use]
    pub fn why_missed(mut self, why: impl Into<String>) -> Self {
        self.why_missed = Some(why.into());
        self
    }

    /// Ours over the floor.
    #[must_use]
    pub fn ratio_to_floor(&self) -> Option<f64> {
        self.floor.as_ref().map(|floor| self.ours / floor.value)
    }

    /// Ours over the peer.
    #[must_use]
    pub fn ratio_to_peer(&self) -> Option<f64> {
        self.peer.as_ref().map(|peer| self.ours / peer.value)
    }

    /// Whether the target is met. A row without one is.
    #[must_use]
    pub fn is_met(&self) -> bool {
        match (self.target, self.ratio_to_floor()) {
            (None, _) => true,
            (Some(Target::AtMost(most)), _) => self.ours <= most,
            (Some(Target::AtLeast(least)), _) => self.ours >= least,
            (Some(Target::AtMostTimesFloor(most)), Some(ratio)) => ratio <= most,
            (Some(Target::AtLeastPercentOfFloor(least)), Some(ratio)) => 100.0 * ratio >= least,
            (Some(_), None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, Target};

    fn row(target: Target) -> Row {
        Row::new("x", 110.0, "µs").floor("bare", 100.0).target(target)
    }

    #[test]
    fn a_target_is_a_bound_or_a_share_of_the_floor() {
        assert!(row(Target::AtMost(110.0)).is_met());
        assert!(!row(Target::AtMost(109.0)).is_met());
        assert!(row(Target::AtLeast(110.0)).is_met());
        assert!(!row(Target::AtLeast(111.0)).is_met());
        assert!(row(Target::AtMostTimesFloor(1.1)).is_met());
        assert!(!row(Target::AtMostTimesFloor(1.09)).is_met());
        assert!(row(Target::AtLeastPercentOfFloor(110.0)).is_met());
        assert!(!row(Target::AtLeastPercentOfFloor(110.1)).is_met());
    }

    #[test]
    fn a_share_of_no_floor_is_never_met() {
        assert!(!Row::new("x", 1.0, "µs").target(Target::AtMostTimesFloor(9.0)).is_met());
    }
}
