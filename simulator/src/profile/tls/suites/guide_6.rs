//! Table 6: platform 20. Source: SSL guide 6.2.2, 12.1.3.

use super::{Suite, SuiteTable};

pub(in super::super::super) const PLATFORM_20: SuiteTable = SuiteTable {
    suites: SUITES,
    obsolete: &[],
    hexadecimal: None,
    default: DEFAULT,
    default_1_3: &[],
    guide_default: None,
};

const SUITES: &[Suite] = &[
    Suite::numbered(1, 0x0004), // RSA_RC4_128_MD5
    Suite::numbered(2, 0x0005), // RSA_RC4_128_SHA
    Suite::numbered(3, 0x002F), // RSA_AES128_CBC_SHA
    Suite::numbered(4, 0x0002), // RSA_NULL_SHA
    Suite::numbered(5, 0x0035), // RSA_AES256_CBC_SHA
    Suite::unnumbered(0x003C),  // RSA_AES128_CBC_SHA256
    Suite::unnumbered(0x003D),  // RSA_AES256_CBC_SHA256
    Suite::unnumbered(0x009C),  // RSA_AES128_GCM_SHA256
    Suite::unnumbered(0x0067),  // DHE_RSA_AES128_CBC_SHA256
    Suite::unnumbered(0x009E),  // DHE_RSA_AES128_GCM_SHA256
    Suite::unnumbered(0x006B),  // DHE_RSA_AES256_CBC_SHA256
    Suite::unnumbered(0xC027),  // ECDHE_RSA_AES128_CBC_SHA256
    Suite::unnumbered(0xC02F),  // ECDHE_RSA_AES128_GCM_SHA256
];

/// What value 0 offers, in the order of the table.
const DEFAULT: &[u16] =
    &[0x0004, 0x0005, 0x002F, 0x0035, 0x003C, 0x003D, 0x009C, 0x0067, 0x009E, 0x006B, 0xC027, 0xC02F];
