//! The module's clock, before it judges certificates.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Modem;
use crate::commands::{ReadClock, SetClock, SynchroniseClock};
use crate::error::CommandError;

/// A clock that shows less than the beginning of 2024 was never set.
const RELEASED: Duration = Duration::from_secs(1_704_067_200);
/// How far the module's clock may be off before it is set: certificates live in days.
const TOLERANCE: Duration = Duration::from_secs(12 * 3600);

impl Modem {
    /// Sets the module's clock if it was never set, or differs from this computer's by more than 12 hours:
    /// from the time server that was given when the module was opened, otherwise from this computer's clock.
    /// Gives true if it was set.
    ///
    /// Without a time server the module's clock is never moved back, and a computer's clock that was
    /// never set itself is not used: either could make an expired certificate look valid.
    ///
    /// The module judges certificates by its own clock. Source: SSL guide 6.2; M37 p886.
    ///
    /// # Errors
    /// The module refuses, or the time server cannot be reached.
    ///
    /// # Cancel safety
    /// The clock is set or not.
    pub async fn ensure_clock(&self) -> Result<bool, CommandError> {
        let here = SystemTime::now();
        let module = self.run(ReadClock).await?;
        if module.is_some_and(|module| apart(module, here) <= TOLERANCE) {
            return Ok(false);
        }
        match self.inner.options.time_server.clone() {
            Some((host, port)) => self.run(SynchroniseClock { host, port }).await?,
            None if here < UNIX_EPOCH + RELEASED || module.is_some_and(|module| module > here) => {
                tracing::warn!(
                    "the clocks of the module and of this computer differ, and neither is certain"
                );
                return Ok(false);
            }
            None => self.run(SetClock(here)).await?,
        }
        tracing::info!("the module's clock was set");
        Ok(true)
    }
}

fn apart(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}
