//! What came of a run.

use std::fmt;
use std::time::Duration;

use telit_core::Outcome;

use super::fault::Fault;
use super::strike::Strike;
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
    /// A typed error: it may have taken effect, and it has not.
    InDoubt,
    /// A typed error: it may have taken effect, and it has, in part or as a whole.
    Done,
    /// The module has said that it refused what it had done, and the error repeats it: nobody can tell.
    Misled,
    /// The byte that was hit on the line differs, and nothing else: nobody can tell.
    Damaged,
}

impl Ending {
    pub(super) const ALL: [Self; 7] =
        [Self::Right, Self::NotSent, Self::Refused, Self::InDoubt, Self::Done, Self::Misled, Self::Damaged];

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
            _ => Self::InDoubt,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Right => "right",
            Self::NotSent => "not sent",
            Self::Refused => "refused",
            Self::InDoubt => "unknown",
            Self::Done => "unknown and done",
            Self::Misled => "misled",
            Self::Damaged => "damaged",
        })
    }
}

/// Holds what an error says against an effect that can be seen to have happened so many times.
pub(super) fn held_against(
    what: &str,
    told: Ending,
    times: usize,
    fault: Option<Fault>,
    error: &dyn fmt::Display,
) -> Result<Ending, Broken> {
    match (told, times) {
        (_, 0) => Ok(told),
        (Ending::InDoubt, 1) => Ok(Ending::Done),
        (Ending::Refused, 1) if matches!(fault, Some(Fault::Deny(_))) => Ok(Ending::Misled),
        (_, 1) => Err(Broken::wrong(format!("{what} happened although: {error}"))),
        _ => Err(Broken::wrong(format!("{what} happened {times} times: {error}"))),
    }
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// An operation did not end within its bound.
    Hang { operation: &'static str, bound: Duration },
    /// An answer that is not true, or an operation that did not work.
    Wrong(String),
    /// A byte differs that was not hit.
    Altered(String),
    /// Something got lost, and nothing tells.
    Untold(String),
    /// The fault did not happen: the conversation was another one.
    Missed,
}

impl Broken {
    pub(super) const KINDS: [&str; 5] = ["wrong answers", "hangs", "altered", "untold", "not struck"];

    pub(super) fn wrong(what: impl Into<String>) -> Self {
        Self::Wrong(what.into())
    }

    /// One of [`KINDS`](Self::KINDS).
    pub(super) fn kind(&self) -> &'static str {
        Self::KINDS[match self {
            Self::Wrong(_) => 0,
            Self::Hang { .. } => 1,
            Self::Altered(_) => 2,
            Self::Untold(_) => 3,
            Self::Missed => 4,
        }]
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hang { operation, bound } => write!(f, "{operation} did not end within {bound:?}"),
            Self::Wrong(what) | Self::Altered(what) | Self::Untold(what) => f.write_str(what),
            Self::Missed => f.write_str("the fault did not happen"),
        }
    }
}

/// Compares bytes that crossed the line with what they should be. Only a byte that was hit may differ.
pub(super) fn same_bytes(
    what: &str,
    wanted: &[u8],
    got: &[u8],
    strike: Option<&Strike>,
) -> Result<Ending, Broken> {
    match wanted == got {
        true => Ok(Ending::Right),
        false if strike.is_some_and(|strike| strike.makes(wanted, got)) => Ok(Ending::Damaged),
        false => Err(Broken::Altered(difference(what, wanted, got))),
    }
}

/// Compares bytes that came before an error with the beginning of what they should be.
pub(super) fn same_beginning(
    what: &str,
    wanted: &[u8],
    got: &[u8],
    strike: Option<&Strike>,
) -> Result<Ending, Broken> {
    // Behind a byte that was lost everything stands one byte earlier.
    let lengths = [got.len(), got.len() + 1];
    let beginnings = lengths.iter().filter_map(|length| wanted.get(..*length));
    let judged = beginnings.map(|wanted| same_bytes(what, wanted, got, strike));
    judged.min_by_key(Result::is_err).unwrap_or_else(|| Err(Broken::Altered(difference(what, wanted, got))))
}

fn difference(what: &str, wanted: &[u8], got: &[u8]) -> String {
    let same = wanted.iter().zip(got).take_while(|(wanted, got)| wanted == got).count();
    let from = same.saturating_sub(8);
    let (wanted_there, got_there) = (&wanted[from.min(wanted.len())..], &got[from.min(got.len())..]);
    format!(
        "{what}: {} instead of {} bytes, from byte {from} on {} instead of {}",
        got.len(),
        wanted.len(),
        shown(got_there),
        shown(wanted_there)
    )
}

/// Compares what was read from the module with what it should say. A byte that was hit may have made another value of
/// it if the value stood in the line that was hit.
pub(super) fn same_reading<T: PartialEq + fmt::Debug + ?Sized>(
    what: &str,
    wanted: &T,
    got: &T,
    strike: Option<&Strike>,
) -> Result<Ending, Broken> {
    let text = |value: &T| format!("{value:?}").trim_matches('"').to_owned();
    match wanted == got {
        true => Ok(Ending::Right),
        false if strike.is_some_and(|it| it.makes(text(wanted).as_bytes(), text(got).as_bytes())) => {
            Ok(Ending::Damaged)
        }
        false => Err(Broken::wrong(format!("{what}: {got:?} instead of {wanted:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::point::Kind;
    use super::super::tape::Speaker;
    use super::*;

    fn strike(piece: &'static str, within: usize, fault: Fault) -> Strike {
        let piece = Bytes::from_static(piece.as_bytes());
        Strike { speaker: Speaker::Module, at: 0, kind: Kind::Line, piece, within, fault }
    }

    #[test]
    fn a_reading_may_differ_only_where_its_line_was_hit() {
        let line = strike("\r\n+CGMM: ME310\r\n", 9, Fault::Damage(0x01));
        assert_eq!(same_reading("it", "ME310", "LE310", Some(&line)), Ok(Ending::Damaged));
        assert!(same_reading("it", "ME310", "ME311", Some(&line)).is_err());
        assert!(same_reading("it", "ME310", "LE310", None).is_err());
        let other = strike("\r\nOK\r\n", 3, Fault::Damage(0x01));
        assert!(same_reading("it", "ME310", "LE310", Some(&other)).is_err());
        let count = strike("\r\n#X: 371\r\n", 8, Fault::Damage(0x01));
        assert_eq!(same_reading("it", &371, &370, Some(&count)), Ok(Ending::Damaged));
        assert!(same_reading("it", &371, &372, Some(&count)).is_err());
    }

    #[test]
    fn a_beginning_is_exact_but_for_the_byte_that_was_hit() {
        let line = strike("abcdef", 2, Fault::Drop);
        assert_eq!(same_beginning("it", b"abcdefghi", b"abcd", None), Ok(Ending::Right));
        assert_eq!(same_beginning("it", b"abcdefghi", b"abdefgh", Some(&line)), Ok(Ending::Damaged));
        assert!(same_beginning("it", b"abcdefghi", b"abdefgh", None).is_err());
        assert!(same_beginning("it", b"abcdefghi", b"abdegh", Some(&line)).is_err());
        assert!(same_beginning("it", b"abc", b"abcd", None).is_err());
    }

    #[test]
    fn an_error_must_not_deny_what_has_happened() {
        let held = |told, times, fault| held_against("it", told, times, fault, &"error");
        assert_eq!(held(Ending::NotSent, 0, None), Ok(Ending::NotSent));
        assert_eq!(held(Ending::InDoubt, 0, None), Ok(Ending::InDoubt));
        assert_eq!(held(Ending::InDoubt, 1, None), Ok(Ending::Done));
        assert!(held(Ending::InDoubt, 2, None).is_err());
        assert!(held(Ending::NotSent, 1, Some(Fault::Deny("ERROR"))).is_err());
        assert_eq!(held(Ending::Refused, 1, Some(Fault::Deny("ERROR"))), Ok(Ending::Misled));
        assert!(held(Ending::Refused, 1, Some(Fault::Mute)).is_err());
    }
}
