//! How a module is looked after.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::reset::HardwareReset;
use crate::backoff::Backoff;

/// How often a module is looked at, and what is done about one that cannot be used.
#[derive(Clone)]
#[must_use]
pub struct SupervisorOptions {
    pub(super) heartbeat: Option<Duration>,
    pub(super) max_attempts: u32,
    pub(super) backoff: Backoff,
    pub(super) reset: Option<Arc<dyn HardwareReset>>,
    pub(super) start_up_lines: Vec<String>,
}

impl Default for SupervisorOptions {
    fn default() -> Self {
        Self {
            heartbeat: Some(Duration::from_secs(30)),
            max_attempts: 20,
            backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(60)),
            reset: None,
            start_up_lines: Vec::new(),
        }
    }
}

impl SupervisorOptions {
    /// How often a quiet module is asked whether it still has its settings and its packet data context: two short
    /// questions. Default 30 seconds; `None` never asks, so that a restart is noticed at the next command only.
    pub fn heartbeat(mut self, interval: Option<Duration>) -> Self {
        self.heartbeat = interval;
        self
    }

    /// How many remedies are tried before the module is given up. Default 20, which takes from 15 minutes (a module
    /// that is silent) to some hours (one that never finds a network, see
    /// [`registration_timeout`](crate::modem::ModemBuilder::registration_timeout)).
    pub fn max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = max_attempts;
        self
    }

    /// How long to wait between two remedies. Default from 1 second to 60, with full jitter.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// What resets the hardware when nothing else helps. Default nothing.
    pub fn hardware_reset(mut self, reset: impl HardwareReset + 'static) -> Self {
        self.reset = Some(Arc::new(reset));
        self
    }

    /// A line that this module sends once whenever it has started, such as a boot banner. No manual of the guide names
    /// one, so there is none by default; firmware with one tells its restart at once, also while the module is being
    /// recovered, and a command that was swallowed by the restart ends two seconds later. Several lines may be named; each has to stand alone on its line.
    pub fn start_up_line(mut self, line: impl Into<String>) -> Self {
        self.start_up_lines.push(line.into());
        self
    }
}

impl fmt::Debug for SupervisorOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupervisorOptions")
            .field("heartbeat", &self.heartbeat)
            .field("max_attempts", &self.max_attempts)
            .field("backoff", &self.backoff)
            .field("hardware_reset", &self.reset.is_some())
            .field("start_up_lines", &self.start_up_lines)
            .finish()
    }
}
