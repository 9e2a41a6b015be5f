//! What is done with a module, and that it may fail without harming anybody else.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::contained::{contained, discard, in_words};
use super::module::PooledModule;
use super::retries::Retries;
use crate::backoff::Backoff;

/// Why the work of a module has failed: any error.
pub type WorkError = Box<dyn std::error::Error + Send + Sync>;

pub(super) type Running = Pin<Box<dyn Future<Output = Result<(), WorkError>> + Send>>;

/// Begins the work of a module.
pub(super) type Begin = dyn Fn(PooledModule) -> Running + Send + Sync;

/// The work of one module.
pub(super) struct Work {
    state: State,
    began: Instant,
    retries: Retries,
}

enum State {
    Running(Running),
    /// It has failed and waits until it begins again.
    Resting(Pin<Box<Sleep>>),
    Done,
}

/// What the work of a module comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Its end.
    Done,
    /// An error or a panic, in words, and how long it rests now.
    Failed(String, Duration),
    /// It may begin again.
    Rested,
}

impl Work {
    pub(super) fn new(running: Running, backoff: Backoff) -> Self {
        Self { state: State::Running(running), began: Instant::now(), retries: Retries::new(backoff) }
    }

    /// The next step. Pends for ever when it is done.
    ///
    /// # Cancel safety
    /// The work goes on when it is waited for again.
    pub(super) async fn step(&mut self) -> Step {
        let ended = match &mut self.state {
            State::Running(running) => run(running).await,
            State::Resting(sleep) => {
                sleep.as_mut().await;
                return Step::Rested;
            }
            State::Done => std::future::pending().await,
        };
        let wait = ended.is_err().then(|| self.retries.failed(self.began.elapsed()));
        let next = wait.map_or(State::Done, |wait| State::Resting(Box::pin(sleep(wait))));
        discard(std::mem::replace(&mut self.state, next));
        match ended {
            Ok(()) => Step::Done,
            Err(because) => Step::Failed(because, wait.unwrap_or_default()),
        }
    }

    pub(super) fn begin(&mut self, running: Running) {
        self.began = Instant::now();
        self.state = State::Running(running);
    }

    /// Waits for the end of what is under way.
    pub(super) async fn end(&mut self) -> Result<(), String> {
        match &mut self.state {
            State::Running(running) => {
                let ended = run(running).await;
                discard(std::mem::replace(&mut self.state, State::Done));
                ended
            }
            State::Resting(_) | State::Done => Ok(()),
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        discard(std::mem::replace(&mut self.state, State::Done));
    }
}

/// A panic is an error like any other: it is the user's code, and one module's alone.
async fn run(running: &mut Running) -> Result<(), String> {
    contained(running.as_mut()).await?.map_err(in_words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(work: impl Future<Output = Result<(), WorkError>> + Send + 'static) -> Running {
        Box::pin(work)
    }

    #[tokio::test(start_paused = true)]
    async fn it_fails_rests_and_begins_again() {
        let backoff = Backoff::new(Duration::from_secs(5), Duration::from_secs(600));
        let mut work = Work::new(running(async { Err("no broker".into()) }), backoff);
        let Step::Failed(because, wait) = work.step().await else { panic!("it fails") };
        assert_eq!(because, "no broker");
        assert!(wait <= Duration::from_secs(5));
        let failed = Instant::now();
        assert_eq!(work.step().await, Step::Rested);
        assert!(failed.elapsed() >= wait);
        work.begin(running(async { panic!("number {}", 7) }));
        let Step::Failed(because, wait) = work.step().await else { panic!("it fails") };
        assert_eq!(because, "it panicked: number 7");
        assert!(wait <= Duration::from_secs(10));
        assert_eq!(work.step().await, Step::Rested);
        work.begin(running(async { Ok(()) }));
        assert_eq!(work.step().await, Step::Done);
        assert_eq!(work.end().await, Ok(()));
    }

    /// An error that panics when it is asked for words, or when it is dropped, or both times.
    #[derive(Debug)]
    struct BadError {
        speaks: bool,
        drops: bool,
    }

    impl std::fmt::Display for BadError {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            assert!(self.speaks, "no words");
            f.write_str("no broker")
        }
    }

    impl std::error::Error for BadError {}

    impl Drop for BadError {
        fn drop(&mut self) {
            assert!(self.drops, "not dropped");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn errors_may_panic() {
        let table = [
            (true, true, "no broker"),
            (true, false, "no broker"),
            (false, true, "it panicked: no words"),
            (false, false, "it panicked: no words"),
        ];
        for (speaks, drops, words) in table {
            let fails = || running(async move { Err(BadError { speaks, drops }.into()) });
            let mut work = Work::new(fails(), Backoff::new(Duration::ZERO, Duration::ZERO));
            assert_eq!(work.step().await, Step::Failed(words.to_owned(), Duration::ZERO));
            work.begin(fails());
            assert_eq!(work.end().await, Err(words.to_owned()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_dropped_meanwhile_may_panic() {
        struct Bad;
        impl Drop for Bad {
            fn drop(&mut self) {
                panic!("bad");
            }
        }
        let bad = Bad;
        let never = running(async move {
            let _bad = bad;
            std::future::pending().await
        });
        let mut work = Work::new(never, Backoff::new(Duration::ZERO, Duration::ZERO));
        tokio::time::timeout(Duration::from_secs(1), work.step()).await.unwrap_err();
        drop(work);
    }
}
