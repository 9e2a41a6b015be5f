//! The suites of platform 20.
//!
//! Source: SSL guide 12.1.3, table 6. Those with a decimal can be chosen alone (the grey area of the table),
//! the others only together with all by 0, which leaves out the one without encryption (SSL guide 6.2.2). The
//! guide prints 0x0035 as `..._SHA1`.

use super::suite_rows::{ONLY_1_2, TO_1_2, row};
use crate::platform::cipher_suites::SuiteRow;

/// All suites, in the order of the guide.
#[rustfmt::skip]
pub(super) const SUITES: &[SuiteRow] = &[
    // number, decimal, offered by 0, versions
    row(0x0004, Some(1), true, TO_1_2), // TLS_RSA_WITH_RC4_128_MD5
    row(0x0005, Some(2), true, TO_1_2), // TLS_RSA_WITH_RC4_128_SHA
    row(0x002F, Some(3), true, TO_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA
    row(0x0002, Some(4), false, TO_1_2), // TLS_RSA_WITH_NULL_SHA
    row(0x0035, Some(5), true, TO_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA
    row(0x003C, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA256
    row(0x003D, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA256
    row(0x009C, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_128_GCM_SHA256
    row(0x0067, None, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA256
    row(0x009E, None, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
    row(0x006B, None, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA256
    row(0xC027, None, true, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256
    row(0xC02F, None, true, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
];
