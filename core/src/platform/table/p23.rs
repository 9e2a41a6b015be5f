//! Platform 23: LE866, ME866A1.
//!
//! Base is the SSL guide, whose examples show an LE866; IPE28 has contexts, HTTP and FTP.

use std::time::Duration;

use super::p23_cipher_suites::SUITES;
use super::{shared, shared_services};
use crate::platform::capability::Capability;
use crate::platform::cipher_suites::{SuiteSelection, TlsVersion};
use crate::platform::credential_store::{CredentialKey, CredentialStore, KeyAlgorithm, StoreLayout};
use crate::platform::id::PlatformId;
use crate::platform::profile::{Availability, ContextProfile, Generation, LineProfile, Profile};
use crate::platform::tls_profile::{ExclusiveScope, SecurityLayout, SocketLayout, TlsProfile};
use crate::platform::tls_versions::{VersionCoding, VersionMeaning};

pub(super) static PROFILE: Profile = Profile {
    id: PlatformId::P23,
    products: &["LE866", "ME866A1"], // SSL guide 1
    generation: Generation::G4,      // SSL guide 1
    line: LINE,
    errors: shared::ERRORS,
    escape: shared::ESCAPE,
    context: CONTEXT,
    timeouts: shared::TIMEOUTS,
    stored: shared::STORED_4G,
    tls: TLS,
    mqtt: None,
    // IPE28 p104, p105.
    http: Some(shared_services::http(Availability::Yes, 12, Some(50), Availability::Yes)),
    // The fields of #FTPCFG as on 3G, SSL guide 8.2. IPE28 p120: a context in #FTPOPEN on 30, 37 and 52 only.
    ftp: Some(shared_services::ftp(3, Availability::No, Availability::No)),
    remarks: REMARKS,
};

const LINE: LineProfile = LineProfile {
    command_length: 400, // M37 p20; no source of its own
    chains: Availability::Probe,
    pause: Duration::from_millis(20), // M37 p34
    default_rate: Some(115_200),      // M37 p154; no source of its own
    rates: None,
    select_syntax: false, // M37 p54; no source of its own
    command_mode_flow_control: Availability::Probe,
    hexadecimal_strings: Availability::Probe,
    instances: 3, // IPE28 p15: AT0, AT1, AT2
    multiplexer_fields: None,
    multiplexer_mode: None,
};

const CONTEXT: ContextProfile = ContextProfile {
    // SSL guide 6.8.2, IPE28 p40; +CGDCONT has 1 to 4 on LE866-SV1 and ME866A1-NV (IPE28 p39).
    ids: 1..=5,
    attach_id: 1, // IPE28 p40-41
    // IPE28 p39, p66: 1 and 2 belong to the operator and cannot be changed.
    attach_id_by_model: &[("LE866-SV1", 3), ("ME866A1-NV", 3)],
    active_at_once: None,
    protocol_config: Availability::Probe,
    protocol_config_ids: None,
    registration: shared::REGISTRATION_4G,
    sockets: Some(6), // IPE28 p66
    clock_lost_within: None,
};

const TLS: TlsProfile = TlsProfile {
    socket_ids: 1..=6,                      // SSL guide 6.8.2
    several_sockets: Availability::Yes,     // SSL guide 6.8.2
    context_ids: 1..=5,                     // SSL guide 6.8.2
    exclusive: ExclusiveScope::WholeModule, // SSL guide 6.1
    socket: SocketLayout {
        fields: 10, // SSL guide 6.8.2
        unused: 2,
        ring: Availability::Yes,          // SSL guide 6.8.2, 7.1.2.2
        closure_cause: Availability::Yes, // SSL guide 6.8.2, the range (0-2)
        skip_host_mismatch: false,
        equalize: false,
        connect_timeout: false,
    },
    online_mode: Availability::Yes,        // SSL guide 7.1.1
    command_mode: Availability::Yes,       // SSL guide 7.1.2
    closure_types: 0..=0,                  // SSL guide 7, table 3
    fast_cpu_modes: &[],                   // SSL guide 7: 10 and 16 only
    certificate_format: Availability::Yes, // SSL guide 6.2.2
    client_certificate: Availability::Yes, // SSL guide 6.2.2
    security: SecurityLayout::Sni,         // SSL guide 6.3.3
    versions: VersionCoding {
        // Its own manual is unread. On every platform with a source (20, 37) and in the examples of SSL guide
        // 10.1, 3 is TLS 1.2.
        version: &[(TlsVersion::Tls12, 3)],
        default_version: None,
        minimum: &[],
        default_minimum: None,
        meaning: VersionMeaning::Unknown,
    },
    tls13: Availability::No,                  // SSL guide 12.1.4
    suite_selection: SuiteSelection::Decimal, // SSL guide 6.2.2
    suites: SUITES,
    suite_list: Availability::No,      // M37 p925: since 2024
    preloaded_store: Availability::No, // SSL guide 6.3.3
    fast_dial: Availability::No,       // SSL guide 7.3: 2G only
    send_counted: Availability::Yes,   // SSL guide 7.1.2.1
    counters: Availability::Probe,
    store: CredentialStore {
        size_limit: None,
        preloaded_size_limit: None,
        key: CredentialKey::SocketId, // SSL guide 6.5
        ca_slots: 1..=6,              // SSL guide 6.5, 6.8.2
        identity_slot: 1,
        preloaded_slots: None,
        authorities_at_once: Some(1),      // SSL guide 6.5: one for each socket
        client_keys: &[KeyAlgorithm::Rsa], // SSL guide 6.5
        ram: Availability::Yes,            // SSL guide 6.5
        layouts: &[StoreLayout::Plain],    // SSL guide 6.5
    },
    blocks: shared::blocks(shared::RING_3G_4G),
};

const REMARKS: &[(Capability, &str)] = &[
    (Capability::MqttTls, shared::NO_MQTT),
    (Capability::ImplicitFtps, shared::EXPLICIT_ONLY),
    (Capability::HostNameCheck, shared::NO_HOST_SWITCH),
    (Capability::MinimumVersion, shared::NO_MINIMUM),
    (Capability::Tls13, shared::UP_TO_TLS12),
    (Capability::SeveralAuthorities, shared::NO_MASK),
    (Capability::PreloadedAuthorities, shared::NO_MASK),
    (Capability::SuiteList, shared::SUITE_LIST_ON_37),
    (Capability::SessionResumption, shared::RESUMPTION_ON_2G),
];
