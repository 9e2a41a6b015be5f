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
/// How often the clock is set until it shows what it was set to.
const SETTINGS: usize = 2;

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
    /// [`ClockSource`] that was given when the module was opened, and read back. A clock before 2024, the
    /// module's or this computer's, counts as never set.
    ///
    /// The module judges certificates by its own clock. Source: SSL guide 6.2; M37 p886.
    ///
    /// # Errors
    /// See [`ClockError`].
    ///
    /// # Cancel safety
    /// The clock is set or not.
    pub async fn ensure_clock(&self) -> Result<ClockCheck, ClockError> {
        self.inner.options.check()?;
        let options = &self.inner.options;
        let here = Some((options.now)()).filter(|time| plausible(*time));
        let source = &options.clock;
        let step = judge(source, self.read_clock().await?, here)?;
        if step == Step::Nothing {
            return Ok(ClockCheck::Right);
        }
        let copied = here.filter(|_| *source == ClockSource::ThisComputer);
        // Nothing protects the line: a clock that got another time than it was given would be believed from then on.
        for _ in 0..SETTINGS {
            self.set_clock(&step).await?;
            if let Some(module) = self.read_clock().await?
                && copied.is_none_or(|here| apart(module, here) <= TOLERANCE)
            {
                tracing::info!("the module's clock was set");
                return Ok(ClockCheck::Set);
            }
        }
        Err(ClockError::NotSet { why: "setting it had no effect" })
    }

    /// How far the module's clock is behind this computer's, or ahead of it if negative, in seconds. `None` if either was
    /// never set.
    ///
    /// # Errors
    /// The module cannot be asked.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub(crate) async fn clock_behind(&self) -> Result<Option<i64>, CommandError> {
        let here = Some((self.inner.options.now)()).filter(|time| plausible(*time));
        let module = self.read_clock().await?;
        Ok(here.zip(module).map(|(here, module)| seconds_behind(module, here)))
    }

    async fn set_clock(&self, step: &Step<'_>) -> Result<(), CommandError> {
        match step {
            Step::Nothing => Ok(()),
            Step::Copy(time) => self.run(SetClock(*time)).await,
            Step::Ask(host, port) => {
                self.run(SynchroniseClock { host: (*host).to_owned(), port: *port }).await.map(drop)
            }
        }
    }

    async fn read_clock(&self) -> Result<Option<SystemTime>, CommandError> {
        Ok(self.run(ReadClock).await?.filter(|time| plausible(*time)))
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

/// What has to be done about a clock.
#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    Nothing,
    Copy(SystemTime),
    Ask(&'a str, u16),
}

/// Judges the module's clock by this computer's. `None` is a clock that was never set.
fn judge(
    source: &ClockSource,
    module: Option<SystemTime>,
    here: Option<SystemTime>,
) -> Result<Step<'_>, ClockError> {
    if let (Some(module), Some(here)) = (module, here)
        && apart(module, here) <= TOLERANCE
    {
        return Ok(Step::Nothing);
    }
    match (source, module, here) {
        (ClockSource::TimeServer { host, port }, ..) => Ok(Step::Ask(host, *port)),
        // Only one of the two clocks was ever set.
        (_, Some(_), None) => Ok(Step::Nothing),
        (ClockSource::ThisComputer, None, Some(here)) => Ok(Step::Copy(here)),
        (ClockSource::ThisComputer, Some(module), Some(here)) if module < here => Ok(Step::Copy(here)),
        (ClockSource::ThisComputer, None, None) => {
            Err(ClockError::NotSet { why: "neither is this computer's" })
        }
        (ClockSource::Network, None, _) => {
            Err(ClockError::NotSet { why: "the network has not sent the time yet" })
        }
        (ClockSource::ThisComputer | ClockSource::Network, Some(module), Some(here)) => {
            Err(disagreement(module, here))
        }
    }
}

/// The time that this computer's clock shows, unless it was never set.
pub(crate) fn computer_time() -> Option<SystemTime> {
    Some(SystemTime::now()).filter(|time| plausible(*time))
}

fn disagreement(module: SystemTime, computer: SystemTime) -> ClockError {
    let text = |time| format_clock(time).unwrap_or_else(|| "a time outside 2000 to 2099".to_owned());
    ClockError::Disagreement { module: text(module), computer: text(computer) }
}

fn plausible(time: SystemTime) -> bool {
    time >= UNIX_EPOCH + RELEASED
}

fn seconds_behind(module: SystemTime, here: SystemTime) -> i64 {
    let seconds = |apart: Duration| i64::try_from(apart.as_secs()).unwrap_or(i64::MAX);
    here.duration_since(module).map_or_else(|ahead| -seconds(ahead.duration()), seconds)
}

fn apart(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: u64) -> SystemTime {
        UNIX_EPOCH + RELEASED + Duration::from_secs(days * 86_400)
    }

    fn server() -> ClockSource {
        ClockSource::TimeServer { host: "time.test".to_owned(), port: 123 }
    }

    #[test]
    fn clocks_that_agree_are_right_whatever_the_source() {
        for source in [ClockSource::ThisComputer, ClockSource::Network, server()] {
            assert_eq!(judge(&source, Some(at(100)), Some(at(100))), Ok(Step::Nothing));
        }
    }

    #[test]
    fn of_two_clocks_the_one_that_was_set_counts() {
        let this = ClockSource::ThisComputer;
        assert_eq!(judge(&this, None, Some(at(9))), Ok(Step::Copy(at(9))));
        assert_eq!(judge(&this, Some(at(9)), None), Ok(Step::Nothing));
        assert_eq!(judge(&ClockSource::Network, Some(at(9)), None), Ok(Step::Nothing));
        assert!(matches!(judge(&this, None, None), Err(ClockError::NotSet { .. })));
        assert!(matches!(judge(&ClockSource::Network, None, Some(at(9))), Err(ClockError::NotSet { .. })));
    }

    #[test]
    fn clocks_that_differ() {
        let (early, late) = (Some(at(1)), Some(at(9)));
        assert_eq!(judge(&ClockSource::ThisComputer, early, late), Ok(Step::Copy(at(9))));
        for (source, module, here) in [
            (ClockSource::ThisComputer, late, early),
            (ClockSource::Network, early, late),
            (ClockSource::Network, late, early),
        ] {
            assert!(matches!(judge(&source, module, here), Err(ClockError::Disagreement { .. })));
        }
        for (module, here) in [(early, late), (late, early), (None, None), (None, late), (early, None)] {
            assert_eq!(judge(&server(), module, here), Ok(Step::Ask("time.test", 123)));
        }
    }
}
