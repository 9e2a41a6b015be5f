//! Table 10: platform 25 ThreadX. Source: SSL guide 6.2.4, 12.1.7.
//!
//! The two chapters number the suites differently. The numbers here are those of 6.2.4, the chapter of this platform alone; the
//! hexadecimal values of 12.1.7 are taken as well.

use super::{Digits, Suite, SuiteTable};

pub(in super::super::super) const PLATFORM_25_THREADX: SuiteTable = SuiteTable {
    suites: SUITES,
    obsolete: &[],
    hexadecimal: Some(Digits::Upper),
    default: DEFAULT,
    default_1_3: &[],
    guide_default: None,
};

const SUITES: &[Suite] = &[
    Suite::numbered(1, 0x002F), // RSA_AES128_CBC_SHA
    Suite::numbered(3, 0x0035), // RSA_AES256_CBC_SHA
    Suite::numbered(5, 0x0033), // DHE_RSA_AES128_CBC_SHA
    Suite::numbered(6, 0x0039), // DHE_RSA_AES256_CBC_SHA
    Suite::numbered(2, 0x003C), // RSA_AES128_CBC_SHA256
    Suite::numbered(7, 0x0067), // DHE_RSA_AES128_CBC_SHA256
    Suite::numbered(4, 0x003D), // RSA_AES256_CBC_SHA256
    Suite::numbered(8, 0x006B), // DHE_RSA_AES256_CBC_SHA256
    Suite::unnumbered(0x009C),  // RSA_AES128_GCM_SHA256
    Suite::unnumbered(0x009D),  // RSA_AES256_GCM_SHA384
    Suite::unnumbered(0x009E),  // DHE_RSA_AES128_GCM_SHA256
    Suite::unnumbered(0x009F),  // DHE_RSA_AES256_GCM_SHA384
    Suite::unnumbered(0xC009),  // ECDHE_ECDSA_AES128_CBC_SHA
    Suite::unnumbered(0xC00A),  // ECDHE_ECDSA_AES256_CBC_SHA
    Suite::unnumbered(0xC013),  // ECDHE_RSA_AES128_CBC_SHA
    Suite::unnumbered(0xC014),  // ECDHE_RSA_AES256_CBC_SHA
    Suite::unnumbered(0xC023),  // ECDHE_ECDSA_AES128_CBC_SHA256
    Suite::unnumbered(0xC024),  // ECDHE_ECDSA_AES256_CBC_SHA384
    Suite::unnumbered(0xC027),  // ECDHE_RSA_AES128_CBC_SHA256
    Suite::unnumbered(0xC028),  // ECDHE_RSA_AES256_CBC_SHA384
    Suite::unnumbered(0xC02B),  // ECDHE_ECDSA_AES128_GCM_SHA256
    Suite::unnumbered(0xC02C),  // ECDHE_ECDSA_AES256_GCM_SHA384
    Suite::unnumbered(0xC02F),  // ECDHE_RSA_AES128_GCM_SHA256
    Suite::unnumbered(0xC030),  // ECDHE_RSA_AES256_GCM_SHA384
    Suite::unnumbered(0xC0A0),  // RSA_AES128_CCM_8
    Suite::unnumbered(0xC0A1),  // RSA_AES256_CCM_8
    Suite::unnumbered(0xCCA8),  // ECDHE_RSA_CHACHA20_POLY1305_SHA256
    Suite::unnumbered(0xCCA9),  // ECDHE_ECDSA_CHACHA20_POLY1305_SHA256
    Suite::unnumbered(0xCCAA),  // DHE_RSA_CHACHA20_POLY1305_SHA256
    Suite::unnumbered(0x1301),  // AES128_GCM_SHA256
    Suite::unnumbered(0x1302),  // AES256_GCM_SHA384
    Suite::unnumbered(0x1303),  // CHACHA20_POLY1305_SHA256
];

/// What value 0 offers, in the order of the table.
const DEFAULT: &[u16] = &[0x002F, 0x0035, 0x0033, 0x0039, 0x003C, 0x0067, 0x003D, 0x006B];
