//! One service at a time owns the module's TLS.
//!
//! TLS can be enabled for raw sockets, HTTP, FTP or MQTT, never for two of them; the second one is
//! refused with `SSL already activated`. The flags that enable it live in different commands, some are
//! kept in non-volatile memory, and a flag that a dead process left behind blocks everybody. So a
//! service takes a [`TlsLease`] first: waiting for it is fair, and what an earlier owner left on the
//! module is found and cleaned before the lease is given.
//!
//! Source: SSL guide 6.1, 8.2, 9.1, 10.1; M37 p857, p893.

mod arbiter;
mod lease;
mod leftovers;
mod rule;
mod service;
mod socket_pool;

pub use lease::{LeaseError, ServiceBusy, TlsLease};
pub use rule::Claim;
pub use service::{Holder, Service};
pub use socket_pool::SocketTurn;

pub(crate) use lease::TlsArbiter;
pub(crate) use leftovers::{owner, reads};
pub(crate) use socket_pool::{Leaving, SlotError, SocketPool, SocketSlot};
