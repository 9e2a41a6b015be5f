//! What a certificate should say, and the certificate once made.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;

use super::ServerError;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The key to generate for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA with this many bits.
    Rsa(u32),
    /// The elliptic curve P-256.
    P256,
}

/// What a certificate is for; it decides the extended key usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    Server,
    Client,
}

/// What an [`Authority`](super::Authority) is asked to certify.
///
/// The default is a 2048-bit RSA key, valid from yesterday for a year.
#[derive(Debug, Clone)]
#[must_use]
pub struct CertificateRequest {
    pub(super) usage: Usage,
    pub(super) common_name: String,
    pub(super) dns_names: Vec<String>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) key: KeyKind,
    pub(super) valid_from: SystemTime,
    pub(super) valid_until: SystemTime,
}

impl CertificateRequest {
    /// A server certificate for `name`, which becomes the common name and an alternative name.
    pub fn server(name: impl Into<String>) -> Self {
        let name = name.into();
        Self::new(Usage::Server, name.clone()).dns_name(name)
    }

    /// A client certificate with `name` as its common name and no alternative name.
    pub fn client(name: impl Into<String>) -> Self {
        Self::new(Usage::Client, name.into())
    }

    fn new(usage: Usage, common_name: String) -> Self {
        let now = SystemTime::now();
        Self {
            usage,
            common_name,
            dns_names: Vec::new(),
            addresses: Vec::new(),
            key: KeyKind::Rsa(2048),
            valid_from: now - DAY,
            valid_until: now + YEAR,
        }
    }

    /// Adds a host name to the alternative names.
    pub fn dns_name(mut self, name: impl Into<String>) -> Self {
        self.dns_names.push(name.into());
        self
    }

    /// Adds an address to the alternative names.
    pub fn address(mut self, address: impl Into<IpAddr>) -> Self {
        self.addresses.push(address.into());
        self
    }

    /// Removes every alternative name, so that only the common name is left.
    pub fn without_alternative_names(mut self) -> Self {
        self.dns_names.clear();
        self.addresses.clear();
        self
    }

    /// Chooses the kind of key.
    pub fn key(mut self, key: KeyKind) -> Self {
        self.key = key;
        self
    }

    /// Chooses the time of validity.
    pub fn valid(mut self, from: SystemTime, until: SystemTime) -> Self {
        self.valid_from = from;
        self.valid_until = until;
        self
    }

    /// Valid last month, not any more.
    pub fn expired(self) -> Self {
        let now = SystemTime::now();
        self.valid(now - 30 * DAY, now - DAY)
    }

    /// Valid from tomorrow.
    pub fn not_yet_valid(self) -> Self {
        let now = SystemTime::now();
        self.valid(now + DAY, now + YEAR)
    }
}

/// A certificate with its key.
#[derive(Clone)]
pub struct Issued {
    pub(super) common_name: String,
    pub(super) certificate_pem: String,
    pub(super) key_pem: String,
    pub(super) key_pkcs8_pem: String,
}

impl Issued {
    /// The certificate, `BEGIN CERTIFICATE`.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The key in its traditional form: `BEGIN RSA PRIVATE KEY` (PKCS#1) or `BEGIN EC PRIVATE KEY` (SEC 1).
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// The same key as PKCS#8, `BEGIN PRIVATE KEY`.
    pub fn key_pkcs8_pem(&self) -> &str {
        &self.key_pkcs8_pem
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("common_name", &self.common_name).finish_non_exhaustive()
    }
}

/// Generates a key. Slow for RSA: about a tenth of a second for 2048 bits.
pub(super) fn generate_key(kind: KeyKind) -> Result<PKey<Private>, ServerError> {
    match kind {
        KeyKind::Rsa(bits) => Rsa::generate(bits).and_then(PKey::from_rsa),
        KeyKind::P256 => EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)
            .and_then(|group| EcKey::generate(&group))
            .and_then(PKey::from_ec_key),
    }
    .map_err(ServerError::tls("generate a key"))
}

/// The traditional PEM form of `key`.
pub(super) fn traditional_pem(key: &PKey<Private>) -> Result<Vec<u8>, ErrorStack> {
    match key.rsa() {
        Ok(rsa) => rsa.private_key_to_pem(),
        Err(_) => key.ec_key()?.private_key_to_pem(),
    }
}

/// OpenSSL writes PEM as bytes, though it is always ASCII.
pub(super) fn pem_text(pem: Vec<u8>) -> String {
    String::from_utf8_lossy(&pem).into_owned()
}
