//! The suites of platform 30.
//!
//! Source: SSL guide 12.1.6, table 9. Those with a decimal can be chosen alone, and 0 offers all of them.
//! Those of TLS 1.3 have no value: the guide gives them to FTP only, from software xx9 on. None up to TLS 1.2
//! is AEAD, none has ECDHE.

use super::suite_rows::{ONLY_1_2, ONLY_1_3, TO_1_2, row};
use crate::platform::cipher_suites::SuiteRow;

/// All suites, in the order of the guide.
#[rustfmt::skip]
pub(super) const SUITES: &[SuiteRow] = &[
    // number, decimal, offered by 0, versions
    row(0x002F, Some(3), true, TO_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA
    row(0x0035, Some(5), true, TO_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA
    row(0x0033, Some(7), true, TO_1_2), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA
    row(0x0039, Some(9), true, TO_1_2), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA
    row(0x003C, Some(10), true, ONLY_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA256
    row(0x0067, Some(11), true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA256
    row(0x003D, Some(12), true, ONLY_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA256
    row(0x006B, Some(13), true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA256
    row(0x1301, None, false, ONLY_1_3), // TLS_AES_128_GCM_SHA256
    row(0x1302, None, false, ONLY_1_3), // TLS_AES_256_GCM_SHA384
    row(0x1303, None, false, ONLY_1_3), // TLS_CHACHA20_POLY1305_SHA256
];
