//! How the tables of suites are written.

use crate::platform::cipher_suites::{CipherSuite, SuiteRow, TlsVersion};

pub(super) const ONLY_1_0: Option<&[TlsVersion]> = Some(&[TlsVersion::Tls10]);
pub(super) const TO_1_1: Option<&[TlsVersion]> = Some(&[TlsVersion::Tls10, TlsVersion::Tls11]);
pub(super) const TO_1_2: Option<&[TlsVersion]> =
    Some(&[TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Tls12]);
pub(super) const ONLY_1_2: Option<&[TlsVersion]> = Some(&[TlsVersion::Tls12]);
pub(super) const ONLY_1_3: Option<&[TlsVersion]> = Some(&[TlsVersion::Tls13]);

/// A row of the SSL guide, for platforms whose own manual has not been read.
pub(super) const fn row(
    number: u16,
    decimal: Option<u8>,
    offered_by_guide: bool,
    versions: Option<&'static [TlsVersion]>,
) -> SuiteRow {
    let suite = CipherSuite::new(number);
    SuiteRow { suite, decimal, offered_by_guide, offered_by_manual: None, versions }
}

/// The same, with what the platform's own manual says of value 0.
pub(super) const fn row_of_two_sources(
    number: u16,
    decimal: Option<u8>,
    offered_by_guide: bool,
    offered_by_manual: bool,
    versions: Option<&'static [TlsVersion]>,
) -> SuiteRow {
    let suite = CipherSuite::new(number);
    SuiteRow { suite, decimal, offered_by_guide, offered_by_manual: Some(offered_by_manual), versions }
}
