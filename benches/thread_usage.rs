//! What a thread has used so far.

use std::io;
use std::ops::{AddAssign, Sub};
use std::time::Duration;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// What the calling thread, and no other, has used so far, or within a while.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ThreadUsage {
    /// Time on a processor, in the program and in the system on its behalf.
    pub processor: Duration,
    /// How often it went to sleep (voluntary context switches).
    pub sleeps: u64,
}

impl ThreadUsage {
    /// Of the calling thread, since it began.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn now() -> io::Result<Self> {
        let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
        Ok(Self { processor: processor(&usage), sleeps: usage.voluntary_context_switches().unsigned_abs() })
    }

    /// Of the calling thread, since `earlier`.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn since(earlier: Self) -> io::Result<Self> {
        Ok(Self::now()? - earlier)
    }
}

fn processor(usage: &Usage) -> Duration {
    let duration = |time: TimeVal| {
        let microseconds = time.tv_sec().unsigned_abs() * 1_000_000 + time.tv_usec().unsigned_abs();
        Duration::from_micros(microseconds)
    };
    duration(usage.user_time()) + duration(usage.system_time())
}

impl Sub for ThreadUsage {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { processor: self.processor - earlier.processor, sleeps: self.sleeps - earlier.sleeps }
    }
}

impl AddAssign for ThreadUsage {
    fn add_assign(&mut self, other: Self) {
        self.processor += other.processor;
        self.sleeps += other.sleeps;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeping_counts_as_sleep_and_takes_no_processor() {
        let before = ThreadUsage::now().unwrap();
        for _ in 0..5 {
            std::thread::sleep(Duration::from_millis(20));
        }
        let used = ThreadUsage::since(before).unwrap();
        assert_eq!(used.sleeps, 5);
        assert!(used.processor < Duration::from_millis(100), "{used:?}");
    }
}
