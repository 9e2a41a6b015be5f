//! Platform 52: ELS63, LE910Q1.
//!
//! Base is the SSL guide, which gives it the layouts of platform 37; IPE28 has contexts, HTTP, FTP and MQTT.
//! What they do not print is taken from M37, and the test forms tell better.

use std::time::Duration;

use super::p52_cipher_suites::SUITES;
use super::{shared, shared_services};
use crate::platform::capability::Capability;
use crate::platform::cipher_suites::{SuiteSelection, TlsVersion};
use crate::platform::credential_store::{CredentialKey, CredentialStore, KeyAlgorithm, StoreLayout};
use crate::platform::id::PlatformId;
use crate::platform::profile::{Availability, ContextProfile, Generation, LineProfile, Profile};
use crate::platform::tls_profile::{ExclusiveScope, SecurityLayout, SocketLayout, TlsProfile};
use crate::platform::tls_versions::{VersionCoding, VersionMeaning};

pub(super) static PROFILE: Profile = Profile {
    id: PlatformId::P52,
    products: &["ELS63", "LE910Q1"], // SSL guide 1
    generation: Generation::G4,      // SSL guide 1
    line: LINE,
    errors: shared::ERRORS,
    escape: shared::ESCAPE,
    context: CONTEXT,
    timeouts: shared::TIMEOUTS,
    stored: shared::STORED_4G,
    tls: TLS,
    mqtt: Some(shared_services::mqtt(Availability::Yes)), // SSL guide 10.1
    // IPE28 p104, p105.
    http: Some(shared_services::http(Availability::Yes, 12, None, Availability::Yes)),
    // IPE28 p120. The fields of #FTPCFG as on 37, M37 p837.
    ftp: Some(shared_services::ftp(4, Availability::Yes, Availability::Probe)),
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
    ids: 1..=6,   // as 37, M37 p668; no source of its own
    attach_id: 1, // M37 p701; no source of its own
    attach_id_by_model: &[],
    active_at_once: None,
    protocol_config: Availability::No, // IPE28 p94
    protocol_config_ids: None,
    registration: shared::REGISTRATION_4G,
    sockets: None,
    clock_lost_within: None,
};

const TLS: TlsProfile = TlsProfile {
    socket_ids: 1..=1,                      // SSL guide 6.1 leaves more to the test form
    several_sockets: Availability::Probe,   // SSL guide 6.1
    context_ids: 1..=6,                     // as 37; no source of its own
    exclusive: ExclusiveScope::WholeModule, // SSL guide 6.1
    socket: SocketLayout {
        fields: 12, // SSL guide 6.7.3
        unused: 1,
        ring: Availability::Yes, // SSL guide 6.7.3, 7.1.2.2
        // The field is there; that its value 2 names the cause stands in M37 p878.
        closure_cause: Availability::Probe,
        skip_host_mismatch: true,
        equalize: true,
        connect_timeout: true,
    },
    online_mode: Availability::Yes,          // SSL guide 7.1.1
    command_mode: Availability::Yes,         // SSL guide 7.1.2
    closure_types: 0..=0,                    // SSL guide 7, table 3
    fast_cpu_modes: &[],                     // SSL guide 7: 10 and 16 only
    certificate_format: Availability::Probe, // SSL guide 6.2.5 has no field, 6.5 has DER on all of 4G but 30
    client_certificate: Availability::Yes,   // SSL guide 10.1.3
    security: SecurityLayout::SniAndMasks,   // SSL guide 6.3.4
    versions: VersionCoding {
        // The layout is that of 37 (SSL guide 6.3.4), so are the numbers taken to be (M37 p921-923).
        version: &[(TlsVersion::Tls12, 3)],
        default_version: None,
        minimum: &[(TlsVersion::Tls10, 1), (TlsVersion::Tls11, 2), (TlsVersion::Tls12, 3)],
        default_minimum: None,
        meaning: VersionMeaning::Newest, // SSL guide 6.3.4
    },
    tls13: Availability::No,                      // SSL guide 12.1.8
    suite_selection: SuiteSelection::Hexadecimal, // SSL guide 12.1.8
    suites: SUITES,
    suite_list: Availability::Probe,
    preloaded_store: Availability::Yes, // SSL guide 6.3.4
    fast_dial: Availability::No,        // SSL guide 7.3: 2G only
    send_counted: Availability::Yes,    // SSL guide 7.1.2.1
    counters: Availability::Probe,
    store: CredentialStore {
        size_limit: None,
        preloaded_size_limit: None,
        key: CredentialKey::CertificateId, // SSL guide 6.3.4: a mask chooses
        ca_slots: 1..=4,                   // as 37, M37 p914
        identity_slot: 1,
        preloaded_slots: Some(1..=3), // as 37, M37 p888
        authorities_at_once: None,
        client_keys: &[KeyAlgorithm::Rsa], // SSL guide 6.5
        ram: Availability::No,             // SSL guide 6.5
        layouts: &[StoreLayout::Plain, StoreLayout::Md5, StoreLayout::PasswordAndMd5], // as 37, M37 p914
    },
    blocks: shared::blocks(shared::RING_3G_4G),
};

const REMARKS: &[(Capability, &str)] = &[
    (Capability::SeveralTlsSockets, "the test form of #SSLEN tells how many there are (SSL guide 6.1)"),
    (
        Capability::ImplicitFtps,
        "it exists, but needs a configuration that no public source shows (SSL guide 9)",
    ),
    (Capability::Tls13, "not supported by the software, in spite of marks in the table (SSL guide 12.1.8)"),
    (
        Capability::DerCredentials,
        "the SSL guide 6.2.5 has no certificate format here, 6.5 has DER on all of 4G but 30",
    ),
    (Capability::RamCredentials, shared::RAM_ON_23),
    (Capability::SuiteList, shared::SUITE_LIST_ON_37),
    (Capability::SessionResumption, shared::RESUMPTION_ON_2G),
];
