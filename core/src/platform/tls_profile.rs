//! The TLS part of a profile.

use std::ops::RangeInclusive;

use super::cipher_suites::{CipherSuite, SuiteRow, SuiteSelection};
use super::credential_store::CredentialStore;
use super::profile::Availability;
use super::tls_versions::VersionCoding;

/// What the TLS commands of a platform take.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TlsProfile {
    /// Secure socket identifiers (`<SSId>`) that exist for sure.
    pub socket_ids: RangeInclusive<u8>,
    /// Whether there is more than one secure socket. With [`Availability::Probe`] the test forms tell.
    pub several_sockets: Availability,
    /// Contexts that a secure socket can use.
    pub context_ids: RangeInclusive<u8>,
    /// What one TLS user keeps others from.
    pub exclusive: ExclusiveScope,
    /// `#SSLCFG`.
    pub socket: SocketLayout,
    /// Online mode of a secure socket: the port carries its bytes.
    pub online_mode: Availability,
    /// Command mode of a secure socket: its bytes go in commands.
    pub command_mode: Availability,
    /// Closure types of `#SSLD` and `#SSLH`: 1 keeps the session for `#SSLFASTD`.
    pub closure_types: RangeInclusive<u8>,
    /// `#CPUMODE` values that make the processor fast enough for large certificates; empty where none is needed.
    pub fast_cpu_modes: &'static [u8],
    /// `<cert_format>`, the fourth field of `#SSLSECCFG`, for DER. Without it the module takes PEM.
    pub certificate_format: Availability,
    /// `<auth_mode>` 2 of `#SSLSECCFG`: a client certificate.
    pub client_certificate: Availability,
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

    /// Whether a mask chooses among several authorities.
    #[must_use]
    pub fn selects_authorities(&self) -> bool {
        self.security == SecurityLayout::SniAndMasks
    }

    /// Fields of `#SSLSECCFG`; `None` where only its test form tells.
    #[must_use]
    pub fn security_fields(&self) -> Option<u8> {
        match self.certificate_format {
            Availability::Yes => Some(4),
            Availability::No => Some(3),
            Availability::Probe => None,
        }
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
///
/// The first eight are the same everywhere: socket, context, packet size, inactivity timeout, default timeout, flush
/// timeout, ring mode, mode of NO CARRIER. Source: SSL guide 6.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketLayout {
    /// Fields of the set form, `<SSId>` and unused ones included.
    pub fields: u8,
    /// How many of the last fields are unused and must be 0.
    pub unused: u8,
    /// `<SSLSRingMode>` 1 and 2: incoming data are announced, or come with the announcement.
    pub ring: Availability,
    /// `<noCarrierMode>` 2: NO CARRIER names the socket and the cause.
    pub closure_cause: Availability,
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
    /// Most data that come with one `SSLSRING` of ring mode 2; more comes in several. Source: SSL guide 7.1.2.2.
    pub ring: usize,
    /// Timeout field of `#SSLD`, in units of 100 ms.
    pub dial_timeout: RangeInclusive<u16>,
    /// Timeout field of `#SSLSENDEXT`, in units of 100 ms.
    pub send_timeout: RangeInclusive<u16>,
    /// Timeout field of `#SSLRECV`, in units of 100 ms.
    pub receive_timeout: RangeInclusive<u16>,
}
