//! Table 7: platform 23. Source: SSL guide 6.2.2, 12.1.4.

use super::{Suite, SuiteTable};

pub(in super::super::super) const PLATFORM_23: SuiteTable = SuiteTable {
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
    Suite::unnumbered(0xC030),  // ECDHE_RSA_AES256_GCM_SHA384
    Suite::unnumbered(0xC02C),  // ECDHE_ECDSA_AES256_GCM_SHA384
    Suite::unnumbered(0xC028),  // ECDHE_RSA_AES256_CBC_SHA384
    Suite::unnumbered(0xC024),  // ECDHE_ECDSA_AES256_CBC_SHA384
    Suite::unnumbered(0xC014),  // ECDHE_RSA_AES256_CBC_SHA
    Suite::unnumbered(0xC00A),  // ECDHE_ECDSA_AES256_CBC_SHA
    Suite::unnumbered(0xC022),  // SRP_SHA_DSS_AES256_CBC_SHA
    Suite::unnumbered(0xC021),  // SRP_SHA_RSA_AES256_CBC_SHA
    Suite::unnumbered(0x00A3),  // DHE_DSS_AES256_GCM_SHA384
    Suite::unnumbered(0x009F),  // DHE_RSA_AES256_GCM_SHA384
    Suite::unnumbered(0x006B),  // DHE_RSA_AES256_CBC_SHA256
    Suite::unnumbered(0x006A),  // DHE_DSS_AES256_CBC_SHA256
    Suite::unnumbered(0x0039),  // DHE_RSA_AES256_CBC_SHA
    Suite::unnumbered(0x0038),  // DHE_DSS_AES256_CBC_SHA
    Suite::unnumbered(0x0088),  // DHE_RSA_CAMELLIA256_CBC_SHA
    Suite::unnumbered(0x0087),  // DHE_DSS_CAMELLIA256_CBC_SHA
    Suite::unnumbered(0xC032),  // ECDH_RSA_AES256_GCM_SHA384
    Suite::unnumbered(0xC02E),  // ECDH_ECDSA_AES256_GCM_SHA384
    Suite::unnumbered(0xC02A),  // ECDH_RSA_AES256_CBC_SHA384
    Suite::unnumbered(0xC026),  // ECDH_ECDSA_AES256_CBC_SHA384
    Suite::unnumbered(0xC00F),  // ECDH_RSA_AES256_CBC_SHA
    Suite::unnumbered(0xC005),  // ECDH_ECDSA_AES256_CBC_SHA
    Suite::unnumbered(0x009D),  // RSA_AES256_GCM_SHA384
    Suite::unnumbered(0x003D),  // RSA_AES256_CBC_SHA256
    Suite::unnumbered(0x0084),  // RSA_CAMELLIA256_CBC_SHA
    Suite::unnumbered(0xC012),  // ECDHE_RSA_3DES_EDE_CBC_SHA
    Suite::unnumbered(0xC008),  // ECDHE_ECDSA_3DES_EDE_CBC_SHA
    Suite::unnumbered(0xC01C),  // SRP_SHA_DSS_3DES_EDE_CBC_SHA
    Suite::unnumbered(0xC01B),  // SRP_SHA_RSA_3DES_EDE_CBC_SHA
    Suite::unnumbered(0x0016),  // DHE_RSA_3DES_EDE_CBC_SHA
    Suite::unnumbered(0x0013),  // DHE_DSS_3DES_EDE_CBC_SHA
    Suite::unnumbered(0xC00D),  // ECDH_RSA_3DES_EDE_CBC_SHA
    Suite::unnumbered(0xC003),  // ECDH_ECDSA_3DES_EDE_CBC_SHA
    Suite::unnumbered(0x000A),  // RSA_3DES_EDE_CBC_SHA
    Suite::unnumbered(0xC02F),  // ECDHE_RSA_AES128_GCM_SHA256
    Suite::unnumbered(0xC02B),  // ECDHE_ECDSA_AES128_GCM_SHA256
    Suite::unnumbered(0xC027),  // ECDHE_RSA_AES128_CBC_SHA256
    Suite::unnumbered(0xC023),  // ECDHE_ECDSA_AES128_CBC_SHA256
    Suite::unnumbered(0xC013),  // ECDHE_RSA_AES128_CBC_SHA
    Suite::unnumbered(0xC009),  // ECDHE_ECDSA_AES128_CBC_SHA
    Suite::unnumbered(0xC01F),  // SRP_SHA_DSS_AES128_CBC_SHA
    Suite::unnumbered(0xC01E),  // SRP_SHA_RSA_AES128_CBC_SHA
    Suite::unnumbered(0x00A2),  // DHE_DSS_AES128_GCM_SHA256
    Suite::unnumbered(0x009E),  // DHE_RSA_AES128_GCM_SHA256
    Suite::unnumbered(0x0067),  // DHE_RSA_AES128_CBC_SHA256
    Suite::unnumbered(0x0040),  // DHE_DSS_AES128_CBC_SHA256
    Suite::unnumbered(0x0033),  // DHE_RSA_AES128_CBC_SHA
    Suite::unnumbered(0x0032),  // DHE_DSS_AES128_CBC_SHA
    Suite::unnumbered(0x009A),  // DHE_RSA_SEED_CBC_SHA
    Suite::unnumbered(0x0099),  // DHE_DSS_SEED_CBC_SHA
    Suite::unnumbered(0x0045),  // DHE_RSA_CAMELLIA128_CBC_SHA
    Suite::unnumbered(0x0044),  // DHE_DSS_CAMELLIA128_CBC_SHA
    Suite::unnumbered(0xC031),  // ECDH_RSA_AES128_GCM_SHA256
    Suite::unnumbered(0xC02D),  // ECDH_ECDSA_AES128_GCM_SHA256
    Suite::unnumbered(0xC029),  // ECDH_RSA_AES128_CBC_SHA256
    Suite::unnumbered(0xC025),  // ECDH_ECDSA_AES128_CBC_SHA256
    Suite::unnumbered(0xC00E),  // ECDH_RSA_AES128_CBC_SHA
    Suite::unnumbered(0xC004),  // ECDH_ECDSA_AES128_CBC_SHA
    Suite::unnumbered(0x009C),  // RSA_AES128_GCM_SHA256
    Suite::unnumbered(0x003C),  // RSA_AES128_CBC_SHA256
    Suite::unnumbered(0x0096),  // RSA_SEED_CBC_SHA
    Suite::unnumbered(0x0041),  // RSA_CAMELLIA128_CBC_SHA
    Suite::unnumbered(0xC011),  // ECDHE_RSA_RC4_128_SHA
    Suite::unnumbered(0xC007),  // ECDHE_ECDSA_RC4_128_SHA
    Suite::unnumbered(0xC00C),  // ECDH_RSA_RC4_128_SHA
    Suite::unnumbered(0xC002),  // ECDH_ECDSA_RC4_128_SHA
    Suite::unnumbered(0x0015),  // DHE_RSA_DES_CBC_SHA
    Suite::unnumbered(0x0012),  // DHE_DSS_DES_CBC_SHA
    Suite::unnumbered(0x0009),  // RSA_DES_CBC_SHA
    Suite::unnumbered(0x0014),  // DHE_RSA_EXPORT_DES40_CBC_SHA
    Suite::unnumbered(0x0011),  // DHE_DSS_EXPORT_DES40_CBC_SHA
    Suite::unnumbered(0x0008),  // RSA_EXPORT_DES40_CBC_SHA
    Suite::unnumbered(0x0006),  // RSA_EXPORT_RC2_CBC_40_MD5
    Suite::unnumbered(0x0003),  // RSA_EXPORT_RC4_40_MD5
];

/// What value 0 offers, in the order of the table.
const DEFAULT: &[u16] = &[
    0x0004, 0x0005, 0x002F, 0x0035, 0xC030, 0xC02C, 0xC028, 0xC024, 0xC014, 0xC00A, 0xC022, 0xC021, 0x00A3,
    0x009F, 0x006B, 0x006A, 0x0039, 0x0038, 0x0088, 0x0087, 0xC032, 0xC02E, 0xC02A, 0xC026, 0xC00F, 0xC005,
    0x009D, 0x003D, 0x0084, 0xC012, 0xC008, 0xC01C, 0xC01B, 0x0016, 0x0013, 0xC00D, 0xC003, 0x000A, 0xC02F,
    0xC02B, 0xC027, 0xC023, 0xC013, 0xC009, 0xC01F, 0xC01E, 0x00A2, 0x009E, 0x0067, 0x0040, 0x0033, 0x0032,
    0x009A, 0x0099, 0x0045, 0x0044, 0xC031, 0xC02D, 0xC029, 0xC025, 0xC00E, 0xC004, 0x009C, 0x003C, 0x0096,
    0x0041, 0xC011, 0xC007, 0xC00C, 0xC002, 0x0015, 0x0012, 0x0009, 0x0014, 0x0011, 0x0008, 0x0006, 0x0003,
];
