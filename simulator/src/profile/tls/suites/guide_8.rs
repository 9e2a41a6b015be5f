//! Table 8: platform 25 Linux. Source: SSL guide 6.2.3, 12.1.5.

use super::{Suite, SuiteTable};

pub(in super::super::super) const PLATFORM_25_LINUX: SuiteTable = SuiteTable {
    suites: SUITES,
    obsolete: &[],
    hexadecimal: None,
    default: DEFAULT,
    default_1_3: &[],
    guide_default: None,
};

const SUITES: &[Suite] = &[
    Suite::numbered(1, 0x000A),  // RSA_3DES_EDE_CBC_SHA
    Suite::numbered(2, 0x002F),  // RSA_AES128_CBC_SHA
    Suite::numbered(3, 0x003C),  // RSA_AES128_CBC_SHA256
    Suite::numbered(4, 0x0035),  // RSA_AES256_CBC_SHA
    Suite::numbered(5, 0x003D),  // RSA_AES256_CBC_SHA256
    Suite::numbered(6, 0x0033),  // DHE_RSA_AES128_CBC_SHA
    Suite::numbered(7, 0x0039),  // DHE_RSA_AES256_CBC_SHA
    Suite::numbered(8, 0x0016),  // DHE_RSA_3DES_EDE_CBC_SHA
    Suite::numbered(9, 0x0067),  // DHE_RSA_AES128_CBC_SHA256
    Suite::numbered(10, 0x006B), // DHE_RSA_AES256_CBC_SHA256
];

/// What value 0 offers, in the order of the table.
const DEFAULT: &[u16] = &[0x000A, 0x002F, 0x003C, 0x0035, 0x003D, 0x0033, 0x0039, 0x0016, 0x0067, 0x006B];
