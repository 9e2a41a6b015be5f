//! The options of a connection with one thing changed, to find out what a handshake fails at.

use super::options::SuiteChoice;
use super::{CipherPolicy, TlsOptions, TlsVersion};

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Variation {
    /// The server is not verified. The client certificate is left out too, since the module verifies the server whenever
    /// it shows its own. Source: M37 p883.
    NoVerification,
    /// The host name in the certificate is not checked.
    NoHostCheck,
    /// No client certificate is shown.
    NoIdentity,
    /// The server's name is sent if it was not, and the other way round.
    OtherServerName,
    /// TLS 1.2 is accepted.
    LowerMinimum,
    /// All suites that the platform offers by itself.
    PlatformSuites,
    /// Suites for older servers too.
    CompatibleSuites,
}

impl TlsOptions {
    /// The same options but for one thing; `None` if that changes nothing.
    pub(crate) fn varied(&self, variation: Variation) -> Option<Self> {
        let changes = match variation {
            Variation::NoVerification => self.verify,
            Variation::NoHostCheck => self.check_host,
            Variation::NoIdentity => self.identity.is_some(),
            Variation::OtherServerName => true,
            Variation::LowerMinimum => self.minimum > TlsVersion::Tls12,
            Variation::PlatformSuites => self.suites != SuiteChoice::PlatformDefault,
            Variation::CompatibleSuites => !matches!(
                self.suites,
                SuiteChoice::Policy(CipherPolicy::Compatible) | SuiteChoice::PlatformDefault
            ),
        };
        changes.then(|| {
            let mut varied = self.clone();
            match variation {
                Variation::NoVerification => {
                    (varied.verify, varied.check_host, varied.identity) = (false, false, None);
                }
                Variation::NoHostCheck => varied.check_host = false,
                Variation::NoIdentity => varied.identity = None,
                Variation::OtherServerName => varied.server_name = !self.server_name,
                Variation::LowerMinimum => varied.minimum = TlsVersion::Tls12,
                Variation::PlatformSuites => varied.suites = SuiteChoice::PlatformDefault,
                Variation::CompatibleSuites => varied.suites = SuiteChoice::Policy(CipherPolicy::Compatible),
            }
            varied
        })
    }

    /// Whether the server is verified.
    pub(crate) fn verifies(&self) -> bool {
        self.verify || self.identity.is_some()
    }

    /// Whether somebody is trusted whose certificate is not here.
    pub(crate) fn trusts_preloaded(&self) -> bool {
        !self.preloaded.is_empty()
    }

    /// Whether the host name is checked.
    pub(crate) fn checks_host(&self) -> bool {
        self.check_host
    }

    /// Whether the server's name is sent.
    pub(crate) fn sends_server_name(&self) -> bool {
        self.server_name
    }

    /// The least version that is accepted.
    pub(crate) fn minimum(&self) -> TlsVersion {
        self.minimum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::fixtures;
    use crate::tls::{CaCertificate, Identity};

    #[test]
    fn one_thing_changes_or_nothing() {
        let options =
            TlsOptions::builder().ca(CaCertificate::from_pem(fixtures::CA).unwrap()).build().unwrap();
        let varied = |variation| options.varied(variation);
        let trusting = varied(Variation::NoVerification).unwrap();
        assert!(!trusting.verifies() && !trusting.checks_host() && trusting.sends_server_name());
        let other = varied(Variation::NoHostCheck).unwrap();
        assert!(other.verifies() && !other.checks_host());
        assert!(!varied(Variation::OtherServerName).unwrap().sends_server_name());
        assert!(varied(Variation::NoIdentity).is_none() && varied(Variation::LowerMinimum).is_none());
        assert!(varied(Variation::PlatformSuites).is_some() && varied(Variation::CompatibleSuites).is_some());
        assert!(trusting.varied(Variation::NoVerification).is_none());
    }

    #[test]
    fn an_identity_is_left_out_where_the_server_is_not_verified() {
        let identity = Identity::from_pem(fixtures::CLIENT, fixtures::CLIENT_KEY).unwrap();
        let ca = CaCertificate::from_pem(fixtures::CA).unwrap();
        let builder = TlsOptions::builder().ca(ca).identity(identity).minimum_version(TlsVersion::Tls13);
        let options = builder.build().unwrap();
        assert!(!options.varied(Variation::NoVerification).unwrap().verifies());
        assert!(options.varied(Variation::NoIdentity).unwrap().identity().is_none());
        assert_eq!(options.varied(Variation::LowerMinimum).unwrap().minimum(), TlsVersion::Tls12);
    }
}
