//! The report of a matrix.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::bench::Took;
use super::outcome::Ending;

/// Tally of one scenario.
pub(super) struct Report {
    pub(super) title: String,
    pub(super) points: usize,
    pub(super) cases: usize,
    run: usize,
    endings: BTreeMap<Ending, usize>,
    worst: BTreeMap<&'static str, Took>,
    broken: Vec<String>,
}

impl Report {
    pub(super) fn new(title: String, points: usize, cases: usize) -> Self {
        Self {
            title,
            points,
            cases,
            run: 0,
            endings: BTreeMap::new(),
            worst: BTreeMap::new(),
            broken: Vec::new(),
        }
    }

    pub(super) fn count(&mut self, took: &[Took]) {
        self.run += 1;
        for took in took {
            let worst = self.worst.entry(took.bound.operation).or_insert(*took);
            if took.time > worst.time {
                *worst = *took;
            }
        }
    }

    pub(super) fn kept(&mut self, ending: Ending) {
        *self.endings.entry(ending).or_default() += 1;
    }

    pub(super) fn broke(&mut self, what: String) {
        self.broken.push(what);
    }

    pub(super) fn broken(&self) -> &[String] {
        &self.broken
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, points, cases, run, .. } = self;
        write!(f, "{title}: {points} points, {cases} faults, {run} run:")?;
        for ending in Ending::ALL {
            write!(f, " {} {ending},", self.endings.get(&ending).unwrap_or(&0))?;
        }
        writeln!(f, " {} broken", self.broken.len())?;
        for Took { bound, time } in self.worst.values() {
            let seconds = |time: &Duration| time.as_secs_f64();
            writeln!(
                f,
                "    {:<24} worst {:>8.3} s of {:>6.0} s",
                bound.operation,
                seconds(time),
                seconds(&bound.limit)
            )?;
        }
        Ok(())
    }
}
