//! The FTP client of each platform.

use std::ops::RangeInclusive;

use crate::profile::command::CommandSpec;
use crate::profile::command::TestAnswer::{Line, Ok};

#[derive(Debug)]
pub(crate) struct FtpProfile {
    pub(crate) commands: &'static [CommandSpec],
    pub(crate) name_limit: usize,
    pub(crate) block: RangeInclusive<u32>,
    pub(crate) append_limit: u32,
    /// `#FTPOPEN` waits no longer than this, in 100 ms.
    pub(crate) open_limit: u32,
}

/// Source: M37 p806-839.
pub(crate) const P37: Option<FtpProfile> = Some(FtpProfile {
    commands: COMMANDS_37,
    name_limit: 200,
    block: 1..=3000,
    append_limit: 1500,
    open_limit: 1200,
});

const COMMANDS_37: &[CommandSpec] = &[
    CommandSpec::local("#FTPTO", Line("#FTPTO: (100-5000)")),
    CommandSpec::local("#FTPCFG", Line("#FTPCFG: (100-5000),(0,1),(0,1),(0,1)")),
    CommandSpec::with_sim("#FTPOPEN", Ok),
    CommandSpec::with_sim("#FTPCLOSE", Ok),
    CommandSpec::with_sim("#FTPTYPE", Line("#FTPTYPE: (0,1)")),
    CommandSpec::with_sim("#FTPPWD", Ok),
    CommandSpec::with_sim("#FTPCWD", Ok),
    CommandSpec::with_sim("#FTPDELE", Ok),
    CommandSpec::with_sim("#FTPFSIZE", Ok),
    CommandSpec::with_sim("#FTPMSG", Ok),
    CommandSpec::with_sim("#FTPCMD", Line("#FTPCMD: 200,(1-5),200,(1-5)")),
    CommandSpec::local("#FTPLIST", Ok),
    CommandSpec::with_sim("#FTPREST", Ok),
    CommandSpec::local("#FTPGET", Ok),
    CommandSpec::with_sim("#FTPGETPKT", Ok),
    CommandSpec::with_sim("#FTPRECV", Line("#FTPRECV: (1-3000)")),
    CommandSpec::local("#FTPPUT", Line("#FTPPUT: 200,(0,1)")),
    CommandSpec::local("#FTPAPP", Line("#FTPAPP: 200,(0,1)")),
    CommandSpec::with_sim("#FTPAPPEXT", Line("#FTPAPPEXT: (1-1500),(0,1)")),
];
