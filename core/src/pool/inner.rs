//! What the handles of a pool and the tasks of its modules share.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tracing::Instrument;

use super::AddError;
use super::event::{ModuleChange, PoolEvent};
use super::gate::Gate;
#[cfg(feature = "metrics")]
use super::metrics::Reporter;
use super::module::{ModuleStatus, Shared};
use super::name::ModuleName;
use super::options::PoolOptions;
use super::port_changes::PortChange;
use super::setup::ModuleSetup;
use super::spans;
use super::task::Task;
use super::work::Begin;
use crate::fan_out;
use crate::modem::PinMemory;
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
    #[cfg(feature = "metrics")]
    pub(super) reporter: Reporter,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) modules: BTreeMap<ModuleName, Arc<Shared>>,
    /// What is remembered of modules that went with a PIN that may be wrong.
    doubtful_pins: BTreeMap<ModuleName, PinMemory>,
    /// What follows lists of ports.
    helpers: Vec<AbortHandle>,
    closing: bool,
    /// How many have been here.
    number: u64,
    /// Whose work did not come to its end in time, since it is closing.
    cut: Vec<ModuleName>,
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
        if state.closing {
            return Err(AddError::ShuttingDown);
        }
        if state.modules.contains_key(&name) {
            return Err(AddError::Exists { name });
        }
        if state.modules.len() >= self.options.max_modules {
            return Err(AddError::Full { most: self.options.max_modules });
        }
        let pin = state.doubtful_pins.remove(&name).unwrap_or_default();
        state.number += 1;
        let shared = Shared::new(name.clone(), state.number, pin);
        state.modules.insert(name.clone(), Arc::clone(&shared));
        // In the lock, so that it comes behind the word that its namesake was removed.
        self.tell(&name, ModuleChange::Added);
        let task = Task { pool: Arc::clone(self), shared, port };
        drop(state);
        tokio::spawn(task.run().instrument(spans::module(&name)));
        Ok(())
    }

    pub(super) fn port_changed(self: &Arc<Self>, change: PortChange) {
        match change {
            PortChange::Vanished { name } => {
                if self.module(&name).is_some_and(|shared| shared.vanished(Instant::now())) {
                    self.tell(&name, ModuleChange::Vanished);
                }
            }
            PortChange::Appeared { name, port } => self.appeared(name, port),
        }
    }

    fn appeared(self: &Arc<Self>, name: ModuleName, port: Box<dyn PortSource>) {
        if let Some(shared) = self.module(&name).filter(|shared| !shared.leave.is_raised()) {
            if shared.returned() {
                self.tell(&name, ModuleChange::Returned);
            }
            return;
        }
        if let Err(error) = self.add(name.clone(), Arc::from(port)) {
            tracing::warn!(module = %name, %error, "the module is not taken into the pool");
            self.tell(&name, ModuleChange::Refused { because: error.to_string() });
        }
    }

    /// The module has left.
    pub(super) fn remove(&self, shared: &Shared) {
        let mut state = self.state();
        let removed = state.modules.remove(&shared.name);
        let is_kept = shared.pin.is_doubtful() && !shared.is_forgotten.load(Ordering::Relaxed);
        if is_kept && state.doubtful_pins.len() < self.options.max_modules {
            state.doubtful_pins.insert(shared.name.clone(), shared.pin.clone());
        }
        self.tell(&shared.name, ModuleChange::Removed);
        drop(state);
        drop(removed);
        #[cfg(feature = "metrics")]
        self.reporter.last_words(shared);
        self.left.notify_waiters();
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
        let helper = tokio::spawn(helper).abort_handle();
        let mut state = self.state();
        state.helpers.retain(|helper| !helper.is_finished());
        match state.closing {
            true => helper.abort(),
            false => state.helpers.push(helper),
        }
    }

    pub(super) fn close(&self) {
        let (helpers, modules) = {
            let mut state = self.state();
            state.closing = true;
            (std::mem::take(&mut state.helpers), state.modules.values().cloned().collect::<Vec<_>>())
        };
        helpers.iter().for_each(AbortHandle::abort);
        modules.iter().for_each(|shared| shared.leave.raise());
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
