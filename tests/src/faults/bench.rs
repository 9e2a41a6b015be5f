//! What a scenario runs on: a module, a line to it, and a watch.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use telit_simulator::VirtualModule;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep, timeout};

use super::fault::{Fault, OUTAGE};
use super::line::{Strike, World};
use super::outcome::Broken;

/// Longer than a module takes to restart.
const START_UP: Duration = Duration::from_secs(5);

const PLUGGED_IN_AGAIN: Duration = Duration::from_secs(1);

/// An operation and the longest that its documentation allows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub(super) operation: &'static str,
    pub(super) limit: Duration,
}

impl Bound {
    pub(super) const fn new(operation: &'static str, seconds: u64) -> Self {
        Self { operation, limit: Duration::from_secs(seconds) }
    }
}

/// How long an operation took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Took {
    pub(super) bound: Bound,
    pub(super) time: Duration,
}

pub(super) struct Bench {
    world: World,
    strike: Option<Strike>,
    armed: Cell<Option<Strike>>,
    took: RefCell<Vec<Took>>,
}

impl Bench {
    pub(super) fn new(module: VirtualModule, strike: Option<Strike>) -> Self {
        Self { world: World::new(module), strike, armed: Cell::new(strike), took: RefCell::default() }
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    /// Times of all operations.
    pub(super) fn took(&self) -> Vec<Took> {
        self.took.borrow().clone()
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        self.strike.map(|strike| strike.fault)
    }

    /// A line to the module. The fault happens on the first one.
    pub(super) fn plug(&self) -> DuplexStream {
        self.world.plug(self.armed.take())
    }

    /// Runs an operation, which has to end within its bound.
    pub(super) async fn within<T>(
        &self,
        bound: Bound,
        operation: impl Future<Output = T>,
    ) -> Result<T, Broken> {
        let started = Instant::now();
        let ended = timeout(bound.limit, operation).await;
        let time = started.elapsed();
        self.world.remark(format!("{} ended after {time:?}", bound.operation));
        self.took.borrow_mut().push(Took { bound, time });
        ended.map_err(|_| Broken::Hang { operation: bound.operation, bound: bound.limit })
    }

    /// Waits for something that need not come.
    pub(super) async fn wait<T>(&self, limit: Duration, event: impl Future<Output = T>) -> Option<T> {
        timeout(limit, event).await.ok()
    }

    /// The job that is tried begins here: faults happen afterwards.
    pub(super) fn begin_job(&self) {
        self.world.tape().begin_job();
    }

    /// The job that is tried ends here: faults happen before.
    pub(super) fn end_job(&self) {
        self.world.tape().end_job();
    }

    /// Waits until the world is as it was before, as far as it comes back by itself.
    pub(super) async fn calm(&self) {
        match self.fault() {
            Some(Fault::NetworkLoss) => sleep(OUTAGE).await,
            Some(Fault::Reboot) => sleep(START_UP).await,
            // Until the module has noticed; another port would be taken otherwise.
            Some(Fault::Unplug) => sleep(PLUGGED_IN_AGAIN).await,
            _ => {}
        }
    }

    /// Whether the module may wait for the rest of a payload, as far as was heard.
    pub(super) fn is_entry_open(&self) -> bool {
        self.world.tape().is_entry_open()
    }

    /// Resets the module by its hardware, and waits until it has started.
    pub(super) async fn reset_module(&self) {
        self.world.remark("the hardware is reset");
        self.world.module.reboot();
        sleep(START_UP).await;
    }

    /// What the module answers to command lines on another plug, told by nobody's code but its own.
    pub(super) async fn witness(&self, commands: &[&str]) -> String {
        const QUIET: Duration = Duration::from_millis(500);
        let mut line = self.world.module.attach_duplex();
        let mut answers = Vec::new();
        for command in ["ATE0"].iter().chain(commands) {
            line.write_all(format!("{command}\r").as_bytes()).await.expect("the module is there");
            while let Ok(Ok(1..)) = timeout(QUIET, line.read_buf(&mut answers)).await {}
        }
        String::from_utf8_lossy(&answers).into_owned()
    }
}
