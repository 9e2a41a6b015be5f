//! What the module needs for TLS: credentials as values, read and checked on the host before anything is sent.
//!
//! A credential that exists is one the module can use: parsing refuses the wrong kind of file, an encrypted or
//! elliptic-curve client key, and a key that does not belong to its certificate, and says what to do instead.
//! No TLS library stands behind this; the handshake is the module's.
//!
//! [`TlsOptions`] say what a connection must prove and may use. [`resolve`] turns them into what a platform can do, or
//! into a [`PolicyRefusal`] that names what it cannot and the nearest thing that it can. [`prepare`] and [`apply`] write
//! the result, where the module holds something else; [`provision`], [`inventory`] and [`remove`] look after credentials
//! alone.

mod certificate;
mod credential_error;
mod distinguished_name;
mod error;
mod failure;
#[cfg(test)]
mod fixtures;
mod identity;
mod options;
mod options_builder;
mod pem;
mod policy;
mod private_key;
mod ranges;
mod rsa_key;
mod sequence;
mod setup;
mod socket_settings;
mod store;
mod validity;
mod variation;
mod x509;

pub use certificate::{CaCertificate, Certificate, ClientCertificate};
pub use credential_error::{Credential, CredentialError};
pub use error::TlsError;
pub use failure::TlsFailure;
pub use identity::Identity;
pub use options::{CredentialFormat, CredentialStore, TlsOptions, TlsOptionsError};
pub use options_builder::TlsOptionsBuilder;
pub use policy::{
    Alternatives, CipherPolicy, PolicyRefusal, Probed, ServerKey, SuiteDemand, SuiteOffer, SuitePlan, resolve,
};
pub use private_key::PrivateKey;
pub use ranges::Ranges;
pub use setup::{apply, apply_with, forms, prepare, reads_of_apply};
pub use socket_settings::{ClosureReport, RingMode, SocketSettings};
pub use store::{
    Provision, ProvisionOptions, Provisioned, StoredCredential, inventory, provision, provision_with, remove,
};

pub(crate) use setup::{SHARED_SOCKET, plan_of};
pub(crate) use variation::Variation;
pub(crate) use x509::name_of;

pub use crate::commands::{CredentialArea, CredentialKind, CredentialPlace};
pub use crate::platform::{CipherSuite, TlsVersion};
