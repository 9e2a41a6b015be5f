//! How the TLS versions are numbered.

use super::cipher_suites::TlsVersion;

/// Numbers of the TLS versions in `#SSLSECCFG2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionCoding {
    /// Values of the version field that are known.
    pub version: &'static [(TlsVersion, u8)],
    /// What the version field is on a new module; `None` if unknown.
    pub default_version: Option<TlsVersion>,
    /// Values of the minimum version field; empty where it does not exist.
    pub minimum: &'static [(TlsVersion, u8)],
    /// What the minimum is on a new module; `None` if unknown or without the field.
    pub default_minimum: Option<TlsVersion>,
    /// What the version field says.
    pub meaning: VersionMeaning,
}

/// What the version field of `#SSLSECCFG2` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VersionMeaning {
    /// There is no such field: the module offers what it has.
    Absent,
    /// The newest version, down to the minimum.
    Newest,
    /// This version alone, or the newest: no source says.
    Unknown,
}

impl VersionCoding {
    /// The value that means `version`.
    #[must_use]
    pub fn version_value(&self, version: TlsVersion) -> Option<u8> {
        value(self.version, version)
    }

    /// The value that means "at least `version`".
    #[must_use]
    pub fn minimum_value(&self, version: TlsVersion) -> Option<u8> {
        value(self.minimum, version)
    }
}

fn value(coding: &[(TlsVersion, u8)], version: TlsVersion) -> Option<u8> {
    coding.iter().find_map(|(known, value)| (*known == version).then_some(*value))
}
