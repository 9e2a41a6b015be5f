//! Platform 23: LE866, ME866A1.
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
    platform: Platform::P23,
    // The model is printed in 6.8.2; the firmware starts with the platform's number.
    identity: Identity {
        manufacturer: "Telit",
        model: "LE866-SV1",
        firmware: "23.00.003",
        production: "",
        serial: "0001000023",
        imei: "356938032300232",
        iccid: "89882806660001000023",
        imsi: "901288001000023",
    },
    // AT0, AT1, AT2: IPE28 p14-15.
    instances: 3,
    general: general::P23,
    tls: TLS,
    mqtt: mqtt::P23,
    http: http::P23,
    ftp: ftp::P23,
};

const TLS: TlsProfile = TlsProfile {
    commands: &[COMMON, PROTOCOL],
    // 6.1, the warning
    scope: TlsScope::Module,
    // 6.8.2, printed
    sockets: 6,
    // No source; the choice is that only what M37 says of its own platform and newer ones is kept.
    settings_kept: false,
    // 12.2
    numbers: ErrorNumbers::Guide,
    // 6.8.2, printed: ten fields, of which 6.7.1 knows eight
    configuration: Configuration {
        fields: 10,
        // 6.8.2, printed
        contexts: 1..=5,
        packet_size: 300,
        host_check: false,
        equalize: false,
        connect_timeout: false,
        blank: true,
    },
    // 6.2.2
    certificate_format: true,
    // 6.3.3. Values as on 20, the default as on 12.
    protocol: Some(Protocol { highest: 3, default: 1, fields: ProtocolFields::ServerName }),
    // 6.5, with action 3. No source for the size.
    credentials: Credentials { slots: Slots::PerSocket, limit: 2048, ram: true, key_protection: false },
    preloaded: None,
    // 7, table 3
    closure_types: ClosureTypes { printed: "(0)", taken: 0..=0, keeps_session: false },
    // 1300: 7.1.2.2. The others as on 37: M37 p901-905, p912.
    transfer: Transfer { terminated: 1023, counted: 1500, receive: 1000, ring: 1300 },
    suites: suites::PLATFORM_23,
};
