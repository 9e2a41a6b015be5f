//! One client of this program at a time on each MQTT instance of a module.
//!
//! With TLS the lease says so already. Without, nothing on the module distinguishes an instance that another
//! client of this program uses from one that a dead program left behind, so the program remembers its own.

use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use telit_core::modem::ModuleId;

static IN_USE: Mutex<Vec<(ModuleId, u8)>> = Mutex::new(Vec::new());

/// The right to use an MQTT instance of a module, until it is dropped.
#[derive(Debug)]
pub(super) struct InstanceClaim {
    module: ModuleId,
    instance: u8,
}

impl InstanceClaim {
    /// The lowest free instance among `wanted`, if there is one.
    pub(super) fn take(module: ModuleId, wanted: RangeInclusive<u8>) -> Option<Self> {
        let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free =
            |instance: &u8| !in_use.iter().any(|(other, taken)| *other == module && taken == instance);
        let instance = wanted.into_iter().find(is_free)?;
        in_use.push((module.clone(), instance));
        Some(Self { module, instance })
    }

    /// Its number, which its secure socket has too. Source: SSL guide 10.1.1.
    pub(super) fn instance(&self) -> u8 {
        self.instance
    }
}

impl Drop for InstanceClaim {
    fn drop(&mut self) {
        let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.retain(|(other, taken)| *other != self.module || *taken != self.instance);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use telit_core::Modem;
    use telit_core::driver::MockAtChannel;
    use telit_core::platform::{PlatformId, profile};

    use super::*;

    fn module() -> ModuleId {
        Modem::from_channel(Arc::new(MockAtChannel::new()), profile(PlatformId::P37)).module_id()
    }

    fn take(module: &ModuleId, wanted: RangeInclusive<u8>) -> Option<(u8, InstanceClaim)> {
        InstanceClaim::take(module.clone(), wanted).map(|claim| (claim.instance(), claim))
    }

    #[test]
    fn each_instance_has_one_claim_at_a_time() {
        let one = module();
        let (number, first) = take(&one, 1..=2).unwrap();
        let (other_number, _second) = take(&one, 1..=2).unwrap();
        assert_eq!((number, other_number), (1, 2));
        assert!(take(&one, 1..=2).is_none());
        drop(first);
        assert!(take(&one, 2..=2).is_none(), "the second one is still there");
        assert_eq!(take(&one, 1..=2).unwrap().0, 1);
    }

    #[test]
    fn modules_do_not_disturb_each_other() {
        let (one, other) = (module(), module());
        let _claim = take(&one, 1..=1).unwrap();
        assert_eq!(take(&other, 1..=1).unwrap().0, 1);
    }
}
