//! Cipher suites by their IANA numbers, and what of them OpenSSL can offer.

use std::collections::HashSet;
use std::sync::LazyLock;

use openssl::ssl::{SslContextBuilder, SslMethod};

use super::super::NetError;
use super::{TlsFailure, TlsSettings, TlsVersion};

/// What to offer in the handshake.
#[derive(Debug)]
pub(super) struct Offer {
    pub min: TlsVersion,
    pub max: TlsVersion,
    /// OpenSSL's names of the suites up to TLS 1.2, best first.
    pub suites: Vec<&'static str>,
    /// The same for TLS 1.3, which has other suites and another setter.
    pub suites_1_3: Vec<&'static str>,
}

impl Offer {
    /// What a peer that can do everything agrees to.
    pub(super) fn best(&self) -> Option<u16> {
        let name = self.suites_1_3.first().or_else(|| self.suites.first())?;
        NAMES.iter().find(|(_, listed)| listed == name).map(|(number, _)| *number)
    }
}

/// Those of `suites` that the linked OpenSSL cannot offer.
pub(crate) fn unavailable_suites(suites: &[u16]) -> Vec<u16> {
    suites.iter().copied().filter(|number| !AVAILABLE.contains(number)).collect()
}

/// Works out the offer. The versions shrink to those that have a suite: OpenSSL would fill a gap with its defaults.
pub(super) fn offer(settings: &TlsSettings) -> Result<Offer, NetError> {
    if settings.min > settings.max {
        return Err(NetError::tls(TlsFailure::Version, "the lowest version is above the highest"));
    }
    let missing = unavailable_suites(&settings.suites);
    if !missing.is_empty() {
        tracing::debug!(suites = %listed(&missing), "suites that OpenSSL lacks are left out");
    }
    let usable = |of_1_3: bool| {
        let known = settings.suites.iter().filter(move |number| is_1_3(**number) == of_1_3);
        known
            .filter(|number| AVAILABLE.contains(*number))
            .filter_map(|number| openssl_name(*number))
            .collect()
    };
    let mut offer =
        Offer { min: settings.min, max: settings.max, suites: Vec::new(), suites_1_3: Vec::new() };
    if offer.min < TlsVersion::V1_3 {
        offer.suites = usable(false);
    }
    if offer.max == TlsVersion::V1_3 {
        offer.suites_1_3 = usable(true);
    }
    match (offer.suites.is_empty(), offer.suites_1_3.is_empty()) {
        (false, false) => {}
        (false, true) => offer.max = offer.max.min(TlsVersion::V1_2),
        (true, false) => offer.min = TlsVersion::V1_3,
        (true, true) => return Err(none_left(&missing)),
    }
    Ok(offer)
}

fn none_left(missing: &[u16]) -> NetError {
    let text = match missing {
        [] => "no suite for these versions".to_owned(),
        missing => format!("suite not available: {}", listed(missing)),
    };
    tracing::warn!(%text, "no handshake: nothing can be offered");
    NetError::tls(TlsFailure::NoSuite, text)
}

fn listed(suites: &[u16]) -> String {
    let names: Vec<_> = suites.iter().map(|number| format!("0x{number:04X}")).collect();
    names.join(", ")
}

fn is_1_3(number: u16) -> bool {
    number >> 8 == 0x13
}

fn openssl_name(number: u16) -> Option<&'static str> {
    NAMES.iter().find(|(listed, _)| *listed == number).map(|(_, name)| *name)
}

static AVAILABLE: LazyLock<HashSet<u16>> = LazyLock::new(|| {
    NAMES.iter().filter(|(number, name)| accepts(*number, name)).map(|(number, _)| *number).collect()
});

/// Asks OpenSSL about one suite; in a list it would pass over an unknown name without a word.
fn accepts(number: u16, name: &str) -> bool {
    let Ok(mut builder) = SslContextBuilder::new(SslMethod::tls_client()) else {
        return false;
    };
    builder.set_security_level(0);
    if is_1_3(number) {
        builder.set_ciphersuites(name).is_ok()
    } else {
        builder.set_cipher_list(&format!("{name}:@SECLEVEL=0")).is_ok()
    }
}

/// Every suite of the SSL guide 12 (all platforms) and of `AT#SSLSECCFG`, M37 p885-886, that OpenSSL ever had a name
/// for and that a module could use. Not here, and so never available: static ECDH, single DES and EXPORT (gone since
/// OpenSSL 1.1), SRP and PSK (no AT command sets their secret).
const NAMES: &[(u16, &str)] = &[
    (0x0002, "NULL-SHA"),
    (0x0004, "RC4-MD5"),
    (0x0005, "RC4-SHA"),
    (0x000A, "DES-CBC3-SHA"),
    (0x0013, "DHE-DSS-DES-CBC3-SHA"),
    (0x0016, "DHE-RSA-DES-CBC3-SHA"),
    (0x002F, "AES128-SHA"),
    (0x0032, "DHE-DSS-AES128-SHA"),
    (0x0033, "DHE-RSA-AES128-SHA"),
    (0x0035, "AES256-SHA"),
    (0x0038, "DHE-DSS-AES256-SHA"),
    (0x0039, "DHE-RSA-AES256-SHA"),
    (0x003C, "AES128-SHA256"),
    (0x003D, "AES256-SHA256"),
    (0x0040, "DHE-DSS-AES128-SHA256"),
    (0x0041, "CAMELLIA128-SHA"),
    (0x0044, "DHE-DSS-CAMELLIA128-SHA"),
    (0x0045, "DHE-RSA-CAMELLIA128-SHA"),
    (0x0067, "DHE-RSA-AES128-SHA256"),
    (0x006A, "DHE-DSS-AES256-SHA256"),
    (0x006B, "DHE-RSA-AES256-SHA256"),
    (0x0084, "CAMELLIA256-SHA"),
    (0x0087, "DHE-DSS-CAMELLIA256-SHA"),
    (0x0088, "DHE-RSA-CAMELLIA256-SHA"),
    (0x0096, "SEED-SHA"),
    (0x0099, "DHE-DSS-SEED-SHA"),
    (0x009A, "DHE-RSA-SEED-SHA"),
    (0x009C, "AES128-GCM-SHA256"),
    (0x009D, "AES256-GCM-SHA384"),
    (0x009E, "DHE-RSA-AES128-GCM-SHA256"),
    (0x009F, "DHE-RSA-AES256-GCM-SHA384"),
    (0x00A2, "DHE-DSS-AES128-GCM-SHA256"),
    (0x00A3, "DHE-DSS-AES256-GCM-SHA384"),
    (0x1301, "TLS_AES_128_GCM_SHA256"),
    (0x1302, "TLS_AES_256_GCM_SHA384"),
    (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
    (0x1304, "TLS_AES_128_CCM_SHA256"),
    (0x1305, "TLS_AES_128_CCM_8_SHA256"),
    (0xC007, "ECDHE-ECDSA-RC4-SHA"),
    (0xC008, "ECDHE-ECDSA-DES-CBC3-SHA"),
    (0xC009, "ECDHE-ECDSA-AES128-SHA"),
    (0xC00A, "ECDHE-ECDSA-AES256-SHA"),
    (0xC011, "ECDHE-RSA-RC4-SHA"),
    (0xC012, "ECDHE-RSA-DES-CBC3-SHA"),
    (0xC013, "ECDHE-RSA-AES128-SHA"),
    (0xC014, "ECDHE-RSA-AES256-SHA"),
    (0xC023, "ECDHE-ECDSA-AES128-SHA256"),
    (0xC024, "ECDHE-ECDSA-AES256-SHA384"),
    (0xC027, "ECDHE-RSA-AES128-SHA256"),
    (0xC028, "ECDHE-RSA-AES256-SHA384"),
    (0xC02B, "ECDHE-ECDSA-AES128-GCM-SHA256"),
    (0xC02C, "ECDHE-ECDSA-AES256-GCM-SHA384"),
    (0xC02F, "ECDHE-RSA-AES128-GCM-SHA256"),
    (0xC030, "ECDHE-RSA-AES256-GCM-SHA384"),
    (0xC0A0, "AES128-CCM8"),
    (0xC0A1, "AES256-CCM8"),
    (0xC0A2, "DHE-RSA-AES128-CCM8"),
    (0xC0A3, "DHE-RSA-AES256-CCM8"),
    (0xCCA8, "ECDHE-RSA-CHACHA20-POLY1305"),
    (0xCCA9, "ECDHE-ECDSA-CHACHA20-POLY1305"),
    (0xCCAA, "DHE-RSA-CHACHA20-POLY1305"),
];
