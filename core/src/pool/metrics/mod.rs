//! Hands the figures of a pool to the recorder of the `metrics` crate.
//!
//! Figures are read and handed over from time to time, instead of counting twice where things happen: what carries a
//! message carries no metrics.

mod series;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use metrics::{Label, SharedString, counter, describe_counter, describe_gauge, gauge};
use tokio::time::{MissedTickBehavior, interval};

use super::contained::contain;
use super::figures::{CATEGORIES, ModuleFigures, category_label};
use super::inner::Inner;
use super::module::PoolState;
use super::name::ModuleName;
use super::shared::Shared;
use series::{COUNTERS, ERRORS, GAUGES, MODULES, ON_LINE, WAITING};

/// Names that have a label of their own, for each module that the pool takes. Whoever plugs in ever new names cannot fill
/// the memory of a recorder.
const LABELS_PER_PLACE: usize = 4;
/// What the others share.
const OTHER: &str = "other";

/// What was handed over so far.
#[derive(Debug)]
pub(super) struct Reporter {
    reported: Mutex<Reported>,
}

#[derive(Debug)]
struct Reported {
    most_labels: usize,
    labels: BTreeSet<ModuleName>,
    /// By the number of the module.
    modules: BTreeMap<u64, ModuleFigures>,
}

impl Reporter {
    pub(super) fn new(max_modules: usize) -> Self {
        let most_labels = max_modules.saturating_mul(LABELS_PER_PLACE);
        let reported = Reported { most_labels, labels: BTreeSet::new(), modules: BTreeMap::new() };
        Self { reported: Mutex::new(reported) }
    }

    fn reported(&self) -> MutexGuard<'_, Reported> {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything as it is now.
    pub(super) fn report(&self, pool: &Inner) {
        hand_over(|| self.report_all(pool));
    }

    fn report_all(&self, pool: &Inner) {
        describe();
        // First, so that nothing is reported of a module whose last words have been.
        let mut reported = self.reported();
        let modules: Vec<Arc<Shared>> = pool.state().modules.values().cloned().collect();
        let mut states = series::STATES.map(|(state, label)| (state, label, 0_u32));
        for shared in &modules {
            let status = shared.status();
            reported.report(shared, &status.figures, status.state == PoolState::Up);
            for (_, _, count) in states.iter_mut().filter(|(state, ..)| *state == status.state) {
                *count += 1;
            }
        }
        for (_, label, count) in states {
            gauge!(MODULES.name, "state" => label).set(f64::from(count));
        }
    }

    /// The module has left the pool.
    pub(super) fn last_words(&self, shared: &Shared) {
        let mut reported = self.reported();
        let figures = ModuleFigures { commands_waiting: 0, ..shared.status().figures };
        hand_over(|| reported.report(shared, &figures, false));
        reported.modules.remove(&shared.number);
    }
}

impl Reported {
    fn report(&mut self, shared: &Shared, figures: &ModuleFigures, on_line: bool) {
        let label = self.label(&shared.name);
        let before = self.modules.insert(shared.number, *figures).unwrap_or_default();
        let name = label.clone().unwrap_or_else(|| SharedString::const_str(OTHER));
        for series in &COUNTERS {
            let more = (series.value)(figures).saturating_sub((series.value)(&before));
            counter!(series.name, vec![Label::new("module", name.clone())]).increment(more);
        }
        for category in CATEGORIES {
            let more = figures.errors.of(category).saturating_sub(before.errors.of(category));
            let labels = vec![
                Label::new("module", name.clone()),
                Label::from_static_parts("category", category_label(category)),
            ];
            counter!(ERRORS.name, labels).increment(more);
        }
        // A gauge that several share tells nothing.
        if let Some(name) = label {
            let waiting = u32::try_from(figures.commands_waiting).unwrap_or(u32::MAX);
            let labels = vec![Label::new("module", name)];
            gauge!(WAITING.name, labels.clone()).set(f64::from(waiting));
            gauge!(ON_LINE.name, labels).set(f64::from(u8::from(on_line)));
        }
    }

    /// `None`: there are too many.
    fn label(&mut self, name: &ModuleName) -> Option<SharedString> {
        if !self.labels.contains(name) {
            if self.labels.len() >= self.most_labels {
                return None;
            }
            self.labels.insert(name.clone());
        }
        Some(SharedString::from(name.shared()))
    }
}

/// The recorder is the user's, and may panic.
fn hand_over(figures: impl FnOnce()) {
    if let Err(reason) = contain(figures) {
        tracing::error!(reason, "figures could not be handed over to the recorder of metrics");
    }
}

/// Again and again, until the pool is gone.
pub(super) async fn report(pool: Weak<Inner>) {
    let Some(every) = pool.upgrade().map(|pool| pool.options.metrics_interval) else { return };
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(pool) = pool.upgrade() else { return };
        pool.reporter.report(&pool);
    }
}

/// Whoever installs a recorder late hears it, too.
fn describe() {
    for series in &COUNTERS {
        describe_counter!(series.name, series.unit, series.description);
    }
    describe_counter!(ERRORS.name, ERRORS.unit, ERRORS.description);
    for series in GAUGES {
        describe_gauge!(series.name, series.unit, series.description);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_the_bound_share_a_label() {
        let reporter = Reporter::new(2);
        let mut reported = reporter.reported();
        for number in 0..8 {
            let name: ModuleName = format!("m{number}").parse().unwrap();
            assert_eq!(reported.label(&name).as_deref(), Some(name.as_str()));
        }
        assert_eq!(reported.label(&"new".parse().unwrap()), None);
        assert_eq!(reported.label(&"m3".parse().unwrap()).as_deref(), Some("m3"));
    }

    /// Whoever reads the manual finds every series, and every value of a label.
    #[test]
    fn every_series_is_in_the_manual() {
        let manual = include_str!("../../../../docs/gateway.md");
        let counters = COUNTERS.iter().map(|series| series.name).chain([ERRORS.name]);
        for name in counters.chain(GAUGES.map(|series| series.name)) {
            assert!(manual.contains(&format!("`{name}`")), "{name}");
        }
        for label in CATEGORIES.map(category_label).iter().chain(&series::STATES.map(|(_, label)| label)) {
            assert!(manual.contains(&format!("`{label}`")), "{label}");
        }
    }
}
