//! The suites of platform 52.
//!
//! Source: SSL guide 12.1.8, table 11. All can be chosen by their hexadecimal number, and 0 offers all. The
//! marks for TLS 1.3 are left out, since the guide says beneath the table that the software does not support
//! it.

use super::suite_rows::{ONLY_1_2, TO_1_2, row};
use crate::platform::cipher_suites::SuiteRow;

/// All suites, in the order of the guide.
#[rustfmt::skip]
pub(super) const SUITES: &[SuiteRow] = &[
    // number, decimal, offered by 0, versions
    row(0x002F, None, true, TO_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA
    row(0x0033, None, true, TO_1_2), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA
    row(0x0035, None, true, TO_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA
    row(0x0039, None, true, TO_1_2), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA
    row(0x003C, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA256
    row(0x003D, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA256
    row(0x0067, None, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA256
    row(0x006B, None, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA256
    row(0x009C, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_128_GCM_SHA256
    row(0x009D, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_256_GCM_SHA384
    row(0x009E, None, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
    row(0x009F, None, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_256_GCM_SHA384
    row(0xC004, None, true, TO_1_2), // TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA
    row(0xC005, None, true, TO_1_2), // TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA
    row(0xC009, None, true, TO_1_2), // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
    row(0xC00A, None, true, TO_1_2), // TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
    row(0xC00E, None, true, TO_1_2), // TLS_ECDH_RSA_WITH_AES_128_CBC_SHA
    row(0xC00F, None, true, TO_1_2), // TLS_ECDH_RSA_WITH_AES_256_CBC_SHA
    row(0xC013, None, true, TO_1_2), // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
    row(0xC014, None, true, TO_1_2), // TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
    row(0xC023, None, true, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
    row(0xC024, None, true, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384
    row(0xC025, None, true, ONLY_1_2), // TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256
    row(0xC026, None, true, ONLY_1_2), // TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384
    row(0xC027, None, true, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256
    row(0xC028, None, true, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384
    row(0xC029, None, true, ONLY_1_2), // TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256
    row(0xC02A, None, true, ONLY_1_2), // TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384
    row(0xC02B, None, true, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    row(0xC02C, None, true, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
    row(0xC02D, None, true, ONLY_1_2), // TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256
    row(0xC02E, None, true, ONLY_1_2), // TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384
    row(0xC02F, None, true, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    row(0xC030, None, true, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    row(0xC031, None, true, ONLY_1_2), // TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256
    row(0xC032, None, true, ONLY_1_2), // TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384
    row(0xC0A0, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_128_CCM_8
    row(0xC0A1, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_256_CCM_8
];
