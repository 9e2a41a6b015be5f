//! Platforms 10, 13 and 16, the 2G families: one secure socket, RSA key exchange only, no server name, no
//! choice of the TLS version, and the only ones that can resume a session.
//!
//! Base is the SSL guide; IPE28 has HTTP and FTP.

use std::time::Duration;

use super::p10_13_16_cipher_suites::SUITES;
use super::{shared, shared_services};
use crate::platform::capability::Capability;
use crate::platform::cipher_suites::SuiteSelection;
use crate::platform::credential_store::{CredentialKey, CredentialStore, KeyAlgorithm, StoreLayout};
use crate::platform::id::PlatformId;
use crate::platform::profile::{Availability, ContextProfile, Generation, LineProfile, Profile};
use crate::platform::tls_profile::{ExclusiveScope, SecurityLayout, SocketLayout, TlsProfile};
use crate::platform::tls_versions::{VersionCoding, VersionMeaning};

/// GL865, GE865, GE864 V2, GL868-DUAL.
pub(super) static P10: Profile = family(
    PlatformId::P10,
    &["GL865", "GE865-QUAD", "GE864 V2", "GL868-DUAL"], // SSL guide 1
    None,                                               // SW13 2.5: the rate is found by itself
    &[2, 4],                                            // SSL guide 7
    Some(1535),                                         // the vendor's slides on TLS, which name 10 alone
);

/// GE910.
pub(super) static P13: Profile = family(
    PlatformId::P13,
    &["GE910"],    // SSL guide 1
    Some(115_200), // SW13 2.5
    &[],           // SSL guide 7 names 10 and 16 only
    None,
);

/// GE910-QUAD V3, GE866, GL865 V3, GL868-DUAL V3.
pub(super) static P16: Profile = family(
    PlatformId::P16,
    &["GE910-QUAD-V3", "GE866-QUAD", "GL865 V3", "GL868-DUAL V3"], // SSL guide 1
    None,                                                          // SW13 2.5
    &[2, 4],                                                       // SSL guide 7
    None,
);

const fn family(
    id: PlatformId,
    products: &'static [&'static str],
    default_rate: Option<u32>,
    fast_cpu_modes: &'static [u8],
    credential_size: Option<usize>,
) -> Profile {
    Profile {
        id,
        products,
        generation: Generation::G2, // SSL guide 1
        line: line(default_rate),
        errors: shared::ERRORS,
        escape: shared::ESCAPE,
        context: CONTEXT,
        timeouts: shared::TIMEOUTS,
        stored: shared::STORED_2G_3G,
        tls: tls(fast_cpu_modes, credential_size),
        mqtt: None,
        // IPE28 p100. That headers can be joined stands in a chapter for all, and nobody was seen to do it on 2G.
        http: Some(shared_services::http(Availability::Yes, 9, Some(50), Availability::Probe)),
        // The fields of #FTPCFG as on 3G, SSL guide 8.2. IPE28 p119: no context in #FTPOPEN.
        ftp: Some(shared_services::ftp(3, Availability::No, Availability::No)),
        remarks: REMARKS,
    }
}

const fn line(default_rate: Option<u32>) -> LineProfile {
    LineProfile {
        // GM862r0, older than these, says 80, but #HTTPCFG takes three strings of 50 here (IPE28 p100). A line that
        // is too long is refused and does nothing.
        command_length: 400,
        chains: Availability::Probe,
        pause: Duration::from_millis(20), // M37 p34
        default_rate,
        rates: None,
        select_syntax: true, // SW13 2.3: 2G starts with the oldest of three
        command_mode_flow_control: Availability::Probe,
        hexadecimal_strings: Availability::Probe,
        instances: 3,                // IPE28 p15: AT0, AT1, AT2
        multiplexer_fields: Some(2), // GM862r0 3.7.2.1.7, the nearest
        multiplexer_mode: None,
    }
}

const CONTEXT: ContextProfile = ContextProfile {
    ids: 1..=5,   // IPE28 p17
    attach_id: 1, // IPE28 p93: TLS and FTP know no other
    attach_id_by_model: &[],
    active_at_once: None,
    protocol_config: Availability::No, // IPE28 p94: 4G
    protocol_config_ids: None,
    registration: shared::REGISTRATION_2G_3G,
    sockets: Some(6), // IPE28 p24
    clock_lost_within: None,
};

const fn tls(fast_cpu_modes: &'static [u8], credential_size: Option<usize>) -> TlsProfile {
    TlsProfile {
        socket_ids: 1..=1,                      // SSL guide 6.2.1
        several_sockets: Availability::No,      // SSL guide 6.2.1
        context_ids: 1..=1,                     // IPE28 p93
        exclusive: ExclusiveScope::WholeModule, // SSL guide 6.1
        socket: SocketLayout {
            fields: 8, // SSL guide 6.7.1
            unused: 0,
            ring: Availability::Yes, // SSL guide 6.7.1, 7.1.2.2
            // SSL guide 6.7.1 has the field; that its value 2 names the cause stands in M37 p878.
            closure_cause: Availability::Probe,
            skip_host_mismatch: false,
            equalize: false,
            connect_timeout: false,
        },
        online_mode: Availability::Yes,  // SSL guide 7.1.1
        command_mode: Availability::Yes, // SSL guide 7.1.2
        closure_types: 0..=1,            // SSL guide 7, table 3
        fast_cpu_modes,
        certificate_format: Availability::No,  // SSL guide 6.2.1, 6.5
        client_certificate: Availability::Yes, // SSL guide 6.2.1
        security: SecurityLayout::Absent,      // SSL guide 6.3.1
        versions: VersionCoding {
            version: &[],
            default_version: None,
            minimum: &[],
            default_minimum: None,
            meaning: VersionMeaning::Absent, // SSL guide 6.3.1
        },
        tls13: Availability::No,                  // SSL guide 12.1.1
        suite_selection: SuiteSelection::Decimal, // SSL guide 6.2.1
        suites: SUITES,
        suite_list: Availability::No,      // M37 p925: since 2024
        preloaded_store: Availability::No, // SSL guide 6.3.1
        fast_dial: Availability::Yes,      // SSL guide 7.3
        // SSL guide 7.1.2.1 has it without naming platforms.
        send_counted: Availability::Probe,
        counters: Availability::Probe,
        store: CredentialStore {
            size_limit: credential_size,
            preloaded_size_limit: None,
            key: CredentialKey::SocketId, // SSL guide 6.5
            ca_slots: 1..=1,              // SSL guide 6.2.1
            identity_slot: 1,
            preloaded_slots: None,
            authorities_at_once: Some(1), // SSL guide 6.5: one for each socket
            client_keys: &[KeyAlgorithm::Rsa], // SSL guide 6.5
            ram: Availability::No,        // SSL guide 6.5
            layouts: &[StoreLayout::Plain], // SSL guide 6.5
        },
        blocks: shared::blocks(shared::RING_2G),
    }
}

const REMARKS: &[(Capability, &str)] = &[
    (Capability::SeveralTlsSockets, shared::ONE_SOCKET),
    (Capability::MqttTls, shared::NO_MQTT),
    (Capability::ImplicitFtps, shared::EXPLICIT_ONLY),
    (Capability::HostNameCheck, shared::NO_HOST_SWITCH),
    (Capability::ServerName, shared::NO_SECURITY_2),
    (Capability::VersionChoice, shared::NO_SECURITY_2),
    (Capability::MinimumVersion, shared::NO_SECURITY_2),
    (Capability::Tls13, shared::UP_TO_TLS12),
    (Capability::DerCredentials, "certificates are PEM only on 2G (SSL guide 6.5)"),
    (Capability::RamCredentials, shared::RAM_ON_23),
    (Capability::SeveralAuthorities, shared::NO_SECURITY_2),
    (Capability::PreloadedAuthorities, shared::NO_SECURITY_2),
    (Capability::SuiteList, shared::SUITE_LIST_ON_37),
];
