//! The client's private key: read, checked, put into the module's form, and shown to nobody.

use std::fmt;
use std::sync::{Arc, OnceLock};

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::credential_error::{Credential, CredentialError, check_size};
use super::pem::{self, Block};
use super::rsa_key::{self, Pkcs8, RsaPublicKey};

const PKCS1: &str = "RSA PRIVATE KEY";
const PKCS8: &str = "PRIVATE KEY";
const KIND: Credential = Credential::PrivateKey;

/// RSA private key of the client, without a passphrase.
///
/// Kept in the PKCS#1 form (`BEGIN RSA PRIVATE KEY`) that modules take. `Debug` shows its length only, and the
/// memory is overwritten when the last clone is dropped; clones share it.
#[derive(Clone)]
pub struct PrivateKey {
    inner: Arc<Inner>,
}

struct Inner {
    binary: Zeroizing<Vec<u8>>,
    bits: usize,
    /// Made for whoever wants to look at it; to be stored on a module it is made each time.
    text: OnceLock<Zeroizing<Vec<u8>>>,
}

impl PrivateKey {
    /// Reads the one key of a PEM file, PKCS#1 or PKCS#8. Text around it is ignored.
    ///
    /// # Errors
    ///
    /// [`CredentialError::EncryptedKey`] for a key with a passphrase, [`CredentialError::UnsupportedAlgorithm`]
    /// for one that is not RSA, other [`CredentialError`]s if there is no key, something else, more than one, or a
    /// damaged one.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, CredentialError> {
        let mut blocks = pem::blocks(KIND, bytes)?;
        // openssl writes the curve in front of an EC key; the key is what counts.
        if blocks.len() > 1 {
            blocks.retain(|block| block.label != "EC PARAMETERS");
        }
        for block in &blocks {
            check_kind(block)?;
        }
        let block = pem::single(KIND, blocks)?;
        if block.label == PKCS1 { Self::from_pkcs1(&block.content) } else { Self::from_pkcs8(&block.content) }
    }

    /// Reads the key of a file, PEM or binary (DER).
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem) and [`from_der`](Self::from_der).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CredentialError> {
        if pem::is_binary(bytes) { Self::from_der(bytes) } else { Self::from_pem(bytes) }
    }

    /// Reads a binary (DER) key, PKCS#1 or PKCS#8.
    ///
    /// # Errors
    ///
    /// [`CredentialError::UnsupportedAlgorithm`] for a PKCS#8 key that is not RSA, [`CredentialError::Malformed`] for
    /// anything else that is no RSA key without a passphrase.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CredentialError> {
        if rsa_key::read_pkcs1(bytes).is_ok() {
            return Self::from_pkcs1(bytes);
        }
        match rsa_key::open_pkcs8(bytes) {
            Ok(Pkcs8::Rsa(content)) => Self::from_pkcs1(content),
            Ok(Pkcs8::Other(algorithm)) => Err(unsupported(algorithm)),
            Err(_) => Err(malformed("it is no RSA key without a passphrase, or a damaged one")),
        }
    }

    fn from_pkcs1(content: &[u8]) -> Result<Self, CredentialError> {
        let bits = read_public(content)?.bits();
        let inner = Inner { binary: Zeroizing::new(content.to_vec()), bits, text: OnceLock::new() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// [`module_bytes`](Self::module_bytes) that nobody keeps.
    pub(super) fn to_text(&self) -> Zeroizing<Vec<u8>> {
        pem::encode(PKCS1, &self.inner.binary)
    }

    fn from_pkcs8(content: &[u8]) -> Result<Self, CredentialError> {
        match rsa_key::open_pkcs8(content).map_err(|_| malformed("it is no PKCS#8 key, or a damaged one"))? {
            Pkcs8::Rsa(content) => Self::from_pkcs1(content),
            Pkcs8::Other(algorithm) => Err(unsupported(algorithm)),
        }
    }

    /// The bytes to store on the module: one PKCS#1 PEM block, each line ended by one LF, nothing around it.
    ///
    /// They are the secret itself. Source: SSL guide 6.5.
    #[must_use]
    pub fn module_bytes(&self) -> &[u8] {
        self.inner.text.get_or_init(|| self.to_text())
    }

    /// The binary form (DER) of the PKCS#1 key: the secret itself.
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
        check_size(KIND, self.size(), limit)
    }

    /// Length of the modulus in bits.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.inner.bits
    }

    /// MD5 of [`module_bytes`](Self::module_bytes), lower-case hexadecimal.
    ///
    /// A module gives back nothing else of a key that was stored with `md5WhenReading` 1: "only RSA Private key
    /// MD5 is displayed", "when reading you will get the md5 of the key". Source: M37 p916. The manual says neither
    /// over which bytes it is made nor how it is printed; the bytes that were sent are what a module has. Compare
    /// with [`has_md5`](Self::has_md5).
    #[must_use]
    pub fn md5(&self) -> String {
        hexadecimal(&Md5::digest(&*self.to_text()))
    }

    /// Whether `printed`, what a module shows of a stored key, is the MD5 of this key.
    ///
    /// Letter case, blanks and colons do not count, nor whether the module hashed the last line end or the binary
    /// form: the manual leaves these open, see [`md5`](Self::md5).
    #[must_use]
    pub fn has_md5(&self, printed: &str) -> bool {
        let printed: String =
            printed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        let text = self.to_text();
        let without_line_end = text.strip_suffix(b"\n").unwrap_or(&text);
        [&text, without_line_end, &self.inner.binary]
            .into_iter()
            .any(|stored| printed == hexadecimal(&Md5::digest(stored)))
    }

    /// The half that a certificate states.
    pub(super) fn public(&self) -> Result<RsaPublicKey, CredentialError> {
        read_public(&self.inner.binary)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PrivateKey(RSA, {} bits)", self.bits())
    }
}

fn check_kind(block: &Block) -> Result<(), CredentialError> {
    match block.label.as_str() {
        "ENCRYPTED PRIVATE KEY" => Err(CredentialError::EncryptedKey),
        "EC PRIVATE KEY" => Err(unsupported("elliptic curves (EC)")),
        "DSA PRIVATE KEY" => Err(unsupported("DSA")),
        PKCS1 | PKCS8 if block.encrypted => Err(CredentialError::EncryptedKey),
        PKCS1 | PKCS8 => Ok(()),
        other => Err(CredentialError::WrongKind { expected: KIND, found: pem::name_of(other) }),
    }
}

fn read_public(content: &[u8]) -> Result<RsaPublicKey, CredentialError> {
    rsa_key::read_pkcs1(content).map_err(|_| malformed("it is no RSA key, or a damaged one"))
}

fn malformed(reason: &'static str) -> CredentialError {
    CredentialError::Malformed { expected: KIND, reason }
}

fn unsupported(algorithm: &'static str) -> CredentialError {
    CredentialError::UnsupportedAlgorithm { credential: KIND, algorithm }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixtures;
    use super::*;

    fn key() -> PrivateKey {
        PrivateKey::from_pem(fixtures::CLIENT_KEY).unwrap()
    }

    #[test]
    fn both_forms_become_the_same_pkcs1_text() {
        assert_eq!(key().module_bytes(), fixtures::CLIENT_KEY);
        let converted = PrivateKey::from_pem(fixtures::CLIENT_KEY_PKCS8).unwrap();
        assert_eq!(converted.module_bytes(), fixtures::CLIENT_KEY);
        assert_eq!(key().bits(), 2048);
    }

    #[test]
    fn either_form_of_a_file_is_read() {
        let again = PrivateKey::from_bytes(key().der()).unwrap();
        assert_eq!(again.module_bytes(), fixtures::CLIENT_KEY);
        let block = |bytes: &[u8]| pem::blocks(KIND, bytes).unwrap().remove(0).content;
        let pkcs8 = PrivateKey::from_bytes(&block(fixtures::CLIENT_KEY_PKCS8)).unwrap();
        assert_eq!(pkcs8.der(), key().der());
        let refused = |bytes: &[u8]| PrivateKey::from_bytes(&block(bytes)).unwrap_err();
        assert_eq!(refused(fixtures::EC_KEY_PKCS8), unsupported("elliptic curves (EC)"));
        for bytes in [fixtures::CLIENT_KEY_ENCRYPTED, fixtures::CA] {
            assert_eq!(refused(bytes), malformed("it is no RSA key without a passphrase, or a damaged one"));
        }
    }

    #[test]
    fn a_passphrase_is_refused_in_both_forms() {
        for bytes in [fixtures::CLIENT_KEY_ENCRYPTED, fixtures::CLIENT_KEY_ENCRYPTED_TRADITIONAL] {
            assert_eq!(PrivateKey::from_pem(bytes).err(), Some(CredentialError::EncryptedKey));
        }
        assert_eq!(
            CredentialError::EncryptedKey.to_string(),
            "the private key is encrypted and modules take no passphrase; \
             decrypt it first with `openssl rsa -traditional -in KEY -out PLAIN`"
        );
    }

    #[test]
    fn keys_of_other_algorithms_are_refused() {
        let with_parameters = [
            b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n",
            fixtures::EC_KEY,
        ]
        .concat();
        for bytes in [fixtures::EC_KEY, fixtures::EC_KEY_PKCS8, &with_parameters] {
            assert_eq!(PrivateKey::from_pem(bytes).err(), Some(unsupported("elliptic curves (EC)")));
        }
    }

    #[test]
    fn other_objects_are_named() {
        for (bytes, found) in [
            (fixtures::CA, "a certificate"),
            (fixtures::REQUEST, "a certificate request (CSR)"),
            (fixtures::PUBLIC_KEY, "a public key"),
        ] {
            let wrong = CredentialError::WrongKind { expected: KIND, found: found.to_owned() };
            assert_eq!(PrivateKey::from_pem(bytes).err(), Some(wrong));
        }
        let several = [fixtures::CLIENT_KEY, fixtures::OTHER_KEY].concat();
        assert_eq!(
            PrivateKey::from_pem(&several).err(),
            Some(CredentialError::SeveralBlocks { expected: KIND, count: 2 })
        );
    }

    #[test]
    fn a_key_under_the_wrong_label_is_refused() {
        let content = &pem::blocks(KIND, fixtures::CLIENT_KEY).unwrap()[0].content;
        assert_eq!(
            PrivateKey::from_pem(&pem::encode(PKCS8, content)).unwrap_err().to_string(),
            "the private key cannot be read: it is no PKCS#8 key, or a damaged one; export it again"
        );
        let cut = content.split_last().unwrap().1;
        assert_eq!(
            PrivateKey::from_pem(&pem::encode(PKCS1, cut)).unwrap_err().to_string(),
            "the private key cannot be read: it is no RSA key, or a damaged one; export it again"
        );
    }

    #[test]
    fn the_digest_is_that_of_the_sent_bytes() {
        let key = key();
        assert_eq!(key.md5(), fixtures::CLIENT_KEY_MD5);
        assert!(key.has_md5(fixtures::CLIENT_KEY_MD5));
        assert!(key.has_md5(&fixtures::CLIENT_KEY_MD5.to_uppercase()));
        assert!(key.has_md5(fixtures::CLIENT_KEY_MD5_WITHOUT_LINE_END));
        assert!(!key.has_md5(""));
        assert!(!PrivateKey::from_pem(fixtures::OTHER_KEY).unwrap().has_md5(fixtures::CLIENT_KEY_MD5));
    }

    #[test]
    fn debug_and_errors_show_nothing_of_the_key() {
        assert_eq!(format!("{:?}", key()), "PrivateKey(RSA, 2048 bits)");
        assert_eq!(
            key().check_size(100).unwrap_err().to_string(),
            format!(
                "the private key has {} bytes, but the module stores at most 100; use a smaller one",
                fixtures::CLIENT_KEY.len()
            )
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(PrivateKey::from_pem(&bytes));
            drop(PrivateKey::from_pem(&pem::encode(PKCS1, &bytes)));
            drop(PrivateKey::from_pem(&pem::encode(PKCS8, &bytes)));
        }

        #[test]
        fn damaged_keys_never_panic(position in 0_usize..1000, byte: u8) {
            let mut content = pem::blocks(KIND, fixtures::CLIENT_KEY_PKCS8).unwrap()[0].content.clone();
            content[position] = byte;
            if let Ok(key) = PrivateKey::from_pem(&pem::encode(PKCS8, &content)) {
                let again = PrivateKey::from_pem(key.module_bytes()).unwrap();
                prop_assert_eq!(again.module_bytes(), key.module_bytes());
            }
        }
    }
}
