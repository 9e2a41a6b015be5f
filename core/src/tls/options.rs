//! What a connection must prove and may use.

use std::net::IpAddr;

use super::policy::weakness;
use super::{CaCertificate, CipherPolicy, Identity, ServerKey, TlsOptionsBuilder};
use crate::platform::{CipherSuite, TlsVersion};

/// TLS options of a service: whom to trust, who we are, what is strong enough.
///
/// The defaults are safe: the server's certificate and host name are checked, SNI is sent, TLS 1.2 is
/// the least, and only suites with forward secrecy and authenticated encryption are offered. Everything
/// weaker is spelled `danger_...`. Where a platform cannot do what is asked for, setting up TLS is
/// refused before anything is sent, and the refusal names the option that accepts what it can do.
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
    pub(super) preloaded: Vec<u8>,
    pub(super) format: CredentialFormat,
    pub(super) store: CredentialStore,
    pub(super) minimum: TlsVersion,
    pub(super) suites: SuiteChoice,
    pub(super) server_key: ServerKey,
    pub(super) verify: bool,
    pub(super) check_host: bool,
    pub(super) server_name: bool,
}

/// Which cipher suites were chosen, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SuiteChoice {
    Policy(CipherPolicy),
    Dangerous(Vec<CipherSuite>),
    PlatformDefault,
}

/// The form in which credentials are stored on the module. Files of either form can be given for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialFormat {
    /// Text, which every module takes.
    #[default]
    Pem,
    /// Binary, three quarters of the size, where `#SSLSECCFG` has a field for it. Source: SSL guide 6.5.
    Der,
}

/// Where the module keeps CA certificates. Client certificate and key are always kept in its flash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialStore {
    /// In flash: they are still there after a restart, and are not written again as long as they are the same.
    #[default]
    NonVolatile,
    /// In RAM, for TLS sockets on platforms 23 and 37: sent again before each connection, and no flash wears.
    /// Source: SSL guide 6.5; M37 p918-920.
    Ram,
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
    /// A suite of an explicit list is broken, or no module can use it.
    #[error(
        "the cipher suite {suite} is not offered: {reason}; choose another, or insist by danger_cipher_suites() \
         (--danger-cipher)"
    )]
    WeakSuite {
        /// The suite.
        suite: CipherSuite,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Slots of preloaded CA certificates are numbered from 1.
    #[error("there is no slot {slot} of preloaded CA certificates; slots are numbered from 1")]
    NoPreloadedSlot {
        /// The slot.
        slot: u8,
    },
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
        TlsOptionsBuilder { options: Self::unchecked() }
    }

    /// The defaults, with nobody to trust.
    pub(super) fn unchecked() -> Self {
        Self {
            authorities: Vec::new(),
            identity: None,
            preloaded: Vec::new(),
            format: CredentialFormat::Pem,
            store: CredentialStore::NonVolatile,
            minimum: TlsVersion::Tls12,
            suites: SuiteChoice::Policy(CipherPolicy::Recommended),
            server_key: ServerKey::Rsa,
            verify: true,
            check_host: true,
            server_name: true,
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

    /// The same options for a connection to `host`: an IP address is no server name, so none is sent to it.
    /// Source: RFC 6066 3.
    #[must_use]
    pub fn for_host(&self, host: &str) -> Self {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        Self { server_name: self.server_name && address.is_err(), ..self.clone() }
    }
}

impl TlsOptions {
    pub(super) fn check(&self) -> Result<(), TlsOptionsError> {
        self.check_trust()?;
        if self.minimum < TlsVersion::Tls12 {
            return Err(TlsOptionsError::WeakMinimum { version: self.minimum });
        }
        self.check_suites()
    }

    fn check_trust(&self) -> Result<(), TlsOptionsError> {
        if let Some(slot) = self.preloaded.iter().find(|slot| !(1..=8).contains(*slot)) {
            return Err(TlsOptionsError::NoPreloadedSlot { slot: *slot });
        }
        let nobody = self.authorities.is_empty() && self.preloaded.is_empty();
        match nobody {
            true if self.verify => Err(TlsOptionsError::NoAuthority),
            true if self.identity.is_some() => Err(TlsOptionsError::IdentityWithoutAuthority),
            _ => Ok(()),
        }
    }

    fn check_suites(&self) -> Result<(), TlsOptionsError> {
        let (suites, dangerous) = match &self.suites {
            SuiteChoice::Policy(CipherPolicy::Only(suites)) => (suites, false),
            SuiteChoice::Dangerous(suites) => (suites, true),
            _ => return Ok(()),
        };
        if suites.is_empty() {
            return Err(TlsOptionsError::NoSuites);
        }
        let weak = suites.iter().find_map(|suite| Some((*suite, weakness(*suite)?)));
        if let (Some((suite, reason)), false) = (weak, dangerous) {
            return Err(TlsOptionsError::WeakSuite { suite, reason });
        }
        if self.minimum == TlsVersion::Tls13 && !suites.iter().any(|suite| is_tls13(*suite)) {
            return Err(TlsOptionsError::SuitesDoNotFit { version: self.minimum });
        }
        Ok(())
    }

    pub(super) fn warn(&self) {
        if !self.verify {
            tracing::warn!("servers are not verified: danger_skip_verification is set");
        } else if !self.check_host {
            tracing::warn!("host names are not checked: danger_skip_host_check is set");
        }
        match self.suites {
            SuiteChoice::Dangerous(_) => {
                tracing::warn!("broken cipher suites may be used: danger_cipher_suites is set");
            }
            SuiteChoice::PlatformDefault => {
                tracing::warn!(
                    "the server may choose a broken cipher suite: danger_platform_default_suites is set"
                );
            }
            SuiteChoice::Policy(_) => {}
        }
    }
}

/// The suites of TLS 1.3 have numbers of their own range. Source: RFC 8446 B.4.
fn is_tls13(suite: CipherSuite) -> bool {
    suite.number() >> 8 == 0x13
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

    #[test]
    fn broken_suites_are_named_as_the_danger_they_are() {
        let rc4 = CipherSuite::new(0x0005);
        let builder = TlsOptions::builder().danger_skip_verification();
        assert_eq!(
            builder.clone().cipher_suites([CipherSuite::new(0xc02f), rc4]).build().unwrap_err().to_string(),
            "the cipher suite TLS_RSA_WITH_RC4_128_SHA is not offered: RC4 is broken (RFC 7465); \
             choose another, or insist by danger_cipher_suites() (--danger-cipher)"
        );
        assert_eq!(
            builder.clone().danger_cipher_suites([rc4]).build().unwrap().suites,
            SuiteChoice::Dangerous(vec![rc4])
        );
        assert_eq!(builder.danger_cipher_suites([]).build().unwrap_err(), TlsOptionsError::NoSuites);
    }

    #[test]
    fn a_preloaded_authority_is_somebody_to_trust() {
        let options = TlsOptions::builder().preloaded_ca(1).build().unwrap();
        assert_eq!(options.preloaded, [1]);
        let error = TlsOptions::builder().preloaded_ca(0).build().unwrap_err();
        assert_eq!(error, TlsOptionsError::NoPreloadedSlot { slot: 0 });
    }

    #[test]
    fn an_address_is_no_server_name() {
        let options = TlsOptions::builder().danger_skip_verification().build().unwrap();
        for (host, sent) in [
            ("broker.example", true),
            ("192.0.2.1", false),
            ("2001:db8::1", false),
            ("[2001:db8::1]", false),
            ("1.2.3.4.example", true),
        ] {
            assert_eq!(options.for_host(host).server_name, sent, "{host}");
        }
        let without = TlsOptions::builder().danger_skip_verification().without_server_name();
        assert!(!without.build().unwrap().for_host("broker.example").server_name);
    }
}
