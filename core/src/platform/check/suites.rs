//! Suites as they stand in the guide, copied by hand: decimals from the lists of chapter 6.2, the rest from 12.1.

use std::collections::BTreeSet;

use crate::platform::*;

const RSA_3DES: u16 = 0x000A;
const RSA_AES128_SHA: u16 = 0x002F;
const RSA_AES256_SHA: u16 = 0x0035;
const RSA_AES128_SHA256: u16 = 0x003C;
const RSA_AES256_SHA256: u16 = 0x003D;
const RSA_AES128_GCM: u16 = 0x009C;
const RSA_RC4_MD5: u16 = 0x0004;
const RSA_RC4_SHA: u16 = 0x0005;
const RSA_NULL: u16 = 0x0002;
const DHE_3DES: u16 = 0x0016;
const DHE_AES128_SHA: u16 = 0x0033;
const DHE_AES256_SHA: u16 = 0x0039;
const DHE_AES128_SHA256: u16 = 0x0067;
const DHE_AES256_SHA256: u16 = 0x006B;
const ECDHE_RSA_AES128_GCM: u16 = 0xC02F;
const SCSV: u16 = 0x00FF;

fn rows(id: PlatformId) -> &'static [SuiteRow] {
    profile(id).tls.suites
}

fn decimals(id: PlatformId) -> Vec<(u8, u16)> {
    let mut decimals: Vec<_> =
        rows(id).iter().filter_map(|row| Some((row.decimal?, row.suite.number()))).collect();
    decimals.sort_unstable();
    decimals
}

fn not_offered(id: PlatformId) -> Vec<u16> {
    rows(id).iter().filter(|row| !row.offered_by_guide).map(|row| row.suite.number()).collect()
}

fn offered(id: PlatformId) -> BTreeSet<u16> {
    rows(id).iter().filter(|row| row.offered_by_guide).map(|row| row.suite.number()).collect()
}

#[test]
fn how_many_there_are() {
    for (id, count) in [
        (PlatformId::P10, 6),
        (PlatformId::P13, 6),
        (PlatformId::P16, 6),
        (PlatformId::P12, 13),
        (PlatformId::P20, 13),
        // 79 suites and one signal.
        (PlatformId::P23, 80),
        (PlatformId::P25Linux, 10),
        (PlatformId::P25ThreadX, 32),
        (PlatformId::P30, 11),
        (PlatformId::P37, 56),
        (PlatformId::P52, 38),
    ] {
        assert_eq!(rows(id).len(), count, "{id}");
    }
}

#[test]
fn decimals_of_2g() {
    // SSL guide 6.2.1.
    for id in [PlatformId::P10, PlatformId::P13, PlatformId::P16] {
        assert_eq!(
            decimals(id),
            [
                (1, RSA_RC4_MD5),
                (2, RSA_RC4_SHA),
                (3, RSA_AES256_SHA),
                (4, RSA_AES128_SHA256),
                (5, RSA_AES256_SHA256),
                (6, RSA_AES128_GCM),
            ],
            "{id}"
        );
        assert!(not_offered(id).is_empty(), "{id}");
    }
}

#[test]
fn decimals_of_12_20_and_23() {
    // SSL guide 6.2.2: 3 is AES-128 here and AES-256 on 2G; 4 has no encryption and is never part of 0.
    for id in [PlatformId::P12, PlatformId::P20, PlatformId::P23] {
        assert_eq!(
            decimals(id),
            [(1, RSA_RC4_MD5), (2, RSA_RC4_SHA), (3, RSA_AES128_SHA), (4, RSA_NULL), (5, RSA_AES256_SHA)],
            "{id}"
        );
        assert_eq!(not_offered(id), [RSA_NULL], "{id}");
        assert_eq!(profile(id).tls.suite_value(CipherSuite::new(ECDHE_RSA_AES128_GCM)), None, "{id}");
    }
    let on_12 =
        [0x0004, 0x0005, 0x002F, 0x0035, 0x006B, 0x003D, 0xC02F, 0xC027, 0x009E, 0x0067, 0x009C, 0x003C];
    assert_eq!(offered(PlatformId::P12), BTreeSet::from(on_12));
    assert_eq!(offered(PlatformId::P20), BTreeSet::from(on_12));
    assert_eq!(offered(PlatformId::P23).len(), 79);
}

#[test]
fn a_signal_on_23_cannot_be_chosen() {
    let tls = &profile(PlatformId::P23).tls;
    assert_eq!(tls.suites.iter().filter(|row| row.suite.is_signal()).count(), 1);
    let signal = tls.suite(CipherSuite::new(SCSV)).unwrap();
    assert_eq!((signal.decimal, signal.offered_by_guide), (None, true));
    assert_eq!(tls.suite_value(signal.suite), None);
}

#[test]
fn weak_suites_of_23_are_offered_by_0() {
    // SSL guide 12.1.4: export, DES, RC4, SEED, Camellia, SRP, DSS.
    for number in [0x0003, 0x0006, 0x0008, 0x0009, 0x0011, 0x0096, 0x0041, 0xC01E, 0xC007, 0x0013] {
        assert!(offered(PlatformId::P23).contains(&number), "{number:#06x}");
    }
}

#[test]
fn decimals_of_25_with_linux() {
    // SSL guide 6.2.3.
    assert_eq!(
        decimals(PlatformId::P25Linux),
        [
            (1, RSA_3DES),
            (2, RSA_AES128_SHA),
            (3, RSA_AES128_SHA256),
            (4, RSA_AES256_SHA),
            (5, RSA_AES256_SHA256),
            (6, DHE_AES128_SHA),
            (7, DHE_AES256_SHA),
            (8, DHE_3DES),
            (9, DHE_AES128_SHA256),
            (10, DHE_AES256_SHA256),
        ]
    );
    assert!(not_offered(PlatformId::P25Linux).is_empty());
    let triple_des = profile(PlatformId::P25Linux).tls.suite(CipherSuite::new(DHE_3DES)).unwrap();
    assert!(!triple_des.works_with(TlsVersion::Tls12) && triple_des.works_with(TlsVersion::Tls11));
}

const EIGHT_WITH_CBC: [(u8, u16); 8] = [
    (3, RSA_AES128_SHA),
    (5, RSA_AES256_SHA),
    (7, DHE_AES128_SHA),
    (9, DHE_AES256_SHA),
    (10, RSA_AES128_SHA256),
    (11, DHE_AES128_SHA256),
    (12, RSA_AES256_SHA256),
    (13, DHE_AES256_SHA256),
];

#[test]
fn decimals_of_30_and_37() {
    // SSL guide 12.1.6, 12.1.7.
    let eight: BTreeSet<u16> = EIGHT_WITH_CBC.iter().map(|(_, number)| *number).collect();
    for id in [PlatformId::P30, PlatformId::P37] {
        assert_eq!(decimals(id), EIGHT_WITH_CBC, "{id}");
        assert_eq!(offered(id), eight, "{id}");
    }
    assert_eq!(not_offered(PlatformId::P30), [0x1301, 0x1302, 0x1303]);
    assert_eq!(profile(PlatformId::P30).tls.suite_value(CipherSuite::new(0x1301)), None);
    assert_eq!(offered(PlatformId::P25ThreadX), eight);
}

#[test]
fn the_default_of_37_differs_between_its_sources() {
    // M37 p883: 8 with AES-GCM and 8 with AES-CBC, and three of TLS 1.3.
    let by_manual: Vec<u16> = rows(PlatformId::P37)
        .iter()
        .filter(|row| row.offered_by_manual == Some(true))
        .map(|row| row.suite.number())
        .collect();
    assert_eq!(by_manual.len(), 19);
    for number in [0xC02B, 0xC02C, 0xC02D, 0xC02E, 0xC02F, 0xC030, 0xC031, 0xC032, 0x1301, 0x1302, 0x1303] {
        assert!(by_manual.contains(&number), "{number:#06x}");
        let row = profile(PlatformId::P37).tls.suite(CipherSuite::new(number)).unwrap();
        assert_eq!(row.offered_by_default(), None, "{number:#06x}");
    }
}

#[test]
fn hexadecimal_numbers_alone_on_25_with_threadx_and_52() {
    for id in [PlatformId::P25ThreadX, PlatformId::P52] {
        assert!(decimals(id).is_empty(), "{id}");
        for row in rows(id) {
            assert_eq!(profile(id).tls.suite_value(row.suite), Some(row.suite.hexadecimal()), "{id}");
        }
    }
    assert!(not_offered(PlatformId::P52).is_empty());
    assert_eq!(profile(PlatformId::P52).tls.suite_from_value("0xc02f"), Some(CipherSuite::new(0xC02F)));
    // SSL guide 12.1.7 and 6.2.4 give 3 to two suites.
    assert_eq!(profile(PlatformId::P25ThreadX).tls.suite_from_value("3"), None);
    assert!(rows(PlatformId::P52).iter().all(|row| !row.works_with(TlsVersion::Tls13)));
}

#[test]
fn values_of_37() {
    let tls = &profile(PlatformId::P37).tls;
    assert_eq!(tls.suite_value(CipherSuite::new(ECDHE_RSA_AES128_GCM)).as_deref(), Some("0xC02F"));
    assert_eq!(tls.suite_value(CipherSuite::new(DHE_AES128_SHA256)).as_deref(), Some("11"));
    assert_eq!(tls.suite_value(CipherSuite::new(RSA_RC4_SHA)), None);
    // Obsolete numbers act like 0. Source: M37 p882, p886.
    for nothing in ["0", "1", "2", "4", "6", "8", "14", "0xffff", "x"] {
        assert_eq!(tls.suite_from_value(nothing), None, "{nothing}");
    }
    assert_eq!(tls.suite_from_value("3"), Some(CipherSuite::new(RSA_AES128_SHA)));
    assert_eq!(tls.suite_from_value("0xc030"), Some(CipherSuite::new(0xC030)));
}

#[test]
fn forward_secrecy_is_not_to_be_had_on_2g() {
    let name = |row: &SuiteRow| row.suite.name().unwrap();
    assert!(rows(PlatformId::P10).iter().all(|row| name(row).starts_with("TLS_RSA_")));
    assert!(rows(PlatformId::P30).iter().all(|row| !name(row).contains("ECDHE")));
    assert!(rows(PlatformId::P25Linux).iter().all(|row| name(row).contains("_CBC_")));
}
