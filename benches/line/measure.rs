//! Time and CPU time between the first piece and the last.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// CPU time of this thread so far.
#[must_use]
pub fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or_default())
}

/// Notes when pieces arrive.
#[derive(Debug, Default)]
pub struct Meter {
    arrivals: Vec<Arrival>,
    bytes: usize,
}

#[derive(Debug, Clone, Copy)]
struct Arrival {
    at: Instant,
    cpu: Duration,
    /// Bytes that are there by then.
    bytes: usize,
}

/// What arrived behind the first piece, which only starts the clock.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Bytes of it.
    pub bytes: usize,
    /// Pieces of it.
    pub pieces: usize,
    /// Since the first piece.
    pub took: Duration,
    /// CPU time of this thread meanwhile.
    pub cpu: Duration,
}

impl Meter {
    /// A piece of so many bytes is there.
    pub fn piece(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.arrivals.push(Arrival { at: Instant::now(), cpu: thread_time(), bytes: self.bytes });
    }

    /// Everything is there. `least` is the time that so many bytes in so many pieces take at the least.
    ///
    /// A first piece that this computer took late does not make the rest look fast: it counts from when it must have been
    /// there, by the pieces behind it.
    #[must_use]
    pub fn finish(&self, least: impl Fn(usize, usize) -> Duration) -> Measured {
        let (Some(first), Some(last)) = (self.arrivals.first(), self.arrivals.last()) else {
            return Measured { bytes: 0, pieces: 0, took: Duration::ZERO, cpu: Duration::ZERO };
        };
        let latest_start = |(pieces, arrival): (usize, &Arrival)| {
            arrival.at.checked_sub(least(arrival.bytes - first.bytes, pieces)).unwrap_or(arrival.at)
        };
        let began = self.arrivals.iter().enumerate().map(latest_start).min().unwrap_or(first.at);
        Measured {
            bytes: last.bytes - first.bytes,
            pieces: self.arrivals.len() - 1,
            took: last.at - began,
            cpu: last.cpu - first.cpu,
        }
    }
}

impl Measured {
    /// Milliseconds of CPU time for a megabyte.
    #[must_use]
    pub fn cpu_per_megabyte(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e9 / self.bytes as f64
    }

    /// Mean time of a piece.
    #[must_use]
    pub fn each(&self) -> Duration {
        self.took / u32::try_from(self.pieces.max(1)).unwrap_or(u32::MAX)
    }
}
