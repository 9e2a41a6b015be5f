//! What a cipher suite is worth, read from its registered name.
//!
//! Source: SSL guide 11.1 (AEAD and forward secrecy first), NIST SP 800-52 Rev. 2 3.3.1 and its order of preference:
//! ephemeral keys before static ones, authenticated encryption before CBC. RFC 7465 (RC4), RFC 8996 and 9325 for what
//! is out of use.

use crate::platform::CipherSuite;

/// Which policy takes a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    /// Forward secrecy and AES-GCM.
    Recommended,
    /// What SP 800-52 Rev. 2 still tolerates beside these, and AES with RSA key transport for older modules.
    Compatible,
    /// Sound, but nobody asks for it by default: it must be named.
    Named,
}

/// Which certificate the server must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Authentication {
    /// Any: suites of TLS 1.3.
    Any,
    Rsa,
    Ecdsa,
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyExchange {
    Tls13,
    Ecdhe,
    Dhe,
    RsaTransport,
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protection {
    AesGcm,
    AesCbcSha2,
    AesCbcSha1,
    Other,
}

/// A suite taken apart.
#[derive(Clone, Copy)]
pub(super) struct Strength {
    exchange: KeyExchange,
    protection: Protection,
    pub(super) authentication: Authentication,
    long_key: bool,
}

impl Strength {
    /// Of a suite whose name is registered.
    pub(super) fn of(suite: CipherSuite) -> Option<Self> {
        let name = suite.name()?.strip_prefix("TLS_")?;
        let (exchange, cipher) = name.split_once("_WITH_").unwrap_or(("", name));
        let (exchange, authentication) = match exchange {
            "" => (KeyExchange::Tls13, Authentication::Any),
            "ECDHE_RSA" => (KeyExchange::Ecdhe, Authentication::Rsa),
            "ECDHE_ECDSA" => (KeyExchange::Ecdhe, Authentication::Ecdsa),
            "DHE_RSA" => (KeyExchange::Dhe, Authentication::Rsa),
            "RSA" => (KeyExchange::RsaTransport, Authentication::Rsa),
            _ => (KeyExchange::Other, Authentication::Other),
        };
        let protection = match cipher {
            "AES_128_GCM_SHA256" | "AES_256_GCM_SHA384" => Protection::AesGcm,
            "AES_128_CBC_SHA256" | "AES_256_CBC_SHA256" | "AES_256_CBC_SHA384" => Protection::AesCbcSha2,
            "AES_128_CBC_SHA" | "AES_256_CBC_SHA" => Protection::AesCbcSha1,
            _ => Protection::Other,
        };
        Some(Self { exchange, protection, authentication, long_key: cipher.contains("_256_") })
    }

    pub(super) fn grade(self) -> Grade {
        match self.place() {
            Some(0..=2) => Grade::Recommended,
            Some(_) => Grade::Compatible,
            None => Grade::Named,
        }
    }

    /// The order of preference of the kinds of suites.
    fn place(self) -> Option<u8> {
        use KeyExchange::{Dhe, Ecdhe, RsaTransport, Tls13};
        use Protection::{AesCbcSha1, AesCbcSha2, AesGcm};
        Some(match (self.exchange, self.protection) {
            (Tls13, AesGcm) => 0,
            (Ecdhe, AesGcm) => 1,
            (Dhe, AesGcm) => 2,
            (Ecdhe, AesCbcSha2) => 3,
            (Dhe, AesCbcSha2) => 4,
            (Ecdhe, AesCbcSha1) => 5,
            (Dhe, AesCbcSha1) => 6,
            (RsaTransport, AesGcm) => 7,
            (RsaTransport, AesCbcSha2) => 8,
            (RsaTransport, AesCbcSha1) => 9,
            _ => return None,
        })
    }

    /// Sorts suites best first; `preferred` is the server's certificate that is expected.
    ///
    /// Among suites that differ in the length of the key only, AES-128-GCM comes first up to TLS 1.2, because it is
    /// the one that every server with AEAD has (RFC 9325 4.2), and the longer key first elsewhere.
    pub(super) fn order(self, preferred: Authentication) -> (u8, bool, bool) {
        let every_server_has_the_short_one = matches!(self.place(), Some(1 | 2 | 7));
        let unexpected = self.authentication != Authentication::Any && self.authentication != preferred;
        (self.place().unwrap_or(u8::MAX), unexpected, self.long_key == every_server_has_the_short_one)
    }
}

/// Parts of names and why they make a suite unfit, the most telling first.
const UNFIT: [(&str, &str); 11] = [
    ("_anon_", "it does not authenticate the server"),
    ("_NULL_", "it does not encrypt"),
    ("EXPORT", "its keys were made weak for export"),
    ("RC4", "RC4 is broken (RFC 7465)"),
    ("RC2", "RC2 is broken"),
    ("3DES", "3DES is open to Sweet32"),
    ("_DES_", "its keys of 56 bits can be tried out"),
    ("_MD5", "MD5 is broken"),
    ("PSK", "no command of a module stores its key"),
    ("SRP", "no command of a module stores its password"),
    ("_DSS_", "DSA certificates are out of use"),
];

/// Why a suite must not be offered, if it must not.
pub(in crate::tls) fn weakness(suite: CipherSuite) -> Option<&'static str> {
    let name = suite.name()?;
    UNFIT.iter().find_map(|(part, reason)| name.contains(part).then_some(*reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(name: &str) -> CipherSuite {
        name.parse().unwrap()
    }

    #[test]
    fn grades() {
        for (name, grade) in [
            ("TLS_AES_256_GCM_SHA384", Grade::Recommended),
            ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Grade::Recommended),
            ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", Grade::Recommended),
            ("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", Grade::Recommended),
            ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", Grade::Compatible),
            ("TLS_DHE_RSA_WITH_AES_256_CBC_SHA", Grade::Compatible),
            ("TLS_RSA_WITH_AES_128_GCM_SHA256", Grade::Compatible),
            ("TLS_RSA_WITH_AES_128_CBC_SHA", Grade::Compatible),
            ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Grade::Named),
            ("TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", Grade::Named),
            ("TLS_RSA_WITH_AES_128_CCM_8", Grade::Named),
            ("TLS_AES_128_CCM_8_SHA256", Grade::Named),
            ("TLS_RSA_WITH_RC4_128_SHA", Grade::Named),
            ("TLS_RSA_WITH_NULL_SHA", Grade::Named),
        ] {
            assert_eq!(Strength::of(suite(name)).unwrap().grade(), grade, "{name}");
        }
        assert!(Strength::of(CipherSuite::new(0x0a0a)).is_none());
    }

    #[test]
    fn what_is_broken_is_named() {
        for (name, reason) in [
            ("TLS_RSA_WITH_RC4_128_MD5", "RC4 is broken (RFC 7465)"),
            ("TLS_RSA_WITH_NULL_SHA", "it does not encrypt"),
            ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "3DES is open to Sweet32"),
            ("TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", "3DES is open to Sweet32"),
            ("TLS_PSK_WITH_AES_128_GCM_SHA256", "no command of a module stores its key"),
        ] {
            assert_eq!(weakness(suite(name)), Some(reason), "{name}");
        }
        for name in ["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"] {
            assert_eq!(weakness(suite(name)), None, "{name}");
        }
    }
}
