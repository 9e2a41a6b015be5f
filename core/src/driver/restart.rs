//! Telling a restart from the next one: one restart shows in several ways.

use std::time::{Duration, Instant};

/// How it shows that the module has restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RestartSign {
    /// It was told to, or its hardware was reset.
    Caused,
    /// It echoes although it was told not to.
    Echo,
    /// It sent one of its start-up lines.
    StartUpLine,
    /// A setting is not what it was set to.
    Settings,
}

/// Signs of one restart are not further apart. A module is silent for 20 seconds or more when it starts, and then it
/// echoes. Source: M37 p34.
const SAME_RESTART: Duration = Duration::from_secs(60);

/// What has shown the last restart so far.
#[derive(Debug, Default)]
pub(super) struct LastRestart {
    shown: Vec<RestartSign>,
    at: Option<Instant>,
}

impl LastRestart {
    /// Whether a sign shows another restart: each kind of sign shows a restart once. `mended` says that the module was
    /// put in order since the last one, which only another restart can have undone.
    pub(super) fn is_another(&mut self, sign: RestartSign, now: Instant, mended: bool) -> bool {
        let soon = self.at.is_some_and(|at| now.saturating_duration_since(at) <= SAME_RESTART);
        let same = soon && !mended && sign != RestartSign::Caused && !self.shown.contains(&sign);
        if !same {
            self.shown.clear();
        }
        self.shown.push(sign);
        self.at = Some(now);
        !same
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test needs some point in time")]
mod tests {
    use super::RestartSign::{Caused, Echo, Settings, StartUpLine};
    use super::*;

    /// For each sign, so many seconds after the beginning, whether it is news.
    fn news(signs: &[(u64, RestartSign)]) -> Vec<bool> {
        let (mut last, start) = (LastRestart::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        signs.iter().map(|(seconds, sign)| last.is_another(*sign, at(*seconds), false)).collect()
    }

    #[test]
    fn signs_of_different_kinds_are_of_one_restart() {
        let restart = [(0, Caused), (30, StartUpLine), (31, Echo), (32, Settings)];
        assert_eq!(news(&restart), [true, false, false, false]);
        assert_eq!(news(&restart[1..]), [true, false, false]);
        assert_eq!(
            news(&[(0, Echo), (8, StartUpLine)]),
            [true, false],
            "a module that answers before it says so"
        );
    }

    #[test]
    fn the_same_sign_again_is_another_restart() {
        let signs = [(0, StartUpLine), (1, Echo), (20, StartUpLine), (21, Echo), (22, Echo)];
        assert_eq!(news(&signs), [true, false, true, false, true]);
    }

    #[test]
    fn whoever_restarts_the_module_means_another_restart() {
        assert_eq!(news(&[(0, Echo), (10, Caused), (40, Echo)]), [true, true, false]);
    }

    #[test]
    fn what_comes_late_is_another_restart() {
        assert_eq!(news(&[(0, Caused), (60, Echo)]), [true, false]);
        assert_eq!(news(&[(0, Caused), (61, Echo)]), [true, true]);
    }

    #[test]
    fn what_was_mended_has_been_undone_by_another_restart() {
        let (mut last, now) = (LastRestart::default(), Instant::now());
        assert!(last.is_another(Caused, now, false));
        assert!(last.is_another(StartUpLine, now, true));
        assert!(!last.is_another(Echo, now, false));
    }
}
