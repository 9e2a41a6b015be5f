//! What the settings of a secure socket mean for a handshake. Source: M37 p876-886, p921-929.

use openssl::x509::X509;

use super::Module;
use crate::error::{AtError, cme};
use crate::net::{Identity, TlsSettings, TlsVersion, Verify};
use crate::nvm::{Secret, SuiteChoice};

impl Module {
    /// The handshake settings for a connection to `host` over secure socket `socket`.
    pub(crate) fn handshake_settings(&self, socket: u8, host: &str) -> Result<TlsSettings, AtError> {
        let settings = self.tls_settings(socket);
        let verified = settings.authentication > 0;
        let ca_certificates = if verified { self.authorities(socket) } else { Vec::new() };
        let missing = AtError::Cme(cme::SSL_CERTIFICATES);
        if verified && ca_certificates.is_empty() {
            return Err(missing);
        }
        let identity =
            if settings.authentication == 2 { Some(self.identity().ok_or(missing)?) } else { None };
        Ok(TlsSettings {
            min: lowest_version(settings.lowest_version),
            max: highest_version(settings.version),
            suites: self.offered_suites(settings.suite, settings.version),
            verify: if verified { Verify::Server } else { Verify::None },
            ca_certificates,
            identity,
            server_name: settings.server_name.then(|| host.to_owned()),
            check_host: (verified && !settings.skip_host_mismatch).then(|| host.to_owned()),
            now: self.clock.utc(self.now),
        })
    }

    /// Exactly one suite, or a list.
    fn offered_suites(&self, choice: SuiteChoice, version: u8) -> Vec<u16> {
        let tls = &self.profile.tls;
        match choice {
            SuiteChoice::Iana(iana) => vec![iana],
            SuiteChoice::Decimal(decimal) => {
                let chosen = tls.suites.iter().find(|suite| suite.decimal == Some(decimal));
                chosen.map_or_else(|| self.suite_list(version), |suite| vec![suite.iana])
            }
        }
    }

    /// The list of `#SSLSECCS` if one is configured, else the factory's.
    fn suite_list(&self, version: u8) -> Vec<u16> {
        if let Some(list) = self.nvm.suites.as_ref().filter(|list| !list.is_empty()) {
            return list.clone();
        }
        let tls = &self.profile.tls;
        if self.quirks.guide_default_suites {
            return tls.guide_default_suites.to_vec();
        }
        let newest: &[u16] = if version >= 4 { tls.default_suites_1_3 } else { &[] };
        tls.default_suites.iter().chain(newest).copied().collect()
    }

    /// The certificates that both masks select; one in RAM stands in for the stored one of its slot.
    fn authorities(&self, socket: u8) -> Vec<Vec<u8>> {
        let settings = self.tls_settings(socket);
        let custom = self.nvm.certificates.iter().zip(&self.tls.ram_authorities).enumerate();
        let custom = custom.filter(|(index, _)| settings.custom_mask >> index & 1 == 1);
        let custom = custom.filter_map(|(_, (slot, ram))| {
            ram.clone().or_else(|| slot.authority.as_ref().map(|authority| authority.0.clone()))
        });
        let preloaded = self.nvm.preloaded.iter().enumerate();
        let preloaded = preloaded.filter(|(index, _)| settings.preloaded_mask >> index & 1 == 1);
        let preloaded = preloaded.filter_map(|(_, slot)| slot.as_ref().map(|authority| authority.0.clone()));
        custom.chain(preloaded).map(|certificate| as_pem(&certificate)).collect()
    }

    /// The only client certificate and key are in slot 1. Source: M37 p914.
    fn identity(&self) -> Option<Identity> {
        let slot = self.nvm.certificates.first()?;
        let bytes = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.0.clone());
        Some(Identity { certificate: as_pem(&bytes(&slot.certificate)?), key: bytes(&slot.key)? })
    }
}

/// Certificates may have been stored in DER.
fn as_pem(certificate: &[u8]) -> Vec<u8> {
    let converted = X509::from_der(certificate).and_then(|certificate| certificate.to_pem());
    converted.unwrap_or_else(|_| certificate.to_vec())
}

fn lowest_version(value: u8) -> TlsVersion {
    match value {
        0 | 1 => TlsVersion::V1_0,
        2 => TlsVersion::V1_1,
        3 => TlsVersion::V1_2,
        _ => TlsVersion::V1_3,
    }
}

/// 0 to 3 all mean TLS 1.2.
fn highest_version(value: u8) -> TlsVersion {
    if value >= 4 { TlsVersion::V1_3 } else { TlsVersion::V1_2 }
}
