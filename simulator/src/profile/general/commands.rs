//! The commands that belong to no service, in groups. A platform has several of them.

use crate::command::plain_socket::BLOCK_LIMIT;
use crate::profile::command::CommandSpec;
use crate::profile::command::TestAnswer::{Computed, Error, Line, Ok, Profiled};
use crate::profile::{GeneralProfile, Profile};

/// On every platform. Source: M37; that the older platforms have all of them is the choice here.
pub(super) const COMMON: &[CommandSpec] = &[
    // General configuration, p50-180
    CommandSpec::local("E", Error),
    CommandSpec::local("V", Error),
    CommandSpec::local("Q", Error),
    CommandSpec::with_sim("X", Error),
    CommandSpec::local("&C", Error),
    CommandSpec::local("&D", Error),
    CommandSpec::local("&K", Error),
    CommandSpec::local("&S", Error),
    CommandSpec::local("&F", Error),
    CommandSpec::local("&W", Error),
    CommandSpec::local("&P", Error),
    CommandSpec::local("&Y", Error),
    CommandSpec::local("Z", Error),
    CommandSpec::local("#Z", Error),
    CommandSpec::local("I", Error),
    CommandSpec::local("H", Error),
    CommandSpec::local("O", Error),
    CommandSpec::local("D", Error),
    CommandSpec::local("S2", Error),
    CommandSpec::local("S3", Error),
    CommandSpec::local("S4", Error),
    CommandSpec::local("S5", Error),
    CommandSpec::local("S12", Error),
    CommandSpec::local("S25", Error),
    CommandSpec::local("+CMEE", Line("+CMEE: (0-2)")),
    CommandSpec::local("+CSCS", Line("+CSCS: (\"GSM\",\"IRA\",\"8859-1\",\"PCCP437\",\"UCS2\")")),
    CommandSpec::local("+IPR", Profiled(rates)),
    CommandSpec::local("+IFC", Line("+IFC: (0,2),(0,2)")),
    CommandSpec::local("+ICF", Line("+ICF: (3)")),
    CommandSpec::local("#SELINT", Profiled(interface_styles)),
    CommandSpec::local("+CMUX", Profiled(multiplexer)),
    CommandSpec::with_sim("+CLAC", Ok),
    // Identification, p65-78, p120
    CommandSpec::local("+CGMI", Ok),
    CommandSpec::local("+GMI", Ok),
    CommandSpec::local("#CGMI", Ok),
    CommandSpec::local("+CGMM", Ok),
    CommandSpec::local("+GMM", Ok),
    CommandSpec::local("#CGMM", Ok),
    CommandSpec::local("+CGMR", Ok),
    CommandSpec::local("+GMR", Ok),
    CommandSpec::local("#CGMR", Ok),
    CommandSpec::local("+CGSN", Ok),
    CommandSpec::local("+GSN", Ok),
    CommandSpec::local("#CGSN", Ok),
    // SIM, p355-390
    CommandSpec::local("+CPIN", Ok),
    CommandSpec::local("#PCT", Ok),
    CommandSpec::local("#QSS", Line("#QSS: (0-2)")),
    CommandSpec::local("#SIMDET", Line("#SIMDET: (0-2)")),
    CommandSpec::with_sim("#CCID", Ok),
    CommandSpec::with_sim("+CIMI", Ok),
    CommandSpec::with_sim("#CIMI", Ok),
    // Network, p189-291
    CommandSpec::with_sim("+CREG", Line("+CREG: (0-2)")),
    CommandSpec::with_sim("+CGREG", Profiled(packet_reports)),
    CommandSpec::local("+CSQ", Line("+CSQ: (0-31,99),(0-7,99)")),
    CommandSpec::with_sim("+COPS", Profiled(operators)),
    // Packet data, p665-713
    CommandSpec::with_sim("+CGDCONT", Computed),
    CommandSpec::with_sim("+CGATT", Line("+CGATT: (0,1)")),
    CommandSpec::with_sim("+CGPADDR", Computed),
    CommandSpec::local("#SCFG", Profiled(sockets)),
    CommandSpec::with_sim("#SGACT", Profiled(activation)),
    CommandSpec::local("#SGACTAUTH", Line("#SGACTAUTH: (0-2)")),
    // Plain sockets, p726-748; IPE28 8.2, 8.5 and 10 for all platforms
    CommandSpec::with_sim("#SD", Profiled(dial)),
    CommandSpec::with_sim("#SH", Profiled(plain_sockets)),
    CommandSpec::local("#SSENDEXT", Profiled(send_plain)),
    CommandSpec::with_sim("#SRECV", Profiled(receive_plain)),
    // Time, p512-535, p790-802
    CommandSpec::local("+CCLK", Ok),
    CommandSpec::local("#CCLK", Ok),
    CommandSpec::local("#NITZ", Line("#NITZ: (0-15),(0,1)")),
    CommandSpec::with_sim("#NTP", Profiled(time_server)),
    // Life cycle, p624-627
    CommandSpec::local("#ENHRST", Line("#ENHRST: (0-2),(0-65535)")),
    CommandSpec::local("#SHDN", Ok),
];

/// What 2G has besides. That it has no `+CTZU` is the choice here: no source names it there.
pub(super) const ONLY_2G: &[CommandSpec] = &[CommandSpec::local("+CFUN", Line(OLDER_FUNCTIONALITY))];

/// What 3G has besides.
pub(super) const ONLY_3G: &[CommandSpec] = &[
    CommandSpec::local("+CFUN", Line(OLDER_FUNCTIONALITY)),
    CommandSpec::local("+CTZU", Line(AUTOMATIC_TIME)),
];

/// What the 4G platforms 20, 23 and 25 have besides.
pub(super) const ONLY_4G: &[CommandSpec] = &[
    CommandSpec::local("+CFUN", Line(OLDER_FUNCTIONALITY)),
    CommandSpec::local("+CTZU", Line(AUTOMATIC_TIME)),
    CommandSpec::with_sim("+CEREG", Line("+CEREG: (0-2)")),
    CommandSpec::with_sim("+CGCONTRDP", Computed),
    CommandSpec::with_sim("+ICCID", Ok),
    CommandSpec::with_sim("+CCID", Ok),
];

/// What 30, 37 and 52 have besides. Source: M37 p82, p291, p360, p388, p526, p677.
pub(super) const FROM_30_ON: &[CommandSpec] = &[
    CommandSpec::local("+CFUN", Line("+CFUN: (0,1,4-8),(0,1)")),
    CommandSpec::local("+CTZU", Line(AUTOMATIC_TIME)),
    CommandSpec::with_sim("+CEREG", Line("+CEREG: (0-2)")),
    CommandSpec::with_sim("+CGCONTRDP", Computed),
    CommandSpec::with_sim("+ICCID", Ok),
    CommandSpec::with_sim("+CCID", Ok),
];

/// Source: M37 p78 (`#SWPKGV`), p163 (`#CFLO`), p166 (`#SETHEXSTR`), p534, p801.
pub(super) const ONLY_37: &[CommandSpec] = &[
    // p782. That no other platform has it is the choice here: no source at hand tells.
    CommandSpec::with_sim("#QDNS", Ok),
    CommandSpec::local("#SWPKGV", Ok),
    CommandSpec::local("#CFLO", Line("#CFLO: (0,1)")),
    CommandSpec::local("#SETHEXSTR", Line("#SETHEXSTR: (0,2)")),
    CommandSpec::local("#CCLKMODE", Line("#CCLKMODE: (0,1)")),
    CommandSpec::local("#NTPCFG", Line("#NTPCFG: (1-6),(0,1),(1-65535)")),
];

/// Source: SSL guide 6.8, M37 p111. 2G has `#SII` instead: SW13 2.6.
pub(super) const PORTS: &[CommandSpec] = &[CommandSpec::local("#PORTCFG", Computed)];

/// Source: `GM862r0` p169 (both). Needs no SIM there.
pub(super) const GUARDS: &[CommandSpec] = &[
    CommandSpec::local("#E2ESC", Line("#E2ESC: (0-10)")),
    CommandSpec::local("#SKIPESC", Line("#SKIPESC: (0,1)")),
];

/// Source: M37 p165-168.
pub(super) const GUARDS_37: &[CommandSpec] = &[
    CommandSpec::with_sim("#E2ESC", Line("#E2ESC: (0-10)")),
    CommandSpec::with_sim("#SKIPESC", Line("#SKIPESC: (0,1)")),
];

/// Source: `LE910Cx` p274. `#SKIPESC` is not named there.
pub(super) const ESCAPE_GUARD: &[CommandSpec] = &[CommandSpec::local("#E2ESC", Line("#E2ESC: (0-10)"))];

/// Source: IPE28 p94.
pub(super) const PROTOCOLS: &[CommandSpec] = &[CommandSpec::with_sim("#PROTOCOLCFG", Computed)];

/// Source: IPE28 p59.
pub(super) const PDP_AUTH: &[CommandSpec] = &[CommandSpec::local("#PDPAUTH", Profiled(pdp_auth))];

/// Source: IPE28 p60, M37 p675.
pub(super) const CONTEXT_AUTH: &[CommandSpec] = &[CommandSpec::local("+CGAUTH", Profiled(context_auth))];

/// Two public drivers of the `LE910Cx` send it with 1 and with 5; what the values mean, none tells.
pub(super) const MULTIPLEXER_MODE: &[CommandSpec] =
    &[CommandSpec::local("#CMUXMODE", Line("#CMUXMODE: (0-15)"))];

/// Source: M37 p623, "37 and newer". That 25 and 30 have it is the choice here.
pub(super) const REBOOT: &[CommandSpec] = &[CommandSpec::local("#REBOOT", Ok)];

/// Which commands of [`COMMON`] have another syntax in the older styles of `#SELINT` is told by no source at hand.
/// The choice: those of packet data; and those of the services.
pub(super) const NEWEST_STYLE: &[&str] =
    &["#SCFG", "#SGACT", "#SGACTAUTH", "#SD", "#SH", "#SSENDEXT", "#SRECV", "#NTP"];

/// 7 and 9 are sleep variants of the older families.
const OLDER_FUNCTIONALITY: &str = "+CFUN: (0,1,4,5,7,9),(0,1)";
const AUTOMATIC_TIME: &str = "+CTZU: (0,1)";

/// The longest name and password of `+CGAUTH` and `#PDPAUTH`. Not printed; the choice is that of `#SGACT` examples.
pub(crate) const AUTHENTICATION_LIMIT: usize = 64;

fn rates(profile: &Profile) -> String {
    let rates = profile.general.rates;
    let automatic = if rates.contains(&0) { "(0)" } else { "()" };
    let fixed: Vec<String> = rates.iter().filter(|rate| **rate > 0).map(u32::to_string).collect();
    format!("+IPR: {automatic},({})", fixed.join(","))
}

fn interface_styles(profile: &Profile) -> String {
    let styles = &profile.general.interface_styles;
    match (styles.start(), styles.end()) {
        (first, last) if first == last => format!("#SELINT: ({first})"),
        (first, last) => format!("#SELINT: ({first}-{last})"),
    }
}

fn multiplexer(profile: &Profile) -> String {
    let fields = profile.general.multiplexer.fields.iter();
    let ranges: Vec<_> =
        fields.map(|field| format!(",({}-{})", field.range.start(), field.range.end())).collect();
    format!("+CMUX: (0),(0){}", ranges.concat())
}

fn packet_reports(profile: &Profile) -> String {
    let more = if profile.general.network.packet_report_4 { ",4" } else { "" };
    format!("+CGREG: (0-2{more})")
}

fn operators(profile: &Profile) -> String {
    let technology = profile.general.network.technology.map_or_else(String::new, |act| format!(",{act}"));
    format!("+COPS: (2,\"Virtual Network\",\"VirtNet\",\"90128\"{technology}),,(0-4),(0,2)")
}

fn sockets(profile: &Profile) -> String {
    let GeneralProfile { sockets, contexts, .. } = &profile.general;
    let (first, last) = (contexts.bound.start(), contexts.bound.end());
    format!("#SCFG: (1-{}),({first}-{last}),(0-1500),(0-65535),(10-1200),(0-264)", sockets.len())
}

fn dial(profile: &Profile) -> String {
    format!("#SD: {},(0,1),(1-65535),,(0,255),(1-65535),(0,1)", numbers(profile))
}

fn plain_sockets(profile: &Profile) -> String {
    format!("#SH: {}", numbers(profile))
}

fn send_plain(profile: &Profile) -> String {
    format!("#SSENDEXT: {},(1-{BLOCK_LIMIT})", numbers(profile))
}

fn receive_plain(profile: &Profile) -> String {
    format!("#SRECV: {},(1-{BLOCK_LIMIT}),(0,1)", numbers(profile))
}

fn numbers(profile: &Profile) -> String {
    format!("(1-{})", profile.general.sockets.len())
}

fn activation(profile: &Profile) -> String {
    let contexts = &profile.general.contexts;
    let first = if contexts.circuit_switched { 0 } else { *contexts.ids.start() };
    format!("#SGACT: ({first}-{}),(0,1)", contexts.ids.end())
}

fn context_auth(profile: &Profile) -> String {
    authentication("+CGAUTH", profile)
}

fn pdp_auth(profile: &Profile) -> String {
    authentication("#PDPAUTH", profile)
}

fn authentication(name: &str, profile: &Profile) -> String {
    let last = profile.general.contexts.ids.end();
    format!("{name}: (1-{last}),(0-2),{AUTHENTICATION_LIMIT},{AUTHENTICATION_LIMIT}")
}

fn time_server(profile: &Profile) -> String {
    let zone = if profile.general.time_zone { ",(-47-48)" } else { "" };
    format!("#NTP: ,(1-65535),(0,1),(1-10){zone}")
}
