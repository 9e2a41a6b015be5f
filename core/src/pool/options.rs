//! How a pool is run.

use std::time::Duration;

use crate::backoff::Backoff;

/// How many modules a pool takes, how fast it starts them, and how long it waits for what.
#[derive(Clone, Debug)]
#[must_use]
pub struct PoolOptions {
    pub(super) max_modules: usize,
    pub(super) start_interval: Duration,
    pub(super) starting_at_once: usize,
    pub(super) again: Backoff,
    pub(super) vanished_for: Duration,
    pub(super) leaving: Duration,
    #[cfg(feature = "metrics")]
    pub(super) metrics_interval: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            max_modules: 1024,
            start_interval: Duration::from_millis(20),
            starting_at_once: 32,
            again: Backoff::new(Duration::from_secs(5), Duration::from_secs(600)),
            vanished_for: Duration::from_secs(120),
            leaving: Duration::from_secs(10),
            #[cfg(feature = "metrics")]
            metrics_interval: Duration::from_secs(10),
        }
    }
}

impl PoolOptions {
    /// Most modules at the same time. One more is refused, which is told. As many ports wait for room, and as many modules
    /// that have gone are remembered for a PIN that may be wrong; when more have gone, no PIN is sent to modules that come new. Default 1,024.
    pub fn max_modules(mut self, most: usize) -> Self {
        self.max_modules = most;
        self
    }

    /// The least time between the starts of two modules, so that a thousand that are there at once do not all open their
    /// ports and log in in the same instant. Default 20 ms, which is 50 a second.
    pub fn start_interval(mut self, interval: Duration) -> Self {
        self.start_interval = interval;
        self
    }

    /// Most modules that are being started at the same time. One that takes longer than ten seconds, such as one that
    /// finds no network, is not counted any more, so that it holds up nobody. Default 32, at least 1.
    pub fn starting_at_once(mut self, most: usize) -> Self {
        self.starting_at_once = most;
        self
    }

    /// How long to wait before a module is started again that could not be started or was given up by its supervisor,
    /// and before work begins again that has failed. What has worked for longer than the longest wait begins at the
    /// first one. Default from 5 seconds to 10 minutes, with full jitter.
    pub fn again(mut self, backoff: Backoff) -> Self {
        self.again = backoff;
        self
    }

    /// How long a module whose port has vanished stays in the pool: a module that restarts leaves the bus for some
    /// seconds and keeps its place, its handles and its work. The time begins when the module is off line, too: one that
    /// works although its port is said to have vanished stays. Concerns ports that the pool
    /// [follows](super::ModulePool::follow). Default 2 minutes.
    pub fn vanished_for(mut self, time: Duration) -> Self {
        self.vanished_for = time;
        self
    }

    /// How often the figures of all modules are handed to the recorder of the `metrics` crate, which has to be installed before
    /// the pool is made: what is handed over before is lost. Default every 10 seconds, at
    /// most ten times a second.
    #[cfg(feature = "metrics")]
    pub fn metrics_interval(mut self, interval: Duration) -> Self {
        self.metrics_interval = interval.max(Duration::from_millis(100));
        self
    }

    /// How long the work of a module that leaves may take to come to its end. Default 10 seconds.
    pub fn leaving(mut self, time: Duration) -> Self {
        self.leaving = time;
        self
    }
}
