//! What `+CMUX` takes.

use std::ops::RangeInclusive;
use std::time::Duration;

/// A number of `+CMUX`: what it may be, and what a new module has.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) range: RangeInclusive<u32>,
    pub(crate) factory: u32,
}

/// The multiplexer of a platform. Mode 0 (basic option) and subset 0 (UIH frames) are all that exists.
#[derive(Debug, Clone)]
pub(crate) struct MultiplexerProfile {
    /// What stands behind mode and subset: the rate of the line, N1 and, where it is known, T1, N2, T2, T3 and k.
    pub(crate) fields: &'static [Field],
    /// N1 where it is no field.
    pub(crate) fixed_frame: usize,
    /// What comes so soon after `OK` is lost.
    pub(crate) deafness: Duration,
    /// Without a control channel for so long, the line is plain again.
    pub(crate) patience: Duration,
}

impl MultiplexerProfile {
    /// What the fields of a new module are.
    pub(crate) fn factory(&self) -> Vec<u32> {
        self.fields.iter().map(|field| field.factory).collect()
    }

    /// The largest N1.
    pub(crate) fn largest_frame(&self) -> usize {
        let largest = self.fields.get(FRAME_SIZE).map(|field| *field.range.end());
        largest.and_then(|size| usize::try_from(size).ok()).unwrap_or(self.fixed_frame)
    }
}

/// Which of the fields is N1.
pub(crate) const FRAME_SIZE: usize = 1;

const fn field(range: RangeInclusive<u32>, factory: u32) -> Field {
    Field { range, factory }
}

/// The `GM862r0` guide has it 5 s long, and the one of EV-DO; the others tell nothing.
const PATIENCE: Duration = Duration::from_secs(5);

/// Source: `GM862r0` 3.7.2.1.7: mode and subset alone, N1 is 31.
pub(super) const MULTIPLEXER_2G: &MultiplexerProfile =
    &MultiplexerProfile { fields: &[], fixed_frame: 31, deafness: Duration::ZERO, patience: PATIENCE };

/// Source: 3GPP TS 27.007 5.7. No guide of a platform that has them is at hand; that the largest N1 is that of 37 is the
/// choice here.
pub(super) const MULTIPLEXER_27007: &MultiplexerProfile = &MultiplexerProfile {
    fields: &[
        field(1..=6, 5),
        field(1..=1500, 31),
        field(1..=255, 10),
        field(0..=100, 3),
        field(2..=255, 30),
        field(1..=255, 10),
        field(1..=7, 2),
    ],
    fixed_frame: 31,
    deafness: Duration::ZERO,
    patience: PATIENCE,
};

/// Source: M37 p107-108. The factory's rate is not printed. Frames in the first 400 ms are lost on an ME910G1-WW, by a
/// public report.
pub(super) const MULTIPLEXER_37: &MultiplexerProfile = &MultiplexerProfile {
    fields: &[field(1..=6, 5), field(1..=1500, 122)],
    fixed_frame: 122,
    deafness: Duration::from_millis(400),
    patience: PATIENCE,
};
