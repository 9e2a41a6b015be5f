//! What differs between the platforms, as data. One file a platform.

mod command;
mod general;
mod p10;
mod p12;
mod p13;
mod p16;
mod p20;
mod p23;
mod p25_linux;
mod p25_threadx;
mod p30;
mod p37;
mod p52;
mod quirk;
mod service;
mod tls;
mod two_g;
mod variant;

use crate::platform::Platform;
pub(crate) use command::{CommandSpec, TestAnswer};
pub(crate) use general::{AUTHENTICATION_LIMIT, Contexts, FRAME_SIZE, GeneralProfile, MultiplexerProfile};
pub(crate) use quirk::Quirks;
pub use quirk::{Quirk, UnknownQuirk};
pub(crate) use service::{
    ftp::{Extension, FtpProfile},
    http::HttpProfile,
    mqtt::{MqttErrors, MqttProfile},
};
pub(crate) use tls::{ErrorNumbers, MOST_AUTHORITIES, ProtocolFields, Slots, TlsProfile, TlsScope};

/// The behaviour of one platform.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) platform: Platform,
    pub(crate) identity: Identity,
    /// AT instances. A plug more finds no parser.
    pub(crate) instances: usize,
    pub(crate) general: GeneralProfile,
    pub(crate) tls: TlsProfile,
    pub(crate) mqtt: Option<MqttProfile>,
    pub(crate) http: Option<HttpProfile>,
    pub(crate) ftp: Option<FtpProfile>,
}

/// What the module says it is.
#[derive(Debug, Clone)]
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

impl Profile {
    /// The profile of a platform.
    pub(crate) fn of(platform: Platform) -> &'static Self {
        match platform {
            Platform::P10 => &p10::PROFILE,
            Platform::P13 => &p13::PROFILE,
            Platform::P16 => &p16::PROFILE,
            Platform::P12 => &p12::PROFILE,
            Platform::P20 => &p20::PROFILE,
            Platform::P23 => &p23::PROFILE,
            Platform::P25Linux => &p25_linux::PROFILE,
            Platform::P25ThreadX => &p25_threadx::PROFILE,
            Platform::P30 => &p30::PROFILE,
            Platform::P37 => &p37::PROFILE,
            Platform::P52 => &p52::PROFILE,
        }
    }

    /// Every command that the platform has.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &'static CommandSpec> {
        let mqtt = self.mqtt.iter().flat_map(|service| service.commands.iter().copied());
        let http = self.http.iter().map(|service| service.commands);
        let ftp = self.ftp.iter().flat_map(|service| service.commands.iter().copied());
        let general = self.general.commands.iter().copied();
        let tls = self.tls.commands.iter().copied();
        general.chain(tls).chain(mqtt).chain(http).chain(ftp).flatten()
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

#[cfg(test)]
mod tests;
