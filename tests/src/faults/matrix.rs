//! Every point of a scenario with every fault.

use std::env;

use telit_simulator::Platform;

use super::case::{CASE, Case, cases};
use super::outcome::Ending;
use super::point::points;
use super::report::Report;
use super::scenario::Scenario;
use super::trial::{self, Trial};
use super::watchdog::Watchdog;

/// Which cases are run.
const EXTENT: &str = "TELIT_FAULTS";
const USAGE: &str = "TELIT_FAULTS is whole, everywhere, every-byte, or one-in-N";
/// Without [`EXTENT`] one case in so many is run: of all scenarios and platforms that takes 85 s of one core in an
/// unoptimised build, less than a minute on two.
pub(super) const SAMPLE: u64 = 8;
/// Chooses the sample. Any number.
const SEED: &str = "TELIT_FAULT_SEED";

/// How many times as large the sample of other platforms is when more is asked for: one case in 20.
const LARGER: u64 = 10;

/// How much of the matrix is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// One case in so many.
    OneIn(u64),
    Whole,
    EveryByte,
}

/// Runs a scenario with faults: one in `sampled` of all, unless the environment asks for more. Panics if a promise is
/// broken.
pub(super) fn matrix<S: Scenario>(platform: Platform, sampled: u64) {
    run_with::<S>(platform, extent(asked().as_deref(), sampled));
}

/// As [`matrix`], for a platform of which a sample is enough.
pub(super) fn sample<S: Scenario>(platform: Platform, sampled: u64) {
    run_with::<S>(platform, extent_elsewhere(asked().as_deref(), sampled));
}

fn asked() -> Option<String> {
    env::var(EXTENT).ok()
}

fn extent(asked: Option<&str>, sampled: u64) -> Extent {
    match asked {
        Some("whole" | "everywhere") => Extent::Whole,
        Some("every-byte") => Extent::EveryByte,
        Some(other) => {
            Extent::OneIn(other.strip_prefix("one-in-").and_then(|n| n.parse().ok()).expect(USAGE))
        }
        None => Extent::OneIn(sampled),
    }
}

fn extent_elsewhere(asked: Option<&str>, sampled: u64) -> Extent {
    match asked {
        Some("whole" | "every-byte") => Extent::OneIn(sampled / LARGER),
        asked => extent(asked, sampled),
    }
}

fn run_with<S: Scenario>(platform: Platform, extent: Extent) {
    let clean = trial::run::<S>(platform, None);
    assert_eq!(clean.verdict, Ok(Ending::Right), "without a fault\n{}", clean.tape);
    let points = points(&clean.tape);
    let mut all = cases(S::NAME, platform, &points, extent == Extent::EveryByte);
    all.retain(|case| S::meets(case.strike.fault));
    let mut report = Report::new(format!("{} on {}", S::NAME, platform.id()), points.len(), all.len());
    match env::var(CASE) {
        Ok(name) => all.iter().filter(|case| case.to_string() == name).for_each(show::<S>),
        Err(_) => {
            run_all::<S>(&chosen(all, extent), &mut report);
            println!("{report}{}", report.total());
            let broken = report.broken();
            assert!(broken.is_empty(), "{} broken promises:\n{}", broken.len(), broken.join("\n"));
        }
    }
}

fn chosen(all: Vec<Case>, extent: Extent) -> Vec<Case> {
    let Extent::OneIn(sampled) = extent else {
        return all;
    };
    let seed: u64 = env::var(SEED).ok().map_or(1, |seed| seed.parse().expect("the seed is a number"));
    let mut random = seed;
    let mut next = || {
        // Knuth's linear congruential generator; its high bits are good.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        random >> 33
    };
    all.into_iter().filter(|_| next().is_multiple_of(sampled)).collect()
}

fn run_all<S: Scenario>(cases: &[Case], report: &mut Report) {
    let watchdog = Watchdog::start();
    for case in cases {
        watchdog.begin(case.to_string());
        let Trial { verdict, took, retries, .. } = trial::run::<S>(case.platform, Some(case.strike.clone()));
        report.count(&took, retries);
        match verdict {
            Ok(ending) => report.kept(ending),
            Err(broken) => report.broke(&case.told(), &broken),
        }
    }
}

/// Runs one case and prints its conversation.
fn show<S: Scenario>(case: &Case) {
    let trial = trial::run::<S>(case.platform, Some(case.strike.clone()));
    println!("{}", trial.tape);
    match trial.verdict {
        Ok(ending) => println!("{case}: {ending}"),
        Err(broken) => panic!("{}: {broken}", case.told()),
    }
}

#[cfg(test)]
mod tests {
    use super::Extent::{EveryByte, OneIn, Whole};
    use super::*;

    #[test]
    fn other_platforms_have_a_larger_sample_where_more_is_asked_for() {
        let both = |asked| (extent(asked, 8), extent_elsewhere(asked, 200));
        assert_eq!(both(None), (OneIn(8), OneIn(200)));
        assert_eq!(both(Some("whole")), (Whole, OneIn(20)));
        assert_eq!(both(Some("every-byte")), (EveryByte, OneIn(20)));
        assert_eq!(both(Some("everywhere")), (Whole, Whole));
        assert_eq!(both(Some("one-in-3")), (OneIn(3), OneIn(3)));
    }
}
