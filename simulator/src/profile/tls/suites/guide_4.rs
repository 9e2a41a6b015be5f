//! Table 4: platforms 10, 13 and 16. Source: SSL guide 6.2.1, 12.1.1.

use super::{Suite, SuiteTable};

pub(in super::super::super) const PLATFORMS_2G: SuiteTable = SuiteTable {
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
    Suite::numbered(3, 0x0035), // RSA_AES256_CBC_SHA
    Suite::numbered(4, 0x003C), // RSA_AES128_CBC_SHA256
    Suite::numbered(5, 0x003D), // RSA_AES256_CBC_SHA256
    Suite::numbered(6, 0x009C), // RSA_AES128_GCM_SHA256
];

/// What value 0 offers, in the order of the table.
const DEFAULT: &[u16] = &[0x0004, 0x0005, 0x0035, 0x003C, 0x003D, 0x009C];
