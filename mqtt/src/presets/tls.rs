//! TLS to a well-known broker, as far as a platform can be told to do it.

use telit_core::platform::{Availability, CipherSuite, CredentialKey, Profile, TlsVersion};
use telit_core::tls::{CaCertificate, CipherPolicy, Identity, TlsOptions};

use super::PresetError;

/// What is known of a broker's TLS.
#[derive(Debug)]
pub(crate) struct BrokerTls<'a> {
    pub(crate) broker: &'static str,
    pub(crate) authorities: Vec<CaCertificate>,
    pub(crate) identity: Option<&'a Identity>,
    pub(crate) suites: Suites,
    pub(crate) minimum: TlsVersion,
    pub(crate) server_name: ServerName,
}

/// Which cipher suites the broker takes, best first.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Suites {
    Known {
        /// Those with forward secrecy.
        ephemeral: &'static [CipherSuite],
        /// Those with RSA key transport, for platforms that have no other.
        transport: &'static [CipherSuite],
    },
    /// Nobody has written them down.
    Unknown,
}

/// Whether the server name is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerName {
    /// The broker cannot do without.
    Needed,
    /// It is sent; a platform that cannot is refused by the set-up of TLS.
    Sent,
    /// The caller has said so.
    Left,
}

impl BrokerTls<'_> {
    pub(crate) fn options(self, profile: &'static Profile) -> Result<TlsOptions, PresetError> {
        let platform = profile.id;
        if self.server_name == ServerName::Needed && !profile.tls.sends_server_name() {
            return Err(PresetError::ServerName { broker: self.broker, platform });
        }
        let policy = self.policy(profile)?;
        let mut builder = TlsOptions::builder().minimum_version(self.minimum).cipher_policy(policy);
        for authority in self.authorities {
            builder = builder.ca(authority);
        }
        if let Some(identity) = self.identity {
            builder = builder.identity(identity.clone());
        }
        if self.server_name == ServerName::Left {
            builder = builder.without_server_name();
        }
        Ok(builder.build()?)
    }

    fn policy(&self, profile: &'static Profile) -> Result<CipherPolicy, PresetError> {
        let Suites::Known { ephemeral, transport } = self.suites else {
            return Ok(CipherPolicy::Compatible);
        };
        if can_be_told(profile, ephemeral) {
            return Ok(CipherPolicy::Only(ephemeral.to_vec()));
        }
        let (broker, platform) = (self.broker, profile.id);
        if !can_be_told(profile, transport) {
            return Err(PresetError::NoCommonSuite { broker, platform });
        }
        tracing::warn!(
            %platform,
            "{broker} is reached with RSA key transport only: no forward secrecy, and no connection any more once the \
             broker does without it"
        );
        Ok(CipherPolicy::Only(transport.to_vec()))
    }
}

/// Whether the platform can be told to use one of these suites.
fn can_be_told(profile: &Profile, suites: &[CipherSuite]) -> bool {
    let tls = &profile.tls;
    let in_list = |suite: &CipherSuite| tls.suite_list == Availability::Yes && tls.suite(*suite).is_some();
    suites.iter().any(|suite| tls.suite_value(*suite).is_some() || in_list(suite))
}

/// How many authorities a connection of this platform can trust.
pub(crate) fn authority_slots(profile: &Profile) -> usize {
    let store = &profile.tls.store;
    match store.key {
        CredentialKey::SocketId => 1,
        CredentialKey::CertificateId => {
            // The masks of all platforms that have them are those of 37. Source: M37 p917.
            let at_once = store.authorities_at_once.unwrap_or(3);
            store.ca_slots.clone().count().min(at_once.into())
        }
    }
}
