//! Platform 52: ELS63, LE910Q1.
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
    platform: Platform::P52,
    // A product of table 1; the firmware starts with the platform's number.
    identity: Identity {
        manufacturer: "Telit",
        model: "LE910Q1-WW",
        firmware: "52.00.002",
        production: "P0Q.520001",
        serial: "0001000052",
        imei: "356938035200527",
        iccid: "89882806660001000052",
        imsi: "901288001000052",
    },
    // AT0, AT1, AT2: IPE28 p14-15.
    instances: 3,
    general: general::P52,
    tls: TLS,
    mqtt: mqtt::P52,
    http: http::P52,
    ftp: ftp::P52,
};

const TLS: TlsProfile = TlsProfile {
    commands: &[COMMON, PROTOCOL, PRELOADED],
    // 6.1, the warning
    scope: TlsScope::Module,
    // No source; ten as on 37. 10.1 uses socket 1.
    sockets: 10,
    // As M37 says of its own platform.
    settings_kept: true,
    // M37 p27, the base of all newer platforms
    numbers: ErrorNumbers::Manual,
    // 6.7.3
    configuration: Configuration {
        fields: 12,
        // As on 37: M37 p665
        contexts: 1..=6,
        packet_size: 300,
        host_check: true,
        equalize: true,
        connect_timeout: true,
        blank: true,
    },
    // 6.2.5: three fields.
    certificate_format: false,
    // 6.3.4. Meaning as on 37: M37 p921-924. TLS 1.3 is not supported: 12.1.8, the footnote.
    protocol: Some(Protocol { highest: 3, default: 3, fields: ProtocolFields::Masks }),
    // 6.3.4: masks choose among slots, which are those of 37.
    credentials: Credentials { slots: Slots::Shared(4), limit: 4096, ram: false, key_protection: false },
    // 6.3.4, as on 37: M37 p888-892
    preloaded: Some(Preloaded { slots: 3, limit: 4095 }),
    // 7, table 3
    closure_types: ClosureTypes { printed: "(0)", taken: 0..=0, keeps_session: false },
    // 1300: 7.1.2.2. The others as on 37: M37 p901-905, p912.
    transfer: Transfer { terminated: 1023, counted: 1500, receive: 1000, ring: 1300 },
    suites: suites::PLATFORM_52,
};
