//! The suites of platform 25 with Linux.
//!
//! Source: SSL guide 12.1.5, table 8, and 6.2.3. Every row can be chosen and every row is offered by 0. None
//! is AEAD, none has ECDHE.

use super::suite_rows::{ONLY_1_2, TO_1_1, TO_1_2, row};
use crate::platform::cipher_suites::SuiteRow;

/// All suites, in the order of the guide.
#[rustfmt::skip]
pub(super) const SUITES: &[SuiteRow] = &[
    // number, decimal, offered by 0, versions
    row(0x000A, Some(1), true, TO_1_2), // TLS_RSA_WITH_3DES_EDE_CBC_SHA
    row(0x002F, Some(2), true, TO_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA
    row(0x003C, Some(3), true, ONLY_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA256
    row(0x0035, Some(4), true, TO_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA
    row(0x003D, Some(5), true, ONLY_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA256
    row(0x0033, Some(6), true, TO_1_2), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA
    row(0x0039, Some(7), true, TO_1_2), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA
    row(0x0016, Some(8), true, TO_1_1), // TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA
    row(0x0067, Some(9), true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA256
    row(0x006B, Some(10), true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA256
];
