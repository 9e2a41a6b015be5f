//! Which `#SSL` commands there are. Source: SSL guide 6 and 7, M37 p874-929 (SIM needed or not).

use super::test_form as form;
use crate::profile::command::CommandSpec;
use crate::profile::command::TestAnswer::{Line, Profiled};

/// On every platform. Source: SSL guide 6, 7.
pub(in super::super) const COMMON: &[CommandSpec] = &[
    CommandSpec::with_sim("#SSLEN", Profiled(form::enable)),
    CommandSpec::local("#SSLCFG", Profiled(form::configuration)),
    CommandSpec::with_sim("#SSLSECCFG", Profiled(form::security)),
    CommandSpec::with_sim("#SSLSECDATA", Profiled(form::credentials)),
    CommandSpec::with_sim("#SSLD", Profiled(form::dial)),
    CommandSpec::local("#SSLO", Profiled(form::online)),
    CommandSpec::with_sim("#SSLH", Profiled(form::hang_up)),
    CommandSpec::local("#SSLS", Profiled(form::status)),
    CommandSpec::with_sim("#SSLSEND", Profiled(form::send)),
    CommandSpec::local("#SSLSENDEXT", Profiled(form::send_counted)),
    CommandSpec::with_sim("#SSLRECV", Profiled(form::receive)),
];

/// Source: SSL guide 6.3.
pub(in super::super) const PROTOCOL: &[CommandSpec] =
    &[CommandSpec::with_sim("#SSLSECCFG2", Profiled(form::protocol))];

/// Source: M37 p888-892, SSL guide 6.3.4.
pub(in super::super) const PRELOADED: &[CommandSpec] =
    &[CommandSpec::with_sim("#SSLSECCA", Profiled(form::preloaded))];

/// Source: M37 p925-929.
pub(in super::super) const SUITE_LIST: &[CommandSpec] =
    &[CommandSpec::with_sim("#SSLSECCS", Line("#SSLSECCS: (1),(0-4)"))];

/// Source: M37 p910-911.
pub(in super::super) const TRAFFIC: &[CommandSpec] =
    &[CommandSpec::with_sim("#SSLI", Profiled(form::traffic))];

/// Source: SSL guide 7.3. The range of `<Timeout>` is that of `#SSLD`.
pub(in super::super) const FAST_DIAL: &[CommandSpec] =
    &[CommandSpec::with_sim("#SSLFASTD", Line("#SSLFASTD: (1),(0,1),(1-5000)"))];

/// Source: SSL guide 7 (values 2 and 4); the others are those that public drivers of 2G modules use.
pub(in super::super) const CPU_MODE: &[CommandSpec] =
    &[CommandSpec::local("#CPUMODE", Line("#CPUMODE: (0-4)"))];
