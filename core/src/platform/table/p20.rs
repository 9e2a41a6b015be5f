//! Platform 20: LE910 Cat1, LE910 V2.
//!
//! Base is the SSL guide; IPE28 has contexts, HTTP and FTP; single pages of LE910V2 fill in.

use std::time::Duration;

use super::p20_cipher_suites::SUITES;
use super::{shared, shared_services};
use crate::platform::capability::Capability;
use crate::platform::cipher_suites::{SuiteSelection, TlsVersion};
use crate::platform::credential_store::{CredentialKey, CredentialStore, KeyAlgorithm, StoreLayout};
use crate::platform::id::PlatformId;
use crate::platform::profile::{Availability, ContextProfile, Generation, LineProfile, Profile};
use crate::platform::service_profile::FtpProfile;
use crate::platform::tls_profile::{ExclusiveScope, SecurityLayout, SocketLayout, TlsProfile};
use crate::platform::tls_versions::{VersionCoding, VersionMeaning};

pub(super) static PROFILE: Profile = Profile {
    id: PlatformId::P20,
    products: &["LE910 Cat1", "LE910 V2"], // SSL guide 1
    generation: Generation::G4,            // SSL guide 1
    line: LINE,
    errors: shared::ERRORS,
    escape: shared::ESCAPE,
    context: CONTEXT,
    timeouts: shared::TIMEOUTS,
    stored: shared::STORED_4G,
    tls: TLS,
    mqtt: None,
    http: Some(shared_services::http(Availability::Yes, 12, Some(50), Availability::Yes)), // IPE28 p103, p105
    // The fields of #FTPCFG as on 3G, SSL guide 8.2. IPE28 p120: the context comes from #PROTOCOLCFG.
    ftp: Some(FtpProfile {
        // A public driver of the LE910 V2 does so "to fix v2 module behavior".
        one_download_a_session: true,
        ..shared_services::ftp(3, Availability::No, Availability::No)
    }),
    remarks: REMARKS,
};

const LINE: LineProfile = LineProfile {
    command_length: 400, // LE910V2 p21
    chains: Availability::Probe,
    pause: Duration::from_millis(20), // M37 p34, LE910V2 p26
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
    ids: 1..=15,  // IPE28 p95
    attach_id: 1, // IPE28 p95
    // IPE28 p37-38, p65: on -SV1, -SVL and SV V2, 1 and 2 belong to the operator and cannot be changed.
    attach_id_by_model: &[("LE910-SV", 3)],
    active_at_once: None,
    protocol_config: Availability::Yes, // IPE28 p94
    protocol_config_ids: Some(0..=15),  // IPE28 p94
    registration: shared::REGISTRATION_4G,
    sockets: Some(10), // IPE28 p95
    clock_lost_within: None,
};

const TLS: TlsProfile = TlsProfile {
    socket_ids: 1..=1,                      // LE910V2 p359
    several_sockets: Availability::No,      // LE910V2 p359
    context_ids: 1..=15,                    // IPE28 p94-95, by #PROTOCOLCFG
    exclusive: ExclusiveScope::WholeModule, // SSL guide 6.1
    socket: SocketLayout {
        fields: 8, // SSL guide 6.7.1
        unused: 0,
        ring: Availability::Yes, // SSL guide 6.7.1, 7.1.2.2
        // The field is there; that its value 2 names the cause stands in M37 p878.
        closure_cause: Availability::Probe,
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
    security: SecurityLayout::VersionOnly, // SSL guide 6.3.2
    versions: VersionCoding {
        // The host library of an LE910 V2 board copies this list from the manual; 0 is SSL 3.0.
        version: &[(TlsVersion::Tls10, 1), (TlsVersion::Tls11, 2), (TlsVersion::Tls12, 3)],
        default_version: None,
        minimum: &[],
        default_minimum: None,
        meaning: VersionMeaning::Unknown,
    },
    tls13: Availability::No,                  // SSL guide 12.1.3
    suite_selection: SuiteSelection::Decimal, // SSL guide 6.2.2
    suites: SUITES,
    suite_list: Availability::No,      // M37 p925: since 2024
    preloaded_store: Availability::No, // SSL guide 6.3.2
    fast_dial: Availability::No,       // SSL guide 7.3: 2G only
    send_counted: Availability::Yes,   // SSL guide 7.1.2.1
    counters: Availability::Probe,
    store: CredentialStore {
        size_limit: None,
        preloaded_size_limit: None,
        key: CredentialKey::SocketId, // SSL guide 6.5
        ca_slots: 1..=1,              // LE910V2 p359
        identity_slot: 1,
        preloaded_slots: None,
        authorities_at_once: Some(1),      // SSL guide 6.5: one for each socket
        client_keys: &[KeyAlgorithm::Rsa], // SSL guide 6.5
        ram: Availability::No,             // SSL guide 6.5
        layouts: &[StoreLayout::Plain],    // SSL guide 6.5
    },
    blocks: shared::blocks(shared::RING_3G_4G),
};

const REMARKS: &[(Capability, &str)] = &[
    (Capability::SeveralTlsSockets, shared::ONE_SOCKET),
    (Capability::MqttTls, shared::NO_MQTT),
    (Capability::ImplicitFtps, shared::EXPLICIT_ONLY),
    (Capability::HostNameCheck, shared::NO_HOST_SWITCH),
    (Capability::ServerName, shared::NO_SERVER_NAME),
    (Capability::MinimumVersion, shared::NO_MINIMUM),
    (Capability::Tls13, shared::UP_TO_TLS12),
    (Capability::RamCredentials, shared::RAM_ON_23),
    (Capability::SeveralAuthorities, shared::NO_MASK),
    (Capability::PreloadedAuthorities, shared::NO_MASK),
    (Capability::SuiteList, shared::SUITE_LIST_ON_37),
    (Capability::SessionResumption, shared::RESUMPTION_ON_2G),
];
