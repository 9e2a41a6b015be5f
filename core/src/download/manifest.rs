//! What a file must be, signed by whoever made it.

use std::fmt;

use ed25519_dalek::pkcs8::DecodePublicKey;
use ed25519_dalek::{SIGNATURE_LENGTH, Signature, VerifyingKey};
use serde::Deserialize;

use super::digest::Sha256Digest;
use crate::Category;

/// Size and SHA-256 of a file, from a document whose signature was verified.
///
/// The document is JSON with `size`, `sha256` in hexadecimal digits and, if there is one, `version`; whatever else it
/// holds is signed with it and not read here. The signature is a detached Ed25519 one over its bytes as they are, 64
/// bytes long:
///
/// ```text
/// openssl genpkey -algorithm ed25519 -out signing.pem
/// openssl pkey -in signing.pem -pubout -out verifying.pem
/// openssl pkeyutl -sign -rawin -inkey signing.pem -in firmware.json -out firmware.json.sig
/// ```
///
/// The signature does not tell old from new: a document that was signed for an older version is still good. Compare
/// [`version`](Self::version) with what is installed where going back is a danger.
///
/// ```
/// use telit_core::download::{Manifest, ManifestKey};
///
/// let key = "-----BEGIN PUBLIC KEY-----
/// MCowBQYDK2VwAyEAOLAtsSdZ7wshwgDeRnEWjmrbgyDQHxpuHnaUbOucqnc=
/// -----END PUBLIC KEY-----";
/// let key = ManifestKey::from_pem(key)?;
/// let forged = Manifest::verify(br#"{"size": 4, "sha256": "00"}"#, &[0; 64], &key);
/// assert!(forged.is_err());
/// # Ok::<(), telit_core::download::ManifestError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    size: u64,
    sha256: Sha256Digest,
    version: Option<String>,
}

/// The public key that signatures of manifests are verified with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ManifestKey(VerifyingKey);

/// A manifest cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// This is no Ed25519 public key, or a weak one.
    #[error("this is no usable Ed25519 public key")]
    InvalidKey,
    /// A detached Ed25519 signature has 64 bytes.
    #[error("an Ed25519 signature has {SIGNATURE_LENGTH} bytes, not {got}")]
    SignatureLength {
        /// How many there were.
        got: usize,
    },
    /// The document is not what was signed, or somebody else has signed it.
    #[error("the signature of the manifest is wrong")]
    WrongSignature,
    /// The signature is good, but the document does not tell what it should.
    #[error("the manifest cannot be read: {text}")]
    Unreadable {
        /// In words.
        text: String,
    },
}

impl ManifestError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::InvalidKey => Category::Usage,
            Self::SignatureLength { .. } | Self::WrongSignature | Self::Unreadable { .. } => {
                Category::Verification
            }
        }
    }
}

#[derive(Deserialize)]
struct Document {
    size: u64,
    sha256: String,
    version: Option<String>,
}

impl Manifest {
    /// Reads a document after its signature was verified.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn verify(document: &[u8], signature: &[u8], key: &ManifestKey) -> Result<Self, ManifestError> {
        let got = signature.len();
        let signature =
            Signature::from_slice(signature).map_err(|_| ManifestError::SignatureLength { got })?;
        // Strictly: keys and signatures that several documents fit are refused.
        key.0.verify_strict(document, &signature).map_err(|_| ManifestError::WrongSignature)?;
        Self::read(document)
    }

    fn read(document: &[u8]) -> Result<Self, ManifestError> {
        let unreadable = |text: String| ManifestError::Unreadable { text };
        let document: Document =
            serde_json::from_slice(document).map_err(|error| unreadable(error.to_string()))?;
        let sha256 = document.sha256.parse().map_err(|error| unreadable(format!("{error}")))?;
        Ok(Self { size: document.size, sha256, version: document.version })
    }

    /// The size of the file.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its hash.
    #[must_use]
    pub fn sha256(&self) -> Sha256Digest {
        self.sha256
    }

    /// Its version, in the maker's own words.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }
}

impl ManifestKey {
    /// Reads a public key in PEM (`BEGIN PUBLIC KEY`).
    ///
    /// # Errors
    /// [`ManifestError::InvalidKey`]
    pub fn from_pem(pem: &str) -> Result<Self, ManifestError> {
        Self::usable(VerifyingKey::from_public_key_pem(pem.trim()).map_err(|_| ManifestError::InvalidKey)?)
    }

    /// Takes the 32 bytes of a public key.
    ///
    /// # Errors
    /// [`ManifestError::InvalidKey`]
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, ManifestError> {
        Self::usable(VerifyingKey::from_bytes(bytes).map_err(|_| ManifestError::InvalidKey)?)
    }

    /// With a weak key nobody needs the private one.
    fn usable(key: VerifyingKey) -> Result<Self, ManifestError> {
        if key.is_weak() {
            return Err(ManifestError::InvalidKey);
        }
        Ok(Self(key))
    }
}

impl fmt::Debug for ManifestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManifestKey({:02x?})", self.0.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with OpenSSL, as the documentation of [`Manifest`] says.
    const KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAOLAtsSdZ7wshwgDeRnEWjmrbgyDQHxpuHnaUbOucqnc=
-----END PUBLIC KEY-----
";
    const DOCUMENT: &str = "{\"size\": 10, \"sha256\": \"84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882\", \
         \"version\": \"1.2.3\", \"board\": \"b2\"}\n";
    const SIGNATURE: [u8; 64] = [
        0xb1, 0x92, 0xf6, 0x21, 0x17, 0x0f, 0xc9, 0x6d, 0x24, 0xb8, 0x95, 0x19, 0x7e, 0x1c, 0xf1, 0x17, 0xe2,
        0x0e, 0x4b, 0x95, 0x57, 0x97, 0xe3, 0x2e, 0x2e, 0xf2, 0xc0, 0x39, 0x6a, 0x44, 0xc0, 0x7b, 0x6e, 0x24,
        0x9a, 0xd7, 0xe8, 0x8e, 0x9c, 0x23, 0xc8, 0xd7, 0x82, 0xfa, 0x03, 0xb6, 0x58, 0x63, 0x5b, 0x80, 0x57,
        0x2a, 0xd5, 0x92, 0x05, 0x04, 0x1a, 0xaf, 0xa7, 0xd0, 0x18, 0xcc, 0x8a, 0x02,
    ];

    fn key() -> ManifestKey {
        ManifestKey::from_pem(KEY).unwrap()
    }

    #[test]
    fn what_openssl_has_signed_is_verified() {
        let manifest = Manifest::verify(DOCUMENT.as_bytes(), &SIGNATURE, &key()).unwrap();
        assert_eq!((manifest.size(), manifest.version()), (10, Some("1.2.3")));
        let sha256 = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";
        assert_eq!(manifest.sha256().to_string(), sha256);
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let verify = |document: &[u8], signature: &[u8]| Manifest::verify(document, signature, &key());
        for bit in 0..DOCUMENT.len() * 8 {
            let mut changed = DOCUMENT.as_bytes().to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verify(&changed, &SIGNATURE), Err(ManifestError::WrongSignature), "bit {bit}");
        }
        for bit in 0..SIGNATURE.len() * 8 {
            let mut changed = SIGNATURE;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                verify(DOCUMENT.as_bytes(), &changed),
                Err(ManifestError::WrongSignature),
                "bit {bit}"
            );
        }
        for length in [0, 63] {
            let wrong = ManifestError::SignatureLength { got: length };
            assert_eq!(verify(DOCUMENT.as_bytes(), &SIGNATURE[..length]), Err(wrong));
        }
        let longer = [&SIGNATURE[..], &[0]].concat();
        assert_eq!(verify(DOCUMENT.as_bytes(), &longer), Err(ManifestError::SignatureLength { got: 65 }));
    }

    #[test]
    fn somebody_else_cannot_sign() {
        let other = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key();
        let other = ManifestKey::from_bytes(other.as_bytes()).unwrap();
        let verified = Manifest::verify(DOCUMENT.as_bytes(), &SIGNATURE, &other);
        assert_eq!(verified, Err(ManifestError::WrongSignature));
    }

    #[test]
    fn keys_that_are_none_or_weak_are_refused() {
        let rsa = KEY.replace("K2VwAyEA", "K2VwAyE");
        for pem in ["", "x", &rsa] {
            assert_eq!(ManifestKey::from_pem(pem), Err(ManifestError::InvalidKey), "{pem}");
        }
        // The neutral element: it verifies what nobody has signed.
        let mut weak = [0; 32];
        weak[0] = 1;
        assert_eq!(ManifestKey::from_bytes(&weak), Err(ManifestError::InvalidKey));
    }

    #[test]
    fn documents_that_say_too_little_or_the_same_twice_are_refused() {
        let hash = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";
        for document in [
            String::new(),
            "{}".to_owned(),
            format!("{{\"size\": -1, \"sha256\": \"{hash}\"}}"),
            format!("{{\"size\": 1.5, \"sha256\": \"{hash}\"}}"),
            "{\"size\": 1, \"sha256\": \"84\"}".to_owned(),
            format!("{{\"size\": 1, \"size\": 2, \"sha256\": \"{hash}\"}}"),
            format!("{{\"size\": 1, \"sha256\": \"{hash}\"}} and more"),
        ] {
            let read = Manifest::read(document.as_bytes());
            assert!(matches!(read, Err(ManifestError::Unreadable { .. })), "{document}: {read:?}");
        }
        let least = Manifest::read(format!("{{\"size\": 1, \"sha256\": \"{hash}\"}}").as_bytes()).unwrap();
        assert_eq!((least.size(), least.version()), (1, None));
    }
}
