//! A timer that goes off at its deadline, not up to two milliseconds behind it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// A deadline is rounded up to a tick of the runtime, and then the operating system is asked to sleep for whole
/// milliseconds from within a tick: 20 ms take 21.
const TICK: Duration = Duration::from_millis(1);

/// What is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    at: Instant,
    /// What the runtime is asked for.
    timer: Instant,
}

impl Deadline {
    /// To be met as well as the computer can.
    ///
    /// The runtime is asked for a point a [`TICK`] before it, and rounding up leads from there to the deadline itself or to
    /// less than a tick before it. The clock tells, and what is left is slept as well. So it never ends early, and nothing
    /// spins.
    pub(super) fn exact(at: Instant) -> Self {
        Self { at, timer: at.checked_sub(TICK).unwrap_or(at) }
    }

    /// Two ticks later will do as well, and one wake-up is enough.
    pub(super) fn rough(at: Instant) -> Self {
        Self { at, timer: at }
    }

    /// Whether it is over, which the clock tells before a timer goes off.
    pub(super) fn is_over(self) -> bool {
        self.at <= Instant::now()
    }
}

/// Ready at the deadline; never if there is none. `timer` is what one wait leaves to the next.
pub(super) fn poll_due(
    mut timer: Pin<&mut Option<Sleep>>,
    deadline: Option<Deadline>,
    context: &mut Context<'_>,
) -> Poll<()> {
    let Some(deadline) = deadline else {
        // A timer that nobody needs any more must not wake anybody.
        timer.set(None);
        return Poll::Pending;
    };
    loop {
        match timer.as_mut().as_pin_mut() {
            None => timer.set(Some(sleep_until(deadline.timer))),
            Some(sleep) if deadline.at < sleep.deadline() => sleep.reset(deadline.timer),
            Some(mut sleep) => {
                ready!(sleep.as_mut().poll(context));
                match Instant::now() {
                    now if deadline.at <= now => return Poll::Ready(()),
                    now => sleep.reset(if now < deadline.timer { deadline.timer } else { deadline.at }),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use super::*;

    async fn due(mut timer: Pin<&mut Option<Sleep>>, deadline: Option<Deadline>) {
        poll_fn(|context| poll_due(timer.as_mut(), deadline, context)).await;
    }

    const MICROSECOND: Duration = Duration::from_micros(1);

    #[tokio::test(start_paused = true)]
    async fn it_is_never_early_and_never_later_than_the_tick_behind_the_deadline() {
        let mut timer = pin!(None);
        for wait in (0..=25_000).step_by(499).map(|microseconds| MICROSECOND * microseconds) {
            for deadline in [Deadline::exact, Deadline::rough] {
                let begun = Instant::now();
                due(timer.as_mut(), Some(deadline(begun + wait))).await;
                let waited = begun.elapsed();
                assert!(waited >= wait && waited < wait + TICK, "{waited:?} instead of {wait:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_was_given_up_leaves_nothing_to_the_next() {
        let begun = Instant::now();
        let after = |milliseconds| Some(Deadline::exact(begun + Duration::from_millis(milliseconds)));
        let mut timer = pin!(None);
        // Later, sooner, and then none: what is left of each must not end the next.
        for given_up in [after(40), after(90), after(30), None, after(60), after(50)] {
            let waiting = due(timer.as_mut(), given_up);
            assert!(tokio::time::timeout(Duration::from_millis(2), waiting).await.is_err(), "{given_up:?}");
        }
        for (deadline, reached) in [(90, 90), (20, 90), (100, 100)] {
            due(timer.as_mut(), after(deadline)).await;
            assert_eq!(begun.elapsed().as_millis(), reached);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_deadline_it_never_ends_and_wakes_nobody() {
        let mut timer = pin!(Some(sleep_until(Instant::now())));
        let waiting = due(timer.as_mut(), None);
        assert!(tokio::time::timeout(Duration::from_secs(3600), waiting).await.is_err());
        assert!(timer.is_none());
    }
}
