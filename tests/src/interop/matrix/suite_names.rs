//! What the servers' libraries call the suites.

use telit_core::platform::CipherSuite;

/// A suite by its registered number, and by the names that OpenSSL (nginx, mosquitto) and `GnuTLS` write.
///
/// `None` where the library, as Debian builds it, has no such suite: OpenSSL 3 is built without RC4 and 3DES. Static
/// ECDH is in neither.
pub(super) struct SuiteNames {
    pub(super) number: u16,
    pub(super) openssl: Option<&'static str>,
    pub(super) gnutls: Option<&'static str>,
}

/// Every suite that a module can be pinned to and that a library here has a name for.
#[rustfmt::skip]
pub(super) const SUITES: &[SuiteNames] = &[
    both(0x0002, "NULL-SHA", "RSA_NULL_SHA1"),
    gnutls(0x0004, "RSA_ARCFOUR_128_MD5"),
    gnutls(0x0005, "RSA_ARCFOUR_128_SHA1"),
    gnutls(0x000A, "RSA_3DES_EDE_CBC_SHA1"),
    gnutls(0x0016, "DHE_RSA_3DES_EDE_CBC_SHA1"),
    both(0x002F, "AES128-SHA", "RSA_AES_128_CBC_SHA1"),
    both(0x0033, "DHE-RSA-AES128-SHA", "DHE_RSA_AES_128_CBC_SHA1"),
    both(0x0035, "AES256-SHA", "RSA_AES_256_CBC_SHA1"),
    both(0x0039, "DHE-RSA-AES256-SHA", "DHE_RSA_AES_256_CBC_SHA1"),
    both(0x003C, "AES128-SHA256", "RSA_AES_128_CBC_SHA256"),
    both(0x003D, "AES256-SHA256", "RSA_AES_256_CBC_SHA256"),
    both(0x0067, "DHE-RSA-AES128-SHA256", "DHE_RSA_AES_128_CBC_SHA256"),
    both(0x006B, "DHE-RSA-AES256-SHA256", "DHE_RSA_AES_256_CBC_SHA256"),
    both(0x009C, "AES128-GCM-SHA256", "RSA_AES_128_GCM_SHA256"),
    both(0x009D, "AES256-GCM-SHA384", "RSA_AES_256_GCM_SHA384"),
    both(0x009E, "DHE-RSA-AES128-GCM-SHA256", "DHE_RSA_AES_128_GCM_SHA256"),
    both(0x009F, "DHE-RSA-AES256-GCM-SHA384", "DHE_RSA_AES_256_GCM_SHA384"),
    both(0x1301, "TLS_AES_128_GCM_SHA256", "AES-128-GCM"),
    both(0x1302, "TLS_AES_256_GCM_SHA384", "AES-256-GCM"),
    both(0x1303, "TLS_CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305"),
    both(0x1304, "TLS_AES_128_CCM_SHA256", "AES-128-CCM"),
    both(0x1305, "TLS_AES_128_CCM_8_SHA256", "AES-128-CCM-8"),
    both(0xC009, "ECDHE-ECDSA-AES128-SHA", "ECDHE_ECDSA_AES_128_CBC_SHA1"),
    both(0xC00A, "ECDHE-ECDSA-AES256-SHA", "ECDHE_ECDSA_AES_256_CBC_SHA1"),
    both(0xC013, "ECDHE-RSA-AES128-SHA", "ECDHE_RSA_AES_128_CBC_SHA1"),
    both(0xC014, "ECDHE-RSA-AES256-SHA", "ECDHE_RSA_AES_256_CBC_SHA1"),
    both(0xC023, "ECDHE-ECDSA-AES128-SHA256", "ECDHE_ECDSA_AES_128_CBC_SHA256"),
    both(0xC024, "ECDHE-ECDSA-AES256-SHA384", "ECDHE_ECDSA_AES_256_CBC_SHA384"),
    both(0xC027, "ECDHE-RSA-AES128-SHA256", "ECDHE_RSA_AES_128_CBC_SHA256"),
    both(0xC028, "ECDHE-RSA-AES256-SHA384", "ECDHE_RSA_AES_256_CBC_SHA384"),
    both(0xC02B, "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE_ECDSA_AES_128_GCM_SHA256"),
    both(0xC02C, "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE_ECDSA_AES_256_GCM_SHA384"),
    both(0xC02F, "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE_RSA_AES_128_GCM_SHA256"),
    both(0xC030, "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE_RSA_AES_256_GCM_SHA384"),
    both(0xC0A0, "AES128-CCM8", "RSA_AES_128_CCM_8"),
    both(0xC0A1, "AES256-CCM8", "RSA_AES_256_CCM_8"),
    both(0xC0A2, "DHE-RSA-AES128-CCM8", "DHE_RSA_AES_128_CCM_8"),
    both(0xC0A3, "DHE-RSA-AES256-CCM8", "DHE_RSA_AES_256_CCM_8"),
    both(0xCCA8, "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE_RSA_CHACHA20_POLY1305"),
    both(0xCCA9, "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE_ECDSA_CHACHA20_POLY1305"),
    both(0xCCAA, "DHE-RSA-CHACHA20-POLY1305", "DHE_RSA_CHACHA20_POLY1305"),
];

impl SuiteNames {
    pub(super) fn is_tls_1_3(&self) -> bool {
        is_tls_1_3(CipherSuite::new(self.number))
    }

    pub(super) fn needs_ecdsa(&self) -> bool {
        needs_ecdsa(CipherSuite::new(self.number))
    }
}

/// Suites of TLS 1.3 have numbers of their own range, and another setting everywhere. Source: RFC 8446 B.4.
pub(super) fn is_tls_1_3(suite: CipherSuite) -> bool {
    suite.number() >> 8 == 0x13
}

/// The server needs an ECDSA certificate.
pub(super) fn needs_ecdsa(suite: CipherSuite) -> bool {
    suite.name().is_some_and(|name| name.contains("ECDHE_ECDSA_"))
}

pub(super) fn is_in_openssl(suite: CipherSuite) -> bool {
    SUITES.iter().any(|names| names.number == suite.number() && names.openssl.is_some())
}

pub(super) fn by_openssl_name(name: &str) -> Option<u16> {
    SUITES.iter().find(|suite| suite.openssl == Some(name)).map(|suite| suite.number)
}

pub(super) fn by_gnutls_name(name: &str) -> Option<u16> {
    SUITES.iter().find(|suite| suite.gnutls == Some(name)).map(|suite| suite.number)
}

const fn both(number: u16, openssl: &'static str, gnutls: &'static str) -> SuiteNames {
    SuiteNames { number, openssl: Some(openssl), gnutls: Some(gnutls) }
}

const fn gnutls(number: u16, gnutls: &'static str) -> SuiteNames {
    SuiteNames { number, openssl: None, gnutls: Some(gnutls) }
}
