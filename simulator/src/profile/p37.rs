//! Platform 37: ME310G1, ME910G1, ML865G1, software 37.00.xx7.
//!
//! Source of everything without another note: M37.

use super::service::{ftp, http, mqtt};
use super::tls::{
    COMMON, ClosureTypes, Configuration, Credentials, ErrorNumbers, PRELOADED, PROTOCOL, Preloaded, Protocol,
    ProtocolFields, SUITE_LIST, Slots, TRAFFIC, TlsProfile, TlsScope, Transfer, suites,
};
use super::{Identity, Profile, general};
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
    instances: 3,
    general: general::P37,
    tls: TLS,
    mqtt: mqtt::P37,
    http: http::P37,
    ftp: ftp::P37,
};

/// p874-929
const TLS: TlsProfile = TlsProfile {
    commands: &[COMMON, PROTOCOL, PRELOADED, SUITE_LIST, TRAFFIC],
    // The guide words the rule for the whole module, p894 for socket 1.
    scope: TlsScope::Module,
    // p893
    sockets: 10,
    // "Setting saved: Auto" on every page.
    settings_kept: true,
    // p27
    numbers: ErrorNumbers::Manual,
    // p874-880
    configuration: Configuration {
        fields: 12,
        contexts: 1..=6,
        // It means 300.
        packet_size: 0,
        host_check: true,
        equalize: true,
        connect_timeout: true,
        blank: false,
    },
    // p881-887; SSL guide 6.2.5 has three fields.
    certificate_format: true,
    // p921-924
    protocol: Some(Protocol { highest: 4, default: 4, fields: ProtocolFields::Masks }),
    // p914-920
    credentials: Credentials { slots: Slots::Shared(4), limit: 4096, ram: true, key_protection: true },
    // p888-892
    preloaded: Some(Preloaded { slots: 3, limit: 4095 }),
    // p895, p900: only 0 exists, but the example of p898 sends 1.
    closure_types: ClosureTypes { printed: "(0)", taken: 0..=1, keeps_session: false },
    // p877, p901-905, p912
    transfer: Transfer { terminated: 1023, counted: 1500, receive: 1000, ring: 1300 },
    suites: suites::PLATFORM_37,
};
