//! Table 9: platform 30. Source: SSL guide 12.1.6. Those of TLS 1.3 serve FTP alone, from software xx9, and
//! cannot be chosen.

use super::{Suite, SuiteTable};

pub(in super::super::super) const PLATFORM_30: SuiteTable = SuiteTable {
    suites: SUITES,
    obsolete: &[],
    hexadecimal: None,
    default: DEFAULT,
    default_1_3: &[],
    guide_default: None,
};

const SUITES: &[Suite] = &[
    Suite::numbered(3, 0x002F),  // RSA_AES128_CBC_SHA
    Suite::numbered(5, 0x0035),  // RSA_AES256_CBC_SHA
    Suite::numbered(7, 0x0033),  // DHE_RSA_AES128_CBC_SHA
    Suite::numbered(9, 0x0039),  // DHE_RSA_AES256_CBC_SHA
    Suite::numbered(10, 0x003C), // RSA_AES128_CBC_SHA256
    Suite::numbered(11, 0x0067), // DHE_RSA_AES128_CBC_SHA256
    Suite::numbered(12, 0x003D), // RSA_AES256_CBC_SHA256
    Suite::numbered(13, 0x006B), // DHE_RSA_AES256_CBC_SHA256
];

/// What value 0 offers, in the order of the table.
const DEFAULT: &[u16] = &[0x002F, 0x0035, 0x0033, 0x0039, 0x003C, 0x0067, 0x003D, 0x006B];
