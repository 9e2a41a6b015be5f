//! TLS sockets.

mod exchange;
pub(crate) mod peer;
mod ram;
