//! How long a port is left alone while a body runs, so that one wake-up brings many bytes.
//!
//! A serial line gives its bytes a few at a time, and each few wake whoever waits for them. While many come anyway,
//! nobody waits for the next ones in particular, so they are left to gather in the operating system for a moment.
//! See `docs/decisions/0014-bytes-gather.md`.

use std::time::{Duration, Instant};

use crate::at::Outlook;

/// The longest time that bytes gather.
const LONGEST: Duration = Duration::from_millis(5);
/// Not worth a timer.
const SHORTEST: Duration = Duration::from_millis(1);
/// They gather at most so small a share of the time that the body has been running: who waits for the last of it
/// waits that much longer at most.
const SHARE: u32 = 16;
/// Most bytes that may come meanwhile: half of what a terminal holds, since a timer can be late.
const MOST: u64 = 2048;
/// After so long without bytes what comes is something new.
const BREAK: Duration = Duration::from_millis(20);
/// A timer is not later than this, unless the computer is too busy. As long before the end of an announced body
/// bytes do not gather any more.
const LATE: Duration = Duration::from_millis(2);
/// A start bit, eight of data and a stop bit.
const BITS_PER_BYTE: u64 = 10;

/// When a port is to be read.
#[derive(Debug)]
pub(super) struct Gathering {
    /// Bits a second of the line, if they are known.
    line_rate: Option<u64>,
    burst: Option<Burst>,
    until: Option<Instant>,
}

/// Bytes that come without a break.
#[derive(Clone, Copy, Debug)]
struct Burst {
    since: Instant,
    last: Instant,
    /// How many came after `since`.
    bytes: u64,
}

impl Gathering {
    /// On a line of so many bits a second, if that is known.
    pub(super) fn new(line_rate: Option<u32>) -> Self {
        Self { line_rate: line_rate.filter(|rate| *rate > 0).map(u64::from), burst: None, until: None }
    }

    /// Until when the port is left alone; `None`: it is read as soon as anything comes.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Something new begins: its first bytes are wanted at once.
    pub(super) fn stop(&mut self) {
        (self.burst, self.until) = (None, None);
    }

    /// By when the last of so many bytes, which are read now, had arrived at the earliest.
    pub(super) fn arrived_by(&self, now: Instant, count: usize) -> Instant {
        match (self.until, self.burst) {
            (Some(_), Some(burst)) => now.min(burst.last + self.crossing(&burst, count as u64)),
            _ => now,
        }
    }

    /// So many bytes were read, of a body with this outlook. `full` tells that more may be there.
    pub(super) fn read(&mut self, now: Instant, count: usize, full: bool, outlook: Outlook) {
        self.until = None;
        let burst = match self.burst {
            Some(Burst { since, last, bytes }) if now.saturating_duration_since(last) <= BREAK => {
                Burst { since, last: now, bytes: bytes.saturating_add(count as u64) }
            }
            _ => Burst { since: now, last: now, bytes: 0 },
        };
        self.burst = Some(burst);
        if !full {
            self.until =
                Some(self.wait(&burst, outlook)).filter(|wait| *wait >= SHORTEST).map(|wait| now + wait);
        }
    }

    fn wait(&self, burst: &Burst, outlook: Outlook) -> Duration {
        let longest = || LONGEST.min(burst.runs() / SHARE).min(self.crossing(burst, MOST));
        match outlook {
            Outlook::MayEnd => Duration::ZERO,
            Outlook::Announced(rest) => longest().min(self.crossing(burst, rest).saturating_sub(LATE)),
            Outlook::Unknown => longest(),
        }
    }

    /// The shortest time that so many bytes can take. Bytes that come faster than the line's rate, as from USB, are no
    /// bytes of that line; then they may come at twice the rate of the burst so far.
    fn crossing(&self, burst: &Burst, count: u64) -> Duration {
        let observed = burst.crossing(count);
        let line = self.line_rate.map(|rate| {
            let nanoseconds = count.saturating_mul(BITS_PER_BYTE * 1_000_000_000) / rate;
            Duration::from_nanos(nanoseconds)
        });
        line.filter(|line| *line <= observed + observed / 8).unwrap_or(observed / 2)
    }
}

impl Burst {
    fn runs(&self) -> Duration {
        self.last.saturating_duration_since(self.since)
    }

    /// How long so many bytes took so far; nothing before the rate is known.
    fn crossing(&self, count: u64) -> Duration {
        let nanoseconds =
            self.runs().as_nanos().saturating_mul(u128::from(count)).checked_div(u128::from(self.bytes));
        nanoseconds.map_or(Duration::ZERO, |nanoseconds| {
            Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
        })
    }
}
