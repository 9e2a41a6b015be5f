//! Certificates and things that the account knows.

use std::collections::BTreeMap;
use std::fmt::Write;

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::x509::{X509, X509Ref};

use super::policy::{Action, Asker, Policy};

/// Whether a client may come with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateStatus {
    /// It may.
    Active,
    /// It may not: the handshake fails.
    Inactive,
    /// It may not any more: the handshake fails.
    Revoked,
}

/// What the account knows of a certificate.
#[derive(Debug, Clone)]
pub(super) struct Registered {
    pub(super) status: CertificateStatus,
    pub(super) policy: Policy,
    pub(super) thing: Option<String>,
}

/// All certificates by their ids.
#[derive(Debug, Default)]
pub(super) struct Registry {
    certificates: BTreeMap<String, Registered>,
}

impl Registry {
    pub(super) fn insert(&mut self, id: String, certificate: Registered) {
        self.certificates.insert(id, certificate);
    }

    pub(super) fn get(&self, id: &str) -> Option<&Registered> {
        self.certificates.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Registered> {
        self.certificates.get_mut(id)
    }

    pub(super) fn is_active(&self, id: &str) -> bool {
        self.get(id).is_some_and(|certificate| certificate.status == CertificateStatus::Active)
    }

    /// Whether the client with this certificate may do it.
    pub(super) fn allows(&self, certificate: &str, client_id: &str, action: Action, resource: &str) -> bool {
        self.get(certificate).is_some_and(|registered| {
            let asker = Asker { client_id, thing: registered.thing.as_deref() };
            registered.policy.allows(action, resource, asker)
        })
    }
}

/// The id of a certificate: its SHA-256 fingerprint in lower-case hexadecimal digits.
pub(super) fn certificate_id(certificate: &X509Ref) -> Result<String, ErrorStack> {
    let digest = certificate.digest(MessageDigest::sha256())?;
    Ok(digest.iter().fold(String::new(), |mut id, byte| {
        // Writing into a string cannot fail.
        write!(id, "{byte:02x}").unwrap_or_default();
        id
    }))
}

pub(super) fn certificate_id_of_pem(pem: &str) -> Result<String, ErrorStack> {
    certificate_id(&*X509::from_pem(pem.as_bytes())?)
}
