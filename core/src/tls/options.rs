//! What a connection must prove and may use.

use super::{CaCertificate, CredentialError, Identity};
use crate::platform::{CipherSuite, TlsVersion};

/// TLS options of a service: whom to trust, who we are, what is strong enough.
///
/// The defaults are safe: the server's certificate and host name are checked, SNI is sent, TLS 1.2 is
/// the least, and only ECDHE suites with authenticated encryption are offered. Everything weaker is
/// spelled `danger_...`.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use telit_core::tls::{CaCertificate, Identity, TlsOptions};
///
/// let tls = TlsOptions::builder()
///     .ca(CaCertificate::from_pem(&std::fs::read("ca.pem")?)?)
///     .identity(Identity::from_pem(&std::fs::read("device.pem")?, &std::fs::read("device.key")?)?)
///     .build()?;
/// # drop(tls);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TlsOptions {
    pub(super) authorities: Vec<CaCertificate>,
    pub(super) identity: Option<Identity>,
    pub(super) minimum: TlsVersion,
    pub(super) suites: Option<Vec<CipherSuite>>,
    pub(super) verify: bool,
    pub(super) check_host: bool,
}

/// Builds [`TlsOptions`].
#[derive(Clone, Debug)]
#[must_use = "nothing is built until build() is called"]
pub struct TlsOptionsBuilder {
    options: TlsOptions,
}

/// The options contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsOptionsError {
    /// The server cannot be verified.
    #[error("no CA certificate to verify the server with; give one, or name the danger explicitly")]
    NoAuthority,
    /// The module shows a client certificate only in the mode that also verifies the server.
    /// Source: M37 p883.
    #[error(
        "a client certificate needs a CA certificate beside it: the module verifies the server whenever it shows its own"
    )]
    IdentityWithoutAuthority,
    /// SSL 3.0, TLS 1.0 and 1.1 are not accepted as a minimum.
    #[error("{version} is too weak as the minimum version")]
    WeakMinimum {
        /// The version that was asked for.
        version: TlsVersion,
    },
    /// An explicit list of suites is empty.
    #[error("the list of cipher suites is empty")]
    NoSuites,
    /// No suite of the list works with the minimum version.
    #[error("none of the cipher suites works with {version}")]
    SuitesDoNotFit {
        /// The minimum version.
        version: TlsVersion,
    },
}

impl TlsOptions {
    /// Starts with the safe defaults and nobody to trust.
    pub fn builder() -> TlsOptionsBuilder {
        TlsOptionsBuilder {
            options: Self {
                authorities: Vec::new(),
                identity: None,
                minimum: TlsVersion::Tls12,
                suites: None,
                verify: true,
                check_host: true,
            },
        }
    }

    /// The CA certificates that the server's must lead to.
    #[must_use]
    pub fn authorities(&self) -> &[CaCertificate] {
        &self.authorities
    }

    /// Our own certificate and key, if the server wants to know who we are.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }
}

impl TlsOptionsBuilder {
    /// Trusts a CA. Platform 37 takes up to three. Source: M37 p923.
    pub fn ca(mut self, certificate: CaCertificate) -> Self {
        self.options.authorities.push(certificate);
        self
    }

    /// Shows this certificate to servers that ask for one.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.options.identity = Some(identity);
        self
    }

    /// The least TLS version that is accepted. Default TLS 1.2.
    pub fn minimum_version(mut self, version: TlsVersion) -> Self {
        self.options.minimum = version;
        self
    }

    /// Offers exactly these suites, best first, instead of the recommended ones.
    pub fn cipher_suites(mut self, suites: impl IntoIterator<Item = CipherSuite>) -> Self {
        self.options.suites = Some(suites.into_iter().collect());
        self
    }

    /// Accepts any server. Whoever sits in the middle reads and changes everything.
    pub fn danger_skip_verification(mut self) -> Self {
        self.options.verify = false;
        self.options.check_host = false;
        self
    }

    /// Accepts the certificate of any host, as long as a trusted CA has signed it.
    pub fn danger_skip_host_check(mut self) -> Self {
        self.options.check_host = false;
        self
    }

    /// Checks that the options fit together.
    ///
    /// # Errors
    /// See [`TlsOptionsError`].
    pub fn build(self) -> Result<TlsOptions, TlsOptionsError> {
        let options = self.options;
        if options.verify && options.authorities.is_empty() {
            return Err(TlsOptionsError::NoAuthority);
        }
        if options.identity.is_some() && options.authorities.is_empty() {
            return Err(TlsOptionsError::IdentityWithoutAuthority);
        }
        if options.minimum < TlsVersion::Tls12 {
            return Err(TlsOptionsError::WeakMinimum { version: options.minimum });
        }
        match &options.suites {
            Some(suites) if suites.is_empty() => return Err(TlsOptionsError::NoSuites),
            Some(suites) if options.minimum == TlsVersion::Tls13 && !suites.iter().any(|s| is_tls13(*s)) => {
                return Err(TlsOptionsError::SuitesDoNotFit { version: options.minimum });
            }
            _ => {}
        }
        if !options.verify {
            tracing::warn!("servers are not verified: danger_skip_verification is set");
        } else if !options.check_host {
            tracing::warn!("host names are not checked: danger_skip_host_check is set");
        }
        Ok(options)
    }
}

/// The suites of TLS 1.3 have numbers of their own range. Source: RFC 8446 B.4.
pub(super) fn is_tls13(suite: CipherSuite) -> bool {
    suite.number() >> 8 == 0x13
}

impl Identity {
    /// A client certificate and its key, both as PEM text.
    ///
    /// # Errors
    /// See [`CredentialError`].
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, CredentialError> {
        Self::new(super::ClientCertificate::from_pem(certificate)?, super::PrivateKey::from_pem(key)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_to_trust_is_an_error_unless_the_danger_is_named() {
        assert_eq!(TlsOptions::builder().build().unwrap_err(), TlsOptionsError::NoAuthority);
        let dangerous = TlsOptions::builder().danger_skip_verification().build().unwrap();
        assert!(!dangerous.verify && !dangerous.check_host);
    }

    #[test]
    fn weak_or_impossible_choices_are_refused() {
        let builder = TlsOptions::builder().danger_skip_verification();
        let error = builder.clone().minimum_version(TlsVersion::Tls11).build().unwrap_err();
        assert_eq!(error, TlsOptionsError::WeakMinimum { version: TlsVersion::Tls11 });
        assert_eq!(builder.clone().cipher_suites([]).build().unwrap_err(), TlsOptionsError::NoSuites);
        let only_12 = builder.minimum_version(TlsVersion::Tls13).cipher_suites([CipherSuite::new(0xc02f)]);
        assert!(matches!(only_12.build(), Err(TlsOptionsError::SuitesDoNotFit { .. })));
    }
}
