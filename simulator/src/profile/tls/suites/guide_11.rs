//! Table 11: platform 52. Source: SSL guide 12.1.8. The marks of TLS 1.3 are void by its footnote.

use super::{Digits, Suite, SuiteTable};

pub(in super::super::super) const PLATFORM_52: SuiteTable = SuiteTable {
    suites: SUITES,
    obsolete: &[],
    hexadecimal: Some(Digits::Lower),
    default: DEFAULT,
    default_1_3: &[],
    guide_default: None,
};

const SUITES: &[Suite] = &[
    Suite::unnumbered(0x002F), // RSA_AES128_CBC_SHA
    Suite::unnumbered(0x0033), // DHE_RSA_AES128_CBC_SHA
    Suite::unnumbered(0x0035), // RSA_AES256_CBC_SHA
    Suite::unnumbered(0x0039), // DHE_RSA_AES256_CBC_SHA
    Suite::unnumbered(0x003C), // RSA_AES128_CBC_SHA256
    Suite::unnumbered(0x003D), // RSA_AES256_CBC_SHA256
    Suite::unnumbered(0x0067), // DHE_RSA_AES128_CBC_SHA256
    Suite::unnumbered(0x006B), // DHE_RSA_AES256_CBC_SHA256
    Suite::unnumbered(0x009C), // RSA_AES128_GCM_SHA256
    Suite::unnumbered(0x009D), // RSA_AES256_GCM_SHA384
    Suite::unnumbered(0x009E), // DHE_RSA_AES128_GCM_SHA256
    Suite::unnumbered(0x009F), // DHE_RSA_AES256_GCM_SHA384
    Suite::unnumbered(0xC004), // ECDH_ECDSA_AES128_CBC_SHA
    Suite::unnumbered(0xC005), // ECDH_ECDSA_AES256_CBC_SHA
    Suite::unnumbered(0xC009), // ECDHE_ECDSA_AES128_CBC_SHA
    Suite::unnumbered(0xC00A), // ECDHE_ECDSA_AES256_CBC_SHA
    Suite::unnumbered(0xC00E), // ECDH_RSA_AES128_CBC_SHA
    Suite::unnumbered(0xC00F), // ECDH_RSA_AES256_CBC_SHA
    Suite::unnumbered(0xC013), // ECDHE_RSA_AES128_CBC_SHA
    Suite::unnumbered(0xC014), // ECDHE_RSA_AES256_CBC_SHA
    Suite::unnumbered(0xC023), // ECDHE_ECDSA_AES128_CBC_SHA256
    Suite::unnumbered(0xC024), // ECDHE_ECDSA_AES256_CBC_SHA384
    Suite::unnumbered(0xC025), // ECDH_ECDSA_AES128_CBC_SHA256
    Suite::unnumbered(0xC026), // ECDH_ECDSA_AES256_CBC_SHA384
    Suite::unnumbered(0xC027), // ECDHE_RSA_AES128_CBC_SHA256
    Suite::unnumbered(0xC028), // ECDHE_RSA_AES256_CBC_SHA384
    Suite::unnumbered(0xC029), // ECDH_RSA_AES128_CBC_SHA256
    Suite::unnumbered(0xC02A), // ECDH_RSA_AES256_CBC_SHA384
    Suite::unnumbered(0xC02B), // ECDHE_ECDSA_AES128_GCM_SHA256
    Suite::unnumbered(0xC02C), // ECDHE_ECDSA_AES256_GCM_SHA384
    Suite::unnumbered(0xC02D), // ECDH_ECDSA_AES128_GCM_SHA256
    Suite::unnumbered(0xC02E), // ECDH_ECDSA_AES256_GCM_SHA384
    Suite::unnumbered(0xC02F), // ECDHE_RSA_AES128_GCM_SHA256
    Suite::unnumbered(0xC030), // ECDHE_RSA_AES256_GCM_SHA384
    Suite::unnumbered(0xC031), // ECDH_RSA_AES128_GCM_SHA256
    Suite::unnumbered(0xC032), // ECDH_RSA_AES256_GCM_SHA384
    Suite::unnumbered(0xC0A0), // RSA_AES128_CCM_8
    Suite::unnumbered(0xC0A1), // RSA_AES256_CCM_8
];

/// What value 0 offers, in the order of the table.
const DEFAULT: &[u16] = &[
    0x002F, 0x0033, 0x0035, 0x0039, 0x003C, 0x003D, 0x0067, 0x006B, 0x009C, 0x009D, 0x009E, 0x009F, 0xC004,
    0xC005, 0xC009, 0xC00A, 0xC00E, 0xC00F, 0xC013, 0xC014, 0xC023, 0xC024, 0xC025, 0xC026, 0xC027, 0xC028,
    0xC029, 0xC02A, 0xC02B, 0xC02C, 0xC02D, 0xC02E, 0xC02F, 0xC030, 0xC031, 0xC032, 0xC0A0, 0xC0A1,
];
