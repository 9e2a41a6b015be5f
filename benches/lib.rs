//! Measurements of the SDK: what each bench reports, and where it leaves it.
//!
//! A bench fills a [`Report`] with [`Row`]s. Each row holds what was measured of the SDK beside the floor and the peer
//! that were measured in the same run, and what is to be met. [`Report::finish`] prints the rows and writes them into
//! `target/performance/`, from where the tables and plots of `docs/performance/` are made.

pub mod line;
mod report;
mod row;
mod samples;
mod terminal;
mod thread_usage;

pub use report::Report;
pub use row::{Reference, Row, Target};
pub use samples::Samples;
pub use terminal::Terminal;
pub use thread_usage::ThreadUsage;
