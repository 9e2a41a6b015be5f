//! The suites of platform 23: 79, and a signal that is none.
//!
//! Source: SSL guide 12.1.4, table 7. Those with a decimal can be chosen alone (the grey area of the table).
//! All others, export, DES and RC4 among them, are offered together by 0, which leaves out the one without
//! encryption (SSL guide 6.2.2).

use super::suite_rows::{ONLY_1_2, TO_1_2, row};
use crate::platform::cipher_suites::SuiteRow;

/// All suites, in the order of the guide.
#[rustfmt::skip]
pub(super) const SUITES: &[SuiteRow] = &[
    // number, decimal, offered by 0, versions
    row(0x0004, Some(1), true, TO_1_2), // TLS_RSA_WITH_RC4_128_MD5
    row(0x0005, Some(2), true, TO_1_2), // TLS_RSA_WITH_RC4_128_SHA
    row(0x002F, Some(3), true, TO_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA
    row(0x0002, Some(4), false, TO_1_2), // TLS_RSA_WITH_NULL_SHA
    row(0x0035, Some(5), true, TO_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA
    row(0xC030, None, true, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    row(0xC02C, None, true, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
    row(0xC028, None, true, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384
    row(0xC024, None, true, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384
    row(0xC014, None, true, TO_1_2), // TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
    row(0xC00A, None, true, TO_1_2), // TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
    row(0xC022, None, true, TO_1_2), // TLS_SRP_SHA_DSS_WITH_AES_256_CBC_SHA
    row(0xC021, None, true, TO_1_2), // TLS_SRP_SHA_RSA_WITH_AES_256_CBC_SHA
    row(0x00A3, None, true, ONLY_1_2), // TLS_DHE_DSS_WITH_AES_256_GCM_SHA384
    row(0x009F, None, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_256_GCM_SHA384
    row(0x006B, None, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA256
    row(0x006A, None, true, ONLY_1_2), // TLS_DHE_DSS_WITH_AES_256_CBC_SHA256
    row(0x0039, None, true, TO_1_2), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA
    row(0x0038, None, true, TO_1_2), // TLS_DHE_DSS_WITH_AES_256_CBC_SHA
    row(0x0088, None, true, TO_1_2), // TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA
    row(0x0087, None, true, TO_1_2), // TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA
    row(0xC032, None, true, ONLY_1_2), // TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384
    row(0xC02E, None, true, ONLY_1_2), // TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384
    row(0xC02A, None, true, ONLY_1_2), // TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384
    row(0xC026, None, true, ONLY_1_2), // TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384
    row(0xC00F, None, true, TO_1_2), // TLS_ECDH_RSA_WITH_AES_256_CBC_SHA
    row(0xC005, None, true, TO_1_2), // TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA
    row(0x009D, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_256_GCM_SHA384
    row(0x003D, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_256_CBC_SHA256
    row(0x0084, None, true, TO_1_2), // TLS_RSA_WITH_CAMELLIA_256_CBC_SHA
    row(0xC012, None, true, TO_1_2), // TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA
    row(0xC008, None, true, TO_1_2), // TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA
    row(0xC01C, None, true, TO_1_2), // TLS_SRP_SHA_DSS_WITH_3DES_EDE_CBC_SHA
    row(0xC01B, None, true, TO_1_2), // TLS_SRP_SHA_RSA_WITH_3DES_EDE_CBC_SHA
    row(0x0016, None, true, TO_1_2), // TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA
    row(0x0013, None, true, TO_1_2), // TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA
    row(0xC00D, None, true, TO_1_2), // TLS_ECDH_RSA_WITH_3DES_EDE_CBC_SHA
    row(0xC003, None, true, TO_1_2), // TLS_ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA
    row(0x000A, None, true, TO_1_2), // TLS_RSA_WITH_3DES_EDE_CBC_SHA
    row(0xC02F, None, true, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    row(0xC02B, None, true, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    row(0xC027, None, true, ONLY_1_2), // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256
    row(0xC023, None, true, ONLY_1_2), // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
    row(0xC013, None, true, TO_1_2), // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
    row(0xC009, None, true, TO_1_2), // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
    row(0xC01F, None, true, TO_1_2), // TLS_SRP_SHA_DSS_WITH_AES_128_CBC_SHA
    row(0xC01E, None, true, TO_1_2), // TLS_SRP_SHA_RSA_WITH_AES_128_CBC_SHA
    row(0x00A2, None, true, ONLY_1_2), // TLS_DHE_DSS_WITH_AES_128_GCM_SHA256
    row(0x009E, None, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
    row(0x0067, None, true, ONLY_1_2), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA256
    row(0x0040, None, true, ONLY_1_2), // TLS_DHE_DSS_WITH_AES_128_CBC_SHA256
    row(0x0033, None, true, TO_1_2), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA
    row(0x0032, None, true, TO_1_2), // TLS_DHE_DSS_WITH_AES_128_CBC_SHA
    row(0x009A, None, true, TO_1_2), // TLS_DHE_RSA_WITH_SEED_CBC_SHA
    row(0x0099, None, true, TO_1_2), // TLS_DHE_DSS_WITH_SEED_CBC_SHA
    row(0x0045, None, true, TO_1_2), // TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA
    row(0x0044, None, true, TO_1_2), // TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA
    row(0xC031, None, true, ONLY_1_2), // TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256
    row(0xC02D, None, true, ONLY_1_2), // TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256
    row(0xC029, None, true, ONLY_1_2), // TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256
    row(0xC025, None, true, ONLY_1_2), // TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256
    row(0xC00E, None, true, TO_1_2), // TLS_ECDH_RSA_WITH_AES_128_CBC_SHA
    row(0xC004, None, true, TO_1_2), // TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA
    row(0x009C, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_128_GCM_SHA256
    row(0x003C, None, true, ONLY_1_2), // TLS_RSA_WITH_AES_128_CBC_SHA256
    row(0x0096, None, true, TO_1_2), // TLS_RSA_WITH_SEED_CBC_SHA
    row(0x0041, None, true, TO_1_2), // TLS_RSA_WITH_CAMELLIA_128_CBC_SHA
    row(0xC011, None, true, TO_1_2), // TLS_ECDHE_RSA_WITH_RC4_128_SHA
    row(0xC007, None, true, TO_1_2), // TLS_ECDHE_ECDSA_WITH_RC4_128_SHA
    row(0xC00C, None, true, TO_1_2), // TLS_ECDH_RSA_WITH_RC4_128_SHA
    row(0xC002, None, true, TO_1_2), // TLS_ECDH_ECDSA_WITH_RC4_128_SHA
    row(0x0015, None, true, TO_1_2), // TLS_DHE_RSA_WITH_DES_CBC_SHA
    row(0x0012, None, true, TO_1_2), // TLS_DHE_DSS_WITH_DES_CBC_SHA
    row(0x0009, None, true, TO_1_2), // TLS_RSA_WITH_DES_CBC_SHA
    row(0x0014, None, true, TO_1_2), // TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA
    row(0x0011, None, true, TO_1_2), // TLS_DHE_DSS_EXPORT_WITH_DES40_CBC_SHA
    row(0x0008, None, true, TO_1_2), // TLS_RSA_EXPORT_WITH_DES40_CBC_SHA
    row(0x0006, None, true, TO_1_2), // TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5
    row(0x0003, None, true, TO_1_2), // TLS_RSA_EXPORT_WITH_RC4_40_MD5
    row(0x00FF, None, true, TO_1_2), // TLS_EMPTY_RENEGOTIATION_INFO_SCSV
];
