//! What a scenario runs on: a module, a line to it, and a watch.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use telit_core::driver::BoxedStream;
use telit_core::platform::Availability;
use telit_core::supervisor::PortSource;
use telit_simulator::VirtualModule;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep, timeout};

use super::fault::{Fault, OUTAGE};
use super::line::World;
use super::outcome::Broken;
use super::strike::Strike;

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
    took: RefCell<Vec<Took>>,
    retries: Cell<usize>,
}

impl Bench {
    pub(super) fn new(module: VirtualModule, strike: Option<Strike>) -> Self {
        Self {
            world: World::new(module, strike.clone()),
            strike,
            took: RefCell::default(),
            retries: Cell::default(),
        }
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    /// Times of all operations.
    pub(super) fn took(&self) -> Vec<Took> {
        self.took.borrow().clone()
    }

    /// How often something was tried a second time.
    pub(super) fn retries(&self) -> usize {
        self.retries.get()
    }

    pub(super) fn strike(&self) -> Option<&Strike> {
        self.strike.as_ref()
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        self.strike().map(|strike| strike.fault)
    }

    /// Whether something that went wrong may be tried a second time, which is counted: the fault has hit a byte, so that
    /// what was read before may be wrong. A hang and altered bytes have no second try.
    pub(super) fn may_retry<T>(&self, first: &Result<T, Broken>) -> bool {
        let misread = self.fault().is_some_and(Fault::hits_a_byte);
        let Err(Broken::Wrong(because)) = first else {
            return false;
        };
        if misread {
            self.world.remark(format!("once more, because {because}"));
            self.retries.set(self.retries.get() + 1);
        }
        misread
    }

    /// Where hosts are in what they say, for [`has_said`](Self::has_said).
    pub(super) fn mark(&self) -> usize {
        self.world.said().len()
    }

    /// Whether a host has said this since then, or has begun to when its port went.
    pub(super) fn has_said(&self, since: usize, what: &str) -> bool {
        let said = self.world.said();
        let (said, what) = (&said[since..], what.as_bytes());
        let begun = || (1..what.len()).any(|length| said.ends_with(&what[..length]));
        said.windows(what.len()).any(|window| window == what)
            || (self.fault() == Some(Fault::Unplug) && begun())
    }

    /// A line to the module. The fault happens on the first one.
    pub(super) fn plug(&self) -> DuplexStream {
        self.world.plug()
    }

    /// A port that can be opened again and again. One that was unplugged is plugged in again a moment later.
    pub(super) fn port(&self) -> impl PortSource + 'static {
        let (world, fault) = (self.world.clone(), self.fault());
        move || {
            let world = world.clone();
            async move {
                if world.has_struck() && fault == Some(Fault::Unplug) {
                    sleep(PLUGGED_IN_AGAIN).await;
                }
                let stream: BoxedStream = Box::pin(world.plug());
                Ok(stream)
            }
        }
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
        if self.world.is_holding() {
            self.world.release().await;
        }
        ended.map_err(|_| Broken::Hang { operation: bound.operation, bound: bound.limit })
    }

    /// Whether a module that waits for bytes of `wanted` was left waiting by the fault, because some got lost, or because
    /// the host does not know that it may send them, and got what the host has said next to find the line again. Nobody
    /// can keep a module from doing something with that, and the error must say that it may.
    pub(super) fn filled_up(&self, strike: Option<&Strike>, wanted: &[u8], got: &[u8]) -> bool {
        let left_waiting = strike.is_some_and(Strike::leaves_waiting);
        let right = wanted.iter().zip(got).take_while(|(wanted, got)| wanted == got).count();
        let (behind, heard) = (&got[right..], self.world.heard());
        left_waiting
            && got.len() <= wanted.len()
            && (behind.is_empty() || heard.windows(behind.len()).any(|window| window == behind))
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

    /// Whether this module has a command. Where the platform's table leaves that open, the module is asked.
    pub(super) async fn has(&self, availability: Availability, command: &str) -> bool {
        match availability {
            Availability::Yes => true,
            Availability::No => false,
            Availability::Probe => self.witness(&[&format!("AT{command}=?")]).await.ends_with("\r\nOK\r\n"),
        }
    }

    /// What the module answers to command lines on another plug, told by nobody's code but its own.
    pub(super) async fn witness(&self, commands: &[&str]) -> String {
        const QUIET: Duration = Duration::from_millis(500);
        let mut line = self.world.module.attach_duplex();
        let mut answers = Vec::new();
        for command in ["ATE0", "AT#SELINT=2"].iter().chain(commands) {
            if commands.first() == Some(command) {
                answers.clear();
            }
            line.write_all(format!("{command}\r").as_bytes()).await.expect("the module is there");
            while let Ok(Ok(1..)) = timeout(QUIET, line.read_buf(&mut answers)).await {}
        }
        String::from_utf8_lossy(&answers).into_owned()
    }
}
