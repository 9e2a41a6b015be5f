//! Cipher suites by their registered number and name.

use std::fmt;
use std::str::FromStr;

use super::cipher_suite_names::NAMES;

/// A TLS cipher suite, known by the number it has in the IANA registry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CipherSuite(u16);

impl CipherSuite {
    /// The suite with a registered number.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The registered number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The registered name, if any platform knows the suite.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find_map(|(number, name)| (*number == self.0).then_some(*name))
    }

    /// Whether this is a signal in a list of suites and no suite: nothing can be encrypted with it.
    ///
    /// Source: RFC 5746, section 3.3; RFC 7507.
    #[must_use]
    pub const fn is_signal(self) -> bool {
        matches!(self.0, 0x00FF | 0x5600)
    }

    /// The number as commands write it: `0xC02F`. Source: M37 p885.
    #[must_use]
    pub fn hexadecimal(self) -> String {
        format!("0x{:04X}", self.0)
    }
}

impl fmt::Display for CipherSuite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => formatter.pad(name),
            None => formatter.pad(&self.hexadecimal()),
        }
    }
}

impl fmt::Debug for CipherSuite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CipherSuite({self})")
    }
}

impl FromStr for CipherSuite {
    type Err = ParseCipherSuiteError;

    /// Reads a registered name in any case, or a number as `0xC02F` with up to four digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || ParseCipherSuiteError { text: text.to_owned() };
        if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            if digits.starts_with('+') {
                return Err(unknown());
            }
            return u16::from_str_radix(digits, 16).map(Self).map_err(|_| unknown());
        }
        NAMES
            .iter()
            .find_map(|(number, name)| name.eq_ignore_ascii_case(text).then_some(Self(*number)))
            .ok_or_else(unknown)
    }
}

/// The text names no cipher suite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no cipher suite is named {text:?}; use a registered name such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, \
     or its number as 0xC02F"
)]
pub struct ParseCipherSuiteError {
    text: String,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.0, out of use.
    Tls10,
    /// TLS 1.1, out of use.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// How `#SSLSECCFG` names a single suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SuiteSelection {
    /// By a decimal number of the platform's own.
    Decimal,
    /// By the registered number, `0xC02F`.
    Hexadecimal,
    /// By either; newer suites have no decimal number.
    Both,
}

/// One cipher suite of a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SuiteRow {
    /// The suite.
    pub suite: CipherSuite,
    /// Its decimal number in `#SSLSECCFG`, if it has one.
    pub decimal: Option<u8>,
    /// Whether value 0 offers it, by the SSL guide 12.1.
    pub offered_by_guide: bool,
    /// Whether value 0 offers it, by the platform's own manual; `None` where that manual says nothing.
    pub offered_by_manual: Option<bool>,
    /// The TLS versions it works with, SSL 3.0 left out; `None` where no source says.
    pub versions: Option<&'static [TlsVersion]>,
}

impl SuiteRow {
    /// Whether value 0 offers it; `None` where the sources differ.
    #[must_use]
    pub fn offered_by_default(&self) -> Option<bool> {
        match self.offered_by_manual {
            Some(manual) if manual != self.offered_by_guide => None,
            _ => Some(self.offered_by_guide),
        }
    }

    /// Whether it is said to work with `version`.
    #[must_use]
    pub fn works_with(&self, version: TlsVersion) -> bool {
        self.versions.is_some_and(|versions| versions.contains(&version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_read_back() {
        let suite = CipherSuite::new(0xC02F);
        assert_eq!(suite.to_string(), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        assert_eq!(suite.hexadecimal(), "0xC02F");
        for text in [
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "tls_ecdhe_rsa_with_aes_128_gcm_sha256",
            "0xC02F",
            "0Xc02f",
        ] {
            assert_eq!(text.parse(), Ok(suite), "{text}");
        }
    }

    #[test]
    fn a_suite_without_a_name_keeps_its_number() {
        let suite = "0x9F".parse::<CipherSuite>().unwrap();
        assert_eq!(suite.hexadecimal(), "0x009F");
        assert_eq!(CipherSuite::new(0x0A0A).to_string(), "0x0A0A");
        assert_eq!(format!("{:?}", CipherSuite::new(0x0A0A)), "CipherSuite(0x0A0A)");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "0x", "0x+1", "0x12345", "C02F", "5", "ECDHE-RSA-AES128-GCM-SHA256"] {
            assert!(text.parse::<CipherSuite>().is_err(), "{text}");
        }
        assert_eq!(
            "x".parse::<CipherSuite>().unwrap_err().to_string(),
            "no cipher suite is named \"x\"; use a registered name such as \
             TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, or its number as 0xC02F"
        );
    }

    #[test]
    fn signals_are_no_suites() {
        assert!(CipherSuite::new(0x00FF).is_signal());
        assert!(!CipherSuite::new(0xC02F).is_signal());
    }

    #[test]
    fn what_the_default_offers_is_open_where_the_sources_differ() {
        let row = |offered_by_guide, offered_by_manual| {
            let suite = CipherSuite::new(0xC02F);
            SuiteRow { suite, decimal: None, offered_by_guide, offered_by_manual, versions: None }
                .offered_by_default()
        };
        assert_eq!(row(true, None), Some(true));
        assert_eq!(row(false, Some(false)), Some(false));
        assert_eq!(row(false, Some(true)), None);
    }
}
