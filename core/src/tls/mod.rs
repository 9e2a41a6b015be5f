//! What the module needs for TLS: credentials as values, read and checked on the host before anything is sent.
//!
//! A credential that exists is one the module can use: parsing refuses the wrong kind of file, an encrypted or
//! elliptic-curve client key, and a key that does not belong to its certificate, and says what to do instead.
//! No TLS library stands behind this; the handshake is the module's.

mod certificate;
mod credential_error;
mod distinguished_name;
mod error;
mod failure;
#[cfg(test)]
mod fixtures;
mod identity;
mod options;
mod pem;
mod private_key;
mod provision;
mod rsa_key;
mod setup;
mod socket_settings;
mod validity;
mod x509;

pub use certificate::{CaCertificate, Certificate, ClientCertificate};
pub use credential_error::{Credential, CredentialError};
pub use error::TlsError;
pub use failure::TlsFailure;
pub use identity::Identity;
pub use options::{TlsOptions, TlsOptionsBuilder, TlsOptionsError};
pub use private_key::PrivateKey;
pub use provision::{Provision, Provisioned};
pub use setup::{apply, apply_with, prepare, provision};
pub use socket_settings::{ClosureReport, RingMode, SocketSettings};

pub use crate::platform::{CipherSuite, TlsVersion};
