//! TLS sockets: byte streams through the module's own TLS (`#SSLD`).
//!
//! A [`TlsConnector`] makes a [`TlsSocket`], which is a tokio byte stream like any other: what runs over a
//! `TcpStream` runs over it. In command mode several of them and other commands share the port. In online mode the
//! port belongs to one connection, which can be [suspended](TlsSocket::suspend).
//!
//! Source: SSL guide 7; M37 p874-913.

mod buffers;
mod command_mode;
mod connector;
mod ending;
mod error;
mod limits;
mod link;
mod online_mode;
mod options;
mod pump;
#[cfg(test)]
mod pump_check;
mod ring;
mod slot;
mod status;
mod suspended;
mod tls_socket;

pub use connector::TlsConnector;
pub use ending::SocketEnding;
pub use error::{ConnectFailure, SocketError};
pub use options::Arrival;
pub use status::SocketStatus;
pub use suspended::SuspendedSocket;
pub use tls_socket::TlsSocket;

pub use crate::commands::{ConnectionMode, SocketCounters, SocketState};
