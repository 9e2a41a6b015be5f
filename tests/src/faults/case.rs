//! One case of the matrix and its name, by which it can be run alone.

use std::fmt;

use telit_simulator::Platform;

use super::fault::{Fault, faults};
use super::point::Point;
use super::strike::Strike;
use super::tape::shown;

/// The one case that is run, by its name; its conversation is printed.
pub(super) const CASE: &str = "TELIT_FAULT_CASE";

/// A scenario on a platform with one fault at one byte of one point.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) scenario: &'static str,
    pub(super) platform: Platform,
    pub(super) strike: Strike,
}

/// All cases of a scenario with these points.
pub(super) fn cases(
    scenario: &'static str,
    platform: Platform,
    points: &[Point],
    every_byte: bool,
) -> Vec<Case> {
    let of_point = |point: &Point| {
        let case = |(within, fault): (usize, Fault)| {
            let Point { speaker, start, kind, ref bytes } = *point;
            let strike = Strike { speaker, at: start + within, kind, piece: bytes.clone(), within, fault };
            Case { scenario, platform, strike }
        };
        faults(point, every_byte).into_iter().map(case).collect::<Vec<_>>()
    };
    points.iter().flat_map(of_point).collect()
}

/// `SCENARIO/PLATFORM/SPEAKER+BYTE/FAULT`.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Strike { speaker, at, fault, .. } = self.strike;
        write!(f, "{}/{}/{speaker}+{at}/{fault}", self.scenario, self.platform.id())
    }
}

impl Case {
    /// The case for people, who can run it alone.
    pub(super) fn told(&self) -> String {
        let Strike { speaker, piece, .. } = &self.strike;
        format!("{CASE}={self} in \"{}\" of the {speaker}", shown(piece))
    }
}
