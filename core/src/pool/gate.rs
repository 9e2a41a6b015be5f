//! Whose turn it is to be started.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// Lets modules through one after the other, and only so many at a time.
#[derive(Debug)]
pub(super) struct Gate {
    interval: Duration,
    next: Mutex<Option<Instant>>,
    places: Semaphore,
}

impl Gate {
    pub(super) fn new(interval: Duration, at_once: usize) -> Self {
        let places = Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS));
        Self { interval, next: Mutex::new(None), places }
    }

    /// Waits for a place, and for the least time behind whoever came before.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        let place = self.places.acquire().await.ok();
        sleep_until(self.draw()).await;
        place
    }

    /// When the next one may start. Only those that have a place draw, so whoever goes away meanwhile leaves a gap and
    /// no more.
    fn draw(&self) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let at = next.map_or(now, |next| next.max(now));
        *next = at.checked_add(self.interval);
        at
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn modules_start_one_after_the_other() {
        let gate = Gate::new(Duration::from_millis(20), 100);
        let began = Instant::now();
        for number in 0..10 {
            let _place = gate.turn().await.unwrap();
            assert_eq!(began.elapsed(), Duration::from_millis(20 * number));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let later = Instant::now();
        let _place = gate.turn().await.unwrap();
        assert_eq!(later.elapsed(), Duration::ZERO, "nobody came before");
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_at_a_time() {
        let gate = Arc::new(Gate::new(Duration::ZERO, 2));
        let (first, _second) = (gate.turn().await.unwrap(), gate.turn().await.unwrap());
        let third = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.turn().await.is_some() }
        });
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(!third.is_finished());
        drop(first);
        assert!(third.await.unwrap());
    }
}
