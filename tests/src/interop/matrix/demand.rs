//! What is asked of a platform.

use std::fmt;

use telit_core::Modem;
use telit_core::platform::{CipherSuite, Profile, SuiteRow};
use telit_core::tls::{CipherPolicy, PolicyRefusal, Probed, SuiteOffer, TlsOptions, resolve};

use super::suite_names::is_in_openssl;
use crate::interop::credentials::Credentials;
use crate::waived::waived;

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// What the SDK does by itself.
    Recommended,
    /// What it does for older servers.
    Compatible,
    /// Nothing but this suite, even if it is broken.
    Only(CipherSuite),
    /// Whatever the platform offers by itself, to a server that has this suite alone.
    Default(CipherSuite),
}

/// The rows of a platform: the policies, every suite that it can be pinned to, and what else it offers by itself.
///
/// Of the latter only what OpenSSL has: the rest (on platform 23 alone, with DSA certificates, SRP, Camellia, SEED, DES
/// and export keys) is of no use to anybody.
pub(super) fn demands(profile: &Profile) -> Vec<Demand> {
    let policies = [Demand::Recommended, Demand::Compatible];
    let (pinnable, others): (Vec<&SuiteRow>, Vec<&SuiteRow>) =
        profile.tls.suites.iter().partition(|row| profile.tls.suite_value(row.suite).is_some());
    let others = others.into_iter().filter(|row| row.offered_by_guide && is_in_openssl(row.suite));
    let pinnable = pinnable.into_iter().map(|row| Demand::Only(row.suite));
    policies.into_iter().chain(pinnable).chain(others.map(|row| Demand::Default(row.suite))).collect()
}

impl Demand {
    /// With what the platform cannot do waived, and nothing else.
    pub(super) fn options(self, profile: &Profile, credentials: &Credentials) -> TlsOptions {
        let builder = waived(profile, credentials.builder());
        let builder = match self {
            Self::Recommended => builder,
            Self::Compatible => builder.cipher_policy(CipherPolicy::Compatible),
            Self::Only(suite) => builder.danger_cipher_suites([suite]),
            Self::Default(_) => builder.danger_platform_default_suites(),
        };
        builder.build().expect("they fit together")
    }

    /// What the module may use, best first, or why it cannot be had.
    pub(super) async fn resolved(
        self,
        modem: &Modem,
        tls: &TlsOptions,
    ) -> Result<Vec<CipherSuite>, PolicyRefusal> {
        let mut probed = Probed::default();
        probed.suite_list = Some(modem.test_form("#SSLSECCS").await.expect("it answers").is_some());
        match (resolve(modem.profile(), tls, &probed)?.offer, self) {
            (SuiteOffer::List(suites), _) => Ok(suites),
            (SuiteOffer::Pinned { suite, .. }, _) => Ok(vec![suite]),
            (SuiteOffer::PlatformDefault, Self::Default(suite)) => Ok(vec![suite]),
            other => panic!("{other:?}"),
        }
    }

    /// The server has to have no other suite.
    pub(super) fn is_up_to_server(self) -> bool {
        matches!(self, Self::Default(_))
    }
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recommended => f.write_str("recommended"),
            Self::Compatible => f.write_str("compatible"),
            Self::Only(suite) => write!(f, "only {suite}"),
            Self::Default(suite) => write!(f, "default list {suite}"),
        }
    }
}
