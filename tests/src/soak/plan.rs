//! How long, and with which luck.

use std::str::FromStr;
use std::time::{Duration, Instant};

pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) length: Duration,
    started: Instant,
}

impl Plan {
    pub(super) fn from_environment() -> Self {
        let minutes: u64 = variable("TELIT_SOAK_MINUTES").unwrap_or(1);
        let seed = variable("TELIT_SOAK_SEED").unwrap_or_else(|| fastrand::u64(..1_000_000));
        Self { seed, length: Duration::from_secs(60 * minutes), started: Instant::now() }
    }

    pub(super) fn is_over(&self) -> bool {
        self.started.elapsed() >= self.length
    }
}

fn variable<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    let value = text.parse().ok();
    assert!(value.is_some(), "{name}={text} is not a number");
    value
}
