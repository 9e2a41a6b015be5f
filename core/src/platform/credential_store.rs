//! Where a module keeps credentials.

use std::ops::RangeInclusive;

use super::profile::Availability;

/// Where a module keeps credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialStore {
    /// Most bytes of one credential of `#SSLSECDATA`; `None` where only the test form tells.
    pub size_limit: Option<usize>,
    /// Most bytes of one authority of `#SSLSECCA`.
    pub preloaded_size_limit: Option<usize>,
    /// What the first field of `#SSLSECDATA` means.
    pub key: CredentialKey,
    /// Identifiers of `#SSLSECDATA` that hold an authority. The test form tells better.
    pub ca_slots: RangeInclusive<u8>,
    /// The identifier that holds the client's certificate and key; with [`CredentialKey::SocketId`] that of the
    /// first socket.
    pub identity_slot: u8,
    /// Identifiers of `#SSLSECCA`; `None` without the command.
    pub preloaded_slots: Option<RangeInclusive<u8>>,
    /// Authorities that one connection may use, over both stores; `None` if unknown.
    pub authorities_at_once: Option<u8>,
    /// Algorithms of client keys that the module takes.
    pub client_keys: &'static [KeyAlgorithm],
    /// Action 3 of `#SSLSECDATA`: an authority in RAM for the next connection.
    pub ram: Availability,
    /// Layouts of `#SSLSECDATA` that firmware of the platform has. Count the fields of the test form.
    pub layouts: &'static [StoreLayout],
}

/// What the first field of `#SSLSECDATA` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialKey {
    /// The secure socket (`<SSId>`): each has its own authority, certificate and key.
    SocketId,
    /// A place in a store that all secure sockets share (`<CertId>`); `#SSLSECCFG2` chooses authorities by a mask.
    CertificateId,
}

/// Algorithm of a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// RSA.
    Rsa,
}

/// How many fields `#SSLSECDATA` takes, and what the last ones are.
///
/// The fifth changed its meaning between two revisions of one platform. Source: M37 p914.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StoreLayout {
    /// Slot, action, kind, size: a key can be read back in clear.
    Plain,
    /// A fifth field: reading gives the MD5 of the key.
    Md5,
    /// A fifth field for a password, and the MD5 field is the sixth.
    PasswordAndMd5,
}

impl StoreLayout {
    /// The layout with `fields` fields in the test form.
    #[must_use]
    pub const fn from_field_count(fields: usize) -> Option<Self> {
        match fields {
            4 => Some(Self::Plain),
            5 => Some(Self::Md5),
            6 => Some(Self::PasswordAndMd5),
            _ => None,
        }
    }

    /// Whether a stored key can be kept from being read back.
    #[must_use]
    pub const fn hides_keys(self) -> bool {
        matches!(self, Self::Md5 | Self::PasswordAndMd5)
    }
}
