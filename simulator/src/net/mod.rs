//! The network side of the virtual module: real TCP, TLS, MQTT 3.1.1, HTTP/1.1 and FTP clients, as the module's
//! firmware has them.
//!
//! Nothing here knows AT. The command side dials through a [`Network`], which stands for the cellular network: it
//! knows what names mean, can be lost and come back ([`Network::set_up`]), and counts the bytes that cross it.
//!
//! | module | what it is |
//! |---|---|
//! | [`Network`], [`Connection`] | a dialled TCP or TLS byte stream that can tell how it ended |
//! | [`TlsSettings`] | exactly what the module's TLS offers, checks and presents |
//! | [`mqtt`] | an MQTT 3.1.1 session |
//! | [`http`] | one request per connection |
//! | [`ftp`] | a control connection and at most one data connection |
//! | [`memory`] | another world for a [`Network`]: streams in memory instead of sockets |

mod connection;
#[cfg(test)]
mod connection_tests;
mod error;
pub(crate) mod ftp;
pub(crate) mod http;
mod link;
mod mapping;
pub(crate) mod memory;
pub(crate) mod mqtt;
mod network;
mod stream;
#[cfg(test)]
mod test_support;
pub(crate) mod tls;

pub(crate) use connection::{Connection, StreamEnd};
pub(crate) use error::NetError;
pub(crate) use mapping::NameMapping;
pub(crate) use network::{Listener, Network};
pub(crate) use tls::{Identity, Resumption, TlsFailure, TlsSettings, TlsVersion, Verify};
