//! Certificates as values: read, checked and put into the module's form when they are made.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::credential_error::{Credential, CredentialError, check_size};
use super::pem::{self, Block};
use super::rsa_key::{PublicKey, RsaPublicKey};
use super::validity::Position;
use super::x509::{self, Facts};

const LABEL: &str = "CERTIFICATE";

/// Certificate of an authority that the server's certificate is checked against.
///
/// A certificate without the authority flag can be read too, since people pin the self-signed certificate of a
/// server of their own. One that somebody else has signed is refused when TLS is set up, see
/// [`Certificate::check_anchor`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaCertificate(Certificate);

impl CaCertificate {
    /// Reads the one certificate of a PEM file. Text around it is ignored.
    ///
    /// # Errors
    ///
    /// [`CredentialError`] if there is no certificate, something else, more than one, or a damaged one.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, CredentialError> {
        Certificate::from_pem(Credential::CaCertificate, bytes).map(Self)
    }

    /// Reads all certificates of a PEM file, in their order, at least one.
    ///
    /// Modules take one certificate a slot, so each is stored by itself. Source: M37 p914.
    ///
    /// # Errors
    ///
    /// [`CredentialError`] if there is no certificate, something else beside them, or a damaged one.
    pub fn all_from_pem(bytes: &[u8]) -> Result<Vec<Self>, CredentialError> {
        pem::blocks(Credential::CaCertificate, bytes)?
            .into_iter()
            .map(|block| Certificate::from_block(Credential::CaCertificate, &block).map(Self))
            .collect()
    }

    /// Reads all certificates of a file, PEM or binary (DER).
    ///
    /// # Errors
    ///
    /// As [`all_from_pem`](Self::all_from_pem) and [`from_der`](Self::from_der).
    pub fn all_from_bytes(bytes: &[u8]) -> Result<Vec<Self>, CredentialError> {
        if pem::is_binary(bytes) { Ok(vec![Self::from_der(bytes)?]) } else { Self::all_from_pem(bytes) }
    }

    /// Reads a binary (DER) certificate. It is stored in the form that
    /// [`credential_format`](super::TlsOptionsBuilder::credential_format) says, whatever it was read from.
    ///
    /// # Errors
    ///
    /// [`CredentialError::Malformed`] if it is not one certificate.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CredentialError> {
        Certificate::from_der(Credential::CaCertificate, bytes).map(Self)
    }

    /// What is known of the certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.0
    }

    /// The bytes to store on the module, see [`Certificate::module_bytes`].
    #[must_use]
    pub fn module_bytes(&self) -> &[u8] {
        self.0.module_bytes()
    }
}

/// Certificate that the module shows to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate(Certificate);

impl ClientCertificate {
    /// Reads the one certificate of a PEM file. Text around it is ignored.
    ///
    /// # Errors
    ///
    /// [`CredentialError`] if there is no certificate, something else, more than one (the module has no place for
    /// a chain), a damaged one, or one without an RSA key, which modules cannot use. Source: M37 p890, p917.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, CredentialError> {
        Self::with_rsa_key(Certificate::from_pem(Credential::ClientCertificate, bytes)?)
    }

    /// Reads the certificate of a file, PEM or binary (DER).
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem) and [`from_der`](Self::from_der).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CredentialError> {
        if pem::is_binary(bytes) { Self::from_der(bytes) } else { Self::from_pem(bytes) }
    }

    /// Reads a binary (DER) certificate. It is stored in the form that
    /// [`credential_format`](super::TlsOptionsBuilder::credential_format) says, whatever it was read from.
    ///
    /// # Errors
    ///
    /// [`CredentialError`] if it is not one certificate, or one without an RSA key.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CredentialError> {
        Self::with_rsa_key(Certificate::from_der(Credential::ClientCertificate, bytes)?)
    }

    fn with_rsa_key(certificate: Certificate) -> Result<Self, CredentialError> {
        match certificate.inner.facts.public_key {
            PublicKey::Rsa(_) => Ok(Self(certificate)),
            PublicKey::Other(algorithm) => Err(CredentialError::UnsupportedAlgorithm {
                credential: Credential::ClientCertificate,
                algorithm,
            }),
        }
    }

    /// What is known of the certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.0
    }

    /// The bytes to store on the module, see [`Certificate::module_bytes`].
    #[must_use]
    pub fn module_bytes(&self) -> &[u8] {
        self.0.module_bytes()
    }

    /// Whether `key` is the public half of this certificate's key.
    pub(super) fn has_key(&self, key: &RsaPublicKey) -> bool {
        matches!(&self.0.inner.facts.public_key, PublicKey::Rsa(own) if own == key)
    }
}

/// What is known of a certificate, whatever its role. Clones share it.
#[derive(Clone)]
pub struct Certificate {
    inner: Arc<Inner>,
}

struct Inner {
    role: Credential,
    binary: Vec<u8>,
    digest: [u8; 32],
    facts: Facts,
    /// Made for whoever wants to look at it; to be stored on a module it is made each time.
    text: OnceLock<Vec<u8>>,
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.inner.role == other.inner.role && self.inner.binary == other.inner.binary
    }
}

impl Eq for Certificate {}

impl Certificate {
    pub(super) fn from_pem(role: Credential, bytes: &[u8]) -> Result<Self, CredentialError> {
        let blocks = pem::blocks(role, bytes)?;
        if let Some(other) = blocks.iter().find(|block| !is_certificate(block)) {
            return Err(wrong_kind(role, other));
        }
        Self::from_block(role, &pem::single(role, blocks)?)
    }

    fn from_block(role: Credential, block: &Block) -> Result<Self, CredentialError> {
        if is_certificate(block) {
            Self::from_der(role, &block.content)
        } else {
            Err(wrong_kind(role, block))
        }
    }

    fn from_der(role: Credential, bytes: &[u8]) -> Result<Self, CredentialError> {
        let reason = "it is no X.509 certificate, or a damaged one";
        let facts = x509::read(bytes).map_err(|_| CredentialError::Malformed { expected: role, reason })?;
        let digest = Sha256::digest(bytes).into();
        let inner = Inner { role, binary: bytes.to_vec(), digest, facts, text: OnceLock::new() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// [`module_bytes`](Self::module_bytes) that nobody keeps.
    pub(super) fn to_text(&self) -> Zeroizing<Vec<u8>> {
        pem::encode(LABEL, &self.inner.binary)
    }

    /// The bytes to store on the module: one PEM block, each line ended by one LF, nothing around it.
    ///
    /// Source: SSL guide 6.5.
    #[must_use]
    pub fn module_bytes(&self) -> &[u8] {
        self.inner.text.get_or_init(|| self.to_text().to_vec())
    }

    /// The binary form (DER).
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.inner.binary
    }

    /// How many bytes [`module_bytes`](Self::module_bytes) has, as `#SSLSECDATA` declares them.
    #[must_use]
    pub fn size(&self) -> usize {
        self.to_text().len()
    }

    /// Checks the size against the most that the module stores.
    ///
    /// # Errors
    ///
    /// [`CredentialError::TooLarge`] if it does not fit.
    pub fn check_size(&self, limit: usize) -> Result<(), CredentialError> {
        check_size(self.inner.role, self.size(), limit)
    }

    /// Whom the certificate names, as `CN=device,O=Example`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.inner.facts.subject
    }

    /// Who signed it, in the form of [`subject`](Self::subject).
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.inner.facts.issuer
    }

    /// The host names and addresses that it stands for (subject alternative names).
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.inner.facts.names
    }

    /// First moment of its validity.
    #[must_use]
    pub fn not_before(&self) -> SystemTime {
        self.inner.facts.validity.not_before()
    }

    /// Last second of its validity.
    #[must_use]
    pub fn not_after(&self) -> SystemTime {
        self.inner.facts.validity.not_after()
    }

    /// First day of its validity in UTC, `YYYY-MM-DD`.
    #[must_use]
    pub fn first_day(&self) -> String {
        self.inner.facts.validity.first_day()
    }

    /// Last day of its validity in UTC, `YYYY-MM-DD`.
    #[must_use]
    pub fn last_day(&self) -> String {
        self.inner.facts.validity.last_day()
    }

    /// Checks that the certificate is valid at `now`. Modules refuse it otherwise. Source: M37 p886.
    ///
    /// # Errors
    ///
    /// [`CredentialError::Expired`] or [`CredentialError::NotYetValid`].
    pub fn check_validity(&self, now: SystemTime) -> Result<(), CredentialError> {
        let (credential, subject) = (self.inner.role, self.inner.facts.subject.clone());
        let validity = &self.inner.facts.validity;
        match validity.position(now) {
            Position::Within => Ok(()),
            Position::Before => {
                Err(CredentialError::NotYetValid { credential, subject, date: validity.first_day() })
            }
            Position::After => {
                Err(CredentialError::Expired { credential, subject, date: validity.last_day() })
            }
        }
    }

    /// Whether the certificate says that its key may sign others. Certificates of version 1 never do.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.inner.facts.is_ca
    }

    /// Whether the subject has signed the certificate itself, by the names: signatures are not checked.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.inner.facts.subject == self.inner.facts.issuer
    }

    /// Checks that the certificate can be what a server's chain ends in: an authority's, or a self-signed one.
    ///
    /// A module looks for the signer of what the server shows. Given the server's own certificate it would fail in
    /// the handshake, without saying why.
    ///
    /// # Errors
    ///
    /// [`CredentialError::NotAnAuthority`] names the one whose certificate is needed.
    pub fn check_anchor(&self) -> Result<(), CredentialError> {
        if self.is_ca() || self.is_self_signed() {
            return Ok(());
        }
        let (subject, issuer) = (self.inner.facts.subject.clone(), self.inner.facts.issuer.clone());
        Err(CredentialError::NotAnAuthority { subject, issuer })
    }

    /// SHA-256 of the binary form, as servers and consoles show it: lower-case hexadecimal without colons.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.inner.digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Certificate")
            .field("subject", &self.inner.facts.subject)
            .field("fingerprint", &self.fingerprint())
            .finish_non_exhaustive()
    }
}

fn is_certificate(block: &Block) -> bool {
    // The longer label is an old name of the same content. Source: RFC 7468 4.
    matches!(block.label.as_str(), LABEL | "X509 CERTIFICATE")
}

fn wrong_kind(expected: Credential, block: &Block) -> CredentialError {
    CredentialError::WrongKind { expected, found: pem::name_of(&block.label) }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::super::fixtures;
    use super::*;

    fn ca() -> CaCertificate {
        CaCertificate::from_pem(fixtures::CA).unwrap()
    }

    fn day(days: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(days * 86_400)
    }

    #[test]
    fn facts_of_an_authority_are_read() {
        let ca = ca();
        let certificate = ca.certificate();
        assert_eq!(certificate.subject(), "CN=Test only CA,O=Test only,C=IT");
        assert_eq!(certificate.issuer(), certificate.subject());
        assert_eq!(certificate.not_before(), UNIX_EPOCH + Duration::from_secs(1_577_836_800));
        assert_eq!(certificate.not_after(), UNIX_EPOCH + Duration::from_secs(2_524_607_999));
        assert!(certificate.is_ca());
        assert_eq!(certificate.fingerprint(), fixtures::CA_SHA256);
    }

    #[test]
    fn facts_of_a_client_are_read() {
        let client = ClientCertificate::from_pem(fixtures::CLIENT).unwrap();
        assert_eq!(client.certificate().subject(), "CN=device\\, 1,O=Test only");
        assert_eq!(client.certificate().issuer(), "CN=Test only CA,O=Test only,C=IT");
        assert!(!client.certificate().is_ca());
    }

    #[test]
    fn every_layout_gives_the_same_bytes() {
        assert_eq!(ca().module_bytes(), fixtures::CA);
        assert_eq!(CaCertificate::from_pem(fixtures::CA_CRLF).unwrap(), ca());
        assert_eq!(CaCertificate::from_der(fixtures::CA_DER).unwrap(), ca());
    }

    #[test]
    fn a_bundle_with_text_is_read_in_its_order() {
        let all = CaCertificate::all_from_pem(fixtures::BUNDLE_WITH_TEXT).unwrap();
        assert_eq!(
            all.iter().map(CaCertificate::module_bytes).collect::<Vec<_>>(),
            [fixtures::CA, fixtures::CLIENT]
        );
        assert_eq!(
            CaCertificate::from_pem(fixtures::BUNDLE_WITH_TEXT).unwrap_err().to_string(),
            "the file holds 2 PEM blocks where one CA certificate is expected; keep one of them, \
             or read them all with `CaCertificate::all_from_pem`"
        );
        assert_eq!(
            ClientCertificate::from_pem(fixtures::BUNDLE_WITH_TEXT).unwrap_err().to_string(),
            "the file holds 2 PEM blocks where one client certificate is expected; keep one of them"
        );
    }

    #[test]
    fn other_objects_are_named() {
        for (bytes, found) in [
            (fixtures::CLIENT_KEY, "a private key"),
            (fixtures::CLIENT_KEY_ENCRYPTED, "an encrypted private key"),
            (fixtures::EC_KEY, "an EC private key"),
            (fixtures::REQUEST, "a certificate request (CSR)"),
            (fixtures::PUBLIC_KEY, "a public key"),
        ] {
            let expected = Credential::CaCertificate;
            let wrong = Some(CredentialError::WrongKind { expected, found: found.to_owned() });
            assert_eq!(CaCertificate::from_pem(bytes).err(), wrong);
            assert_eq!(CaCertificate::all_from_pem(bytes).err(), wrong);
        }
    }

    #[test]
    fn a_key_beside_a_certificate_is_not_overlooked() {
        let both = [fixtures::CLIENT, fixtures::CLIENT_KEY].concat();
        assert_eq!(
            ClientCertificate::from_pem(&both).unwrap_err().to_string(),
            "expected a client certificate, but the file holds a private key; \
             give the file of the client certificate"
        );
    }

    #[test]
    fn binary_input_is_recognised() {
        assert_eq!(
            CaCertificate::from_pem(fixtures::CA_DER).unwrap_err().to_string(),
            "no PEM block for the CA certificate: the file is binary (DER); \
             give the text that starts with -----BEGIN"
        );
    }

    #[test]
    fn a_damaged_certificate_is_refused() {
        let cut = fixtures::CA_DER.split_last().unwrap().1;
        let longer = [fixtures::CA_DER, b"\0"].concat();
        for bytes in [cut, &longer, b"", b"\x30\x00"] {
            assert_eq!(
                CaCertificate::from_der(bytes).unwrap_err().to_string(),
                "the CA certificate cannot be read: it is no X.509 certificate, or a damaged one; export it again"
            );
        }
    }

    #[test]
    fn a_client_certificate_needs_an_rsa_key() {
        assert_eq!(
            ClientCertificate::from_pem(fixtures::EC_CLIENT).unwrap_err().to_string(),
            "the client certificate uses elliptic curves (EC), but modules authenticate with RSA only; \
             create an RSA key and a certificate for it"
        );
        assert!(CaCertificate::from_pem(fixtures::EC_CLIENT).is_ok());
    }

    #[test]
    fn either_form_of_a_file_is_read() {
        let all = CaCertificate::all_from_bytes(fixtures::CA_DER).unwrap();
        assert_eq!(all, CaCertificate::all_from_bytes(fixtures::CA).unwrap());
        assert_eq!(all[0].certificate().der(), fixtures::CA_DER);
        let client = ClientCertificate::from_bytes(fixtures::CLIENT).unwrap();
        assert_eq!(ClientCertificate::from_bytes(client.certificate().der()).unwrap(), client);
    }

    #[test]
    fn a_chain_ends_in_an_authority() {
        assert_eq!(ca().certificate().check_anchor(), Ok(()));
        let leaf = CaCertificate::from_pem(fixtures::CLIENT).unwrap();
        assert_eq!(
            leaf.certificate().check_anchor().unwrap_err().to_string(),
            "the certificate CN=device\\, 1,O=Test only was given as a CA certificate, but it is no authority's; \
             give the certificate of CN=Test only CA,O=Test only,C=IT, who has signed it"
        );
    }

    #[test]
    fn validity_is_judged_by_the_given_time() {
        let expired = ClientCertificate::from_pem(fixtures::EXPIRED).unwrap();
        let certificate = expired.certificate();
        assert_eq!(certificate.check_validity(day(18_500)), Ok(()));
        assert_eq!(
            certificate.check_validity(day(20_000)).unwrap_err().to_string(),
            "the client certificate CN=expired device,O=Test only expired on 2021-01-01; \
             replace it, or correct the clock if it is wrong"
        );
        assert_eq!(
            certificate.check_validity(UNIX_EPOCH).unwrap_err().to_string(),
            "the client certificate CN=expired device,O=Test only is valid only from 2020-01-01; \
             wait, or correct the clock if it is wrong"
        );
    }

    #[test]
    fn a_certificate_without_end_is_read() {
        let no_end = ClientCertificate::from_pem(fixtures::NO_END).unwrap();
        assert_eq!(no_end.certificate().not_after(), UNIX_EPOCH + Duration::from_secs(253_402_300_799));
        assert_eq!(no_end.certificate().check_validity(day(2_000_000)), Ok(()));
    }

    #[test]
    fn the_size_limit_is_inclusive() {
        let ca = ca();
        let size = fixtures::CA.len();
        assert_eq!(ca.certificate().size(), size);
        assert_eq!(ca.certificate().check_size(size), Ok(()));
        assert_eq!(
            ca.certificate().check_size(size - 1),
            Err(CredentialError::TooLarge { credential: Credential::CaCertificate, size, limit: size - 1 })
        );
    }

    #[test]
    fn debug_shows_the_name_and_not_the_text() {
        assert_eq!(
            format!("{:?}", ca()),
            format!(
                "CaCertificate(Certificate {{ subject: \"CN=Test only CA,O=Test only,C=IT\", fingerprint: \"{}\", .. }})",
                fixtures::CA_SHA256
            )
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(CaCertificate::from_pem(&bytes));
            drop(CaCertificate::from_der(&bytes));
            drop(CaCertificate::from_pem(&pem::encode(LABEL, &bytes)));
        }

        #[test]
        fn damaged_certificates_never_panic(position in 0_usize..800, byte: u8) {
            let mut bytes = fixtures::CA_DER.to_vec();
            bytes[position] = byte;
            if let Ok(certificate) = CaCertificate::from_der(&bytes) {
                // Reading again what would be sent gives the same: normalising is idempotent.
                prop_assert_eq!(CaCertificate::from_pem(certificate.module_bytes()), Ok(certificate));
            }
        }
    }
}
