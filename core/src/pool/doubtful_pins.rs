//! PINs that may be wrong, of modules that have gone: three wrong ones block a SIM.

use std::collections::{BTreeMap, BTreeSet};

use super::name::ModuleName;
use crate::modem::PinMemory;

/// What is remembered of the PINs of modules that have gone, for when they come back. Holds no PIN.
#[derive(Debug)]
pub(super) enum DoubtfulPins {
    /// Those of these modules may be wrong.
    Known(BTreeMap<ModuleName, PinMemory>),
    /// More have gone than can be remembered: any may be wrong but those of these modules.
    AllBut(BTreeSet<ModuleName>),
}

impl Default for DoubtfulPins {
    fn default() -> Self {
        Self::Known(BTreeMap::new())
    }
}

impl DoubtfulPins {
    /// What is known of the PIN of a module that comes.
    pub(super) fn take(&mut self, name: &ModuleName) -> PinMemory {
        match self {
            Self::Known(doubtful) => doubtful.remove(name).unwrap_or_default(),
            Self::AllBut(pardoned) => match pardoned.remove(name) {
                true => PinMemory::default(),
                false => PinMemory::withheld(),
            },
        }
    }

    /// A module goes whose PIN may be wrong.
    pub(super) fn keep(&mut self, name: &ModuleName, pin: &PinMemory, most: usize) {
        match self {
            Self::Known(doubtful) if doubtful.len() < most => {
                doubtful.insert(name.clone(), pin.clone());
            }
            Self::Known(_) => {
                tracing::warn!(
                    most,
                    "no PIN is sent to new modules: too many have gone whose PIN may be wrong"
                );
                *self = Self::AllBut(BTreeSet::new());
            }
            Self::AllBut(_) => {}
        }
    }

    /// Somebody says that the PIN may be sent again.
    pub(super) fn pardon(&mut self, name: &ModuleName, most: usize) {
        match self {
            Self::Known(doubtful) => {
                doubtful.remove(name);
            }
            Self::AllBut(pardoned) if pardoned.len() < most => {
                pardoned.insert(name.clone());
            }
            Self::AllBut(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 2;

    fn name(text: &str) -> ModuleName {
        text.parse().unwrap()
    }

    fn full() -> DoubtfulPins {
        let mut pins = DoubtfulPins::default();
        for text in ["a", "b"] {
            pins.keep(&name(text), &PinMemory::withheld(), MOST);
        }
        pins
    }

    #[test]
    fn who_went_with_a_doubtful_pin_comes_back_with_it() {
        let mut pins = full();
        assert!(pins.take(&name("a")).is_doubtful() && !pins.take(&name("c")).is_doubtful());
        assert!(!pins.take(&name("a")).is_doubtful(), "it was taken");
    }

    #[test]
    fn when_more_have_gone_than_are_remembered_no_unknown_pin_is_sent() {
        let mut pins = full();
        pins.keep(&name("c"), &PinMemory::withheld(), MOST);
        assert!(pins.take(&name("c")).is_doubtful(), "it was the one");
        assert!(pins.take(&name("d")).is_doubtful(), "it may have been the one");
        assert!(pins.take(&name("a")).is_doubtful());
    }

    #[test]
    fn who_was_removed_by_hand_gets_its_pin_again() {
        let mut pins = full();
        pins.pardon(&name("a"), MOST);
        assert!(!pins.take(&name("a")).is_doubtful());
        let mut pins = full();
        pins.keep(&name("c"), &PinMemory::withheld(), MOST);
        for text in ["a", "c", "d"] {
            pins.pardon(&name(text), MOST);
        }
        assert!(!pins.take(&name("a")).is_doubtful() && !pins.take(&name("c")).is_doubtful());
        assert!(pins.take(&name("d")).is_doubtful(), "only so many");
        assert!(pins.take(&name("a")).is_doubtful(), "once");
    }
}
