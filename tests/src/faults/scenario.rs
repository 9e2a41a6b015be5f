//! What a scenario has to say about itself.

use telit_simulator::Builder;

use super::bench::Bench;
use super::fault::Fault;
use super::outcome::{Broken, Ending};

/// A whole job of the SDK with whatever it needs, made anew for each run, each time with another fault.
pub(super) trait Scenario {
    const NAME: &'static str;

    /// Whether the scenario is tried with this fault.
    fn meets(_: Fault) -> bool {
        true
    }

    /// The peers of a new network.
    fn new() -> Self;

    /// A module in this network.
    fn module(&self, module: Builder) -> Builder {
        module
    }

    /// Does the job once, checks what it brought about, and does it again without a fault.
    async fn run(&self, bench: &Bench) -> Result<Ending, Broken>;
}
