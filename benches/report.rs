//! The rows of one bench.

use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Row;

/// The rows of one bench, to be printed and kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// The bench, as a file name.
    pub bench: String,
    /// What it measures, as a heading.
    pub title: String,
    /// How it was measured, for whom wants to repeat it; Markdown.
    pub method: String,
    /// What was measured.
    pub rows: Vec<Row>,
}

impl Report {
    /// An empty report.
    #[must_use]
    pub fn new(bench: &str, title: &str, method: &str) -> Self {
        Self { bench: bench.into(), title: title.into(), method: method.into(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Where reports are kept.
    #[must_use]
    pub fn folder() -> PathBuf {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/performance"))
    }

    /// Prints the rows and writes them down.
    ///
    /// # Errors
    ///
    /// When the file cannot be written. A target that is missed is told in the table, and no error: the figure is a
    /// result as any other.
    #[expect(clippy::print_stdout, reason = "a benchmark prints its result")]
    pub fn finish(&self) -> io::Result<()> {
        println!("{self}");
        let folder = Self::folder();
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{}.json", self.bench)), serde_json::to_vec_pretty(self)?)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for row in &self.rows {
            write!(f, "  {:<64} {:>12.2} {}", row.name, row.ours, row.unit)?;
            for reference in [&row.floor, &row.peer].into_iter().flatten() {
                write!(
                    f,
                    "; {} {:.2} ({:.2}x)",
                    reference.name,
                    reference.value,
                    row.ours / reference.value
                )?;
            }
            match row.target {
                Some(target) if row.is_met() => writeln!(f, "; met: {target:?}")?,
                Some(target) => writeln!(f, "; MISSED: {target:?}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}
