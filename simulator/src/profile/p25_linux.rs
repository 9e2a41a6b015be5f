//! Platform 25 with the Linux firmware: `LE910Cx` Linux.
//!
//! Source of everything without another note: SSL guide.

use super::service::{ftp, http, mqtt};
use super::tls::{
    COMMON, ClosureTypes, Configuration, Credentials, ErrorNumbers, PROTOCOL, Protocol, ProtocolFields,
    Slots, TlsProfile, TlsScope, Transfer, suites,
};
use super::{Identity, Profile, general};
use crate::platform::Platform;

pub(super) static PROFILE: Profile = Profile {
    platform: Platform::P25Linux,
    // Model and firmware are those of a public log; the ThreadX firmware bears the same, and only the layouts tell.
    identity: Identity {
        manufacturer: "Telit",
        model: "LE910C4-WWXD",
        firmware: "M0F.603003",
        production: "P0F.603001",
        serial: "0001000025",
        imei: "356938032500255",
        iccid: "89882806660001000025",
        imsi: "901288001000025",
    },
    // AT0, AT1, AT2: IPE28 p14-15.
    instances: 3,
    general: general::P25_LINUX,
    tls: TLS,
    mqtt: mqtt::P25_LINUX,
    http: http::P25_LINUX,
    ftp: ftp::P25_LINUX,
};

const TLS: TlsProfile = TlsProfile {
    commands: &[COMMON, PROTOCOL],
    // 6.1, the warning
    scope: TlsScope::Module,
    // 6.2.3 speaks of a set of sockets; six as on 23.
    sockets: 6,
    // No source; the choice is that only what M37 says of its own platform and newer ones is kept.
    settings_kept: false,
    // 12.2
    numbers: ErrorNumbers::Guide,
    // 6.7.2
    configuration: Configuration {
        fields: 9,
        // IPE28 p98
        contexts: 1..=5,
        packet_size: 300,
        host_check: true,
        equalize: false,
        connect_timeout: false,
        blank: true,
    },
    // 6.2.3
    certificate_format: true,
    // 6.3.2. Values as on 20, the default as on 12.
    protocol: Some(Protocol { highest: 3, default: 1, fields: ProtocolFields::None }),
    // 6.5. The size is that of 37.
    credentials: Credentials { slots: Slots::PerSocket, limit: 4096, ram: false, key_protection: false },
    preloaded: None,
    // 7, table 3
    closure_types: ClosureTypes { printed: "(0)", taken: 0..=0, keeps_session: false },
    // 1300: 7.1.2.2. The others as on 37: M37 p901-905, p912.
    transfer: Transfer { terminated: 1023, counted: 1500, receive: 1000, ring: 1300 },
    suites: suites::PLATFORM_25_LINUX,
};
