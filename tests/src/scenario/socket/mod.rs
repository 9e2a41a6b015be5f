//! TLS sockets.

mod endings;
pub(crate) mod exchange;
mod lifecycle;
pub(crate) mod peer;
mod platforms;
mod ram;
