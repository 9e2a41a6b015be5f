//! Platform 12: HE910, UE910, UL865, UE866.
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
    platform: Platform::P12,
    // The model is printed in 6.8.1; the firmware is named by the HSPA+ guide.
    identity: Identity {
        manufacturer: "Telit",
        model: "HE910",
        firmware: "12.00.024",
        production: "",
        serial: "0001000012",
        imei: "356938031200128",
        iccid: "89882806660001000012",
        imsi: "901288001000012",
    },
    // AT0, AT1, AT2: IPE28 p14-15.
    instances: 3,
    general: general::P12,
    tls: TLS,
    mqtt: mqtt::P12,
    http: http::P12,
    ftp: ftp::P12,
};

const TLS: TlsProfile = TlsProfile {
    commands: &[COMMON, PROTOCOL],
    // 6.1, the warning
    scope: TlsScope::Module,
    // 6.8.1, printed
    sockets: 1,
    // No source; the choice is that only what M37 says of its own platform and newer ones is kept.
    settings_kept: false,
    // 12.2
    numbers: ErrorNumbers::Guide,
    // 6.8.1 and 6.8.3, printed: ten fields, of which 6.7.1 knows eight
    configuration: Configuration {
        fields: 10,
        // 6.8.1, printed
        contexts: 1..=1,
        packet_size: 300,
        host_check: false,
        equalize: false,
        connect_timeout: false,
        blank: true,
    },
    // 6.2.2
    certificate_format: true,
    // 6.3.2; `1` is printed in 6.8.3. That it is TLS 1.0, and 3 is TLS 1.2, is known of platform 20.
    protocol: Some(Protocol { highest: 3, default: 1, fields: ProtocolFields::None }),
    // 6.5. No source for the size.
    credentials: Credentials { slots: Slots::PerSocket, limit: 2048, ram: false, key_protection: false },
    preloaded: None,
    // 7, table 3
    closure_types: ClosureTypes { printed: "(0)", taken: 0..=0, keeps_session: false },
    // 1300: 7.1.2.2. The others as on 37: M37 p901-905, p912.
    transfer: Transfer { terminated: 1023, counted: 1500, receive: 1000, ring: 1300 },
    suites: suites::PLATFORM_12,
};
