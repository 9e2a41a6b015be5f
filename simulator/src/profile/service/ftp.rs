//! The FTP client of each platform.

use std::ops::RangeInclusive;

use crate::profile::Profile;
use crate::profile::command::CommandSpec;
use crate::profile::command::TestAnswer::{Line, Ok, Profiled};

/// What the FTP client of a platform takes and prints.
#[derive(Debug, Clone)]
pub(crate) struct FtpProfile {
    pub(crate) commands: &'static [&'static [CommandSpec]],
    /// The fourth field of `#FTPCFG`, if it has one.
    pub(crate) extension: Option<Extension>,
    /// `#FTPOPEN` has a fifth parameter, `<cid>`. Elsewhere `#PROTOCOLCFG` decides, or it is context 1.
    pub(crate) context_when_opening: bool,
    pub(crate) name_limit: usize,
    pub(crate) block: RangeInclusive<u32>,
    pub(crate) append_limit: u32,
    /// `#FTPOPEN` waits no longer than this, in 100 ms.
    pub(crate) open_limit: u32,
    /// Between the colon and the value of `#FTPREST?`.
    pub(crate) restart_blank: &'static str,
}

/// What `<FTPext>` may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extension {
    /// 0 always takes the extended commands, 1 does so for IPv6 only. Source: M37 p838.
    Commands,
    /// 2 besides: as 1, and TLS from the first byte. That 52 can do so is known, how it is told is not (SSL guide 9:
    /// "need a specific configuration"); this is our choice.
    CommandsAndImplicitTls,
}

impl Extension {
    /// Always EPRT and EPSV.
    pub(crate) const EXTENDED_COMMANDS: u8 = 0;
    /// PORT and PASV where both sides have IPv4. So is a new module.
    pub(crate) const CLASSIC_COMMANDS: u8 = 1;
    pub(crate) const IMPLICIT_TLS: u8 = 2;

    /// The highest value.
    pub(crate) fn highest(self) -> u8 {
        match self {
            Self::Commands => Self::CLASSIC_COMMANDS,
            Self::CommandsAndImplicitTls => Self::IMPLICIT_TLS,
        }
    }
}

/// Source: IPE28 p119-132, SSL guide 8.2 (three values of `#FTPCFG`).
pub(crate) const P10: Option<FtpProfile> = Some(OLDER);
pub(crate) const P13: Option<FtpProfile> = P10;
pub(crate) const P16: Option<FtpProfile> = P10;
pub(crate) const P12: Option<FtpProfile> = P10;
pub(crate) const P20: Option<FtpProfile> = P10;
pub(crate) const P23: Option<FtpProfile> = P10;
pub(crate) const P25_LINUX: Option<FtpProfile> = P10;
pub(crate) const P25_THREADX: Option<FtpProfile> = P10;

const OLDER: FtpProfile = FtpProfile {
    commands: &[COMMON],
    extension: None,
    context_when_opening: false,
    name_limit: 200,
    // HE910 guide p249
    block: 1..=3000,
    append_limit: 1500,
    // `#FTPTO` alone decides.
    open_limit: 5000,
    restart_blank: " ",
};

/// Source: IPE28 p120 (`<cid>`), `ME910C1r2` p191. The number of values of `#FTPCFG` is that of 37 by our choice.
pub(crate) const P30: Option<FtpProfile> = Some(NEWER);

const NEWER: FtpProfile =
    FtpProfile { extension: Some(Extension::Commands), context_when_opening: true, ..OLDER };

/// Source: M37 p806-839.
pub(crate) const P37: Option<FtpProfile> = Some(FtpProfile {
    commands: &[COMMON, SERVER_COMMANDS],
    // p825
    open_limit: 1200,
    // p833
    restart_blank: "",
    ..NEWER
});

/// Source: IPE28 p120 (`<cid>`), SSL guide 9 (implicit TLS).
pub(crate) const P52: Option<FtpProfile> =
    Some(FtpProfile { extension: Some(Extension::CommandsAndImplicitTls), ..NEWER });

/// Source: IPE28 p119-132, M37 p806-839. Where no guide names it for a platform (`#FTPLIST`, `#FTPCWD`, `#FTPPWD`, `#FTPDELE` and
/// `#FTPMSG` of some platforms), our choice is that the command is there, as it was before and after.
const COMMON: &[CommandSpec] = &[
    CommandSpec::local("#FTPTO", Line("#FTPTO: (100-5000)")),
    CommandSpec::local("#FTPCFG", Profiled(configuration)),
    CommandSpec::with_sim("#FTPOPEN", Ok),
    CommandSpec::with_sim("#FTPCLOSE", Ok),
    CommandSpec::with_sim("#FTPTYPE", Line("#FTPTYPE: (0,1)")),
    CommandSpec::with_sim("#FTPPWD", Ok),
    CommandSpec::with_sim("#FTPCWD", Ok),
    CommandSpec::with_sim("#FTPDELE", Ok),
    CommandSpec::with_sim("#FTPFSIZE", Ok),
    CommandSpec::with_sim("#FTPMSG", Ok),
    CommandSpec::local("#FTPLIST", Ok),
    CommandSpec::with_sim("#FTPREST", Ok),
    CommandSpec::local("#FTPGET", Ok),
    CommandSpec::with_sim("#FTPGETPKT", Ok),
    CommandSpec::with_sim("#FTPRECV", Line("#FTPRECV: (1-3000)")),
    CommandSpec::local("#FTPPUT", Line("#FTPPUT: 200,(0,1)")),
    CommandSpec::local("#FTPAPP", Line("#FTPAPP: 200,(0,1)")),
    CommandSpec::with_sim("#FTPAPPEXT", Line("#FTPAPPEXT: (1-1500),(0,1)")),
];

/// Source: M37 p812-820, p1190. What is stored can be read and deleted (p992-998).
const SERVER_COMMANDS: &[CommandSpec] = &[
    CommandSpec::with_sim("#FTPCMD", Line("#FTPCMD: 200,(1-5),200,(1-5)")),
    CommandSpec::with_sim("#FTPGETF", Line("#FTPGETF: 200,192,(0,1),(0,1)")),
    CommandSpec::local("#M2MREAD", Ok),
    CommandSpec::local("#M2MDEL", Ok),
];

fn configuration(profile: &Profile) -> String {
    let extension = profile.ftp.as_ref().and_then(|ftp| ftp.extension);
    let extension = match extension.map(Extension::highest) {
        None => String::new(),
        Some(1) => ",(0,1)".to_owned(),
        Some(highest) => format!(",(0-{highest})"),
    };
    format!("#FTPCFG: (100-5000),(0,1),(0,1){extension}")
}
