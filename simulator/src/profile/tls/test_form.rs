//! The answers to `=?`, made from the ranges that the set forms keep.
//!
//! Source: SSL guide 6.8.1-6.8.3 (12 and 23, printed), M37 p874-929 (37, printed); the other platforms alike. That of
//! `#SSLSECCFG2` is printed nowhere: it is made of the ranges of M37 p921-923.

use super::{ProtocolFields, Slots};
use crate::profile::Profile;

/// `<SSId>`: `(1)` or `(1-6)`.
fn sockets(profile: &Profile) -> String {
    numbers(profile.tls.sockets)
}

fn numbers(count: u8) -> String {
    if count == 1 { "(1)".to_owned() } else { format!("(1-{count})") }
}

pub(super) fn enable(profile: &Profile) -> String {
    format!("#SSLEN: {},(0,1)", sockets(profile))
}

pub(super) fn configuration(profile: &Profile) -> String {
    let layout = &profile.tls.configuration;
    let (first, last) = (*layout.contexts.start(), *layout.contexts.end());
    let contexts = if first == last { format!("({first})") } else { format!("({first}-{last})") };
    let common = "(0-1500),(0-65535),(10-5000),(0-255),(0-2),(0-2)";
    let switch = |used: bool| if used { "(0,1)" } else { "(0)" };
    let connect = if layout.connect_timeout { "(0,10-1200)" } else { "(0)" };
    let more = [switch(layout.host_check), switch(layout.equalize), connect, "(0)"];
    let more: String = more.iter().take(layout.fields - 8).map(|field| format!(",{field}")).collect();
    format!("#SSLCFG: {},{contexts},{common}{more}", sockets(profile))
}

pub(super) fn security(profile: &Profile) -> String {
    let suites = match profile.tls.suites.highest_decimal() {
        0 => "(0)".to_owned(),
        highest => format!("(0-{highest})"),
    };
    let format = if profile.tls.certificate_format { ",(0,1)" } else { "" };
    format!("#SSLSECCFG: {},{suites},(0-2){format}", sockets(profile))
}

pub(super) fn protocol(profile: &Profile) -> String {
    let Some(protocol) = &profile.tls.protocol else { return String::new() };
    let rest = match protocol.fields {
        ProtocolFields::None => "(0),(0),(0),(0)".to_owned(),
        ProtocolFields::ServerName => "(0,1),(0),(0),(0)".to_owned(),
        ProtocolFields::Masks => {
            let mask = |slots: u8| (1_u32 << slots) - 1;
            let custom = mask(profile.tls.certificate_slots());
            let preloaded = mask(profile.tls.preloaded_slots());
            format!("(0,1),(0-{custom}),(0-{preloaded}),(1-{})", protocol.highest)
        }
    };
    format!("#SSLSECCFG2: {},(0-{}),{rest}", sockets(profile), protocol.highest)
}

pub(super) fn credentials(profile: &Profile) -> String {
    let layout = &profile.tls.credentials;
    let slots = match layout.slots {
        Slots::PerSocket => sockets(profile),
        Slots::Shared(count) => numbers(count),
    };
    let actions = if layout.ram { "(0-3)" } else { "(0-2)" };
    let protection = if layout.key_protection { ",10,(0,1)" } else { "" };
    format!("#SSLSECDATA: {slots},{actions},(0-2),(1-{}){protection}", layout.limit)
}

pub(super) fn preloaded(profile: &Profile) -> String {
    let Some(preloaded) = &profile.tls.preloaded else { return String::new() };
    format!("#SSLSECCA: {},(0-2),(1),(1-{})", numbers(preloaded.slots), preloaded.limit)
}

pub(super) fn dial(profile: &Profile) -> String {
    let closure = profile.tls.closure_types.printed;
    format!("#SSLD: {},(1-65535),,{closure},(0,1),(1-5000)", sockets(profile))
}

pub(super) fn online(profile: &Profile) -> String {
    format!("#SSLO: {}", sockets(profile))
}

pub(super) fn hang_up(profile: &Profile) -> String {
    format!("#SSLH: {},{}", sockets(profile), profile.tls.closure_types.printed)
}

pub(super) fn status(profile: &Profile) -> String {
    format!("#SSLS: {}", sockets(profile))
}

pub(super) fn traffic(profile: &Profile) -> String {
    format!("#SSLI: {}", sockets(profile))
}

pub(super) fn send(profile: &Profile) -> String {
    format!("#SSLSEND: {},(1-5000)", sockets(profile))
}

pub(super) fn send_counted(profile: &Profile) -> String {
    format!("#SSLSENDEXT: {},(1-{}),(1-1500)", sockets(profile), profile.tls.transfer.counted)
}

pub(super) fn receive(profile: &Profile) -> String {
    format!("#SSLRECV: {},(1-{}),(10-5000)", sockets(profile), profile.tls.transfer.receive)
}
