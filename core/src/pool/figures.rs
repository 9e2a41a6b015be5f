//! What is counted of a module in a pool.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::driver::{Health, Statistics};
use crate::error::Category;
use crate::modem::Modem;

/// How often errors of each category have happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErrorCounts([u64; CATEGORIES.len()]);

pub(super) const CATEGORIES: [Category; 7] = [
    Category::Usage,
    Category::Link,
    Category::Refused,
    Category::Network,
    Category::Verification,
    Category::Busy,
    Category::Other,
];

/// What a category is called among figures and in traces.
pub(super) fn category_label(category: Category) -> &'static str {
    match category {
        Category::Usage => "usage",
        Category::Link => "link",
        Category::Refused => "refused",
        Category::Network => "network",
        Category::Verification => "verification",
        Category::Busy => "busy",
        Category::Other => "other",
    }
}

impl ErrorCounts {
    /// Of this one.
    #[must_use]
    pub fn of(&self, category: Category) -> u64 {
        self.iter().find(|(known, _)| *known == category).map_or(0, |(_, count)| count)
    }

    /// Of all together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Every category and its count.
    pub fn iter(&self) -> impl Iterator<Item = (Category, u64)> {
        CATEGORIES.into_iter().zip(self.0)
    }

    pub(super) fn add(&mut self, category: Category, count: u64) {
        let counts = CATEGORIES.iter().zip(&mut self.0);
        for (_, known) in counts.filter(|(known, _)| **known == category) {
            *known += count;
        }
    }
}

/// What has happened to a module since it came into the pool, over all its starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModuleFigures {
    /// Bytes and commands on its ports, from when it has come on line; those of starts that failed are not counted.
    pub port: Statistics,
    /// Commands that wait for their turn on its ports.
    pub commands_waiting: usize,
    /// How often it was started.
    pub starts: u64,
    /// How often it could not be started.
    pub failed_starts: u64,
    /// How often it was seen to have restarted.
    pub restarts: u64,
    /// How often its port was lost.
    pub port_losses: u64,
    /// How often its supervisor has brought it back.
    pub recoveries: u64,
    /// How often a session, connection or transfer on it was lost.
    pub sessions_lost: u64,
    /// How often one of them came back by itself.
    pub sessions_resumed: u64,
    /// How often its work has failed or panicked.
    pub failed_work: u64,
    /// What has failed: commands, starts, and what its work has [recorded](super::PooledModule::record_error).
    pub errors: ErrorCounts,
    /// How long it has been on line, in all.
    pub time_on_line: Duration,
}

/// What the tasks of a module count.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) starts: AtomicU64,
    pub(super) failed_starts: AtomicU64,
    pub(super) recoveries: AtomicU64,
    pub(super) sessions_lost: AtomicU64,
    pub(super) sessions_resumed: AtomicU64,
    pub(super) failed_work: AtomicU64,
    errors: [AtomicU64; CATEGORIES.len()],
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Counters {
    pub(super) fn record_error(&self, category: Category) {
        let counters = CATEGORIES.iter().zip(&self.errors);
        counters.filter(|(known, _)| **known == category).for_each(|(_, counter)| count(counter));
    }

    pub(super) fn add_to(&self, figures: &mut ModuleFigures) {
        figures.starts += read(&self.starts);
        figures.failed_starts += read(&self.failed_starts);
        figures.recoveries += read(&self.recoveries);
        figures.sessions_lost += read(&self.sessions_lost);
        figures.sessions_resumed += read(&self.sessions_resumed);
        figures.failed_work += read(&self.failed_work);
        for (category, counter) in CATEGORIES.into_iter().zip(&self.errors) {
            figures.errors.add(category, read(counter));
        }
    }
}

/// What is known of one start of a module.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) channels: Vec<(u8, Modem)>,
}

impl Run {
    /// Of the channel on which it is looked after.
    pub(super) fn lead(&self) -> Option<&Modem> {
        self.channels.first().map(|(_, modem)| modem)
    }

    pub(super) fn health(&self) -> Health {
        self.lead().map(|modem| modem.health().now()).unwrap_or_default()
    }

    pub(super) fn add_to(&self, figures: &mut ModuleFigures) {
        for (_, modem) in &self.channels {
            let port = modem.statistics();
            figures.port += port;
            figures.errors.add(Category::Refused, port.refusals);
            figures.errors.add(Category::Busy, port.busy);
            figures.errors.add(Category::Link, port.link_failures);
            figures.commands_waiting += modem.commands_waiting();
        }
        let health = self.health();
        figures.restarts += health.restarts;
        figures.port_losses += health.port_losses;
    }
}

/// Adds up the time on line.
#[derive(Debug, Default)]
pub(super) struct OnLine {
    since: Option<Instant>,
    until: Option<Instant>,
    before: Duration,
}

impl OnLine {
    pub(super) fn set(&mut self, on_line: bool) {
        let now = Instant::now();
        match (self.since, on_line) {
            (None, true) => self.since = Some(now),
            (Some(since), false) => {
                self.before += now.saturating_duration_since(since);
                (self.since, self.until) = (None, Some(now));
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    pub(super) fn is_on_line(&self) -> bool {
        self.since.is_some()
    }

    /// When it went off line last.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    pub(super) fn total(&self) -> Duration {
        self.before + self.since.map(|since| since.elapsed()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_counted_in_its_category_alone() {
        let counters = Counters::default();
        for (number, category) in CATEGORIES.into_iter().enumerate() {
            (0..=number).for_each(|_| counters.record_error(category));
        }
        let mut figures = ModuleFigures::default();
        counters.add_to(&mut figures);
        assert_eq!(figures.errors, ErrorCounts([1, 2, 3, 4, 5, 6, 7]));
        assert_eq!(figures.errors.total(), 28);
        assert_eq!(figures.errors.of(Category::Network), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn time_on_line_adds_up() {
        let mut on_line = OnLine::default();
        for (state, seconds) in [(false, 1), (true, 2), (true, 4), (false, 8), (false, 16), (true, 32)] {
            on_line.set(state);
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
        assert_eq!(on_line.total(), Duration::from_secs(38));
    }
}
