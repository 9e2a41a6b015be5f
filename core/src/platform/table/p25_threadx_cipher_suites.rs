//! The suites of platform 25 with ThreadX.
//!
//! Source: SSL guide 12.1.7, table 10, which it shares with platform 37. Table 10 numbers the first eight 3
//! to 13 in decimal, SSL guide 6.2.4 numbers them 1 to 8, so that one number means two suites. The
//! hexadecimal number means one, and is the only one used.

use super::suite_rows::{ONLY_1_2, ONLY_1_3, TO_1_2, row};
use crate::platform::cipher_suites::SuiteRow;

/// All suites, in the order of the guide.
#[rustfmt::skip]
pub(super) const SUITES: &[SuiteRow] = &[
    // number, decimal, offered by 0, versions
    row(0x002F, None, true, TO_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA
    row(0x0035, None, true, TO_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA
    row(0x0033, None, true, TO_1_2), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA
    row(0x0039, None, true, TO_1_2), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA
    row(0x003C, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA256
    row(0x0067, None, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA256
    row(0x003D, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA256
    row(0x006B, None, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA256
    row(0x009C, None, false, ONLY_1_2), // TLS_RSA_WITH_AES_128_GCM_SHA256
    row(0x009D, None, false, ONLY_1_2), // TLS_RSA_WITH_AES_256_GCM_SHA384
    row(0x009E, None, false, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
    row(0x009F, None, false, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_256_GCM_SHA384
    row(0xC009, None, false, TO_1_2), // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
    row(0xC00A, None, false, TO_1_2), // TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
    row(0xC013, None, false, TO_1_2), // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
    row(0xC014, None, false, TO_1_2), // TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
    row(0xC023, None, false, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
    row(0xC024, None, false, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384
    row(0xC027, None, false, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256
    row(0xC028, None, false, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384
    row(0xC02B, None, false, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    row(0xC02C, None, false, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
    row(0xC02F, None, false, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    row(0xC030, None, false, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    row(0xC0A0, None, false, ONLY_1_2), // TLS_RSA_WITH_AES_128_CCM_8
    row(0xC0A1, None, false, ONLY_1_2), // TLS_RSA_WITH_AES_256_CCM_8
    row(0xCCA8, None, false, ONLY_1_2), // TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
    row(0xCCA9, None, false, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
    row(0xCCAA, None, false, ONLY_1_2), // TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256
    row(0x1301, None, false, ONLY_1_3), // TLS_AES_128_GCM_SHA256
    row(0x1302, None, false, ONLY_1_3), // TLS_AES_256_GCM_SHA384
    row(0x1303, None, false, ONLY_1_3), // TLS_CHACHA20_POLY1305_SHA256
];
