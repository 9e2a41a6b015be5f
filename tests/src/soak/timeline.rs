//! When messages to the module may have been lost, and whether that was told.
//!
//! A fault opens an outage that ends when the client is connected again after it has told its loss. A loss that is told
//! without a fault (the line lost a byte of an answer) is an outage of its own. Outside of outages nothing is missing but
//! what was told one by one.

use std::time::{Duration, Instant};

/// What happened to a session, as its client or the supervisor told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Connected,
    /// We asked for it.
    Paused,
    Lost,
}

/// Messages that are on their way when something happens.
const ON_ITS_WAY: Duration = Duration::from_secs(1);
/// A fault is told within half the keep-alive of 60 s, and some for a command that runs into its deadline.
const TOLD_WITHIN: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct Timeline {
    faults: Vec<Instant>,
    told: Vec<(Instant, Told)>,
}

impl Timeline {
    pub(super) fn fault(&mut self, at: Instant) {
        self.faults.push(at);
    }

    pub(super) fn told(&mut self, at: Instant, what: Told) {
        self.told.push((at, what));
    }

    /// Whether a message that was published then may be missing.
    pub(super) fn is_out(&self, published: Instant) -> bool {
        self.outages().any(|(from, to)| from <= published && to.is_none_or(|to| published <= to))
    }

    fn outages(&self) -> impl Iterator<Item = (Instant, Option<Instant>)> {
        let after_faults = self.faults.iter().filter_map(|fault| {
            let loss = self.first(*fault, Told::Lost).filter(|loss| *loss <= *fault + TOLD_WITHIN)?;
            Some((*fault, self.first(loss, Told::Connected)))
        });
        let losses = self.told.iter().filter(|(_, what)| *what == Told::Lost);
        let told_alone = losses.map(|(loss, _)| (*loss, self.first(*loss, Told::Connected)));
        let wider =
            |(from, to): (Instant, Option<Instant>)| (from - ON_ITS_WAY, to.map(|to| to + ON_ITS_WAY));
        after_faults.chain(told_alone).map(wider)
    }

    fn first(&self, after: Instant, wanted: Told) -> Option<Instant> {
        self.told.iter().find(|(at, what)| *at >= after && *what == wanted).map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_told_excuses() {
        let start = Instant::now() + Duration::from_secs(1_000);
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut timeline = Timeline::default();
        timeline.told(at(0), Told::Connected);
        timeline.told(at(10), Told::Paused);
        timeline.told(at(12), Told::Connected);
        timeline.fault(at(20));
        assert!(!timeline.is_out(at(11)) && !timeline.is_out(at(21)), "nobody told a loss");
        timeline.told(at(30), Told::Lost);
        timeline.told(at(33), Told::Connected);
        assert!(timeline.is_out(at(21)) && timeline.is_out(at(33)));
        assert!(!timeline.is_out(at(18)) && !timeline.is_out(at(35)));
        timeline.told(at(50), Told::Lost);
        assert!(timeline.is_out(at(51)) && timeline.is_out(at(99)), "it has not come back");
        assert!(!timeline.is_out(at(48)));
    }
}
