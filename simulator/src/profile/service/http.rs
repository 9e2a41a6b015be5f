//! The HTTP client of each platform.

use crate::profile::command::CommandSpec;
use crate::profile::command::TestAnswer::Line;

#[derive(Debug)]
pub(crate) struct HttpProfile {
    pub(crate) commands: &'static [CommandSpec],
    pub(crate) profiles: u8,
    pub(crate) host_limit: usize,
    pub(crate) credential_limit: usize,
    pub(crate) resource_limit: usize,
    pub(crate) header_limit: usize,
    pub(crate) post_parameter_limit: usize,
    pub(crate) body_limit: u32,
    /// Profile 2 of a new module. Source: M37 p857.
    pub(crate) preset: (&'static str, u16),
}

/// Source: M37 p857-870.
pub(crate) const P37: Option<HttpProfile> = Some(HttpProfile {
    commands: COMMANDS_37,
    profiles: 3,
    host_limit: 63,
    credential_limit: 50,
    resource_limit: 150,
    header_limit: 100,
    post_parameter_limit: 100,
    body_limit: 65_535,
    preset: ("m2mlocate.telit.com", 9978),
});

const COMMANDS_37: &[CommandSpec] = &[
    CommandSpec::local(
        "#HTTPCFG",
        Line("#HTTPCFG:(0-2),63,(1-65535),(0,1),50,50,(0,1),(1-65535),(1-6),(0-1500),(0),(0)"),
    ),
    CommandSpec::with_sim("#HTTPQRY", Line("#HTTPQRY:(0-2),(0-2),150,100")),
    CommandSpec::with_sim("#HTTPSND", Line("# HTTPSND: (0-2),(0,1),150,(1-65535),100,100")),
    CommandSpec::with_sim("#HTTPRCV", Line("# HTTPRCV: (0-2),(0,64-1500)")),
];
