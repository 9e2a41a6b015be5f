//! What a module's TLS offers, checks and presents.

use std::fmt;
use std::time::SystemTime;

use openssl::ssl::SslVersion;

use super::Resumption;

/// A TLS version, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TlsVersion {
    /// TLS 1.0.
    V1_0,
    /// TLS 1.1.
    V1_1,
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

impl TlsVersion {
    pub(super) fn to_openssl(self) -> SslVersion {
        match self {
            Self::V1_0 => SslVersion::TLS1,
            Self::V1_1 => SslVersion::TLS1_1,
            Self::V1_2 => SslVersion::TLS1_2,
            Self::V1_3 => SslVersion::TLS1_3,
        }
    }

    pub(in super::super) fn from_openssl(version: SslVersion) -> Option<Self> {
        [Self::V1_0, Self::V1_1, Self::V1_2, Self::V1_3].into_iter().find(|own| own.to_openssl() == version)
    }
}

/// Whether the server's certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verify {
    /// Any certificate is accepted.
    None,
    /// The chain must end in one of the configured authorities, in validity by the module's clock.
    Server,
}

/// The module's own certificate and key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The certificate, and any intermediate ones after it. PEM.
    pub certificate: Vec<u8>,
    /// The private key. PEM.
    pub key: Vec<u8>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Identity(hidden)")
    }
}

/// Everything that decides a TLS connection. Nothing is added to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsSettings {
    /// The lowest version offered.
    pub min: TlsVersion,
    /// The highest version offered.
    pub max: TlsVersion,
    /// The suites offered, by their IANA numbers, best first. Those that the linked OpenSSL lacks
    /// ([`super::unavailable_suites`]) cannot be offered and are logged.
    pub suites: Vec<u16>,
    /// Whether the server is checked.
    pub verify: Verify,
    /// The authorities to trust, each one or more certificates in PEM.
    pub ca_certificates: Vec<Vec<u8>>,
    /// What to present if the server asks.
    pub identity: Option<Identity>,
    /// The name to send as SNI; `None` sends no extension. An IP address is never sent (RFC 6066, 3).
    pub server_name: Option<String>,
    /// The name or IP address that the certificate must be for; `None` ignores a mismatch. Only with
    /// [`Verify::Server`].
    pub check_host: Option<String>,
    /// The module's clock, for validity.
    pub now: SystemTime,
    /// Where the session is kept or taken from; `None` resumes nothing.
    pub resumption: Option<Resumption>,
}
