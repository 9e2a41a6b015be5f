//! The report of a matrix.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::bench::Took;
use super::outcome::{Broken, Ending};

/// What came of many runs.
#[derive(Clone, Debug, Default)]
struct Tally {
    points: usize,
    faults: usize,
    run: usize,
    endings: BTreeMap<Ending, usize>,
    broken: BTreeMap<&'static str, usize>,
    retries: usize,
}

/// What came of one scenario.
pub(super) struct Report {
    title: String,
    tally: Tally,
    worst: BTreeMap<&'static str, Took>,
    broken: Vec<String>,
}

impl Report {
    pub(super) fn new(title: String, points: usize, faults: usize) -> Self {
        let tally = Tally { points, faults, ..Tally::default() };
        Self { title, tally, worst: BTreeMap::new(), broken: Vec::new() }
    }

    pub(super) fn count(&mut self, took: &[Took], retries: usize) {
        self.tally.run += 1;
        self.tally.retries += retries;
        for took in took {
            let worst = self.worst.entry(took.bound.operation).or_insert(*took);
            if took.time > worst.time {
                *worst = *took;
            }
        }
    }

    pub(super) fn kept(&mut self, ending: Ending) {
        *self.tally.endings.entry(ending).or_default() += 1;
    }

    pub(super) fn broke(&mut self, case: &str, broken: &Broken) {
        *self.tally.broken.entry(broken.kind()).or_default() += 1;
        self.broken.push(format!("{case}: {broken}"));
    }

    pub(super) fn broken(&self) -> &[String] {
        &self.broken
    }

    /// What came of all scenarios of this process so far, this one included. It is this one's turn once.
    pub(super) fn total(&self) -> String {
        static TOTAL: Mutex<(usize, Option<Tally>)> = Mutex::new((0, None));
        let mut total = TOTAL.lock().unwrap_or_else(PoisonError::into_inner);
        total.0 += 1;
        let mut sum = total.1.take().unwrap_or_default();
        sum.add(&self.tally);
        let text = format!("total of {} so far: {sum}", total.0);
        total.1 = Some(sum);
        text
    }
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.points += other.points;
        self.faults += other.faults;
        self.run += other.run;
        self.retries += other.retries;
        for (ending, count) in &other.endings {
            *self.endings.entry(*ending).or_default() += count;
        }
        for (kind, count) in &other.broken {
            *self.broken.entry(kind).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { points, faults, run, retries, .. } = self;
        writeln!(f, "{points} points, {faults} faults, {run} run")?;
        let endings = Ending::ALL.map(|it| format!("{} {it}", self.endings.get(&it).unwrap_or(&0)));
        writeln!(f, "    {}", endings.join(", "))?;
        let broken = Broken::KINDS.map(|it| format!("{} {it}", self.broken.get(it).unwrap_or(&0)));
        writeln!(f, "    {}; {retries} retries", broken.join(", "))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title, self.tally)?;
        for Took { bound, time } in self.worst.values() {
            let (operation, limit) = (bound.operation, bound.limit.as_secs());
            writeln!(f, "    {operation:<24} worst {:>8.3} s of {limit:>6} s", time.as_secs_f64())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_is_counted_by_its_kind() {
        let mut report = Report::new("it on 37".to_owned(), 2, 9);
        report.count(&[], 1);
        report.kept(Ending::Right);
        report.count(&[], 0);
        report.broke("case", &Broken::wrong("false"));
        assert_eq!(
            report.to_string(),
            "it on 37: 2 points, 9 faults, 2 run\n    \
             1 right, 0 not sent, 0 refused, 0 unknown, 0 unknown and done, 0 misled, 0 damaged\n    \
             1 wrong answers, 0 hangs, 0 altered, 0 untold, 0 not struck; 1 retries\n"
        );
        assert_eq!(report.broken(), ["case: false"]);
    }
}
