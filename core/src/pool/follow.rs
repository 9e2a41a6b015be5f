//! Modules are taken in as their ports appear.

use std::sync::Arc;

use tokio::time::Instant;

use super::contained::discard;
use super::event::ModuleChange;
use super::inner::Inner;
use super::name::ModuleName;
use super::port_changes::PortChange;
use super::shared::Return;
use crate::supervisor::PortSource;

impl Inner {
    pub(super) fn port_changed(self: &Arc<Self>, change: PortChange) {
        match change {
            PortChange::Vanished { name } => self.vanished(&name),
            PortChange::Appeared { name, port } => self.appeared(name, Arc::from(port)),
        }
    }

    fn vanished(&self, name: &ModuleName) {
        let mut state = self.state();
        let waited = state.refused.forget(name);
        if state.modules.get(name).is_some_and(|shared| shared.vanished(Instant::now())) {
            self.tell(name, ModuleChange::Vanished);
        }
        drop(state);
        discard(waited);
    }

    /// In one lock, so that no module leaves and no place gets free unseen.
    fn appeared(self: &Arc<Self>, name: ModuleName, port: Arc<dyn PortSource>) {
        let mut state = self.state();
        match state.modules.get(&name).map(|shared| shared.returned()) {
            Some(Return::News) => return self.tell(&name, ModuleChange::Returned),
            Some(Return::Known) => return,
            Some(Return::TooLate) | None => {}
        }
        if let Err(error) = self.may_be_added(&state, &name) {
            tracing::warn!(module = %name, %error, "the module is not taken into the pool");
            self.tell(&name, ModuleChange::Refused { because: error.to_string() });
            let most = if state.closing { 0 } else { self.options.max_modules };
            let gone = state.refused.keep(name, port, most);
            drop(state);
            return discard(gone);
        }
        let shared = self.take_in(&mut state, name);
        drop(state);
        self.spawn(shared, port);
    }

    /// Takes in what was refused, as far as there is room.
    pub(super) fn take_in_refused(self: &Arc<Self>) {
        loop {
            let mut locked = self.state();
            let state = &mut *locked;
            if state.closing || state.modules.len() >= self.options.max_modules {
                return;
            }
            let modules = &state.modules;
            let Some((name, port)) = state.refused.take(|name| !modules.contains_key(name)) else { return };
            let shared = self.take_in(state, name);
            drop(locked);
            self.spawn(shared, port);
        }
    }
}
