//! One run of a scenario, in a world of its own with a clock of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use telit_simulator::{Platform, VirtualModule};

use super::bench::{Bench, Took};
use super::outcome::{Broken, Ending};
use super::panics;
use super::scenario::Scenario;
use super::strike::Strike;
use super::tape::Tape;

/// What a run left behind.
pub(super) struct Trial<T> {
    pub(super) verdict: Result<T, Broken>,
    pub(super) took: Vec<Took>,
    pub(super) retries: usize,
    pub(super) tape: Tape,
}

/// When every run begins: 2026-01-01.
pub(super) fn epoch() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

/// Runs a scenario with this fault, or without any.
pub(super) fn run<S: Scenario>(platform: Platform, strike: Option<Strike>) -> Trial<Ending> {
    let fault = strike.as_ref().map(|strike| strike.fault);
    let mut trial = run_in_world(platform, strike, async |scenario: &S, bench| scenario.run(bench).await);
    if let (Ok(ending), Some(fault)) = (&trial.verdict, fault)
        && !fault.allows(*ending)
    {
        trial.verdict = Err(Broken::wrong(format!("the job must not end as: {ending}")));
    }
    trial
}

/// Runs something else with the peers of a scenario.
pub(super) fn run_in_world<S: Scenario, T>(
    platform: Platform,
    strike: Option<Strike>,
    job: impl AsyncFnOnce(&S, &Bench) -> Result<T, Broken>,
) -> Trial<T> {
    // Whoever drops a future between two steps of others has to get his turn between them.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .event_interval(1)
        .build()
        .expect("a runtime can be made");
    panics::forget();
    // Waits before another attempt are drawn at random.
    fastrand::seed(1);
    let (scenario, bench) = {
        let _inside = runtime.enter();
        let scenario = S::new();
        let module = VirtualModule::builder(platform).true_time(epoch());
        let module = scenario.module(module).build().expect("the module starts");
        (scenario, Bench::new(module, strike))
    };
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(job(&scenario, &bench))));
    let verdict = match (ended, panics::last()) {
        (Ok(verdict), None) => verdict,
        (_, panic) => Err(Broken::wrong(format!("panic: {}", panic.unwrap_or_default()))),
    };
    let missed = bench.strike().is_some() && !bench.world().has_struck();
    let verdict = if missed && verdict.is_ok() { Err(Broken::Missed) } else { verdict };
    let tape = bench.world().tape().clone();
    Trial { verdict, took: bench.took(), retries: bench.retries(), tape }
}
