//! One case of the matrix and its name, by which it can be run alone.

use std::fmt;

use telit_simulator::Platform;

use super::fault::{Fault, faults};
use super::line::Strike;
use super::point::Point;
use super::tape::{Speaker, shown};

/// A scenario on a platform with one fault at one byte of one point.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) scenario: &'static str,
    pub(super) platform: Platform,
    pub(super) strike: Strike,
    /// The piece that is hit, for people.
    pub(super) piece: String,
}

/// All cases of a scenario with these points.
pub(super) fn cases(
    scenario: &'static str,
    platform: Platform,
    points: &[Point],
    every_byte: bool,
) -> Vec<Case> {
    let of_point = |point: &Point| {
        let (speaker, start, length) = (point.speaker, point.start, point.bytes.len());
        let piece = shown(&point.bytes);
        let case = move |(at, fault): (usize, Fault)| Case {
            scenario,
            platform,
            strike: Strike { speaker, at: start + at, length: length - at, fault },
            piece: piece.clone(),
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
    pub(super) fn speaker(&self) -> Speaker {
        self.strike.speaker
    }
}
