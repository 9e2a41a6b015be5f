//! A module in a pool, as its work and the pool's user see it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::figures::{Counters, ModuleFigures, OnLine, Run};
use super::name::ModuleName;
use super::signal::Signal;
use crate::channels::NoSuchChannel;
use crate::driver::ModuleState;
use crate::error::Category;
use crate::modem::{Modem, PinMemory};

/// Where a module in a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PoolState {
    /// It waits for its turn to be started, or for its port, or rests before it is started again.
    Waiting,
    /// It is being opened and brought on line.
    Starting,
    /// It is on line.
    Up,
    /// Something is wrong, and its supervisor is at work on it.
    Recovering,
    /// Its supervisor has given it up; its work comes to its end before it is started again.
    Down,
    /// Its work comes to its end, and then it leaves the pool.
    Leaving,
}

/// What is known of a module in a pool at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModuleStatus {
    /// Which one.
    pub name: ModuleName,
    /// Where it is.
    pub state: PoolState,
    /// Its model, once it has said it.
    pub model: Option<String>,
    /// What has happened to it.
    pub figures: ModuleFigures,
}

/// What the pool and the task of a module share.
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
    /// Its port came or went.
    port_news: Notify,
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
    }

    pub(super) fn set_on_line(&self, on_line: bool) {
        self.progress().on_line.set(on_line);
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

    /// Its port is there. Gives whether that is news.
    pub(super) fn returned(&self) -> bool {
        let mut progress = self.progress();
        let is_news = progress.vanished.take().is_some();
        progress.returns += u64::from(is_news);
        drop(progress);
        self.port_news.notify_waiters();
        is_news
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

/// A module in a pool, for its work: from when it is on line until it is stopped. Clones are the same module.
#[derive(Clone, Debug)]
pub struct PooledModule {
    pub(super) shared: Arc<Shared>,
    pub(super) channels: Arc<[(u8, Modem)]>,
    pub(super) modem: Modem,
    /// The work has to come to its end.
    pub(super) ending: Arc<Signal>,
}

impl PooledModule {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &ModuleName {
        &self.shared.name
    }

    /// The module, on its first channel. It is on line when the work begins, and its handles outlive restarts of the
    /// module and lost ports.
    #[must_use]
    pub fn modem(&self) -> &Modem {
        &self.modem
    }

    /// The module on one of its channels, counted from 1.
    ///
    /// # Errors
    /// The module does not have it.
    pub fn channel(&self, number: u8) -> Result<&Modem, NoSuchChannel> {
        let found = self.channels.iter().find(|(known, _)| *known == number);
        found.map(|(_, modem)| modem).ok_or(NoSuchChannel { number })
    }

    /// Waits until the work has to come to its end: the pool is shut down, the module was removed, its port has been away
    /// for too long, or its supervisor has given it up. [Some time](super::PoolOptions::leaving) is left then for saying
    /// goodbye; afterwards the work is dropped and the port closes, whoever still has handles.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn leaving(&self) {
        self.ending.raised().await;
    }

    /// Whether the work has to come to its end.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.ending.is_raised()
    }

    /// Counts an error that the work has met and dealt with, for the figures of the module. Every error type of the SDK
    /// has its `category()`.
    pub fn record_error(&self, category: Category) {
        self.shared.counters.record_error(category);
    }
}
