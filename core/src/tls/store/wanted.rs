//! One credential as it is to be stored, and whether the module holds it already.

use bytes::Bytes;
use zeroize::Zeroizing;

use crate::commands::CredentialKind;
use crate::tls::credential_error::{Credential, check_size};
use crate::tls::{CaCertificate, CredentialError, CredentialFormat, Identity, PrivateKey};

/// A credential with all its forms.
pub(super) struct Wanted<'a> {
    pub(super) kind: CredentialKind,
    role: Credential,
    pem: Zeroizing<Vec<u8>>,
    der: &'a [u8],
    /// The key, of which the module may give back only a digest.
    key: Option<&'a PrivateKey>,
}

impl<'a> Wanted<'a> {
    pub(super) fn authority(authority: &'a CaCertificate) -> Self {
        let certificate = authority.certificate();
        let (kind, role) = (CredentialKind::CaCertificate, Credential::CaCertificate);
        Self { kind, role, pem: certificate.to_text(), der: certificate.der(), key: None }
    }

    /// Certificate and key, in the order of the guide. Source: SSL guide 6.8.6.
    pub(super) fn identity(identity: &'a Identity) -> [Self; 2] {
        let (certificate, key) = (identity.certificate().certificate(), identity.private_key());
        let (kind, role) = (CredentialKind::ClientCertificate, Credential::ClientCertificate);
        let first = Self { kind, role, pem: certificate.to_text(), der: certificate.der(), key: None };
        let (kind, role) = (CredentialKind::PrivateKey, Credential::PrivateKey);
        [first, Self { kind, role, pem: key.to_text(), der: key.der(), key: Some(key) }]
    }

    /// What is sent.
    pub(super) fn data(&self, format: CredentialFormat) -> Bytes {
        Bytes::copy_from_slice(match format {
            CredentialFormat::Pem => &self.pem,
            CredentialFormat::Der => self.der,
        })
    }

    pub(super) fn check_size(
        &self,
        format: CredentialFormat,
        limit: Option<usize>,
    ) -> Result<(), CredentialError> {
        let size = match format {
            CredentialFormat::Pem => self.pem.len(),
            CredentialFormat::Der => self.der.len(),
        };
        limit.map_or(Ok(()), |limit| check_size(self.role, size, limit))
    }

    /// Whether this is what the module gave back, in whatever form.
    pub(super) fn is_held(&self, lines: &[Bytes]) -> bool {
        same_text(lines, &self.pem) || self.is_digest(lines) || same_but_blanks(lines, self.der)
    }

    fn is_digest(&self, lines: &[Bytes]) -> bool {
        let shown = |line: &Bytes| String::from_utf8_lossy(line).trim_matches(['"', ' ']).to_owned();
        self.key.is_some_and(|key| lines.iter().any(|line| key.has_md5(&shown(line))))
    }
}

/// PEM text comes back as lines; line ends and blank lines do not matter.
fn same_text(lines: &[Bytes], pem: &[u8]) -> bool {
    let wanted = pem.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let held = lines.iter().map(|line| line.trim_ascii()).filter(|line| !line.is_empty());
    wanted.eq(held)
}

/// Binary data come back cut wherever a byte looks like a line end, so these and blanks are left out on both sides.
/// What is left of a certificate or key is still hundreds of bytes.
fn same_but_blanks(lines: &[Bytes], der: &[u8]) -> bool {
    let is_data = |byte: &&u8| !byte.is_ascii_whitespace();
    lines.iter().flatten().filter(is_data).eq(der.iter().filter(is_data))
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures;
    use super::*;
    use crate::tls::ClientCertificate;

    fn lines(data: &[u8]) -> Vec<Bytes> {
        data.split(|byte| matches!(byte, b'\r' | b'\n')).map(Bytes::copy_from_slice).collect()
    }

    #[test]
    fn a_certificate_is_recognised_in_both_forms() {
        let ca = CaCertificate::from_pem(fixtures::CA).unwrap();
        let wanted = Wanted::authority(&ca);
        for held in [fixtures::CA, fixtures::CA_CRLF, fixtures::CA_DER] {
            assert!(wanted.is_held(&lines(held)));
        }
        assert!(!wanted.is_held(&lines(fixtures::CLIENT)));
        assert!(!wanted.is_held(&[]));
        let cut = fixtures::CA_DER.split_last().unwrap().1;
        assert!(!wanted.is_held(&lines(cut)));
    }

    #[test]
    fn a_key_is_recognised_by_its_digest_too() {
        let identity = Identity::new(
            ClientCertificate::from_pem(fixtures::CLIENT).unwrap(),
            PrivateKey::from_pem(fixtures::CLIENT_KEY).unwrap(),
        )
        .unwrap();
        let [certificate, key] = Wanted::identity(&identity);
        let digest = lines(fixtures::CLIENT_KEY_MD5.as_bytes());
        assert!(key.is_held(&digest) && key.is_held(&lines(fixtures::CLIENT_KEY)));
        assert!(!certificate.is_held(&digest), "only keys have digests");
        assert!(!key.is_held(&lines(fixtures::OTHER_KEY)));
    }

    #[test]
    fn the_size_is_that_of_the_form() {
        let ca = CaCertificate::from_pem(fixtures::CA).unwrap();
        let wanted = Wanted::authority(&ca);
        let limit = Some(fixtures::CA_DER.len());
        assert_eq!(wanted.check_size(CredentialFormat::Der, limit), Ok(()));
        assert!(matches!(
            wanted.check_size(CredentialFormat::Pem, limit),
            Err(CredentialError::TooLarge { credential: Credential::CaCertificate, .. })
        ));
        assert_eq!(wanted.check_size(CredentialFormat::Pem, None), Ok(()));
    }
}
