//! What the pool and the task of a module share.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::figures::{Counters, ModuleFigures, OnLine, Run};
use super::module::{ModuleStatus, PoolState};
use super::name::ModuleName;
use super::signal::Signal;
use crate::driver::ModuleState;
use crate::modem::PinMemory;

/// One module's.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) name: ModuleName,
    /// Tells it from others that had its name.
    #[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "only the reporter asks"))]
    pub(super) number: u64,
    pub(super) pin: PinMemory,
    pub(super) counters: Counters,
    pub(super) leave: Signal,
    /// It was removed by hand: whoever adds it again means it.
    pub(super) is_forgotten: AtomicBool,
    progress: Mutex<Progress>,
    /// Its port came or went, or it came on line or went off it.
    port_news: Notify,
}

/// What it means that the port of a module is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Return {
    /// It was away.
    News,
    /// It was there all the time.
    Known,
    /// The module leaves already.
    TooLate,
}

#[derive(Debug, Default)]
struct Progress {
    starting: bool,
    run: Option<Run>,
    on_line: OnLine,
    /// Of earlier starts.
    before: ModuleFigures,
    vanished: Option<Instant>,
    /// How often its port came back.
    returns: u64,
}

impl Progress {
    fn away_since(&self) -> Option<Instant> {
        let vanished = self.vanished.filter(|_| !self.on_line.is_on_line());
        vanished.map(|vanished| self.on_line.until().map_or(vanished, |until| until.max(vanished)))
    }
}

impl Shared {
    pub(super) fn new(name: ModuleName, number: u64, pin: PinMemory) -> Arc<Self> {
        Arc::new(Self {
            name,
            number,
            pin,
            counters: Counters::default(),
            leave: Signal::default(),
            is_forgotten: AtomicBool::new(false),
            progress: Mutex::default(),
            port_news: Notify::new(),
        })
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_starting(&self, starting: bool) {
        self.progress().starting = starting;
    }

    pub(super) fn begin(&self, run: Run) {
        let mut progress = self.progress();
        progress.starting = false;
        progress.run = Some(run);
        progress.on_line.set(true);
        drop(progress);
        self.port_news.notify_waiters();
    }

    pub(super) fn set_on_line(&self, on_line: bool) {
        self.progress().on_line.set(on_line);
        self.port_news.notify_waiters();
    }

    /// The run is over: its figures are kept, its handles are not.
    pub(super) fn end(&self) {
        let ended = {
            let mut progress = self.progress();
            progress.on_line.set(false);
            let run = progress.run.take();
            if let Some(run) = &run {
                run.add_to(&mut progress.before);
                progress.before.commands_waiting = 0;
            }
            run
        };
        drop(ended);
    }

    /// Its port is gone since then. Gives whether that is news.
    pub(super) fn vanished(&self, now: Instant) -> bool {
        let mut progress = self.progress();
        let is_news = progress.vanished.is_none();
        progress.vanished.get_or_insert(now);
        drop(progress);
        self.port_news.notify_waiters();
        is_news
    }

    /// Its port is there.
    pub(super) fn returned(&self) -> Return {
        let mut progress = self.progress();
        if self.leave.is_raised() {
            return Return::TooLate;
        }
        let is_news = progress.vanished.take().is_some();
        progress.returns += u64::from(is_news);
        drop(progress);
        self.port_news.notify_waiters();
        if is_news { Return::News } else { Return::Known }
    }

    /// Since when its port is gone and it is off line. While it is on line its port evidently works, whatever a list says.
    pub(super) fn away_since(&self) -> Option<Instant> {
        self.progress().away_since()
    }

    /// Tells it to leave, unless it was there meanwhile. In one lock, so that nobody is told that it has returned.
    pub(super) fn leave_if_away_since(&self, since: Instant) {
        let progress = self.progress();
        if progress.away_since() == Some(since) {
            self.leave.raise();
        }
    }

    pub(super) fn vanished_at(&self) -> Option<Instant> {
        self.progress().vanished
    }

    pub(super) fn returns(&self) -> u64 {
        self.progress().returns
    }

    /// Until its port has come or gone.
    pub(super) async fn port_news(&self, is_news: impl Fn(&Self) -> bool) {
        loop {
            // Made first, so that nothing in between goes unheard.
            let news = self.port_news.notified();
            if is_news(self) {
                return;
            }
            news.await;
        }
    }

    pub(super) fn status(&self) -> ModuleStatus {
        let progress = self.progress();
        let state = match &progress.run {
            _ if self.leave.is_raised() => PoolState::Leaving,
            None if progress.starting => PoolState::Starting,
            None => PoolState::Waiting,
            Some(run) => match run.health().state {
                ModuleState::Up => PoolState::Up,
                ModuleState::Recovering => PoolState::Recovering,
                ModuleState::Down => PoolState::Down,
            },
        };
        let mut figures = progress.before;
        figures.time_on_line = progress.on_line.total();
        self.counters.add_to(&mut figures);
        if let Some(run) = &progress.run {
            run.add_to(&mut figures);
        }
        let lead = progress.run.as_ref().and_then(Run::lead);
        ModuleStatus {
            name: self.name.clone(),
            state,
            model: lead.map(|modem| modem.model().to_owned()),
            figures,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn shared() -> Arc<Shared> {
        Shared::new("m".parse().unwrap(), 1, PinMemory::default())
    }

    /// Whichever comes first: what is told to have returned does not leave.
    #[tokio::test(start_paused = true)]
    async fn it_returns_or_leaves_and_never_both() {
        let (now, shared) = (Instant::now(), shared());
        assert!(shared.vanished(now) && !shared.vanished(now));
        assert_eq!(shared.returned(), Return::News);
        shared.leave_if_away_since(now);
        assert!(!shared.leave.is_raised());
        assert_eq!((shared.returned(), shared.returns()), (Return::Known, 1));
        assert!(shared.vanished(now));
        shared.leave_if_away_since(now);
        assert!(shared.leave.is_raised());
        assert_eq!((shared.returned(), shared.returns()), (Return::TooLate, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_away_while_it_has_no_port_and_is_off_line() {
        let (began, second) = (Instant::now(), Duration::from_secs(1));
        let shared = shared();
        shared.set_on_line(true);
        tokio::time::advance(second).await;
        shared.vanished(Instant::now());
        assert_eq!(shared.away_since(), None);
        shared.leave_if_away_since(began + second);
        assert!(!shared.leave.is_raised());
        tokio::time::advance(second).await;
        shared.set_on_line(false);
        assert_eq!(shared.away_since(), Some(began + 2 * second));
        shared.set_on_line(true);
        assert_eq!(shared.away_since(), None);
        shared.set_on_line(false);
        shared.returned();
        assert_eq!(shared.away_since(), None);
        tokio::time::advance(second).await;
        shared.vanished(Instant::now());
        assert_eq!(shared.away_since(), Some(began + 3 * second));
    }
}
