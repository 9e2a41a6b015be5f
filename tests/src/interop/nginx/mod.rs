//! nginx, compared with what curl gets from the same server.

mod bodies;
mod handshake;
mod server;

pub(super) use server::DH_PARAMETERS;
