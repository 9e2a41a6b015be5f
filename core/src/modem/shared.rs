//! What all AT channels of one module have in common.

use std::sync::Arc;

use super::service_event::{self, ServiceEvent};
use crate::exclusive::{SocketPool, TlsArbiter};
use crate::fan_out;
use crate::platform::Profile;

/// What all AT channels of one module have in common: one TLS, one set of sockets.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) arbiter: Arc<TlsArbiter>,
    pub(super) sockets: SocketPool,
    pub(super) services: fan_out::Sender<ServiceEvent>,
}

/// Which module it is that a [`Modem`](crate::Modem) talks to: equal for all channels of one module, and for no two
/// modules.
#[derive(Clone, Debug)]
pub struct ModuleId(pub(super) Arc<Shared>);

impl PartialEq for ModuleId {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ModuleId {}

impl Shared {
    pub(super) fn new(profile: &'static Profile) -> Arc<Self> {
        let arbiter = TlsArbiter::new(profile);
        let sockets = SocketPool::new(Arc::clone(&arbiter));
        let services = fan_out::channel(service_event::CAPACITY).0;
        Arc::new(Self { arbiter, sockets, services })
    }
}
