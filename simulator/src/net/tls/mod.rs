//! TLS as the module does it: exactly the configured versions, suites, checks and certificate.
//!
//! It is OpenSSL at security level 0, since modules of all ages offer suites that today's defaults forbid.

mod client;
mod failure;
mod resumption;
mod settings;
mod suites;
#[cfg(test)]
mod tests;

pub(super) use client::{Client, TlsStream};
pub(crate) use failure::TlsFailure;
pub(super) use failure::classify_stream_error;
pub(crate) use resumption::Resumption;
pub(crate) use settings::{Identity, TlsSettings, TlsVersion, Verify};
pub(crate) use suites::unavailable_suites;
