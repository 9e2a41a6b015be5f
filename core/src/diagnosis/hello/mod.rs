//! The beginning of a TLS handshake as it crosses the wire: what is asked of a server, and what it answers in clear
//! before anything is encrypted. Without input, output and clock; nothing is ever encrypted or decided by it.
//!
//! Up to TLS 1.2 a server shows in clear which version and suite it chooses, its certificates, and whether it wants one
//! from the client. Source: RFC 5246 7.4; RFC 8446 appendix D.

mod answer;
mod question;

pub(super) use answer::{Answer, Reading};
pub(super) use question::question;
