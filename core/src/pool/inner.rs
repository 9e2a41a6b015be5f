//! What the handles of a pool and the tasks of its modules share.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tracing::Instrument;

use super::AddError;
use super::contained::discard;
use super::doubtful_pins::DoubtfulPins;
use super::event::{ModuleChange, PoolEvent};
use super::gate::Gate;
#[cfg(feature = "metrics")]
use super::metrics::Reporter;
use super::module::ModuleStatus;
use super::name::ModuleName;
use super::options::PoolOptions;
use super::refused::Refused;
use super::setup::ModuleSetup;
use super::shared::Shared;
use super::spans;
use super::task::Task;
use super::work::Begin;
use crate::fan_out;
use crate::supervisor::PortSource;

/// Says how a module is opened.
pub(super) type Describe = dyn Fn(&ModuleName) -> ModuleSetup + Send + Sync;

pub(super) struct Inner {
    pub(super) options: PoolOptions,
    pub(super) describe: Box<Describe>,
    pub(super) work: Box<Begin>,
    pub(super) gate: Gate,
    pub(super) events: fan_out::Sender<PoolEvent>,
    pub(super) state: Mutex<State>,
    /// A module has left.
    pub(super) left: Notify,
    /// On which everything runs.
    pub(super) runtime: runtime::Handle,
    #[cfg(feature = "metrics")]
    pub(super) reporter: Reporter,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) modules: BTreeMap<ModuleName, Arc<Shared>>,
    doubtful_pins: DoubtfulPins,
    /// Ports that have appeared and wait for room.
    pub(super) refused: Refused,
    /// What follows lists of ports.
    helpers: Vec<AbortHandle>,
    pub(super) closing: bool,
    /// How many have been here.
    number: u64,
    /// Whose work did not come to its end in time, since it is closing.
    cut: Vec<ModuleName>,
    /// So many have left, and their last figures are still to be handed over.
    last_words: usize,
}

impl State {
    /// All have left, and nothing is left to say.
    pub(super) fn is_over(&self) -> bool {
        self.modules.is_empty() && self.last_words == 0
    }
}

impl Inner {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tell(&self, name: &ModuleName, change: ModuleChange) {
        self.events.send(PoolEvent::Module { name: name.clone(), change });
    }

    pub(super) fn module(&self, name: &ModuleName) -> Option<Arc<Shared>> {
        self.state().modules.get(name).cloned()
    }

    pub(super) fn statuses(&self) -> Vec<ModuleStatus> {
        let modules: Vec<Arc<Shared>> = self.state().modules.values().cloned().collect();
        modules.iter().map(|shared| shared.status()).collect()
    }

    pub(super) fn add(self: &Arc<Self>, name: ModuleName, port: Arc<dyn PortSource>) -> Result<(), AddError> {
        let mut state = self.state();
        self.may_be_added(&state, &name)?;
        let waited = state.refused.forget(&name);
        let shared = self.take_in(&mut state, name);
        drop(state);
        discard(waited);
        self.spawn(shared, port);
        Ok(())
    }

    pub(super) fn may_be_added(&self, state: &State, name: &ModuleName) -> Result<(), AddError> {
        if state.closing {
            return Err(AddError::ShuttingDown);
        }
        if state.modules.contains_key(name) {
            return Err(AddError::Exists { name: name.clone() });
        }
        if state.modules.len() >= self.options.max_modules {
            return Err(AddError::Full { most: self.options.max_modules });
        }
        Ok(())
    }

    pub(super) fn take_in(&self, state: &mut State, name: ModuleName) -> Arc<Shared> {
        let pin = state.doubtful_pins.take(&name);
        state.number += 1;
        let shared = Shared::new(name.clone(), state.number, pin);
        // In the lock, so that it comes behind the word that its namesake was removed.
        self.tell(&name, ModuleChange::Added);
        state.modules.insert(name, Arc::clone(&shared));
        shared
    }

    pub(super) fn spawn(self: &Arc<Self>, shared: Arc<Shared>, port: Arc<dyn PortSource>) {
        let span = spans::module(&shared.name);
        let task = Task { pool: Arc::clone(self), shared, port };
        self.runtime.spawn(task.run().instrument(span));
    }

    /// What is remembered of a name is forgotten: whoever adds it again means it. Gives the module, if it is there.
    pub(super) fn forget(&self, name: &ModuleName) -> Option<Arc<Shared>> {
        let mut state = self.state();
        state.doubtful_pins.pardon(name, self.options.max_modules);
        let waited = state.refused.forget(name);
        let shared = state.modules.get(name).cloned();
        if let Some(shared) = &shared {
            shared.is_forgotten.store(true, Ordering::Relaxed);
        }
        drop(state);
        discard(waited);
        shared
    }

    /// The module has left.
    pub(super) fn remove(self: &Arc<Self>, shared: &Shared) {
        let mut state = self.state();
        let removed = state.modules.remove(&shared.name);
        let is_kept = shared.pin.is_doubtful() && !shared.is_forgotten.load(Ordering::Relaxed);
        if is_kept {
            state.doubtful_pins.keep(&shared.name, &shared.pin, self.options.max_modules);
        }
        #[cfg(feature = "metrics")]
        {
            state.last_words += 1;
        }
        let somebody_waits = !state.refused.is_empty();
        self.tell(&shared.name, ModuleChange::Removed);
        drop(state);
        drop(removed);
        self.left.notify_waiters();
        if somebody_waits {
            // In a task of its own: where tasks are dropped because the runtime ends, nobody is taken in.
            let pool = Arc::clone(self);
            self.runtime.spawn(async move { pool.take_in_refused() });
        }
        #[cfg(feature = "metrics")]
        self.say_last_words(shared);
    }

    /// Whoever waits for the end of the pool waits for this, too, so that no figures are missing then.
    #[cfg(feature = "metrics")]
    fn say_last_words(&self, shared: &Shared) {
        self.reporter.last_words(shared);
        self.report_the_end();
        self.state().last_words -= 1;
        self.left.notify_waiters();
    }

    /// Once the pool is over, what shows how many modules there are would stay as it was.
    #[cfg(feature = "metrics")]
    fn report_the_end(&self) {
        let is_end = {
            let state = self.state();
            state.closing && state.modules.is_empty()
        };
        if is_end {
            self.reporter.report(self);
        }
    }

    pub(super) fn work_was_cut(&self, name: &ModuleName) {
        let mut state = self.state();
        if state.closing {
            state.cut.push(name.clone());
        }
    }

    pub(super) async fn until(&self, is_so: impl Fn(&State) -> bool) {
        loop {
            // Made first, so that nobody leaves unheard.
            let left = self.left.notified();
            if is_so(&self.state()) {
                return;
            }
            left.await;
        }
    }

    /// Runs something that ends with the pool.
    pub(super) fn help(&self, helper: impl Future<Output = ()> + Send + 'static) {
        let helper = self.runtime.spawn(helper).abort_handle();
        let mut state = self.state();
        state.helpers.retain(|helper| !helper.is_finished());
        match state.closing {
            true => helper.abort(),
            false => state.helpers.push(helper),
        }
    }

    pub(super) fn close(&self) {
        let (helpers, modules, refused) = {
            let mut state = self.state();
            state.closing = true;
            let modules: Vec<_> = state.modules.values().cloned().collect();
            (std::mem::take(&mut state.helpers), modules, std::mem::take(&mut state.refused))
        };
        discard(refused);
        helpers.iter().for_each(AbortHandle::abort);
        modules.iter().for_each(|shared| shared.leave.raise());
        #[cfg(feature = "metrics")]
        self.report_the_end();
    }

    pub(super) fn cut(&self) -> Vec<ModuleName> {
        self.state().cut.clone()
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModulePool")
            .field("options", &self.options)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
