//! What differs between the platforms, as data. One file a platform.

mod command;
#[allow(dead_code, reason = "the profiles that use the other constants follow")]
mod general;
mod p37;
mod quirk;
#[allow(dead_code, reason = "the profiles that use the other constants follow")]
mod service;

use crate::platform::Platform;
pub(crate) use command::{CommandSpec, TestAnswer};
pub(crate) use general::{AUTHENTICATION_LIMIT, GeneralProfile};
pub(crate) use quirk::Quirks;
pub use quirk::{Quirk, UnknownQuirk};
pub(crate) use service::{ftp::FtpProfile, http::HttpProfile, mqtt::MqttProfile};

/// The behaviour of one platform.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) platform: Platform,
    pub(crate) identity: Identity,
    pub(crate) general: GeneralProfile,
    pub(crate) tls: TlsProfile,
    pub(crate) mqtt: Option<MqttProfile>,
    pub(crate) http: Option<HttpProfile>,
    pub(crate) ftp: Option<FtpProfile>,
}

/// What the module says it is.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) manufacturer: &'static str,
    pub(crate) model: &'static str,
    pub(crate) firmware: &'static str,
    /// Behind the firmware in `#SWPKGV`.
    pub(crate) production: &'static str,
    pub(crate) serial: &'static str,
    pub(crate) imei: &'static str,
    pub(crate) iccid: &'static str,
    pub(crate) imsi: &'static str,
}

/// How far one service's TLS keeps the others out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsScope {
    /// One service for the whole module.
    Module,
    /// One service for each secure socket.
    #[expect(dead_code, reason = "the other reading of M37 p894, for a platform that turns out to have it")]
    Socket,
}

#[derive(Debug)]
pub(crate) struct TlsProfile {
    pub(crate) commands: &'static [CommandSpec],
    pub(crate) scope: TlsScope,
    /// Secure sockets, 1 to this.
    pub(crate) sockets: u8,
    /// Slots of `#SSLSECDATA`, 1 to this. Only the first holds a client certificate and a key.
    pub(crate) certificate_slots: u8,
    pub(crate) preloaded_slots: u8,
    pub(crate) certificate_limit: u32,
    pub(crate) preloaded_limit: u32,
    /// Certificates that may be selected by both masks together.
    pub(crate) most_authorities: u32,
    /// Longest `#SSLSEND`; the surplus is thrown away.
    pub(crate) send_limit: usize,
    pub(crate) counted_send_limit: u32,
    pub(crate) receive_limit: u32,
    /// Longest data of one `SSLSRING` in mode 2.
    pub(crate) ring_limit: usize,
    pub(crate) highest_version: u8,
    pub(crate) suites: &'static [Suite],
    /// Decimal values that are accepted and act like 0.
    pub(crate) obsolete_suites: &'static [u8],
    /// What value 0 offers up to TLS 1.2, and what it adds with TLS 1.3.
    pub(crate) default_suites: &'static [u16],
    pub(crate) default_suites_1_3: &'static [u16],
    /// What value 0 offers by the SSL guide.
    pub(crate) guide_default_suites: &'static [u16],
}

/// A cipher suite that can be chosen.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) iana: u16,
    pub(crate) decimal: Option<u8>,
    /// No command sets a pre-shared key, and `#SSLSECCS=1,3` leaves these out.
    pub(crate) pre_shared: bool,
}

impl Profile {
    /// The profile of a platform, if it can be simulated.
    pub(crate) fn of(platform: Platform) -> Option<&'static Self> {
        match platform {
            Platform::P37 => Some(&p37::PROFILE),
            _ => None,
        }
    }

    /// Every command that the platform has.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &'static CommandSpec> {
        let mqtt = self.mqtt.iter().flat_map(|service| service.commands.iter().copied());
        let http = self.http.iter().map(|service| service.commands);
        let ftp = self.ftp.iter().flat_map(|service| service.commands.iter().copied());
        let general = self.general.commands.iter().copied();
        general.chain([self.tls.commands]).chain(mqtt).chain(http).chain(ftp).flatten()
    }

    /// Whether a command exists in the newest style of `#SELINT` only.
    pub(crate) fn needs_newest_style(&self, name: &str) -> bool {
        let mut general = self.general.commands.iter().copied().flatten();
        self.general.newest_style_commands.contains(&name) || !general.any(|command| command.name == name)
    }

    pub(crate) fn command(&self, name: &str) -> Option<&'static CommandSpec> {
        self.commands().find(|command| command.name == name)
    }
}

impl TlsProfile {
    /// How `#SSLS` and `#SSLSECCFG?` print a suite.
    pub(crate) fn suite_value(&self, iana: u16) -> String {
        match self.suites.iter().find(|suite| suite.iana == iana).and_then(|suite| suite.decimal) {
            Some(decimal) => decimal.to_string(),
            None => format!("0x{iana:04X}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command;

    #[test]
    fn every_command_of_every_profile_has_a_handler() {
        for profile in Platform::ALL.into_iter().filter_map(Profile::of) {
            for command in profile.commands() {
                assert!(command::handler(command.name).is_some(), "{} {}", profile.platform, command.name);
            }
        }
    }

    #[test]
    fn default_suites_can_be_chosen_alone_too() {
        for profile in Platform::ALL.into_iter().filter_map(Profile::of) {
            let tls = &profile.tls;
            for iana in
                tls.default_suites.iter().chain(tls.default_suites_1_3).chain(tls.guide_default_suites)
            {
                assert!(tls.suites.iter().any(|suite| suite.iana == *iana), "{iana:04X}");
            }
        }
    }
}
