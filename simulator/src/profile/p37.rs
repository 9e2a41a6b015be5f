//! Platform 37: ME310G1, ME910G1, ML865G1, software 37.00.xx7.
//!
//! Source of everything without another note: M37.

use super::TestAnswer::Line;
use super::service::{ftp, http, mqtt};
use super::{CommandSpec, Identity, Profile, Suite, TlsProfile, TlsScope, general};
use crate::platform::Platform;

pub(super) static PROFILE: Profile = Profile {
    platform: Platform::P37,
    identity: Identity {
        manufacturer: "Telit",
        model: "ME310G1-WW",
        firmware: "M0C.200006",
        production: "P0C.210001",
        serial: "0001234567",
        imei: "356938035643809",
        iccid: "89882806660001234567",
        imsi: "901288001234567",
    },
    general: general::P37,
    tls: TLS,
    mqtt: mqtt::P37,
    http: http::P37,
    ftp: ftp::P37,
};

const TLS: TlsProfile = TlsProfile {
    commands: COMMANDS,
    // The guide words the rule for the whole module, p894 for socket 1.
    scope: TlsScope::Module,
    sockets: 10,
    certificate_slots: 4,
    preloaded_slots: 3,
    certificate_limit: 4096,
    preloaded_limit: 4095,
    most_authorities: 3,
    send_limit: 1023,
    counted_send_limit: 1500,
    receive_limit: 1000,
    ring_limit: 1300,
    highest_version: 4,
    suites: SUITES,
    obsolete_suites: &[1, 2, 4, 6, 8],
    // p883-884
    default_suites: &[
        0xC02B, 0xC02C, 0xC02D, 0xC02E, 0xC02F, 0xC030, 0xC031, 0xC032, 0x002F, 0x0035, 0x0033, 0x0039,
        0x003C, 0x0067, 0x003D, 0x006B,
    ],
    default_suites_1_3: &[0x1301, 0x1302, 0x1303],
    // SSL guide 12.1.7
    guide_default_suites: &[0x002F, 0x0035, 0x0033, 0x0039, 0x003C, 0x0067, 0x003D, 0x006B],
};

const fn suite(iana: u16) -> Suite {
    Suite { iana, decimal: None, pre_shared: false }
}

const fn numbered(iana: u16, decimal: u8) -> Suite {
    Suite { iana, decimal: Some(decimal), pre_shared: false }
}

const fn pre_shared(iana: u16) -> Suite {
    Suite { iana, decimal: None, pre_shared: true }
}

/// p882-886, strongest first, which is the order that `#SSLSECCS=1,3` gives.
const SUITES: &[Suite] = &[
    suite(0x1302),
    suite(0x1303),
    suite(0x1301),
    suite(0x1304),
    suite(0x1305),
    suite(0xC02C),
    suite(0xC030),
    suite(0xCCA9),
    suite(0xCCA8),
    suite(0xCCAA),
    suite(0xC02B),
    suite(0xC02F),
    suite(0x009F),
    suite(0x009E),
    suite(0xC02E),
    suite(0xC032),
    suite(0xC02D),
    suite(0xC031),
    suite(0x009D),
    suite(0x009C),
    suite(0xC0A3),
    suite(0xC0A2),
    suite(0xC0A1),
    suite(0xC0A0),
    suite(0xC024),
    suite(0xC028),
    suite(0xC023),
    suite(0xC027),
    suite(0xC026),
    suite(0xC02A),
    suite(0xC025),
    suite(0xC029),
    numbered(0x006B, 13),
    numbered(0x0067, 11),
    numbered(0x003D, 12),
    numbered(0x003C, 10),
    suite(0xC00A),
    suite(0xC014),
    suite(0xC009),
    suite(0xC013),
    suite(0xC005),
    suite(0xC00F),
    suite(0xC004),
    suite(0xC00E),
    numbered(0x0039, 9),
    numbered(0x0033, 7),
    numbered(0x0035, 5),
    numbered(0x002F, 3),
    pre_shared(0x00A9),
    pre_shared(0x00A8),
    pre_shared(0x00AF),
    pre_shared(0x00AE),
    pre_shared(0x008D),
    pre_shared(0x008C),
    pre_shared(0x008B),
    pre_shared(0x008A),
];

/// p874-929
const COMMANDS: &[CommandSpec] = &[
    CommandSpec::with_sim("#SSLEN", Line("#SSLEN: (1-10),(0,1)")),
    CommandSpec::local(
        "#SSLCFG",
        Line(
            "#SSLCFG: (1-10),(1-6),(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0-2),(0,1),(0,1),(0,10-1200),(0)",
        ),
    ),
    CommandSpec::with_sim("#SSLSECCFG", Line("#SSLSECCFG: (1-10),(0-13),(0-2),(0,1)")),
    CommandSpec::with_sim("#SSLSECCFG2", Line("#SSLSECCFG2: (1-10),(0-4),(0,1),(0-15),(0-7),(0-4)")),
    CommandSpec::with_sim("#SSLSECCS", Line("#SSLSECCS: (1),(0-4)")),
    CommandSpec::with_sim("#SSLSECDATA", Line("#SSLSECDATA: (1-4),(0-3),(0-2),(1-4096),10,(0,1)")),
    CommandSpec::with_sim("#SSLSECCA", Line("#SSLSECCA: (1-3),(0-2),(1),(1-4095)")),
    CommandSpec::with_sim("#SSLD", Line("#SSLD: (1-10),(1-65535),,(0),(0,1),(1-5000)")),
    CommandSpec::local("#SSLO", Line("#SSLO: (1-10)")),
    CommandSpec::with_sim("#SSLH", Line("#SSLH: (1-10),(0)")),
    CommandSpec::local("#SSLS", Line("#SSLS: (1-10)")),
    CommandSpec::with_sim("#SSLI", Line("#SSLI: (1-10)")),
    CommandSpec::with_sim("#SSLSEND", Line("#SSLSEND: (1-10),(1-5000)")),
    CommandSpec::local("#SSLSENDEXT", Line("#SSLSENDEXT: (1-10),(1-1500),(1-1500)")),
    CommandSpec::with_sim("#SSLRECV", Line("#SSLRECV: (1-10),(1-1000),(10-5000)")),
];
