//! How much memory the process holds.

use std::fmt;

/// Resident sizes, one a round.
#[derive(Default)]
pub(super) struct Memory {
    kibibytes: Vec<u64>,
}

/// Room for what the books and the journals of the servers keep, some 150 bytes a message, and for the allocator.
const SLACK: u64 = 6 * 1024;

impl Memory {
    pub(super) fn look(&mut self) {
        // Linux only; elsewhere nothing is measured.
        let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let size: Option<u64> =
            line.and_then(|line| line.trim().strip_suffix("kB")).and_then(|size| size.trim().parse().ok());
        self.kibibytes.extend(size);
    }

    /// The last quarter of the run needs no more than the second.
    pub(super) fn check(&self) {
        let quarter = self.kibibytes.len() / 4;
        let most =
            |from: usize, to: usize| self.kibibytes.get(from..to).and_then(|part| part.iter().max().copied());
        let (Some(early), Some(late)) = (most(quarter, 2 * quarter), most(3 * quarter, self.kibibytes.len()))
        else {
            return;
        };
        assert!(late <= early + SLACK, "memory grew from {early} KiB to {late} KiB");
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at =
            |part: usize| self.kibibytes.get(self.kibibytes.len() * part / 4).copied().unwrap_or_default();
        let last = self.kibibytes.last().copied().unwrap_or_default();
        write!(
            f,
            "memory in KiB, at the start, after each quarter: {} {} {} {} {last}",
            at(0),
            at(1),
            at(2),
            at(3)
        )
    }
}
