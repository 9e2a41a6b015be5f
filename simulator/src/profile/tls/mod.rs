//! The TLS block of each platform: layouts, limits and meanings of the `#SSL` commands.

mod commands;
#[cfg(test)]
#[cfg(feature = "servers")]
mod handshakes;
pub(super) mod suites;
mod test_form;

use std::ops::RangeInclusive;

use crate::net::TlsVersion;
use crate::profile::command::CommandSpec;
pub(super) use commands::{COMMON, CPU_MODE, FAST_DIAL, PRELOADED, PROTOCOL, SUITE_LIST, TRAFFIC};
#[cfg(test)]
pub(super) use suites::Suite;
pub(crate) use suites::SuiteTable;

/// What differs in TLS from platform to platform.
#[derive(Debug, Clone)]
pub(crate) struct TlsProfile {
    pub(crate) commands: &'static [&'static [CommandSpec]],
    pub(crate) scope: TlsScope,
    /// Secure sockets, 1 to this.
    pub(crate) sockets: u8,
    /// `#SSLEN`, `#SSLCFG`, `#SSLSECCFG`, `#SSLSECCFG2` and `#SSLSECCS` survive a power cycle.
    pub(crate) settings_kept: bool,
    pub(crate) numbers: ErrorNumbers,
    pub(crate) configuration: Configuration,
    /// `<cert_format>`, the fourth field of `#SSLSECCFG`.
    pub(crate) certificate_format: bool,
    /// `#SSLSECCFG2`; without it the versions are fixed.
    pub(crate) protocol: Option<Protocol>,
    pub(crate) credentials: Credentials,
    /// `#SSLSECCA`
    pub(crate) preloaded: Option<Preloaded>,
    /// `<ClosureType>`, as the test form tells.
    pub(crate) closure_types: ClosureTypes,
    pub(crate) transfer: Transfer,
    pub(crate) suites: SuiteTable,
}

/// How far one service's TLS keeps the others out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsScope {
    /// One service for the whole module.
    Module,
    /// One service for each secure socket.
    #[expect(dead_code, reason = "the other reading of M37 p894, for a platform that turns out to have it")]
    Socket,
}

/// The numbers of the TLS errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorNumbers {
    /// 830 to 841. Source: SSL guide 12.2.
    Guide,
    /// 1000 to 1012. Source: M37 p27.
    Manual,
    /// 839 for a handshake that failed, and else 1000 to 1012, as public host code for the LE910 V2 has them.
    Mixed,
}

/// The layout of `#SSLCFG`.
#[derive(Debug, Clone)]
pub(crate) struct Configuration {
    /// How many the read form prints and the set form takes at most. Fields without a meaning must be 0.
    pub(crate) fields: usize,
    /// `<cid>`
    pub(crate) contexts: RangeInclusive<u32>,
    /// `<pktSz>` of a new module.
    pub(crate) packet_size: u32,
    /// The ninth field has a meaning: `<skipHostMismatch>`.
    pub(crate) host_check: bool,
    /// The tenth field has a meaning: `<equalizeTX>`.
    pub(crate) equalize: bool,
    /// The eleventh field has a meaning: `<connTo>`.
    pub(crate) connect_timeout: bool,
    /// The read form has a blank behind the colon.
    pub(crate) blank: bool,
}

/// The layout of `#SSLSECCFG2` and what `<version>` means.
#[derive(Debug, Clone)]
pub(crate) struct Protocol {
    /// `<version>` 0 to this.
    pub(crate) highest: u8,
    /// `<version>` of a new module.
    pub(crate) default: u8,
    pub(crate) fields: ProtocolFields,
}

/// What stands behind `<version>`; the rest up to the sixth field must be 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProtocolFields {
    /// Nothing. `<version>` is the only one offered.
    None,
    /// `<SNI>`. `<version>` is the only one offered.
    ServerName,
    /// `<SNI>,<CustomCA>,<PreloadedCA>,<MinVersion>`. `<version>` is the highest one offered.
    Masks,
}

/// `#SSLSECDATA`
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) slots: Slots,
    /// Largest `<Size>`.
    pub(crate) limit: u32,
    /// Action 3: store in RAM.
    pub(crate) ram: bool,
    /// `<Password>` and `<md5WhenReading>`.
    pub(crate) key_protection: bool,
}

/// What the first parameter of `#SSLSECDATA` numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slots {
    /// The secure socket: each has its own authority, certificate and key.
    PerSocket,
    /// A slot that all sockets share, 1 to this. Only the first holds a client certificate and a key.
    Shared(u8),
}

/// `#SSLSECCA`
#[derive(Debug, Clone)]
pub(crate) struct Preloaded {
    pub(crate) slots: u8,
    pub(crate) limit: u32,
}

/// `<ClosureType>` of `#SSLD` and `#SSLH`.
#[derive(Debug, Clone)]
pub(crate) struct ClosureTypes {
    /// As the test form prints them.
    pub(crate) printed: &'static str,
    /// What `#SSLD` takes.
    pub(crate) taken: RangeInclusive<u32>,
    /// 1 keeps the session for `#SSLFASTD`.
    pub(crate) keeps_session: bool,
}

/// Sizes of data.
#[derive(Debug, Clone)]
pub(crate) struct Transfer {
    /// Longest `#SSLSEND`; the surplus is thrown away.
    pub(crate) terminated: usize,
    /// Longest `#SSLSENDEXT`.
    pub(crate) counted: u32,
    /// Longest `#SSLRECV`.
    pub(crate) receive: u32,
    /// Longest data of one `SSLSRING` in mode 2.
    pub(crate) ring: usize,
}

/// Certificates that may be selected by both masks together. Source: M37 p924.
pub(crate) const MOST_AUTHORITIES: u32 = 3;

impl TlsProfile {
    /// Slots of `#SSLSECDATA`.
    pub(crate) fn certificate_slots(&self) -> u8 {
        match self.credentials.slots {
            Slots::PerSocket => self.sockets,
            Slots::Shared(count) => count,
        }
    }

    /// Slots of `#SSLSECCA`.
    pub(crate) fn preloaded_slots(&self) -> u8 {
        self.preloaded.as_ref().map_or(0, |preloaded| preloaded.slots)
    }

    /// Whether the two masks of `#SSLSECCFG2` choose the authorities.
    pub(crate) fn has_masks(&self) -> bool {
        self.protocol.as_ref().is_some_and(|protocol| protocol.fields == ProtocolFields::Masks)
    }

    /// The lowest and the highest version offered for these values of `<version>` and `<MinVersion>`. `None` is SSL 3.0,
    /// which no library of today speaks.
    pub(crate) fn versions(&self, version: u8, lowest: u8) -> Option<(TlsVersion, TlsVersion)> {
        let Some(protocol) = &self.protocol else {
            return Some((TlsVersion::V1_0, TlsVersion::V1_2));
        };
        if protocol.fields == ProtocolFields::Masks {
            return Some((version_of(lowest.max(1))?, version_of(version)?));
        }
        version_of(version).map(|exact| (exact, exact))
    }
}

/// Source: M37 p921-924; of platform 20 the same numbers are known (0 is SSL 3.0).
fn version_of(value: u8) -> Option<TlsVersion> {
    match value {
        0 => None,
        1 => Some(TlsVersion::V1_0),
        2 => Some(TlsVersion::V1_1),
        3 => Some(TlsVersion::V1_2),
        _ => Some(TlsVersion::V1_3),
    }
}
