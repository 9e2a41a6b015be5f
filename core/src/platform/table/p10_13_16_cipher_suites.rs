//! The suites of platforms 10, 13 and 16.
//!
//! Source: SSL guide 12.1.1, table 4. Every row can be chosen and every row is offered by 0. None has forward
//! secrecy.

use super::suite_rows::{ONLY_1_0, ONLY_1_2, TO_1_2, row};
use crate::platform::cipher_suites::SuiteRow;

/// All suites, in the order of the guide.
#[rustfmt::skip]
pub(super) const SUITES: &[SuiteRow] = &[
    // number, decimal, offered by 0, versions
    row(0x0004, Some(1), true, ONLY_1_0), // TLS_RSA_WITH_RC4_128_MD5
    row(0x0005, Some(2), true, TO_1_2), // TLS_RSA_WITH_RC4_128_SHA
    row(0x0035, Some(3), true, TO_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA
    row(0x003C, Some(4), true, ONLY_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA256
    row(0x003D, Some(5), true, ONLY_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA256
    row(0x009C, Some(6), true, ONLY_1_2), // TLS_RSA_WITH_AES_128_GCM_SHA256
];
