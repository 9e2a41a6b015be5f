//! Values that several tables share, each with its source.

use std::time::Duration;

use crate::platform::error_numbers::SslNumbering;
use crate::platform::profile::{
    Availability, ErrorProfile, EscapeProfile, Kept, RegistrationDomain, StoredSettings, Timeouts,
};
use crate::platform::tls_profile::BlockLimits;

/// +CEREG tells most on LTE; the others where the module fell back to an older network. Source: M37 p189, p289, p689.
pub(super) const REGISTRATION_4G: &[RegistrationDomain] =
    &[RegistrationDomain::Lte, RegistrationDomain::Packet, RegistrationDomain::Circuit];

/// There is no +CEREG before LTE (3GPP TS 27.007, 10.1.22); data need the packet domain.
pub(super) const REGISTRATION_2G_3G: &[RegistrationDomain] =
    &[RegistrationDomain::Packet, RegistrationDomain::Circuit];

/// The manuals give few bounds. Where M37 gives none, the value is what public drivers wait for, or longer. Older
/// platforms state no longer one: 150 s for `#SGACT` (HE910 guide p237), 500 s for FTP (the longest `#FTPTO`).
pub(super) const TIMEOUTS: Timeouts = Timeouts {
    local: Duration::from_secs(5), // Answers come within 40 ms; the rest is margin.
    sim: Duration::from_secs(20),  // Older guide, 20 s; M37 p33 only warns of "seconds".
    operator: Duration::from_secs(180), // Older guide, 180 s.
    radio: Duration::from_secs(15), // 0.7 s seen; the rest is margin.
    context_activation: Duration::from_secs(160), // Up to 150 s in the guide of platform 12.
    clock: Duration::from_secs(35), // M37 p791: three times a timeout of at most 10 s.
    power_off: Duration::from_secs(25), // M37 p627
    reboot_silence: Duration::from_secs(30), // M37 p34: 20 s or more.
    store_settle: Duration::from_secs(5), // M37 p623-624
    tls_dial: Duration::from_secs(150), // M37 p896: no bound exists.
    tls_send_margin: Duration::from_secs(10),
    tls_receive_margin: Duration::from_secs(5),
    tls_close: Duration::from_secs(30),
    credential_store: Duration::from_secs(60), // The vendor's own library waits this long.
    // TCP, TLS and CONNECT in one command, so no shorter than a dial.
    mqtt_connect: Duration::from_secs(150),
    mqtt_packet_margin: Duration::from_secs(30), // M37 p1023 bounds the packet, drivers wait up to 30 s in all.
    http_request: Duration::from_secs(150),      // Name, TCP and TLS lie within.
    http_ring_margin: Duration::from_secs(60),   // IPE28 p105: the code may come later than the timeout.
    http_receive: Duration::from_secs(60),
    // M37 p825 caps the connection at 120 s; TLS and login come on top.
    ftp_open: Duration::from_secs(180),
    ftp_command: Duration::from_secs(500), // M37 p834: the largest timeout that can be set.
};

/// Numbers of errors where only the SSL guide and M37 give any.
pub(super) const ERRORS: ErrorProfile = ErrorProfile {
    ssl: SslNumbering::From830, // SSL guide 12.2
    ftp: 600..=644,             // M37 p25-26; LE910V2 agrees as far as it goes
    mqtt: None,
    ntp: None,
};

/// Leaving online mode, for platforms without a page of their own: unit and default are the same on 2G, 25 and 37.
pub(super) const ESCAPE: EscapeProfile = EscapeProfile {
    guard_unit: Duration::from_millis(20), // GM862r0, LE910Cx p274, M37 p138
    guard_steps: 2..=255,                  // M37 p138
    guard_default: 50,                     // GM862r0, LE910Cx p274, M37 p138
    guard_override: Availability::Probe,
    skip_escape: Availability::Probe,
};

/// What is known of the store of 4G where a platform's own manual has not been read.
pub(super) const STORED_4G: StoredSettings = StoredSettings {
    contexts: Kept::AtOnce, // IPE28 p47 (+CGDCONT), p62 (#SCFG)
    ..STORED_2G_3G
};

/// The same of 2G and 3G.
pub(super) const STORED_2G_3G: StoredSettings = StoredSettings {
    tls_enable: Kept::Unknown,
    tls_settings: Kept::Unknown,
    certificate_format: Kept::Lost, // SSL guide 6.2.2 to 6.2.4: PEM after every power-on
    credentials: Kept::AtOnce,      // SSL guide 6.5
    mqtt: Kept::Unknown,
    http: Kept::AtOnce, // IPE28 p100
    ftp: Kept::Unknown,
    // #SCFG at once (IPE28 p62), +CGDCONT unknown.
    contexts: Kept::Unknown,
    active_contexts: Kept::Unknown,
    hexadecimal_strings: Kept::Unknown,
    line: Kept::InUserProfile, // GM862r0, LE910Cx p44, M37 p35
};

/// Blocks of a secure socket where only M37 gives ranges; test forms tell better.
pub(super) const fn blocks(ring: usize) -> BlockLimits {
    BlockLimits {
        // Public drivers send at most 1000.
        send_counted: 1000,
        send_counted_limit: None,
        // The only limit known is 1023 (M37 p901), and what is over it is dropped without an error.
        send_terminated: 1000,
        receive: 1000, // M37 p903; a driver of DE910 met the same limit
        ring,
        dial_timeout: 1..=5000,     // M37 p896, LE910V2 p359
        send_timeout: 1..=1500,     // M37 p913, the shorter of the two senders
        receive_timeout: 10..=5000, // M37 p905
    }
}

/// Data with one `SSLSRING` in ring mode 2 on 2G. Source: SSL guide 7.1.2.2.
pub(super) const RING_2G: usize = 256;
/// The same on 3G and 4G.
pub(super) const RING_3G_4G: usize = 1300;

// Remarks that hold for several platforms.
pub(super) const ONE_SOCKET: &str = "there is one secure socket (SSL guide 6.2.1, 6.8.1; LE910V2 p359)";
pub(super) const NO_SECURITY_2: &str = "there is no #SSLSECCFG2 (SSL guide 6.3.1)";
pub(super) const EXPLICIT_ONLY: &str = "FTPS is explicit only (SSL guide 9)";
pub(super) const NO_MQTT: &str = "there is no MQTT client: the SSL guide 10.1 has it for 30, 37 and 52, and \
     IPE28 p136-144 refers to their manuals";
pub(super) const NO_SERVER_NAME: &str = "#SSLSECCFG2 has no SNI field (SSL guide 6.3.2)";
pub(super) const NO_HOST_SWITCH: &str = "<skipHostMismatch> of #SSLCFG is missing or unused (SSL guide 6.7.1, 6.8.1, \
     6.8.2), and no source says whether the name is checked";
pub(super) const NO_MINIMUM: &str = "#SSLSECCFG2 has no minimum, and no source says whether its version is the newest \
     or the only one (SSL guide 6.3)";
pub(super) const UP_TO_TLS12: &str = "the table of suites ends with TLS 1.2 (SSL guide 12.1)";
pub(super) const RAM_ON_23: &str = "action 3 of #SSLSECDATA is for platform 23 (SSL guide 6.5)";
pub(super) const NO_MASK: &str = "#SSLSECCFG2 has no masks of authorities (SSL guide 6.3)";
pub(super) const SUITE_LIST_ON_37: &str = "#SSLSECCS is known from platform 37 alone, where it came with revision 14 \
     of the manual (M37 p925, p1188)";
pub(super) const RESUMPTION_ON_2G: &str = "#SSLFASTD is for 2G only (SSL guide 7.3)";
