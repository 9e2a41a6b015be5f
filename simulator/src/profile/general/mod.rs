//! The line, the bring-up and everything else that belongs to no service: one constant a platform.

mod commands;
mod multiplexer;
mod network;

use std::ops::RangeInclusive;
use std::time::Duration;

use super::command::CommandSpec;
pub(crate) use commands::AUTHENTICATION_LIMIT;
pub(crate) use multiplexer::{FRAME_SIZE, MultiplexerProfile};
use multiplexer::{MULTIPLEXER_2G, MULTIPLEXER_37, MULTIPLEXER_27007};
use network::{
    CAT_M1, CONTEXTS_2G, CONTEXTS_3G, CONTEXTS_20, CONTEXTS_23, CONTEXTS_25, CONTEXTS_37, EUTRAN, GSM, UTRAN,
};
pub(crate) use network::{Contexts, Network, Protocols};

/// What a platform is like apart from its services.
#[derive(Debug, Clone)]
pub(crate) struct GeneralProfile {
    pub(crate) commands: &'static [&'static [CommandSpec]],
    /// Longest command line, prefix included.
    pub(crate) line_limit: usize,
    /// AT is silent for this long after a reset.
    pub(crate) start_up: Duration,
    /// Values of `#SELINT`; a new module has the first one.
    pub(crate) interface_styles: RangeInclusive<u8>,
    /// Commands outside the services that need the newest style.
    pub(crate) newest_style_commands: &'static [&'static str],
    /// What `+IPR` takes and a new module has. 0 finds the rate by itself.
    pub(crate) rates: &'static [u32],
    pub(crate) rate: u32,
    /// What `&K` takes.
    pub(crate) flow_controls: &'static [u8],
    /// What `S12` takes.
    pub(crate) escape_guard: RangeInclusive<u32>,
    /// What `+CFUN` takes.
    pub(crate) functionalities: &'static [u32],
    pub(crate) ports: Option<&'static Ports>,
    pub(crate) multiplexer: &'static MultiplexerProfile,
    pub(crate) contexts: Contexts,
    /// Multi-sockets of `#SCFG`: the context of each on a new module.
    pub(crate) sockets: &'static [u8],
    /// `#PROTOCOLCFG`
    pub(crate) protocols: Option<&'static Protocols>,
    pub(crate) network: Network,
    /// `+GSN` is the number of the board, not the IMEI.
    pub(crate) board_number: bool,
    /// `#NTP` takes a zone.
    pub(crate) time_zone: bool,
    /// Error texts that differ from those of M37.
    pub(crate) error_texts: &'static [(u16, &'static str)],
}

/// `#PORTCFG`
#[derive(Debug, Clone)]
pub(crate) struct Ports {
    pub(crate) variants: &'static [u8],
    pub(crate) factory: u8,
    pub(crate) test: &'static [&'static str],
}

const ALL_RATES: &[u32] =
    &[300, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600];
/// The first two are on the printed list of 37 and on every older one; 0 is autobaud.
const RATES_2G: &[u32] = &[300, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200];
const RATES_WITH_AUTOBAUD: &[u32] = &[0, 300, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200];
/// Older families also know software flow control.
const OLDER_FLOW_CONTROLS: &[u8] = &[0, 1, 2, 3, 4, 5, 6];

/// How the guides spell what M37 words differently. Source: IPE28 p133-134 (603, 605), SSL guide 6.8 (612),
/// public host code for the LE910 V2 (558).
const OLDER_TEXTS: &[(u16, &str)] = &[
    (557, "cannot setup socket"),
    (558, "cannot resolve DN"),
    (560, "cannot open socket"),
    (602, "Cannot activate"),
    (603, "Cannot resolve name"),
    (604, "Cannot allocate control socket"),
    (605, "Cannot connect control socket"),
    (612, "Resource used by another instance"),
];

/// Source: SW13 2.3, 2.5 (`#SELINT`, rates), GM862 p11 (80 characters; no later guide of this family
/// is at hand).
pub(crate) const P10: GeneralProfile = GeneralProfile {
    commands: &[commands::COMMON, commands::ONLY_2G, commands::GUARDS],
    line_limit: 80,
    start_up: Duration::from_secs(2),
    interface_styles: 0..=2,
    newest_style_commands: commands::NEWEST_STYLE,
    rates: RATES_WITH_AUTOBAUD,
    rate: 0,
    flow_controls: OLDER_FLOW_CONTROLS,
    escape_guard: 20..=255,
    // 7 and 9 are sleep variants.
    functionalities: &[0, 1, 4, 5, 7, 9],
    ports: None,
    multiplexer: MULTIPLEXER_2G,
    contexts: CONTEXTS_2G,
    // IPE28 p62
    sockets: &[1, 1, 1, 2, 2, 2],
    protocols: None,
    network: GSM,
    board_number: false,
    time_zone: false,
    error_texts: OLDER_TEXTS,
};

/// Starts at 115200: SW13 2.5.
pub(crate) const P13: GeneralProfile = GeneralProfile { rates: RATES_2G, rate: 115_200, ..P10 };

pub(crate) const P16: GeneralProfile = P10;

/// Source: SSL guide 6.8.1 (ports), IPE28 p18-23, HE910 guide.
pub(crate) const P12: GeneralProfile = GeneralProfile {
    commands: &[commands::COMMON, commands::ONLY_3G, commands::PORTS],
    line_limit: 400,
    interface_styles: 2..=2,
    newest_style_commands: &[],
    rates: ALL_RATES,
    rate: 115_200,
    ports: Some(&Ports { variants: PORT_VARIANTS, factory: 0, test: PORT_TEST }),
    multiplexer: MULTIPLEXER_27007,
    contexts: CONTEXTS_3G,
    network: UTRAN,
    ..P10
};

/// Source: SSL guide 6.8.1 and 6.8.2 print variants 0 and 1 in use; the rest of the list is the choice here.
const PORT_VARIANTS: &[u8] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const PORT_TEST: &[&str] = &["#PORTCFG: (0-12)"];

/// Source: IPE28 p94-95.
pub(crate) const P20: GeneralProfile = GeneralProfile {
    commands: &[
        commands::COMMON,
        commands::ONLY_4G,
        commands::PORTS,
        commands::PROTOCOLS,
        commands::PDP_AUTH,
    ],
    contexts: CONTEXTS_20,
    // p63
    sockets: &[1, 1, 1, 2, 2, 2, 1, 1, 2, 2],
    protocols: Some(&Protocols { names: &["FTP", "SMTP", "PING", "SSL", "NTP"], contexts: 0..=15 }),
    network: EUTRAN,
    ..P12
};

/// Source: SSL guide 6.8.2 (ports).
pub(crate) const P23: GeneralProfile = GeneralProfile {
    commands: &[commands::COMMON, commands::ONLY_4G, commands::PORTS],
    ports: Some(&Ports { variants: PORT_VARIANTS, factory: 1, test: PORT_TEST }),
    contexts: CONTEXTS_23,
    // IPE28 p66
    sockets: &[3, 3, 3, 2, 2, 2],
    protocols: None,
    ..P20
};

/// Source: IPE28 p98-99, `LE910Cx` p274 (`S12`).
pub(crate) const P25_LINUX: GeneralProfile = GeneralProfile {
    commands: &[
        commands::COMMON,
        commands::ONLY_4G,
        commands::PORTS,
        commands::PROTOCOLS,
        commands::PDP_AUTH,
        commands::ESCAPE_GUARD,
        commands::MULTIPLEXER_MODE,
        commands::REBOOT,
    ],
    escape_guard: 20..=150,
    contexts: CONTEXTS_25,
    protocols: Some(&Protocols { names: &["FTP", "SMTP", "PING", "SSL"], contexts: 1..=5 }),
    ..P20
};

pub(crate) const P25_THREADX: GeneralProfile = P25_LINUX;

/// Source: `ME910C1r2` p133, QS5 p12-18. What neither tells is as on 37.
pub(crate) const P30: GeneralProfile = GeneralProfile {
    commands: &[
        commands::COMMON,
        commands::FROM_30_ON,
        commands::PORTS,
        commands::GUARDS_37,
        commands::REBOOT,
        commands::CONTEXT_AUTH,
    ],
    sockets: &[1, 1, 1, 2, 2, 2],
    error_texts: OLDER_TEXTS,
    ..P37
};

/// Source: M37.
pub(crate) const P37: GeneralProfile = GeneralProfile {
    commands: &[
        commands::COMMON,
        commands::FROM_30_ON,
        commands::PORTS,
        commands::GUARDS_37,
        commands::REBOOT,
        commands::CONTEXT_AUTH,
        commands::ONLY_37,
    ],
    line_limit: 400,
    start_up: Duration::from_secs(2),
    interface_styles: 2..=2,
    newest_style_commands: &[],
    rates: ALL_RATES,
    rate: 115_200,
    // p152
    flow_controls: &[0, 3],
    // p138
    escape_guard: 2..=255,
    // p82: 7 and 8 can be read only.
    functionalities: &[0, 1, 4, 5, 6],
    // p111-112
    ports: Some(&Ports {
        variants: &[0, 3, 8, 13],
        factory: 0,
        test: &[
            "#PORTCFG: Variant=0: AT= USIF0 USB0 USB1",
            "#PORTCFG: Variant=3: AT= USIF0 AUX USB0",
            "#PORTCFG: Variant=8: AT= USB0 USB1",
            "#PORTCFG: Variant=13: AT= USIF0 USB0",
        ],
    }),
    multiplexer: MULTIPLEXER_37,
    contexts: CONTEXTS_37,
    // p707, p741
    sockets: &[1, 1, 1, 2, 2, 2, 2, 2, 2, 2],
    protocols: None,
    network: CAT_M1,
    // p73
    board_number: true,
    // p790
    time_zone: true,
    error_texts: &[],
};

/// No manual of it is at hand. What the guides do not tell is as on 37, without what M37 calls new.
pub(crate) const P52: GeneralProfile = GeneralProfile {
    commands: &[
        commands::COMMON,
        commands::FROM_30_ON,
        commands::PORTS,
        commands::GUARDS_37,
        commands::REBOOT,
        commands::CONTEXT_AUTH,
    ],
    multiplexer: MULTIPLEXER_27007,
    network: EUTRAN,
    ..P37
};
