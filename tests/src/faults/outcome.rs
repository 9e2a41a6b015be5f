//! What came of a run.

use std::fmt;
use std::time::Duration;

use telit_core::{Category, Outcome};

use super::fault::Fault;
use super::tape::shown;

/// How a run ended that kept every promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    /// The right result.
    Right,
    /// A typed error: the module never saw it.
    NotSent,
    /// A typed error: the module or the peer refused.
    Refused,
    /// A typed error: it may have taken effect.
    Unknown,
    /// The byte that was hit on the line differs, and nothing else: nobody can tell.
    Damaged,
}

impl Ending {
    pub(super) const ALL: [Self; 5] =
        [Self::Right, Self::NotSent, Self::Refused, Self::Unknown, Self::Damaged];

    /// The ending of an operation that failed before it could do anything that matters outside of the module.
    pub(super) fn of(category: Category) -> Self {
        match category {
            Category::Usage | Category::Busy => Self::NotSent,
            Category::Refused | Category::Network => Self::Refused,
            _ => Self::Unknown,
        }
    }

    /// The worse of two.
    pub(super) fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

impl From<Outcome> for Ending {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::NotSent => Self::NotSent,
            Outcome::Refused => Self::Refused,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Right => "right",
            Self::NotSent => "not sent",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Damaged => "damaged",
        })
    }
}

/// Whether an error tells the truth about an effect that can be seen to have happened so many times.
pub(super) fn truthful(
    what: &str,
    times: usize,
    may_have_happened: bool,
    error: &dyn fmt::Display,
) -> Result<(), Broken> {
    match (times, may_have_happened) {
        (0, _) | (1, true) => Ok(()),
        (1, false) => Err(Broken::wrong(format!("{what} happened although: {error}"))),
        (times, _) => Err(Broken::wrong(format!("{what} happened {times} times: {error}"))),
    }
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// An operation did not end within its bound.
    Hang { operation: &'static str, bound: Duration },
    /// An answer that is not true, an altered byte, an operation that did not work afterwards.
    Wrong(String),
    /// The fault did not happen: the conversation was another one.
    Missed,
}

impl Broken {
    pub(super) fn wrong(what: impl Into<String>) -> Self {
        Self::Wrong(what.into())
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hang { operation, bound } => write!(f, "{operation} did not end within {bound:?}"),
            Self::Wrong(what) => f.write_str(what),
            Self::Missed => f.write_str("the fault did not happen"),
        }
    }
}

/// Compares bytes that crossed the line with what they should be. A fault that hit a byte may have changed that byte.
pub(super) fn same_bytes(
    what: &str,
    wanted: &[u8],
    got: &[u8],
    fault: Option<Fault>,
) -> Result<Ending, Broken> {
    if wanted == got {
        return Ok(Ending::Right);
    }
    let explained = match fault {
        Some(Fault::Damage(bits)) => differs_by(wanted, got, bits),
        Some(Fault::Drop) => lacks_one(wanted, got),
        _ => false,
    };
    match explained {
        true => Ok(Ending::Damaged),
        false => Err(Broken::wrong(format!("{what}: {} instead of {}", shown(got), shown(wanted)))),
    }
}

/// Compares what was read from the module with what it should say. A byte that was hit may have made another value of it.
pub(super) fn same_reading<T: PartialEq + fmt::Debug + ?Sized>(
    what: &str,
    wanted: &T,
    got: &T,
    fault: Option<Fault>,
) -> Result<Ending, Broken> {
    match wanted == got {
        true => Ok(Ending::Right),
        false if fault.is_some_and(Fault::hits_a_byte) => Ok(Ending::Damaged),
        false => Err(Broken::wrong(format!("{what}: {got:?} instead of {wanted:?}"))),
    }
}

fn differs_by(wanted: &[u8], got: &[u8], bits: u8) -> bool {
    let mut differences = wanted.iter().zip(got).filter(|(wanted, got)| wanted != got);
    wanted.len() == got.len()
        && differences.next().is_some_and(|(wanted, got)| wanted ^ got == bits)
        && differences.next().is_none()
}

fn lacks_one(wanted: &[u8], got: &[u8]) -> bool {
    let same = wanted.iter().zip(got).take_while(|(wanted, got)| wanted == got).count();
    got.len() + 1 == wanted.len() && wanted.get(same + 1..) == got.get(same..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_byte_that_was_hit_may_differ() {
        let damage = Some(Fault::Damage(0x01));
        assert_eq!(same_bytes("it", b"abc", b"abc", None), Ok(Ending::Right));
        assert_eq!(same_bytes("it", b"abc", b"acc", damage), Ok(Ending::Damaged));
        assert_eq!(same_bytes("it", b"abc", b"ac", Some(Fault::Drop)), Ok(Ending::Damaged));
        assert_eq!(same_bytes("it", b"abb", b"ab", Some(Fault::Drop)), Ok(Ending::Damaged));
        for (got, fault) in [
            (&b"acc"[..], None),
            (b"adc", damage),
            (b"ccc", Some(Fault::Mute)),
            (b"abcd", damage),
            (b"acb", damage),
            (b"a", Some(Fault::Drop)),
            (b"bac", Some(Fault::Drop)),
        ] {
            assert!(same_bytes("it", b"abc", got, fault).is_err(), "{got:?}");
        }
    }
}
