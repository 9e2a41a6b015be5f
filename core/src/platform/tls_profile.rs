//! The TLS part of a profile.

use std::ops::RangeInclusive;

use super::cipher_suites::{CipherSuite, SuiteRow, SuiteSelection, TlsVersion};
use super::profile::Availability;

/// What the TLS commands of a platform take.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TlsProfile {
    /// Secure socket identifiers (`<SSId>`).
    pub socket_ids: RangeInclusive<u8>,
    /// What one TLS user keeps others from.
    pub exclusive: ExclusiveScope,
    /// `#SSLCFG`.
    pub socket: SocketLayout,
    /// `<cert_format>` of `#SSLSECCFG`. Without it the module takes PEM.
    pub certificate_format: Availability,
    /// `#SSLSECCFG2`.
    pub security: SecurityLayout,
    /// Numbers of the TLS versions in `#SSLSECCFG2`.
    pub versions: VersionCoding,
    /// Whether TLS 1.3 works.
    pub tls13: Availability,
    /// How a single suite is written in `#SSLSECCFG`.
    pub suite_selection: SuiteSelection,
    /// The suites, in the order of their source.
    pub suites: &'static [SuiteRow],
    /// Suites to offer up to TLS 1.2, best first.
    pub recommended: &'static [CipherSuite],
    /// Suites to offer with TLS 1.3, best first.
    pub recommended_tls13: &'static [CipherSuite],
    /// `#SSLSECCS`: an ordered list of suites of one's own.
    pub suite_list: Availability,
    /// `#SSLSECCA`: a second store of authorities.
    pub preloaded_store: Availability,
    /// `#SSLFASTD`: resumption of a saved session.
    pub fast_dial: Availability,
    /// `#SSLSENDEXT`: sending a counted block.
    pub send_counted: Availability,
    /// `#SSLI`: counters of a socket.
    pub counters: Availability,
    /// Where credentials are kept.
    pub store: CredentialStore,
    /// Sizes of blocks.
    pub blocks: BlockLimits,
}

impl TlsProfile {
    /// Whether the server name can be sent (SNI).
    #[must_use]
    pub fn sends_server_name(&self) -> bool {
        matches!(self.security, SecurityLayout::Sni | SecurityLayout::SniAndMasks)
    }

    /// Whether the certificate's host name can be checked.
    #[must_use]
    pub fn checks_host_name(&self) -> bool {
        self.socket.skip_host_mismatch
    }

    /// The row of `suite`, if the platform has it.
    #[must_use]
    pub fn suite(&self, suite: CipherSuite) -> Option<&'static SuiteRow> {
        self.suites.iter().find(|row| row.suite == suite)
    }

    /// What `suite` is called in `#SSLSECCFG` to be the only one offered, if it can be chosen alone.
    ///
    /// Decimal where the platform has a decimal number for it: those are the older ones that every firmware knows.
    #[must_use]
    pub fn suite_value(&self, suite: CipherSuite) -> Option<String> {
        let row = self.suite(suite)?;
        match (self.suite_selection, row.decimal) {
            (SuiteSelection::Hexadecimal, _) | (SuiteSelection::Both, None) => Some(suite.hexadecimal()),
            (SuiteSelection::Decimal | SuiteSelection::Both, decimal) => {
                decimal.map(|number| number.to_string())
            }
        }
    }

    /// The suite that `value` means where the module states one, as in `#SSLSECCFG?` and `#SSLS`.
    ///
    /// `None` for 0, for the obsolete numbers that act like 0, and for `0xffff`, which stands for unknown.
    /// Source: M37 p882, p886, p907.
    #[must_use]
    pub fn suite_from_value(&self, value: &str) -> Option<CipherSuite> {
        if value.starts_with("0x") || value.starts_with("0X") {
            return value.parse().ok().filter(|suite: &CipherSuite| suite.number() != 0xFFFF);
        }
        let decimal = value.parse().ok()?;
        self.suites.iter().find_map(|row| (row.decimal == Some(decimal)).then_some(row.suite))
    }
}

/// What one user of TLS keeps others from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExclusiveScope {
    /// TLS as a whole has one user. Source: SSL guide 6.1.
    WholeModule,
    /// The first secure socket has one user; the others are free. Source: M37 p894.
    ///
    /// Stated for platform 37 only, and at odds with the guide, so it is recorded and not relied on.
    FirstSocket,
}

/// The fields of `#SSLCFG`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketLayout {
    /// Fields of the set form, `<SSId>` and unused ones included.
    pub fields: u8,
    /// `<skipHostMismatch>`: the host name check can be switched.
    pub skip_host_mismatch: bool,
    /// `<equalizeTX>`.
    pub equalize: bool,
    /// `<connTo>`: a bound for the connection.
    pub connect_timeout: bool,
}

/// The layout of `#SSLSECCFG2`. Source: SSL guide 6.3, M37 p921.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecurityLayout {
    /// The command does not exist.
    Absent,
    /// Version, then four unused fields.
    VersionOnly,
    /// Version and SNI, then three unused fields.
    Sni,
    /// Version, SNI, masks of custom and of preloaded authorities, minimum version.
    SniAndMasks,
}

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

/// Where a module keeps credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialStore {
    /// Most bytes of one credential of `#SSLSECDATA`; `None` where only the test form tells.
    pub size_limit: Option<usize>,
    /// Most bytes of one authority of `#SSLSECCA`.
    pub preloaded_size_limit: Option<usize>,
    /// Identifiers of `#SSLSECDATA` that hold an authority.
    pub ca_slots: RangeInclusive<u8>,
    /// The identifier that holds the client's certificate and key.
    pub identity_slot: u8,
    /// Identifiers of `#SSLSECCA`; `None` without the command.
    pub preloaded_slots: Option<RangeInclusive<u8>>,
    /// Authorities that one connection may use, over both stores; `None` if unknown.
    pub authorities_at_once: Option<u8>,
    /// Action 3 of `#SSLSECDATA`: an authority in RAM for the next connection.
    pub ram: Availability,
    /// Layouts of `#SSLSECDATA` that firmware of the platform has. Count the fields of the test form.
    pub layouts: &'static [StoreLayout],
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

/// Sizes of the blocks of a secure socket, and the timeouts they carry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockLimits {
    /// Block of `#SSLSENDEXT` that is safe without asking the module.
    pub send_counted: usize,
    /// Largest block of `#SSLSENDEXT`; `None` where only the test form tells.
    pub send_counted_limit: Option<usize>,
    /// Largest block of `#SSLSEND`, which drops what is over it without an error.
    pub send_terminated: usize,
    /// Largest block of `#SSLRECV`.
    pub receive: usize,
    /// Timeout field of `#SSLD`, in units of 100 ms.
    pub dial_timeout: RangeInclusive<u16>,
    /// Timeout field of `#SSLSENDEXT`, in units of 100 ms.
    pub send_timeout: RangeInclusive<u16>,
    /// Timeout field of `#SSLRECV`, in units of 100 ms.
    pub receive_timeout: RangeInclusive<u16>,
}
