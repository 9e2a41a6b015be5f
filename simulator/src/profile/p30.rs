//! Platform 30: ME910C1, ML865C1.
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
    platform: Platform::P30,
    // A product of table 1; the firmware starts with the platform's number.
    identity: Identity {
        manufacturer: "Telit",
        model: "ME910C1-WW",
        firmware: "30.00.236",
        production: "P0B.200002",
        serial: "0001000030",
        imei: "356938033000301",
        iccid: "89882806660001000030",
        imsi: "901288001000030",
    },
    // AT0, AT1, AT2: IPE28 p14-15.
    instances: 3,
    general: general::P30,
    tls: TLS,
    mqtt: mqtt::P30,
    http: http::P30,
    ftp: ftp::P30,
};

const TLS: TlsProfile = TlsProfile {
    commands: &[COMMON, PROTOCOL],
    // 6.1, the warning
    scope: TlsScope::Module,
    // No source; six as on 23. 10.1 uses socket 1.
    sockets: 6,
    // As M37 says of its own platform.
    settings_kept: true,
    // M37 p27, the base of all newer platforms
    numbers: ErrorNumbers::Manual,
    // 6.7.3
    configuration: Configuration {
        fields: 10,
        // QS5 p17
        contexts: 1..=6,
        packet_size: 300,
        host_check: true,
        equalize: true,
        connect_timeout: false,
        blank: true,
    },
    // 6.2.5: three fields. 6.5: no DER.
    certificate_format: false,
    // 6.3.3. 3 is TLS 1.2: 10.1.2. Values as on 20, the default as on 12. TLS 1.3 serves FTP alone.
    protocol: Some(Protocol { highest: 3, default: 1, fields: ProtocolFields::ServerName }),
    // 6.5. A public driver stores 1944 bytes; the size is that of 37.
    credentials: Credentials { slots: Slots::PerSocket, limit: 4096, ram: false, key_protection: false },
    preloaded: None,
    // 7, table 3
    closure_types: ClosureTypes { printed: "(0)", taken: 0..=0, keeps_session: false },
    // 1300: 7.1.2.2. The others as on 37: M37 p901-905, p912.
    transfer: Transfer { terminated: 1023, counted: 1500, receive: 1000, ring: 1300 },
    suites: suites::PLATFORM_30,
};
