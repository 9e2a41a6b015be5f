//! Why a credential is refused, and what to do about it.

use std::fmt;

/// The role a credential plays on the module.
///
/// Source: M37 p915 (`<dataType>` of `#SSLSECDATA`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// Certificate of an authority that the server's certificate is checked against.
    CaCertificate,
    /// Certificate that the module shows to the server.
    ClientCertificate,
    /// Private key of the client certificate.
    PrivateKey,
}

impl fmt::Display for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::CaCertificate => "CA certificate",
            Self::ClientCertificate => "client certificate",
            Self::PrivateKey => "private key",
        })
    }
}

/// Why a credential cannot be used. Nothing of a key is ever part of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The bytes hold no PEM block at all.
    #[error("no PEM block for the {expected}: {found}; give the text that starts with -----BEGIN")]
    NotPem {
        /// What was to be read.
        expected: Credential,
        /// What the bytes look like.
        found: &'static str,
    },
    /// The file holds another kind of object.
    #[error("expected a {expected}, but the file holds {found}; give the file of the {expected}")]
    WrongKind {
        /// What was to be read.
        expected: Credential,
        /// What the PEM block says it is.
        found: String,
    },
    /// The file holds several objects where one is expected.
    #[error(
        "the file holds {count} PEM blocks where one {expected} is expected; keep one of them{}",
        all_from_pem_hint(*expected)
    )]
    SeveralBlocks {
        /// What was to be read.
        expected: Credential,
        /// How many PEM blocks there are.
        count: usize,
    },
    /// The certificate of a server or device was given as that of an authority.
    #[error(
        "the certificate {subject} was given as a CA certificate, but it is no authority's; \
         give the certificate of {issuer}, who has signed it"
    )]
    NotAnAuthority {
        /// Subject of the certificate.
        subject: String,
        /// Who has signed it.
        issuer: String,
    },
    /// The object is damaged.
    #[error("the {expected} cannot be read: {reason}; export it again")]
    Malformed {
        /// What was to be read.
        expected: Credential,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The private key needs a passphrase, which no module supports. Source: M37 p915.
    #[error(
        "the private key is encrypted and modules take no passphrase; \
         decrypt it first with `openssl rsa -traditional -in KEY -out PLAIN`"
    )]
    EncryptedKey,
    /// Client authentication works with RSA only. Source: M37 p890, p917.
    #[error(
        "the {credential} uses {algorithm}, but modules authenticate with RSA only; \
         create an RSA key and a certificate for it"
    )]
    UnsupportedAlgorithm {
        /// Which credential it is.
        credential: Credential,
        /// The algorithm it uses.
        algorithm: &'static str,
    },
    /// The private key is not the one of the certificate.
    #[error(
        "the private key does not belong to the client certificate {subject}; give the key it was issued for"
    )]
    KeyMismatch {
        /// Subject of the certificate.
        subject: String,
    },
    /// The certificate is past its end.
    #[error("the {credential} {subject} expired on {date}; replace it, or correct the clock if it is wrong")]
    Expired {
        /// Which credential it is.
        credential: Credential,
        /// Subject of the certificate.
        subject: String,
        /// Last valid day in UTC, `YYYY-MM-DD`.
        date: String,
    },
    /// The certificate is not valid yet.
    #[error(
        "the {credential} {subject} is valid only from {date}; wait, or correct the clock if it is wrong"
    )]
    NotYetValid {
        /// Which credential it is.
        credential: Credential,
        /// Subject of the certificate.
        subject: String,
        /// First valid day in UTC, `YYYY-MM-DD`.
        date: String,
    },
    /// The credential is larger than the module's store allows.
    #[error("the {credential} has {size} bytes, but the module stores at most {limit}; use a smaller one")]
    TooLarge {
        /// Which credential it is.
        credential: Credential,
        /// Bytes that would be sent.
        size: usize,
        /// Most bytes the module takes.
        limit: usize,
    },
}

fn all_from_pem_hint(expected: Credential) -> &'static str {
    match expected {
        Credential::CaCertificate => ", or read them all with `CaCertificate::all_from_pem`",
        Credential::ClientCertificate | Credential::PrivateKey => "",
    }
}

/// The size check that certificates and keys share.
pub(super) fn check_size(credential: Credential, size: usize, limit: usize) -> Result<(), CredentialError> {
    if size > limit {
        return Err(CredentialError::TooLarge { credential, size, limit });
    }
    Ok(())
}
