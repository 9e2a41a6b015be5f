//! Cipher suites by their registered number and name.

use std::fmt;
use std::str::FromStr;

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
    /// Whether value 0 offers it, by the platform's own manual.
    pub offered_by_manual: bool,
    /// The TLS versions it works with; `None` where no source says.
    pub versions: Option<&'static [TlsVersion]>,
}

/// Numbers and names in the IANA registry, sorted by number.
#[rustfmt::skip]
const NAMES: &[(u16, &str)] = &[
    (0x0002, "TLS_RSA_WITH_NULL_SHA"),
    (0x0004, "TLS_RSA_WITH_RC4_128_MD5"),
    (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
    (0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
    (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
    (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
    (0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    (0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    (0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0x006B, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
    (0x008A, "TLS_PSK_WITH_RC4_128_SHA"),
    (0x008B, "TLS_PSK_WITH_3DES_EDE_CBC_SHA"),
    (0x008C, "TLS_PSK_WITH_AES_128_CBC_SHA"),
    (0x008D, "TLS_PSK_WITH_AES_256_CBC_SHA"),
    (0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256"),
    (0x009D, "TLS_RSA_WITH_AES_256_GCM_SHA384"),
    (0x009E, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0x009F, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0x00A8, "TLS_PSK_WITH_AES_128_GCM_SHA256"),
    (0x00A9, "TLS_PSK_WITH_AES_256_GCM_SHA384"),
    (0x00AE, "TLS_PSK_WITH_AES_128_CBC_SHA256"),
    (0x00AF, "TLS_PSK_WITH_AES_256_CBC_SHA384"),
    (0x1301, "TLS_AES_128_GCM_SHA256"),
    (0x1302, "TLS_AES_256_GCM_SHA384"),
    (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
    (0x1304, "TLS_AES_128_CCM_SHA256"),
    (0x1305, "TLS_AES_128_CCM_8_SHA256"),
    (0xC004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA"),
    (0xC005, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA"),
    (0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    (0xC00A, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    (0xC00E, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA"),
    (0xC00F, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA"),
    (0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    (0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    (0xC023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
    (0xC024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
    (0xC025, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256"),
    (0xC026, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384"),
    (0xC027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
    (0xC029, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256"),
    (0xC02A, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384"),
    (0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    (0xC02C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    (0xC02D, "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256"),
    (0xC02E, "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384"),
    (0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0xC030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0xC031, "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256"),
    (0xC032, "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384"),
    (0xC0A0, "TLS_RSA_WITH_AES_128_CCM_8"),
    (0xC0A1, "TLS_RSA_WITH_AES_256_CCM_8"),
    (0xC0A2, "TLS_DHE_RSA_WITH_AES_128_CCM_8"),
    (0xC0A3, "TLS_DHE_RSA_WITH_AES_256_CCM_8"),
    (0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xCCA9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xCCAA, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
];

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
    fn the_registry_is_sorted_and_unique() {
        assert!(NAMES.is_sorted_by(|(one, _), (next, _)| one < next));
        for (number, name) in NAMES {
            assert_eq!(name.parse(), Ok(CipherSuite::new(*number)));
        }
    }
}
