//! The cipher suites of each platform, one file a table of SSL guide 12.1.
//!
//! The tables hold IANA numbers (the guide prints names; those of platforms 25 ThreadX, 37 and 52 it numbers itself). Which
//! version a suite can be used with is in the suite: OpenSSL keeps to it. `EMPTY_RENEGOTIATION_INFO_SCSV`, which the guide
//! lists for platform 23, is no suite; OpenSSL sends it where it belongs.

mod guide_10;
mod guide_11;
mod guide_4;
mod guide_5;
mod guide_6;
mod guide_7;
mod guide_8;
mod guide_9;
mod manual_37;

pub(in super::super) use guide_4::PLATFORMS_2G;
pub(in super::super) use guide_5::PLATFORM_12;
pub(in super::super) use guide_6::PLATFORM_20;
pub(in super::super) use guide_7::PLATFORM_23;
pub(in super::super) use guide_8::PLATFORM_25_LINUX;
pub(in super::super) use guide_9::PLATFORM_30;
pub(in super::super) use guide_10::PLATFORM_25_THREADX;
pub(in super::super) use guide_11::PLATFORM_52;
pub(in super::super) use manual_37::PLATFORM_37;

/// A cipher suite and how it is chosen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Suite {
    pub(crate) iana: u16,
    /// The value of `<CipherSuite>` that offers it alone.
    pub(crate) decimal: Option<u8>,
    /// No command sets a pre-shared key, and `#SSLSECCS=1,3` leaves these out.
    pub(crate) pre_shared: bool,
}

/// What `<CipherSuite>` can be.
#[derive(Debug, Clone)]
pub(crate) struct SuiteTable {
    pub(crate) suites: &'static [Suite],
    /// Decimal values that are accepted and act like 0.
    pub(crate) obsolete: &'static [u8],
    /// `0x` and the IANA number chooses any suite of the table.
    pub(crate) hexadecimal: Option<Digits>,
    /// What value 0 offers up to TLS 1.2, and what it adds with TLS 1.3.
    pub(crate) default: &'static [u16],
    pub(crate) default_1_3: &'static [u16],
    /// What value 0 offers by the SSL guide, where the manual says otherwise.
    pub(crate) guide_default: Option<&'static [u16]>,
}

/// How hexadecimal values are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digits {
    /// `0xC02F`. Source: M37 p885.
    Upper,
    /// `0xc02f`. Source: SSL guide 12.1.8.
    Lower,
}

impl Suite {
    /// Offered by value 0 or chosen by its hexadecimal value only.
    const fn unnumbered(iana: u16) -> Self {
        Self { iana, decimal: None, pre_shared: false }
    }

    const fn numbered(decimal: u8, iana: u16) -> Self {
        Self { iana, decimal: Some(decimal), pre_shared: false }
    }

    const fn pre_shared(iana: u16) -> Self {
        Self { iana, decimal: None, pre_shared: true }
    }
}

impl SuiteTable {
    pub(crate) fn contains(&self, iana: u16) -> bool {
        self.suites.iter().any(|suite| suite.iana == iana)
    }

    /// The suite that a decimal value chooses.
    pub(crate) fn by_decimal(&self, decimal: u8) -> Option<u16> {
        self.suites.iter().find(|suite| suite.decimal == Some(decimal)).map(|suite| suite.iana)
    }

    pub(crate) fn highest_decimal(&self) -> u8 {
        self.suites.iter().filter_map(|suite| suite.decimal).max().unwrap_or(0)
    }

    /// How `#SSLS` prints a suite.
    pub(crate) fn value(&self, iana: u16) -> String {
        match self.suites.iter().find(|suite| suite.iana == iana).and_then(|suite| suite.decimal) {
            Some(decimal) => decimal.to_string(),
            None => self.hexadecimal_value(iana),
        }
    }

    /// The IANA number as the platform prints it.
    pub(crate) fn hexadecimal_value(&self, iana: u16) -> String {
        match self.hexadecimal {
            Some(Digits::Lower) => format!("0x{iana:04x}"),
            _ => format!("0x{iana:04X}"),
        }
    }
}
