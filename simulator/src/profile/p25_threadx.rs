//! Platform 25 with the ThreadX firmware: `LE910Cx` ThreadX.
//!
//! Source of everything without another note: SSL guide.

use super::service::{ftp, http, mqtt};
use super::tls::{
    COMMON, ClosureTypes, Configuration, Credentials, ErrorNumbers, PRELOADED, PROTOCOL, Preloaded, Protocol,
    ProtocolFields, Slots, TlsProfile, TlsScope, Transfer, suites,
};
use super::{Identity, Profile, general};
use crate::platform::Platform;

pub(super) static PROFILE: Profile = Profile {
    platform: Platform::P25ThreadX,
    // Model and firmware are those of the Linux firmware, on purpose: only the layouts tell.
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
    general: general::P25_THREADX,
    tls: TLS,
    mqtt: mqtt::P25_THREADX,
    http: http::P25_THREADX,
    ftp: ftp::P25_THREADX,
};

const TLS: TlsProfile = TlsProfile {
    commands: &[COMMON, PROTOCOL, PRELOADED],
    // 6.1, the warning
    scope: TlsScope::Module,
    // 6.2.4 speaks of a set of sockets; six as on 23.
    sockets: 6,
    // As M37 says of its own platform.
    settings_kept: true,
    // M37 p27, the base of all newer platforms
    numbers: ErrorNumbers::Manual,
    // 6.7.3
    configuration: Configuration {
        fields: 12,
        // IPE28 p98
        contexts: 1..=5,
        packet_size: 300,
        host_check: true,
        equalize: true,
        connect_timeout: true,
        blank: true,
    },
    // 6.2.4
    certificate_format: true,
    // 6.3.4. Meaning and default as on 37: M37 p921-924. TLS 1.3: 12.1.7, from software xx2.
    protocol: Some(Protocol { highest: 4, default: 4, fields: ProtocolFields::Masks }),
    // 6.3.4: masks choose among slots, which are those of 37.
    credentials: Credentials { slots: Slots::Shared(4), limit: 4096, ram: false, key_protection: false },
    // 6.3.4, as on 37: M37 p888-892
    preloaded: Some(Preloaded { slots: 3, limit: 4095 }),
    // 7, table 3
    closure_types: ClosureTypes { printed: "(0)", taken: 0..=0, keeps_session: false },
    // 1300: 7.1.2.2. The others as on 37: M37 p901-905, p912.
    transfer: Transfer { terminated: 1023, counted: 1500, receive: 1000, ring: 1300 },
    suites: suites::PLATFORM_25_THREADX,
};
