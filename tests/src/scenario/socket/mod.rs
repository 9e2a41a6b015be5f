//! TLS sockets.

mod endings;
mod exchange;
mod lifecycle;
pub(crate) mod peer;
mod platforms;
mod ram;
