//! The table of outcomes, and how it is compared.

use std::fmt;

use telit_simulator::Platform;

/// What came of all visits to one server.
pub(super) struct Column {
    name: &'static str,
    cells: Vec<(Platform, String, String)>,
}

impl Column {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, cells: Vec::new() }
    }

    /// What was asked of a platform, and what came of it.
    pub(super) fn add(&mut self, platform: Platform, asked: String, outcome: String) {
        self.cells.push((platform, asked, outcome));
    }
}

/// Lines of text: the platform, what was asked for, and what came of it with each server.
pub(super) struct Table {
    lines: Vec<String>,
}

impl Table {
    /// All columns have the same rows.
    pub(super) fn new(columns: &[Column]) -> Self {
        let head = ["platform", "asked for"].map(str::to_owned).into_iter();
        let head = head.chain(columns.iter().map(|column| column.name.to_owned())).collect();
        let rows = columns[0].cells.iter().enumerate().map(|(row, (platform, asked, _))| {
            let outcomes = columns.iter().map(|column| column.cells[row].2.clone());
            [platform.to_string(), asked.clone()].into_iter().chain(outcomes).collect()
        });
        Self { lines: [head].into_iter().chain(rows).map(|cells: Vec<String>| cells.join(" | ")).collect() }
    }

    /// The lines that are not as expected. Lines that begin with `#` are remarks.
    pub(super) fn differences(&self, expected: &str) -> Vec<String> {
        let expected: Vec<_> = expected.lines().filter(|line| !line.starts_with('#')).collect();
        let missing = expected.iter().filter(|line| !self.lines.iter().any(|actual| actual == *line));
        let new = self.lines.iter().filter(|line| !expected.contains(&line.as_str()));
        let missing = missing.map(|line| format!("expected: {line}"));
        missing.chain(new.map(|line| format!("came out: {line}"))).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
