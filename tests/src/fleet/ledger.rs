//! Who has published what, and what of it was acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use telit_core::pool::ModuleName;

/// Clones are the same ledger.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<BTreeMap<ModuleName, Account>>>);

/// One module's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// How often its work has begun.
    pub(crate) begun: usize,
    /// The number of its next message.
    pub(crate) next: u32,
    pub(crate) acknowledged: BTreeSet<u32>,
}

impl Ledger {
    fn accounts(&self) -> MutexGuard<'_, BTreeMap<ModuleName, Account>> {
        self.0.lock().expect("nobody panics with it")
    }

    pub(crate) fn account(&self, name: &ModuleName) -> Account {
        self.accounts().get(name).cloned().unwrap_or_default()
    }

    fn with<T>(&self, name: &ModuleName, act: impl FnOnce(&mut Account) -> T) -> T {
        act(self.accounts().entry(name.clone()).or_default())
    }

    /// The work of a module begins. Gives how often it has.
    pub(crate) fn begin(&self, name: &ModuleName) -> usize {
        self.with(name, |account| {
            account.begun += 1;
            account.begun
        })
    }

    /// The number of the next message.
    pub(crate) fn next(&self, name: &ModuleName) -> u32 {
        self.with(name, |account| {
            account.next += 1;
            account.next - 1
        })
    }

    pub(crate) fn acknowledged(&self, name: &ModuleName, number: u32) {
        self.with(name, |account| account.acknowledged.insert(number));
    }

    /// Compares what has arrived, `NAME:NUMBER` each, with what was published: nothing else has arrived, and nothing that
    /// was acknowledged is missing. Gives how much arrived once more, by module.
    pub(crate) fn compare(&self, arrived: impl IntoIterator<Item = String>) -> BTreeMap<ModuleName, usize> {
        let mut counts: BTreeMap<(ModuleName, u32), usize> = BTreeMap::new();
        for payload in arrived {
            let (name, number) =
                payload.split_once(':').unwrap_or_else(|| panic!("{payload} is none of ours"));
            let (name, number) = (name.parse().expect("a name"), number.parse().expect("a number"));
            *counts.entry((name, number)).or_default() += 1;
        }
        let accounts = self.accounts();
        for (name, account) in accounts.iter() {
            for number in &account.acknowledged {
                assert!(counts.contains_key(&(name.clone(), *number)), "{name}:{number} is lost");
            }
        }
        let mut twice = BTreeMap::new();
        for ((name, number), count) in counts {
            let published = accounts.get(&name).is_some_and(|account| number < account.next);
            assert!(published, "{name}:{number} was never published");
            if count > 1 {
                *twice.entry(name).or_default() += count - 1;
            }
        }
        twice
    }
}
