//! The module's clock, before it judges certificates.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Modem;
use crate::commands::{
    NetworkTime, ReadClock, ReadNetworkTime, SetClock, SetNetworkTime, SynchroniseClock, format_clock,
};
use crate::error::{Category, CommandError};

/// A clock that shows less than the beginning of 2024 was never set.
const RELEASED: Duration = Duration::from_secs(1_704_067_200);
/// How far the module's clock may be off before it is set: certificates live in days.
const TOLERANCE: Duration = Duration::from_secs(12 * 3600);

/// Whose time the module's clock is to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockSource {
    /// This computer's. It is copied to a module whose clock was never set or is behind; a module's clock
    /// that is ahead is a [`ClockError::Disagreement`], since going back could make an expired certificate
    /// look valid.
    #[default]
    ThisComputer,
    /// A time server's, asked with `#NTP` when the module's clock was never set or differs from this
    /// computer's by more than 12 hours. Source: M37 p790-794.
    TimeServer {
        /// Its name or address.
        host: String,
        /// Its port, usually 123.
        port: u16,
    },
    /// The mobile network's: bring-up switches on the automatic update of the clock (`#NITZ`), and nothing
    /// else sets it. Source: M37 p528-530.
    Network,
}

/// What had to be done about the module's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockCheck {
    /// It was right.
    Right,
    /// It was set.
    Set,
}

/// The module's clock cannot be relied on, so a certificate check would mean nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// An exchange failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The module's clock is not set, and nobody here knows the time.
    #[error("the module's clock is not set, and {why}")]
    NotSet {
        /// Why it was not set now.
        why: &'static str,
    },
    /// The two clocks differ, and neither is certain.
    #[error("the module's clock says {module} and this computer's {computer} (UTC)")]
    Disagreement {
        /// What the module's clock shows, in UTC.
        module: String,
        /// What this computer's clock shows, in UTC.
        computer: String,
    },
}

impl ClockError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Command(error) => error.category(),
            Self::NotSet { .. } | Self::Disagreement { .. } => Category::Network,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Command(_) => None,
            Self::NotSet { .. } | Self::Disagreement { .. } => Some(
                "certificates are checked against the module's clock: set this computer's clock, set the module's \
                 with AT+CCLK, or name a time server",
            ),
        }
    }
}

impl Modem {
    /// Makes sure that the module's clock can judge the dates of certificates: it shows a time, and not one
    /// that differs from this computer's by more than 12 hours. Otherwise it is set from the
    /// [`ClockSource`] that was given when the module was opened, and read back.
    ///
    /// The module judges certificates by its own clock. Source: SSL guide 6.2; M37 p886.
    ///
    /// # Errors
    /// See [`ClockError`].
    ///
    /// # Cancel safety
    /// The clock is set or not.
    pub async fn ensure_clock(&self) -> Result<ClockCheck, ClockError> {
        let here = SystemTime::now();
        let module = self.run(ReadClock).await?;
        if module.is_some_and(|module| apart(module, here) <= TOLERANCE) {
            return Ok(ClockCheck::Right);
        }
        match &self.inner.options.clock {
            ClockSource::ThisComputer => self.copy_clock(module, here).await?,
            ClockSource::TimeServer { host, port } => {
                self.run(SynchroniseClock { host: host.clone(), port: *port }).await?;
            }
            ClockSource::Network => return self.network_clock(module, here),
        }
        match self.run(ReadClock).await? {
            Some(_) => tracing::info!("the module's clock was set"),
            None => return Err(ClockError::NotSet { why: "setting it had no effect" }),
        }
        Ok(ClockCheck::Set)
    }

    async fn copy_clock(&self, module: Option<SystemTime>, here: SystemTime) -> Result<(), ClockError> {
        match module {
            Some(module) if module > here => Err(disagreement(module, here)),
            None if !plausible(here) => Err(ClockError::NotSet { why: "neither is this computer's" }),
            _ => Ok(self.run(SetClock(here)).await?),
        }
    }

    /// The network sets the clock when it likes; what it set counts, unless it contradicts a clock that is
    /// itself certain to be set.
    fn network_clock(&self, module: Option<SystemTime>, here: SystemTime) -> Result<ClockCheck, ClockError> {
        match module {
            None => Err(ClockError::NotSet { why: "the network has not sent the time yet" }),
            Some(module) if plausible(here) => Err(disagreement(module, here)),
            Some(_) => Ok(ClockCheck::Right),
        }
    }

    /// Switches on the automatic update by the network, if that is the source. Kept by the module in its
    /// user profile, so it is written only where it is off.
    pub(super) async fn follow_network_time(&self) -> Result<(), CommandError> {
        if self.inner.options.clock != ClockSource::Network {
            return Ok(());
        }
        let held: NetworkTime = self.run(ReadNetworkTime).await?;
        if held.updates_clock() {
            return Ok(());
        }
        self.run(SetNetworkTime(held.with_clock_update())).await
    }
}

fn disagreement(module: SystemTime, computer: SystemTime) -> ClockError {
    let text = |time| format_clock(time).unwrap_or_else(|| "a time outside 2000 to 2099".to_owned());
    ClockError::Disagreement { module: text(module), computer: text(computer) }
}

fn plausible(time: SystemTime) -> bool {
    time >= UNIX_EPOCH + RELEASED
}

fn apart(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}
