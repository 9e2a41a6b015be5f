//! What a scenario has to say about itself.

use telit_simulator::Builder;

use super::bench::Bench;
use super::outcome::{Broken, Ending};

/// A whole job of the SDK that is run again and again, each time with another fault.
pub(super) trait Scenario {
    const NAME: &'static str;

    /// The module and what it finds in its network.
    fn module(module: Builder) -> Builder {
        module
    }

    /// Does the job once, checks what it brought about, and does it again without a fault.
    async fn run(bench: &Bench) -> Result<Ending, Broken>;
}
