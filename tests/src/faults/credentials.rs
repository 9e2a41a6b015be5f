//! Certificates and a key that are the same in every run, so that every run has the same points.

use telit_core::Modem;
use telit_core::tls::{CaCertificate, CipherPolicy, Identity, TlsOptions};

use crate::rig::knows_modern_suites;

/// Valid from 2020 to 2049, with RSA keys of 2048 bits.
pub(super) const AUTHORITY: &str = include_str!("credentials/authority.pem");
pub(super) const CERTIFICATE: &str = include_str!("credentials/client.pem");
pub(super) const KEY: &str = include_str!("credentials/client_key.pem");

pub(super) fn authority() -> CaCertificate {
    CaCertificate::from_pem(AUTHORITY.as_bytes()).expect("it is a CA certificate")
}

pub(super) fn identity() -> Identity {
    Identity::from_pem(CERTIFICATE.as_bytes(), KEY.as_bytes()).expect("they fit")
}

/// Trusts the authority. What the platform cannot do is waived, and nothing else.
pub(super) fn tls(modem: &Modem) -> TlsOptions {
    let profile = modem.profile();
    let mut options = TlsOptions::builder().ca(authority());
    if !profile.tls.checks_host_name() {
        options = options.danger_skip_host_check();
    }
    if !profile.tls.sends_server_name() {
        options = options.without_server_name();
    }
    let platform = profile.id.as_str().parse().expect("the simulator has all platforms");
    if !knows_modern_suites(platform) {
        options = options.cipher_policy(CipherPolicy::Compatible);
    }
    options.build().expect("the options fit together")
}
