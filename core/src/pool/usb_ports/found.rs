//! What was there when the list was read last.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::Rules;
use crate::pool::name::ModuleName;
use crate::transport::UsbPort;

/// What is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Vanished(ModuleName),
    Appeared(ModuleName),
}

/// Modules and the paths of their ports.
#[derive(Debug, Default)]
pub(super) struct Found {
    modules: BTreeMap<ModuleName, String>,
    /// Who was told to be there twice.
    twice: BTreeSet<ModuleName>,
}

impl Found {
    /// What has changed; what has gone comes first. A module that is there under another path has gone and come.
    pub(super) fn update(&mut self, rules: &Rules, ports: &[UsbPort]) -> Vec<Change> {
        let now = self.named(rules, ports);
        let gone = self.modules.iter().filter(|(name, path)| now.get(*name) != Some(*path));
        let come = now.iter().filter(|(name, path)| self.modules.get(*name) != Some(*path));
        let gone = gone.map(|(name, _)| Change::Vanished(name.clone()));
        let changes = gone.chain(come.map(|(name, _)| Change::Appeared(name.clone()))).collect();
        self.modules = now;
        changes
    }

    /// Of two with the same name one counts: the one that was there before.
    fn named(&mut self, rules: &Rules, ports: &[UsbPort]) -> BTreeMap<ModuleName, String> {
        let (mut now, mut twice) = (BTreeMap::<ModuleName, String>::new(), BTreeSet::new());
        for port in ports {
            let Some(name) = rules.name_of(port) else { continue };
            let was_there = self.modules.get(&name) == Some(&port.path);
            if now.contains_key(&name) {
                twice.insert(name.clone());
                if !was_there {
                    continue;
                }
            }
            now.insert(name, port.path.clone());
        }
        for name in twice.difference(&self.twice) {
            tracing::warn!(module = %name, "there are several modules of this name, and none of them is opened: \
                let them be known by their places");
        }
        self.twice = twice;
        now
    }
}
