//! The HTTP client of each platform.

use std::ops::RangeInclusive;

use crate::profile::Profile;
use crate::profile::command::CommandSpec;
use crate::profile::command::TestAnswer::{Line, Profiled};

/// What the HTTP client of a platform takes and prints.
#[derive(Debug, Clone)]
pub(crate) struct HttpProfile {
    pub(crate) commands: &'static [CommandSpec],
    pub(crate) profiles: u8,
    /// Fields of `#HTTPCFG`: 9, or 12 with `<pkt_size>` and two unused ones.
    pub(crate) fields: usize,
    pub(crate) host_limit: usize,
    pub(crate) credential_limit: usize,
    pub(crate) resource_limit: usize,
    pub(crate) header_limit: usize,
    pub(crate) post_parameter_limit: usize,
    /// The range of `<data_len>`.
    pub(crate) least_body: u32,
    pub(crate) body_limit: u32,
    /// `<ssl_enabled>` may be 1.
    pub(crate) tls: bool,
    pub(crate) contexts: RangeInclusive<u32>,
    /// `<cid>` and `<pkt_size>` of a new module.
    pub(crate) context: u8,
    pub(crate) packet_size: u32,
    /// Profile 2 of a new module.
    pub(crate) preset: (&'static str, u16),
    /// Between the colon and the values.
    pub(crate) blank: &'static str,
    /// `#HTTPRING` shows type and size of answers from 200 to 206 only.
    pub(crate) failures_without_size: bool,
}

/// Source: IPE28 p100-101 (2G), and for the limits of the requests the test answers of an HE910.
pub(crate) const P10: Option<HttpProfile> = Some(PLATFORM_2G);
pub(crate) const P13: Option<HttpProfile> = P10;
pub(crate) const P16: Option<HttpProfile> = P10;

const PLATFORM_2G: HttpProfile = HttpProfile {
    commands: OLDER_COMMANDS,
    profiles: 3,
    fields: 9,
    host_limit: 50,
    credential_limit: 50,
    resource_limit: 150,
    header_limit: 100,
    post_parameter_limit: 100,
    // No source has a number.
    least_body: 1,
    body_limit: 65_535,
    tls: true,
    contexts: 1..=5,
    context: 1,
    packet_size: 300,
    preset: ("m2mlocate.telit.com", 9978),
    blank: " ",
    failures_without_size: false,
};

/// Source: IPE28 p101-102, whose printed profiles are on context 3.
pub(crate) const P12: Option<HttpProfile> = Some(PLATFORM_3G);

const PLATFORM_3G: HttpProfile = HttpProfile { fields: 12, context: 3, ..PLATFORM_2G };

/// Source: IPE28 p102-103.
pub(crate) const P20: Option<HttpProfile> = Some(HttpProfile { contexts: 1..=15, ..PLATFORM_3G });

/// Source: IPE28 p103-104.
pub(crate) const P23: Option<HttpProfile> = Some(PLATFORM_3G);

/// Source: IPE28 p104: nine fields, and `<ssl_enabled>` is 0. The guide does not tell Linux from ThreadX. The read form
/// printed for all 4G modules has twelve fields; that it has as many as the set form here is our choice.
pub(crate) const P25_LINUX: Option<HttpProfile> =
    Some(HttpProfile { host_limit: 63, tls: false, ..PLATFORM_2G });
pub(crate) const P25_THREADX: Option<HttpProfile> = P25_LINUX;

/// Source: IPE28 p104 (the syntax), `ME910C1r2` p211 (`#HTTPRING`). What neither tells is as on 37.
pub(crate) const P30: Option<HttpProfile> = Some(HttpProfile { failures_without_size: false, ..P52_PROFILE });

/// Source: M37 p857-870.
pub(crate) const P37: Option<HttpProfile> = Some(PLATFORM_37);

/// Source: IPE28 p104 (the syntax). What it does not tell is as on 37.
pub(crate) const P52: Option<HttpProfile> = Some(P52_PROFILE);

const P52_PROFILE: HttpProfile = HttpProfile { commands: COMMANDS_30, blank: " ", ..PLATFORM_37 };

const PLATFORM_37: HttpProfile = HttpProfile {
    commands: COMMANDS_37,
    fields: 12,
    host_limit: 63,
    contexts: 1..=6,
    packet_size: 1500,
    blank: "",
    failures_without_size: true,
    ..PLATFORM_2G
};

/// M37 p857-872: all need a SIM but `#HTTPQRY`. The test answers have no blank behind the colon in two places, and one
/// behind the `#` in the others.
const COMMANDS_37: &[CommandSpec] = &[
    CONFIGURE,
    QUERY,
    SEND,
    RECEIVE,
    CommandSpec::with_sim("#HTTPRCVOTA", Line("# HTTPRCVOTA:(0-2),(0,1)")),
];

/// `#HTTPRCVOTA` came with revision 13 of M37, and no other manual has it.
const COMMANDS_30: &[CommandSpec] = &[CONFIGURE, QUERY, SEND, RECEIVE];

const CONFIGURE: CommandSpec = CommandSpec::with_sim("#HTTPCFG", Profiled(configuration));
const QUERY: CommandSpec = CommandSpec::local("#HTTPQRY", Line("#HTTPQRY:(0-2),(0-2),150,100"));
const SEND: CommandSpec = CommandSpec::with_sim("#HTTPSND", Profiled(|profile| sending("# ", profile)));
const RECEIVE: CommandSpec = CommandSpec::with_sim("#HTTPRCV", Line("# HTTPRCV: (0-2),(0,64-1500)"));

/// The second as an HE910 printed it. Whether they need a SIM is told nowhere.
const OLDER_COMMANDS: &[CommandSpec] = &[
    CommandSpec::local("#HTTPCFG", Profiled(configuration)),
    CommandSpec::with_sim("#HTTPQRY", Line("#HTTPQRY: (0-2),(0-2),150,100")),
    CommandSpec::with_sim("#HTTPSND", Profiled(|profile| sending("#", profile))),
    CommandSpec::with_sim("#HTTPRCV", Line("#HTTPRCV: (0-2),(0,64-1500)")),
];

impl HttpProfile {
    /// Nine fields, and no TLS.
    pub(crate) fn forget_tls(&mut self) {
        self.fields = 9;
        self.tls = false;
    }
}

fn configuration(profile: &Profile) -> String {
    let Some(http) = &profile.http else { return String::new() };
    let (blank, host, secret) = (http.blank, http.host_limit, http.credential_limit);
    let tls = if http.tls { "(0,1)" } else { "(0)" };
    let contexts = format!("({}-{})", http.contexts.start(), http.contexts.end());
    let rest = if http.fields > 9 { ",(0-1500),(0),(0)" } else { "" };
    format!("#HTTPCFG:{blank}(0-2),{host},(1-65535),(0,1),{secret},{secret},{tls},(1-65535),{contexts}{rest}")
}

fn sending(hash: &str, profile: &Profile) -> String {
    let Some(http) = &profile.http else { return String::new() };
    let (least, most) = (http.least_body, http.body_limit);
    let (resource, kind, headers) = (http.resource_limit, http.post_parameter_limit, http.header_limit);
    format!("{hash}HTTPSND: (0-2),(0,1),{resource},({least}-{most}),{kind},{headers}")
}
