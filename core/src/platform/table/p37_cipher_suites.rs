//! The suites of platform 37.
//!
//! Numbers, decimals, versions and the first "offered" column from the SSL guide 12.1.7, table 10; the second
//! column and the suites at the end from M37 p881-886. The two sources differ in what value 0 offers, so 0 is
//! never sent.

use super::suite_rows::{ONLY_1_2, ONLY_1_3, TO_1_2, row_of_two_sources as row};
use crate::platform::cipher_suites::{SuiteRow, TlsVersion};

// M37 lists the suite without its versions.
const UNSTATED: Option<&[TlsVersion]> = None;

/// All suites that can be chosen, the guide's first.
#[rustfmt::skip]
pub(super) const SUITES: &[SuiteRow] = &[
    // number, decimal, offered by 0 in the guide, in M37, versions
    row(0x002F, Some(3), true, true, TO_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA
    row(0x0035, Some(5), true, true, TO_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA
    row(0x0033, Some(7), true, true, TO_1_2), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA
    row(0x0039, Some(9), true, true, TO_1_2), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA
    row(0x003C, Some(10), true, true, ONLY_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA256
    row(0x0067, Some(11), true, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA256
    row(0x003D, Some(12), true, true, ONLY_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA256
    row(0x006B, Some(13), true, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA256
    row(0x009C, None, false, false, ONLY_1_2), // TLS_RSA_WITH_AES_128_GCM_SHA256
    row(0x009D, None, false, false, ONLY_1_2), // TLS_RSA_WITH_AES_256_GCM_SHA384
    row(0x009E, None, false, false, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
    row(0x009F, None, false, false, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_256_GCM_SHA384
    row(0xC009, None, false, false, TO_1_2), // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
    row(0xC00A, None, false, false, TO_1_2), // TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
    row(0xC013, None, false, false, TO_1_2), // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
    row(0xC014, None, false, false, TO_1_2), // TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
    row(0xC023, None, false, false, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
    row(0xC024, None, false, false, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384
    row(0xC027, None, false, false, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256
    row(0xC028, None, false, false, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384
    row(0xC02B, None, false, true, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    row(0xC02C, None, false, true, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
    row(0xC02F, None, false, true, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    row(0xC030, None, false, true, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    row(0xC0A0, None, false, false, ONLY_1_2), // TLS_RSA_WITH_AES_128_CCM_8
    row(0xC0A1, None, false, false, ONLY_1_2), // TLS_RSA_WITH_AES_256_CCM_8
    row(0xCCA8, None, false, false, ONLY_1_2), // TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
    row(0xCCA9, None, false, false, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
    row(0xCCAA, None, false, false, ONLY_1_2), // TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256
    row(0x1301, None, false, true, ONLY_1_3), // TLS_AES_128_GCM_SHA256
    row(0x1302, None, false, true, ONLY_1_3), // TLS_AES_256_GCM_SHA384
    row(0x1303, None, false, true, ONLY_1_3), // TLS_CHACHA20_POLY1305_SHA256
    // Beyond the guide's table. PSK suites stand here for completeness: no command sets a key for them.
    row(0x008A, None, false, false, UNSTATED), // TLS_PSK_WITH_RC4_128_SHA
    row(0x008B, None, false, false, UNSTATED), // TLS_PSK_WITH_3DES_EDE_CBC_SHA
    row(0x008C, None, false, false, UNSTATED), // TLS_PSK_WITH_AES_128_CBC_SHA
    row(0x008D, None, false, false, UNSTATED), // TLS_PSK_WITH_AES_256_CBC_SHA
    row(0x00A8, None, false, false, UNSTATED), // TLS_PSK_WITH_AES_128_GCM_SHA256
    row(0x00A9, None, false, false, UNSTATED), // TLS_PSK_WITH_AES_256_GCM_SHA384
    row(0x00AE, None, false, false, UNSTATED), // TLS_PSK_WITH_AES_128_CBC_SHA256
    row(0x00AF, None, false, false, UNSTATED), // TLS_PSK_WITH_AES_256_CBC_SHA384
    row(0x1304, None, false, false, ONLY_1_3), // TLS_AES_128_CCM_SHA256
    row(0x1305, None, false, false, ONLY_1_3), // TLS_AES_128_CCM_8_SHA256
    row(0xC004, None, false, false, UNSTATED), // TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA
    row(0xC005, None, false, false, UNSTATED), // TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA
    row(0xC00E, None, false, false, UNSTATED), // TLS_ECDH_RSA_WITH_AES_128_CBC_SHA
    row(0xC00F, None, false, false, UNSTATED), // TLS_ECDH_RSA_WITH_AES_256_CBC_SHA
    row(0xC025, None, false, false, UNSTATED), // TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256
    row(0xC026, None, false, false, UNSTATED), // TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384
    row(0xC029, None, false, false, UNSTATED), // TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256
    row(0xC02A, None, false, false, UNSTATED), // TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384
    row(0xC02D, None, false, true, UNSTATED), // TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256
    row(0xC02E, None, false, true, UNSTATED), // TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384
    row(0xC031, None, false, true, UNSTATED), // TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256
    row(0xC032, None, false, true, UNSTATED), // TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384
    row(0xC0A2, None, false, false, UNSTATED), // TLS_DHE_RSA_WITH_AES_128_CCM_8
    row(0xC0A3, None, false, false, UNSTATED), // TLS_DHE_RSA_WITH_AES_256_CCM_8
];
