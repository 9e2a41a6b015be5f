//! Platform 20: LE910 Cat1, LE910 V2.
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
    platform: Platform::P20,
    // A product of table 1; the firmware starts with the platform's number.
    identity: Identity {
        manufacturer: "Telit",
        model: "LE910-EU V2",
        firmware: "20.00.405",
        production: "",
        serial: "0001000020",
        imei: "356938032000204",
        iccid: "89882806660001000020",
        imsi: "901288001000020",
    },
    // AT0, AT1, AT2: IPE28 p14-15.
    instances: 3,
    general: general::P20,
    tls: TLS,
    mqtt: mqtt::P20,
    http: http::P20,
    ftp: ftp::P20,
};

const TLS: TlsProfile = TlsProfile {
    commands: &[COMMON, PROTOCOL],
    // 6.1, the warning
    scope: TlsScope::Module,
    // LE910V2 p359
    sockets: 1,
    // No source; the choice is that only what M37 says of its own platform and newer ones is kept.
    settings_kept: false,
    // Public host code for the LE910 V2.
    numbers: ErrorNumbers::Mixed,
    // 6.7.1
    configuration: Configuration {
        fields: 8,
        // IPE28 p94: 0 to 15, of which 0 is no context of `+CGDCONT`.
        contexts: 1..=15,
        packet_size: 300,
        host_check: false,
        equalize: false,
        connect_timeout: false,
        blank: true,
    },
    // 6.2.2
    certificate_format: true,
    // 6.3.2. 0 is SSL 3.0, 1 TLS 1.0, 2 TLS 1.1, 3 TLS 1.2: public host code. The default is that of 12.
    protocol: Some(Protocol { highest: 3, default: 1, fields: ProtocolFields::None }),
    // 6.5. No source for the size.
    credentials: Credentials { slots: Slots::PerSocket, limit: 2048, ram: false, key_protection: false },
    preloaded: None,
    // 7, table 3
    closure_types: ClosureTypes { printed: "(0)", taken: 0..=0, keeps_session: false },
    // 1300: 7.1.2.2. The others as on 37: M37 p901-905, p912.
    transfer: Transfer { terminated: 1023, counted: 1500, receive: 1000, ring: 1300 },
    suites: suites::PLATFORM_20,
};
