//! What the settings of a secure socket mean for a handshake. Source: SSL guide 6, M37 p876-886, p921-929.

use openssl::pkey::{Id, PKey};
use openssl::x509::X509;

use super::Module;
use crate::error::{AtError, cme};
use crate::net::{Identity, TlsSettings, TlsVersion, Verify};
use crate::nvm::{CertificateSlot, Secret, SuiteChoice};
use crate::profile::Slots;

impl Module {
    /// The handshake settings for a connection to `host` over secure socket `socket`.
    pub(crate) fn handshake_settings(&self, socket: u8, host: &str) -> Result<TlsSettings, AtError> {
        let settings = self.tls_settings(socket);
        let tls = &self.profile.tls;
        let Some((min, max)) = tls.versions(settings.version, settings.lowest_version) else {
            tracing::warn!(platform = %self.profile.platform, "SSL 3.0 is not available: no handshake");
            return Err(AtError::Cme(cme::SSL_HANDSHAKE));
        };
        let verified = settings.authentication > 0;
        let ca_certificates = if verified { self.authorities(socket) } else { Vec::new() };
        let missing = AtError::Cme(cme::SSL_CERTIFICATES);
        if verified && ca_certificates.is_empty() {
            return Err(missing);
        }
        let identity = match settings.authentication {
            2 => Some(self.identity(socket).ok_or(missing)?),
            _ => None,
        };
        let checked = verified && tls.configuration.host_check && !settings.skip_host_mismatch;
        Ok(TlsSettings {
            min,
            max,
            suites: self.offered_suites(settings.suite, max),
            verify: if verified { Verify::Server } else { Verify::None },
            ca_certificates,
            identity,
            server_name: settings.server_name.then(|| host.to_owned()),
            check_host: checked.then(|| host.to_owned()),
            now: self.clock.utc(self.now),
            resumption: None,
        })
    }

    /// Exactly one suite, or a list.
    fn offered_suites(&self, choice: SuiteChoice, max: TlsVersion) -> Vec<u16> {
        match choice {
            SuiteChoice::Iana(iana) => vec![iana],
            SuiteChoice::Decimal(decimal) => match self.profile.tls.suites.by_decimal(decimal) {
                Some(iana) => vec![iana],
                None => self.suite_list(max),
            },
        }
    }

    /// The list of `#SSLSECCS` if one is configured, else the factory's.
    fn suite_list(&self, max: TlsVersion) -> Vec<u16> {
        if let Some(list) = self.nvm.suites.as_ref().filter(|list| !list.is_empty()) {
            return list.clone();
        }
        let table = &self.profile.tls.suites;
        if let Some(guide) = table.guide_default.filter(|_| self.quirks.guide_default_suites) {
            return guide.to_vec();
        }
        let newest: &[u16] = if max == TlsVersion::V1_3 { table.default_1_3 } else { &[] };
        table.default.iter().chain(newest).copied().collect()
    }

    /// The authorities to trust; one in RAM stands in for the stored one of its slot.
    fn authorities(&self, socket: u8) -> Vec<Vec<u8>> {
        let custom = self.nvm.certificates.iter().zip(&self.tls.ram_authorities).enumerate();
        let custom = custom.filter(|(index, _)| self.selects(socket, *index));
        let custom = custom.filter_map(|(_, (slot, ram))| {
            ram.clone().or_else(|| slot.authority.as_ref().map(|authority| authority.0.clone()))
        });
        let mask = self.tls_settings(socket).preloaded_mask;
        let preloaded = self.nvm.preloaded.iter().enumerate();
        let preloaded = preloaded.filter(|(index, _)| mask >> index & 1 == 1);
        let preloaded = preloaded.filter_map(|(_, slot)| slot.as_ref().map(|authority| authority.0.clone()));
        custom.chain(preloaded).map(|certificate| as_pem(&certificate)).collect()
    }

    /// Whether a socket uses the authority of a slot: its own, or by `<CustomCA>`, or, where there is no such mask, all.
    fn selects(&self, socket: u8, index: usize) -> bool {
        match self.profile.tls.credentials.slots {
            Slots::PerSocket => index + 1 == usize::from(socket),
            Slots::Shared(_) if !self.profile.tls.has_masks() => true,
            Slots::Shared(_) => self.tls_settings(socket).custom_mask >> index & 1 == 1,
        }
    }

    /// The slot that holds the client certificate and key for a socket. Source: M37 p914.
    fn identity_slot(&self, socket: u8) -> Option<&CertificateSlot> {
        match self.profile.tls.credentials.slots {
            Slots::PerSocket => self.nvm.certificates.get(usize::from(socket).wrapping_sub(1)),
            Slots::Shared(_) => self.nvm.certificates.first(),
        }
    }

    fn identity(&self, socket: u8) -> Option<Identity> {
        let slot = self.identity_slot(socket)?;
        let bytes = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.0.clone());
        let (certificate, key) = (as_pem(&bytes(&slot.certificate)?), key_as_pem(bytes(&slot.key)?));
        is_rsa(&key).then_some(Identity { certificate, key })
    }
}

/// Certificates may have been stored in DER.
fn as_pem(certificate: &[u8]) -> Vec<u8> {
    let converted = X509::from_der(certificate).and_then(|certificate| certificate.to_pem());
    converted.unwrap_or_else(|_| certificate.to_vec())
}

/// So may keys.
fn key_as_pem(key: Vec<u8>) -> Vec<u8> {
    let converted = PKey::private_key_from_der(&key).and_then(|key| key.private_key_to_pem_pkcs8());
    converted.unwrap_or(key)
}

/// Clients sign with RSA alone. What is no key at all is judged at the dial. Source: SSL guide 6.5, M37 p917.
fn is_rsa(key: &[u8]) -> bool {
    // The callback stands in for OpenSSL's own, which would ask for a password on the terminal.
    PKey::private_key_from_pem_callback(key, |_| Ok(0)).map_or(true, |key| key.id() == Id::RSA)
}
