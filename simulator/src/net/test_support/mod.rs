//! Scripted peers on loopback, and certificates for them.

mod authority;
mod peer;
mod server;

use std::time::Duration;

pub(super) use authority::{Authority, LeafOptions, at};
pub(super) use peer::{Peer, listen};
pub(super) use server::{TlsServer, tls_settings};

/// A limit that only a failing test reaches.
pub(super) const AMPLE: Duration = Duration::from_secs(20);
/// A limit that a test waits for; long enough for what must happen within it on a busy machine.
pub(super) const SHORT: Duration = Duration::from_millis(500);
