//! Platform 37: ME310G1, ME910G1, ML865G1.
//!
//! Base is M37, for software 37.00.xx7 and M0C.xx0006; the SSL guide and IPE28 fill in. Fields that came with a
//! later revision of the manual are [`Availability::Probe`].

use std::time::Duration;

use super::p37_cipher_suites::SUITES;
use super::shared;
use crate::platform::capability::Capability;
use crate::platform::cipher_suites::{SuiteSelection, TlsVersion};
use crate::platform::credential_store::{CredentialKey, CredentialStore, KeyAlgorithm, StoreLayout};
use crate::platform::error_numbers::SslNumbering;
use crate::platform::id::PlatformId;
use crate::platform::profile::{
    Availability, ContextProfile, ErrorProfile, EscapeProfile, Generation, Kept, LineProfile, Profile,
    StoredSettings,
};
use crate::platform::service_profile::{FtpProfile, HttpProfile, MqttProfile};
use crate::platform::tls_profile::{BlockLimits, ExclusiveScope, SecurityLayout, SocketLayout, TlsProfile};
use crate::platform::tls_versions::{VersionCoding, VersionMeaning};

pub(super) static PROFILE: Profile = Profile {
    id: PlatformId::P37,
    products: &["ME310G1", "ME910G1", "ML865G1"], // SSL guide 1
    generation: Generation::G4,                   // SSL guide 1
    line: LINE,
    errors: ERRORS,
    escape: ESCAPE,
    context: CONTEXT,
    timeouts: shared::TIMEOUTS,
    stored: STORED,
    tls: TLS,
    mqtt: Some(MQTT),
    http: Some(HTTP),
    ftp: Some(FTP),
    remarks: REMARKS,
};

const LINE: LineProfile = LineProfile {
    // M37 p20. Some string limits further on are above it; the line decides.
    command_length: 400,
    chains: Availability::Yes,        // M37 p19
    pause: Duration::from_millis(20), // M37 p34
    default_rate: Some(115_200),      // M37 p154
    rates: Some(300..=921_600),       // M37 p154
    select_syntax: false,             // M37 p54: only the newest exists
    // M37 p163; the page came with Rev.13.
    command_mode_flow_control: Availability::Probe,
    // M37 p166; the page came with Rev.11.
    hexadecimal_strings: Availability::Probe,
    instances: 3,                // M37 p112: at most three ports in any variant
    multiplexer_fields: Some(4), // M37 p107
    multiplexer_mode: None,
};

const ERRORS: ErrorProfile = ErrorProfile {
    ssl: SslNumbering::From1000, // M37 p27
    ftp: 600..=644,              // M37 p25-26
    mqtt: Some(1100..=1115),     // M37 p28-29, with Rev.14
    ntp: Some(30_001..=30_200),  // M37 p792-793
};

const ESCAPE: EscapeProfile = EscapeProfile {
    guard_unit: Duration::from_millis(20), // M37 p138
    guard_steps: 2..=255,                  // M37 p138
    guard_default: 50,                     // M37 p138
    guard_override: Availability::Yes,     // M37 p168
    skip_escape: Availability::Yes,        // M37 p165
};

const CONTEXT: ContextProfile = ContextProfile {
    ids: 1..=6, // M37 p668
    // M37 p701. Builds for one American operator use 3.
    attach_id: 1,
    attach_id_by_model: &[],
    active_at_once: Some(3),           // M37 p683
    protocol_config: Availability::No, // IPE28 p94
    protocol_config_ids: None,
    registration: shared::REGISTRATION_4G,
    // M37 p711 leaves the number to the test form, and its examples differ.
    sockets: None,
    clock_lost_within: Some(Duration::from_secs(60)), // M37 p513
};

const STORED: StoredSettings = StoredSettings {
    tls_enable: Kept::AtOnce,        // M37 p893
    tls_settings: Kept::AtOnce,      // M37 p874, p881, p921, p925
    certificate_format: Kept::Lost,  // M37 p886
    credentials: Kept::AtOnce,       // M37 p888, p914
    mqtt: Kept::Lost,                // M37 p1008-1031
    http: Kept::AtOnce,              // M37 p857
    ftp: Kept::Lost,                 // M37 p837
    contexts: Kept::AtOnce,          // M37 p665, p711
    active_contexts: Kept::Lost,     // M37 p700
    hexadecimal_strings: Kept::Lost, // M37 p166
    line: Kept::InUserProfile,       // M37 p35
};

const TLS: TlsProfile = TlsProfile {
    socket_ids: 1..=10, // M37 p893
    several_sockets: Availability::Yes,
    context_ids: 1..=6, // M37 p875
    // SSL guide 6.1 says the whole module, M37 p894 only the first socket. The stricter one cannot go wrong.
    exclusive: ExclusiveScope::WholeModule,
    socket: SocketLayout {
        fields: 12,                       // M37 p874
        unused: 1,                        // M37 p877
        ring: Availability::Yes,          // M37 p877
        closure_cause: Availability::Yes, // M37 p878
        skip_host_mismatch: true,         // M37 p876
        equalize: true,                   // M37 p876
        connect_timeout: true,            // M37 p877
    },
    online_mode: Availability::Yes,  // SSL guide 7.1.1
    command_mode: Availability::Yes, // SSL guide 7.1.2
    closure_types: 0..=0,            // SSL guide 7, M37 p895
    fast_cpu_modes: &[],             // SSL guide 7: 10 and 16 only
    // SSL guide 6.2.5 has no such field on 37, M37 p883 has it.
    certificate_format: Availability::Probe,
    client_certificate: Availability::Yes, // M37 p883
    security: SecurityLayout::SniAndMasks, // M37 p921
    versions: VersionCoding {
        // M37 p921: 0 to 3 all mean TLS 1.2 and read back as 3.
        version: &[(TlsVersion::Tls12, 3), (TlsVersion::Tls13, 4)],
        default_version: Some(TlsVersion::Tls13), // M37 p921
        minimum: &[
            (TlsVersion::Tls10, 1),
            (TlsVersion::Tls11, 2),
            (TlsVersion::Tls12, 3),
            (TlsVersion::Tls13, 4),
        ], // M37 p923
        default_minimum: Some(TlsVersion::Tls10), // M37 p923
        meaning: VersionMeaning::Newest,          // M37 p921-923
    },
    // SSL guide 12.1.7: from software xx2 on.
    tls13: Availability::Probe,
    suite_selection: SuiteSelection::Both, // M37 p881
    suites: SUITES,
    suite_list: Availability::Probe,      // M37 p925, with Rev.14
    preloaded_store: Availability::Probe, // M37 p888, with Rev.8
    fast_dial: Availability::No,          // SSL guide 7.3: 2G only; M37 p895 knows closure type 0 only
    send_counted: Availability::Yes,      // M37 p912
    counters: Availability::Probe,        // M37 p910, with Rev.4
    store: CredentialStore {
        size_limit: Some(4096),            // M37 p915
        preloaded_size_limit: Some(4095),  // M37 p889
        key: CredentialKey::CertificateId, // M37 p914
        ca_slots: 1..=4,                   // M37 p914
        identity_slot: 1,                  // M37 p914: 2, 3 and 4 are for authorities only
        preloaded_slots: Some(1..=3),      // M37 p888
        authorities_at_once: Some(3),      // M37 p917
        client_keys: &[KeyAlgorithm::Rsa], // M37 p890, p917
        // SSL guide 6.5 has it on 23 only, M37 p915 on 37 too.
        ram: Availability::Probe,
        // M37 p914 has six fields; the vendor's library of 2021 sends five.
        layouts: &[StoreLayout::Plain, StoreLayout::Md5, StoreLayout::PasswordAndMd5],
    },
    blocks: BlockLimits {
        // M37 p912 leaves the range to the test form; drivers send 1000.
        send_counted: 1000,
        send_counted_limit: None,
        send_terminated: 1023,  // M37 p901
        receive: 1000,          // M37 p903
        ring: 1300,             // SSL guide 7.1.2.2
        dial_timeout: 1..=5000, // M37 p896
        // M37 p913; the sibling #SSLSEND takes up to 5000.
        send_timeout: 1..=1500,
        // M37 p905, the test form; the text of p903 begins at 1.
        receive_timeout: 10..=5000,
    },
};

const MQTT: MqttProfile = MqttProfile {
    tls: Availability::Yes, // SSL guide 10.1.3, M37 p1011
    // IPE28 p136; M37 p1009 writes a word instead of a number.
    instances: 1..=2,
    ssl_instance_field: Availability::Probe, // M37 p1011, with Rev.14
    // M37 p1018; firmware before Rev.14 begins at 20 s.
    keep_alive: Duration::from_secs(60)..=Duration::from_secs(3600),
    keep_alive_default: Duration::from_secs(60), // M37 p1018
    packet_timeout: Duration::from_secs(1)..=Duration::from_secs(60), // M37 p1023
    packet_timeout_default: Duration::from_secs(10), // M37 p1023
    host_length: 512,                            // M37 p1012
    login_length: 512,                           // M37 p1015-1017
    topic_length: 256,                           // M37 p1025-1028
    will_topic_length: 256,                      // M37 p1021
    will_message_length: 1024,                   // M37 p1021
    text_payload: 65_536,                        // M37 p1030, "depending on system memory"
    short_text_payload: 140,                     // the vendor's library of 2021, for earlier firmware
    publish_counted: Availability::Probe,        // M37 p1034, with Rev.12
    counted_payload: 65_536,                     // M37 p1035, "depending on system memory"
    counted_input_timeout: Duration::from_secs(10), // M37 p1034
    subscribe_qos_field: Availability::Probe,    // M37 p1027, with Rev.14
    message_slots: 1..=30,                       // M37 p1032
};

const HTTP: HttpProfile = HttpProfile {
    tls: Availability::Yes,    // M37 p858
    profiles: 0..=2,           // M37 p857
    reserved_profile: Some(2), // M37 p857
    config_fields: 12,         // M37 p857
    // M37 p860 leaves both to the test form.
    host_length: None,
    login_length: None,
    // M37 p864, p868 leave both to the test form; these stand in the only test answer seen, of another platform.
    resource_length: 150,
    headers_length: 100,
    joined_headers: Availability::Yes, // M37 p861 for #HTTPQRY
    timeout: Duration::from_secs(1)..=Duration::from_secs(65_535), // M37 p859
    timeout_default: Duration::from_secs(120), // M37 p858
    packet_size: 0..=1500,             // M37 p859
    receive: 64..=1500,                // M37 p869
    reported_status: 200..=206,        // M37 p862
};

const FTP: FtpProfile = FtpProfile {
    tls: Availability::Yes,                                      // M37 p837, SSL guide 9.1
    implicit_tls: Availability::No,                              // SSL guide 9: 52 only
    open_context_field: Availability::Yes,                       // M37 p825
    config_fields: 4,                                            // M37 p837
    timeout: Duration::from_secs(10)..=Duration::from_secs(500), // M37 p834, in units of 100 ms
    timeout_default: Duration::from_secs(10),                    // M37 p834
    open_timeout_limit: Some(Duration::from_secs(120)),          // M37 p825
    path_length: 200,                                            // M37 p827
    receive: 3000,                                               // M37 p830
    append: 1500,                                                // M37 p808
    restart: Availability::Yes,                                  // M37 p833
    one_download_a_session: false,
    raw_command: Availability::Probe, // M37 p812, with Rev.8
    raw_command_length: Some(200),    // M37 p812
};

const REMARKS: &[(Capability, &str)] = &[
    (Capability::ImplicitFtps, "FTPS is explicit only (SSL guide 9)"),
    (Capability::Tls13, "from software xx2 on (SSL guide 12.1.7)"),
    (Capability::DerCredentials, "the SSL guide 6.2.5 has no certificate format here, M37 p883 has one"),
    (Capability::RamCredentials, "the SSL guide 6.5 has it on platform 23 only, M37 p915 here too"),
    (Capability::PreloadedAuthorities, "with revision 8 of the AT manual (M37 p888, p1190)"),
    (Capability::SuiteList, shared::SUITE_LIST_ON_37),
    (Capability::SessionResumption, "#SSLFASTD is for 2G only (SSL guide 7.3)"),
];
