//! Which remedy comes next: no clock, no port, no chance.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

/// What an attempt to use the module has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Finding {
    /// There is no port, or it cannot be opened.
    NoPort,
    /// The port is open and nothing answers, not even a probe.
    Silent,
    /// The module answers and does not get on line.
    OffLine,
}

/// What the supervisor does to a module that cannot be used, from the mildest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Remedy {
    /// Finds the line again, sends the settings and brings the module on line.
    TryAgain,
    /// Closes the port, opens it again, and tries again.
    ReopenPort,
    /// Switches the radio off and on (`AT+CFUN`).
    CycleRadio,
    /// Restarts the module by command (`AT#ENHRST`, `AT#REBOOT`).
    RestartModule,
    /// Asks the user's hook to reset the hardware.
    ResetHardware,
}

/// How far up it is.
#[derive(Debug)]
pub(super) struct Ladder {
    has_hook: bool,
    left: u32,
    tried: u32,
    /// How far each finding has got. A module that alternates between two of them gets the strong remedies, too.
    no_port: usize,
    silent: usize,
    off_line: usize,
}

impl Ladder {
    pub(super) fn new(max_attempts: u32, has_hook: bool) -> Self {
        Self { has_hook, left: max_attempts, tried: 0, no_port: 0, silent: 0, off_line: 0 }
    }

    /// How many remedies were tried.
    pub(super) fn tried(&self) -> u32 {
        self.tried
    }

    /// What to do about a finding. `None`: everything was tried often enough.
    pub(super) fn next(&mut self, finding: Finding) -> Option<Remedy> {
        self.left = self.left.checked_sub(1)?;
        self.tried += 1;
        let remedies = remedies(finding, self.has_hook);
        let rung = match finding {
            Finding::NoPort => &mut self.no_port,
            Finding::Silent => &mut self.silent,
            Finding::OffLine => &mut self.off_line,
        };
        let remedy = remedies.get(*rung).copied();
        *rung = (*rung + 1) % remedies.len().max(1);
        if matches!(remedy, Some(Remedy::RestartModule | Remedy::ResetHardware)) {
            // A module that starts is silent, and its port may go: that is no reason to reset it.
            (self.no_port, self.silent) = (0, 0);
        }
        remedy
    }
}

/// In order, and then from the beginning.
fn remedies(finding: Finding, has_hook: bool) -> &'static [Remedy] {
    use Remedy::{CycleRadio, ReopenPort, ResetHardware, RestartModule, TryAgain};
    match (finding, has_hook) {
        // A port that is re-enumerated needs time, not force.
        (Finding::NoPort, true) => &[ReopenPort, ReopenPort, ReopenPort, ResetHardware],
        (Finding::NoPort, false) => &[ReopenPort],
        // A module that starts is silent for 20 seconds or more. Source: M37 p34.
        (Finding::Silent, true) => &[TryAgain, ReopenPort, ResetHardware],
        (Finding::Silent, false) => &[TryAgain, ReopenPort],
        (Finding::OffLine, true) => &[TryAgain, CycleRadio, RestartModule, ResetHardware],
        (Finding::OffLine, false) => &[TryAgain, CycleRadio, RestartModule],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn climb(findings: &[Finding], has_hook: bool) -> Vec<Option<Remedy>> {
        let mut ladder = Ladder::new(5, has_hook);
        findings.iter().map(|finding| ladder.next(*finding)).collect()
    }

    #[test]
    fn a_module_off_line_is_treated_ever_more_strongly_and_then_given_up() {
        let steps = climb(&[Finding::OffLine; 6], true);
        let expected = [
            Some(Remedy::TryAgain),
            Some(Remedy::CycleRadio),
            Some(Remedy::RestartModule),
            Some(Remedy::ResetHardware),
            Some(Remedy::TryAgain),
            None,
        ];
        assert_eq!(steps, expected);
    }

    #[test]
    fn without_a_hook_there_is_no_hardware_reset() {
        for finding in [Finding::NoPort, Finding::Silent, Finding::OffLine] {
            assert!(!climb(&[finding; 5], false).contains(&Some(Remedy::ResetHardware)), "{finding:?}");
        }
    }

    #[test]
    fn a_module_that_is_silent_while_it_restarts_still_gets_the_strongest_remedy_in_the_end() {
        let mut ladder = Ladder::new(20, true);
        let mut steps = Vec::new();
        for finding in
            [Finding::OffLine, Finding::OffLine, Finding::OffLine, Finding::Silent, Finding::OffLine]
        {
            steps.extend(ladder.next(finding));
        }
        let strongest = [Remedy::RestartModule, Remedy::TryAgain, Remedy::ResetHardware];
        assert_eq!(steps[2..], strongest);
        assert_eq!(ladder.next(Finding::Silent), Some(Remedy::TryAgain), "it has just been reset");
    }
}
