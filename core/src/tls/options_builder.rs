//! How the options of a connection are put together.

use super::options::SuiteChoice;
use super::{
    CaCertificate, CipherPolicy, CipherSuite, CredentialFormat, CredentialStore, Identity, ServerKey,
    TlsOptions, TlsOptionsError, TlsVersion,
};

/// Builds [`TlsOptions`].
#[derive(Clone, Debug)]
#[must_use = "nothing is built until build() is called"]
pub struct TlsOptionsBuilder {
    pub(super) options: TlsOptions,
}

impl TlsOptionsBuilder {
    /// Trusts a CA. Platforms 37, 52 and 25 `ThreadX` take up to three, others one. Source: M37 p923, SSL guide 6.3.
    ///
    /// The certificate of a server itself is taken if it is self-signed; one that a CA has signed is refused when
    /// TLS is set up, since the module looks for the signer.
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

    /// Trusts what the module keeps in a slot of preloaded CA certificates (`#SSLSECCA`), 1 to 3.
    ///
    /// Nothing there is trusted by default: what the factory has put in is not documented, and
    /// [`inventory`](super::inventory) shows it. Platforms 37, 52 and 25 `ThreadX`. Source: SSL guide 6.3.4; M37 p888, p922.
    pub fn preloaded_ca(mut self, slot: u8) -> Self {
        self.options.preloaded.push(slot);
        self
    }

    /// The form in which credentials are stored. Default PEM.
    pub fn credential_format(mut self, format: CredentialFormat) -> Self {
        self.options.format = format;
        self
    }

    /// Where CA certificates are stored. Default flash.
    pub fn credential_store(mut self, store: CredentialStore) -> Self {
        self.options.store = store;
        self
    }

    /// Which cipher suites may be used. Default [`CipherPolicy::Recommended`].
    pub fn cipher_policy(mut self, policy: CipherPolicy) -> Self {
        self.options.suites = SuiteChoice::Policy(policy);
        self
    }

    /// Offers exactly these suites, best first: short for [`CipherPolicy::Only`].
    pub fn cipher_suites(self, suites: impl IntoIterator<Item = CipherSuite>) -> Self {
        self.cipher_policy(CipherPolicy::Only(suites.into_iter().collect()))
    }

    /// Offers exactly these suites although they are broken (RC4, NULL, 3DES and the like): whoever sits in the
    /// middle may read or change what is sent.
    pub fn danger_cipher_suites(mut self, suites: impl IntoIterator<Item = CipherSuite>) -> Self {
        self.options.suites = SuiteChoice::Dangerous(suites.into_iter().collect());
        self
    }

    /// Offers whatever the platform offers by itself (value 0 of `#SSLSECCFG`), and the server chooses, if it likes
    /// something broken.
    ///
    /// Platforms 12, 20 and 23 have ECDHE only like this, together with RC4, and 23 with DES and export suites. It is
    /// right for a server of your own that takes nothing weak. The minimum version is still kept.
    /// Source: SSL guide 12.1.2-12.1.4.
    pub fn danger_platform_default_suites(mut self) -> Self {
        self.options.suites = SuiteChoice::PlatformDefault;
        self
    }

    /// The kind of key in the server's certificate. Default RSA.
    pub fn server_key(mut self, key: ServerKey) -> Self {
        self.options.server_key = key;
        self
    }

    /// Connects without sending the server's name (SNI). A server with several names then shows the certificate of its
    /// choice, which is checked like any other. Platforms 10, 13, 16, 12, 20 and 25 Linux never send it.
    pub fn without_server_name(mut self) -> Self {
        self.options.server_name = false;
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
        self.options.check()?;
        self.options.warn();
        Ok(self.options)
    }
}
