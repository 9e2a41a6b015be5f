//! One client of this program at a time on a module's MQTT instance.
//!
//! With TLS the lease says so already. Without, nothing on the module distinguishes an instance that another
//! client of this program uses from one that a dead program left behind, so the program remembers its own.

use std::sync::{Arc, Mutex, PoisonError};

use telit_core::driver::AtChannel;
use telit_core::exclusive::{Holder, Service, ServiceBusy};

/// The MQTT instance that is used; TLS socket and instance have the same number. Source: SSL guide 10.1.1.
pub(crate) const INSTANCE: u8 = 1;

static IN_USE: Mutex<Vec<Arc<dyn AtChannel>>> = Mutex::new(Vec::new());

/// The right to use the MQTT instance of a module, until it is dropped.
#[derive(Debug)]
pub(super) struct InstanceClaim {
    channel: Arc<dyn AtChannel>,
}

impl InstanceClaim {
    pub(super) fn take(channel: &Arc<dyn AtChannel>) -> Result<Self, ServiceBusy> {
        let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        if in_use.iter().any(|other| Arc::ptr_eq(other, channel)) {
            return Err(ServiceBusy { holder: Holder::Here(Service::Mqtt) });
        }
        in_use.push(Arc::clone(channel));
        Ok(Self { channel: Arc::clone(channel) })
    }
}

impl Drop for InstanceClaim {
    fn drop(&mut self) {
        let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.retain(|other| !Arc::ptr_eq(other, &self.channel));
    }
}

#[cfg(test)]
mod tests {
    use telit_core::driver::MockAtChannel;

    use super::*;

    #[test]
    fn one_claim_a_module_at_a_time() {
        let one: Arc<dyn AtChannel> = Arc::new(MockAtChannel::new());
        let other: Arc<dyn AtChannel> = Arc::new(MockAtChannel::new());
        let claim = InstanceClaim::take(&one).unwrap();
        assert_eq!(InstanceClaim::take(&one).unwrap_err().holder, Holder::Here(Service::Mqtt));
        let _independent = InstanceClaim::take(&other).unwrap();
        drop(claim);
        assert!(InstanceClaim::take(&one).is_ok());
    }
}
