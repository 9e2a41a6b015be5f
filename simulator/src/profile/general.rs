//! The line, the bring-up and everything else that belongs to no service.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::command::CommandSpec;
use super::command::TestAnswer::{Computed, Error, Line, Ok};

/// What a platform is like apart from its services.
#[derive(Debug)]
pub(crate) struct GeneralProfile {
    /// Longest command line, prefix included.
    pub(crate) line_limit: usize,
    /// AT is silent for this long after a reset.
    pub(crate) start_up: Duration,
    /// Packet data contexts that can be defined.
    pub(crate) contexts: RangeInclusive<u32>,
    /// Contexts that exist on a new module.
    pub(crate) predefined_contexts: u8,
    pub(crate) most_active_contexts: usize,
    /// Multi-sockets of `#SCFG`.
    pub(crate) sockets: u8,
    pub(crate) commands: &'static [CommandSpec],
}

/// Source: M37.
pub(crate) const P37: GeneralProfile = GeneralProfile {
    line_limit: 400,
    start_up: Duration::from_secs(2),
    // p665-668: six contexts, the first one is used for the attach.
    contexts: 1..=6,
    predefined_contexts: 6,
    most_active_contexts: 3,
    // p741
    sockets: 10,
    commands: COMMANDS_37,
};

const COMMANDS_37: &[CommandSpec] = &[
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
    CommandSpec::local(
        "+IPR",
        Line("+IPR: (),(300,1200,2400,4800,9600,19200,38400,57600,115200,230400,460800,921600)"),
    ),
    CommandSpec::local("+IFC", Line("+IFC: (0,2),(0,2)")),
    CommandSpec::local("+ICF", Line("+ICF: (3)")),
    CommandSpec::local("#CFLO", Line("#CFLO: (0,1)")),
    CommandSpec::local("#SELINT", Line("#SELINT: (2)")),
    CommandSpec::local("#PORTCFG", Computed),
    CommandSpec::local("#SETHEXSTR", Line("#SETHEXSTR: (0,2)")),
    CommandSpec::with_sim("#E2ESC", Line("#E2ESC: (0-10)")),
    CommandSpec::with_sim("#SKIPESC", Line("#SKIPESC: (0,1)")),
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
    CommandSpec::local("#SWPKGV", Ok),
    // SIM, p355-390
    CommandSpec::local("+CPIN", Ok),
    CommandSpec::local("#QSS", Line("#QSS: (0-2)")),
    CommandSpec::local("#SIMDET", Line("#SIMDET: (0-2)")),
    CommandSpec::with_sim("+ICCID", Ok),
    CommandSpec::with_sim("+CCID", Ok),
    CommandSpec::with_sim("#CCID", Ok),
    CommandSpec::with_sim("+CIMI", Ok),
    CommandSpec::with_sim("#CIMI", Ok),
    // Network, p82, p189-291
    CommandSpec::local("+CFUN", Line("+CFUN: (0,1,4-8),(0,1)")),
    CommandSpec::with_sim("+CREG", Line("+CREG: (0-2)")),
    CommandSpec::with_sim("+CGREG", Line("+CGREG: (0-2,4)")),
    CommandSpec::with_sim("+CEREG", Line("+CEREG: (0-2)")),
    CommandSpec::local("+CSQ", Line("+CSQ: (0-31,99),(0-7,99)")),
    CommandSpec::with_sim(
        "+COPS",
        Line("+COPS: (2,\"Virtual Network\",\"VirtNet\",\"90128\",8),,(0-4),(0,2)"),
    ),
    // Packet data, p665-713
    CommandSpec::with_sim("+CGDCONT", Computed),
    CommandSpec::with_sim("+CGATT", Line("+CGATT: (0,1)")),
    CommandSpec::with_sim("+CGPADDR", Computed),
    CommandSpec::with_sim("+CGCONTRDP", Computed),
    CommandSpec::local("#SCFG", Line("#SCFG: (1-10),(1-6),(0-1500),(0-65535),(10-1200),(0-264)")),
    CommandSpec::with_sim("#SGACT", Line("#SGACT: (1-6),(0,1)")),
    CommandSpec::local("#SGACTAUTH", Line("#SGACTAUTH: (0-2)")),
    // Time, p512-535, p790-802
    CommandSpec::local("+CCLK", Ok),
    CommandSpec::local("#CCLK", Ok),
    CommandSpec::local("#CCLKMODE", Line("#CCLKMODE: (0,1)")),
    CommandSpec::local("#NITZ", Line("#NITZ: (0-15),(0,1)")),
    CommandSpec::local("+CTZU", Line("+CTZU: (0,1)")),
    CommandSpec::with_sim("#NTP", Line("#NTP: ,(1-65535),(0,1),(1-10),(-47-48)")),
    CommandSpec::local("#NTPCFG", Line("#NTPCFG: (1-6),(0,1),(1-65535)")),
    // Life cycle, p623-630
    CommandSpec::local("#REBOOT", Ok),
    CommandSpec::local("#ENHRST", Line("#ENHRST: (0-2),(0-65535)")),
    CommandSpec::local("#SHDN", Ok),
];
