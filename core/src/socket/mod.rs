//! TLS sockets: byte streams through the module's own TLS (`#SSLD`).
//!
//! A [`TlsConnector`] makes a [`TlsSocket`], which is a tokio byte stream like any other: what runs over a
//! `TcpStream` runs over it. In command mode several of them and other commands share the port. In online mode the
//! port belongs to one connection, which can be [suspended](TlsSocket::suspend).
//!
//! # When the module restarts or its port is lost
//!
//! Every socket watches [`Modem::health`](crate::Modem::health). As soon as it is known that the module has restarted
//! or that the port was lost, every read, write, flush, shutdown and suspension under way fails, and so does every
//! later one: with [`SocketError::ModuleRestarted`], or with [`SocketError::Command`] and
//! [`LinkLost`](crate::CommandError::LinkLost). It is never the end of the stream. Bytes that had come before can be
//! read first. A connection that was being made fails in the same way. Numbers and the module's TLS are given back, and
//! the next connection sets TLS up anew.
//!
//! A restart is noticed at the next command on the port, of whomever. In online mode no command runs: a port that goes
//! with the module, as one of USB does, is noticed at once; over a UART a silent module looks like a silent peer until
//! it is asked, which happens when nothing has come for a [while](TlsConnector::idle_check), within two minutes by
//! default. A module that sends the escape sequence to the peer, as one without `#SKIPESC` does, is not asked: there it
//! shows when the socket is closed or suspended, and either fails. Until then a module that has restarted takes what is
//! written for command lines, and may send it back. Where that matters, use command mode.
//!
//! Source: SSL guide 7; M37 p874-913.

mod account;
mod buffers;
mod command_mode;
mod connector;
mod ending;
mod error;
mod kept;
mod limits;
mod link;
mod loss;
mod online_mode;
mod options;
mod outside;
mod pump;
#[cfg(test)]
mod pump_check;
mod ring;
mod slot;
mod status;
mod suspended;
mod tls_socket;

pub(crate) use kept::KeptSettings;

pub use connector::TlsConnector;
pub use ending::SocketEnding;
pub use error::{ConnectFailure, SocketError};
pub use options::Arrival;
pub use status::SocketStatus;
pub use suspended::SuspendedSocket;
pub use tls_socket::TlsSocket;

pub use crate::commands::{ConnectionMode, SocketCounters, SocketState};
