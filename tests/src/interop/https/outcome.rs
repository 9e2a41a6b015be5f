//! What became of the cases, in a few lines.

use std::collections::BTreeMap;
use std::fmt;

use super::refusal::Refusal;

/// One case.
pub(super) enum Outcome {
    /// The same as curl got.
    Equal,
    /// Refused, as it must be.
    Refused(Refusal),
    /// The server cannot make it.
    LeftOut(&'static str),
    /// Anything else.
    Wrong(String),
}

/// All cases of one server and one engine.
pub(super) struct Summary {
    title: String,
    equal: usize,
    refused: BTreeMap<String, usize>,
    left_out: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

impl Summary {
    pub(super) fn new(title: String) -> Self {
        Self { title, equal: 0, refused: BTreeMap::new(), left_out: BTreeMap::new(), wrong: Vec::new() }
    }

    pub(super) fn add(&mut self, case: &str, outcome: Outcome) {
        match outcome {
            Outcome::Equal => self.equal += 1,
            Outcome::Refused(why) => *self.refused.entry(format!("{why:?}")).or_default() += 1,
            Outcome::LeftOut(why) => *self.left_out.entry(why).or_default() += 1,
            Outcome::Wrong(what) => self.wrong.push(format!("{case}: {what}")),
        }
    }

    pub(super) fn assert_right(&self) {
        println!("{self}");
        assert!(self.wrong.is_empty(), "{} cases are wrong", self.wrong.len());
    }

    /// How many cases were tried.
    pub(super) fn tried(&self) -> usize {
        self.equal + self.refused.values().sum::<usize>() + self.wrong.len()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} cases, {} as curl", self.title, self.tried(), self.equal)?;
        for (why, count) in &self.refused {
            write!(f, ", {count} refused ({why})")?;
        }
        for (why, count) in &self.left_out {
            write!(f, "\n  {count} left out: {why}")?;
        }
        for wrong in &self.wrong {
            write!(f, "\n  WRONG {wrong}")?;
        }
        Ok(())
    }
}
