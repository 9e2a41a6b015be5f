//! Credentials on the module: compared first, stored only when they differ.

use bytes::Bytes;

use super::{PrivateKey, TlsError, TlsOptions};
use crate::commands::{
    CredentialKind, CredentialSlots, CredentialSlotsStatus, DeleteCredential, ReadCredential, StoreCredential,
};
use crate::error::CommandError;
use crate::modem::Modem;
use crate::platform::StoreLayout;

/// What was done with a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Provision {
    /// None was given.
    Absent,
    /// The module held it already.
    Unchanged,
    /// It was stored.
    Stored,
}

/// What was done with the credentials of [`TlsOptions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provisioned {
    /// The CA certificates: stored if one of them was.
    pub authorities: Provision,
    /// The client certificate.
    pub certificate: Provision,
    /// Its private key.
    pub key: Provision,
}

pub(super) async fn store(modem: &Modem, options: &TlsOptions) -> Result<Provisioned, TlsError> {
    let mut done = Provisioned {
        authorities: Provision::Absent,
        certificate: Provision::Absent,
        key: Provision::Absent,
    };
    let wanted = wanted(modem, options)?;
    if wanted.is_empty() {
        return Ok(done);
    }
    let store = Store { modem, slots: modem.run(CredentialSlots).await?, fields: field_count(modem).await? };
    for credential in wanted {
        let outcome = store.ensure(&credential).await?;
        let kind = match credential.kind {
            CredentialKind::CaCertificate => &mut done.authorities,
            CredentialKind::ClientCertificate => &mut done.certificate,
            CredentialKind::PrivateKey => &mut done.key,
        };
        if *kind != Provision::Stored {
            *kind = outcome;
        }
    }
    Ok(done)
}

struct Wanted<'a> {
    slot: u8,
    kind: CredentialKind,
    pem: &'a [u8],
    /// The key, of which the module gives back only a digest.
    key: Option<&'a PrivateKey>,
}

impl Wanted<'_> {
    /// Whether this is what the module gave back.
    fn is_held(&self, lines: &[String]) -> bool {
        let is_digest =
            |line: &String| self.key.is_some_and(|key| key.has_md5(line.trim_matches(['"', ' '])));
        same_pem(lines, self.pem) || lines.iter().any(is_digest)
    }
}

/// Every credential with its slot, sizes checked before anything is sent.
fn wanted<'a>(modem: &Modem, options: &'a TlsOptions) -> Result<Vec<Wanted<'a>>, TlsError> {
    let store = &modem.profile().tls.store;
    let limit = store.size_limit.unwrap_or(usize::MAX);
    let mut wanted = Vec::new();
    for (slot, authority) in store.ca_slots.clone().zip(&options.authorities) {
        authority.certificate().check_size(limit)?;
        let kind = CredentialKind::CaCertificate;
        wanted.push(Wanted { slot, kind, pem: authority.module_bytes(), key: None });
    }
    if let Some(identity) = &options.identity {
        let (certificate, key) = (identity.certificate(), identity.private_key());
        certificate.certificate().check_size(limit)?;
        key.check_size(limit)?;
        let slot = store.identity_slot;
        let kind = CredentialKind::ClientCertificate;
        wanted.push(Wanted { slot, kind, pem: certificate.module_bytes(), key: None });
        let kind = CredentialKind::PrivateKey;
        wanted.push(Wanted { slot, kind, pem: key.module_bytes(), key: Some(key) });
    }
    Ok(wanted)
}

struct Store<'a> {
    modem: &'a Modem,
    slots: Vec<CredentialSlotsStatus>,
    fields: usize,
}

impl Store<'_> {
    async fn ensure(&self, wanted: &Wanted<'_>) -> Result<Provision, TlsError> {
        let Wanted { slot, kind, .. } = *wanted;
        if self.slots.iter().any(|status| status.slot == slot && status.holds(kind)) {
            let held = self.modem.run(ReadCredential { slot, kind }).await?;
            if wanted.is_held(&held) {
                return Ok(Provision::Unchanged);
            }
            self.delete(slot, kind).await?;
        }
        tracing::info!(slot, ?kind, "storing a credential on the module");
        let pem = Bytes::copy_from_slice(wanted.pem);
        self.modem.run(StoreCredential { slot, kind, pem, fields: self.fields }).await?;
        Ok(Provision::Stored)
    }

    async fn delete(&self, slot: u8, kind: CredentialKind) -> Result<(), TlsError> {
        match self.modem.run(DeleteCredential { slot, kind }).await {
            // The store command overwrites; what matters is whether that is refused.
            Ok(()) | Err(CommandError::Refused { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The fifth field changed its meaning between firmware versions, so the module is asked.
/// Source: M37 p914.
async fn field_count(modem: &Modem) -> Result<usize, TlsError> {
    let layouts = modem.profile().tls.store.layouts;
    if let [StoreLayout::Plain] = layouts {
        return Ok(4);
    }
    Ok(modem.test_form("#SSLSECDATA").await?.map_or(4, |fields| fields.len()))
}

/// PEM text comes back as lines; line ends and blank lines do not matter.
fn same_pem(lines: &[String], pem: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pem);
    let wanted = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let held = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
    wanted.eq(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_read_back_line_by_line_is_the_same() {
        let pem = b"-----BEGIN CERTIFICATE-----\nAAAA\nBBBB\n-----END CERTIFICATE-----\n";
        let lines = |text: &[&str]| text.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let same = lines(&["-----BEGIN CERTIFICATE-----", "AAAA", "BBBB", "-----END CERTIFICATE-----"]);
        assert!(same_pem(&same, pem));
        let other = lines(&["-----BEGIN CERTIFICATE-----", "AAAA", "BBBC", "-----END CERTIFICATE-----"]);
        assert!(!same_pem(&other, pem));
        assert!(!same_pem(&[], pem));
    }
}
