//! Waiting to the microsecond.

use std::time::Duration;

use futures_timer::Delay;
use tokio::time::Instant;

/// For so long that a millisecond more is next to nothing.
const LONG: Duration = Duration::from_millis(200);

/// Waits until `at`, without the up to two milliseconds by which the runtime's timers are late: they count whole ones, and
/// a fast line carries hundreds of bytes meanwhile.
///
/// In virtual time it is the runtime's timer.
pub(crate) async fn wait_until(at: Instant) {
    let time = at.saturating_duration_since(Instant::now());
    if time.is_zero() {
        return;
    }
    if time > LONG || runs_in_virtual_time() {
        tokio::time::sleep_until(at).await;
    } else {
        Delay::new(time).await;
    }
}

/// A clock that is paused, or was moved, is not the system's.
fn runs_in_virtual_time() -> bool {
    let before = std::time::Instant::now();
    let runtime = Instant::now().into_std();
    !(before..=std::time::Instant::now()).contains(&runtime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn virtual_time_passes_at_once() {
        assert!(runs_in_virtual_time());
        let at = Instant::now() + Duration::from_secs(3600);
        wait_until(at).await;
        assert_eq!(Instant::now(), at);
    }

    #[tokio::test]
    async fn it_is_never_too_early() {
        assert!(!runs_in_virtual_time());
        for microseconds in [0, 1, 50, 700, 3000] {
            let at = Instant::now() + Duration::from_micros(microseconds);
            wait_until(at).await;
            assert!(Instant::now() >= at);
        }
    }
}
