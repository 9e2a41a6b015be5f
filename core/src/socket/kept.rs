//! The TLS settings of a socket as they were found, to be put back.

use super::error::SocketError;
use super::limits::SocketLimits;
use super::slot::OpenSlot;
use crate::commands::{
    CipherSuiteChange, ListCipherSuites, ReadSetting, SetCipherSuites, SettingValue, WriteSetting,
};
use crate::error::CommandError;
use crate::modem::Modem;
use crate::platform::{Availability, SecurityLayout};

/// What the module holds for the socket that the next connection gets.
#[derive(Clone, Debug)]
pub(crate) struct KeptSettings {
    limits: SocketLimits,
    settings: Vec<WriteSetting>,
    suites: Option<Vec<u16>>,
}

impl KeptSettings {
    /// Reads them; TLS is enabled for that moment.
    pub(crate) async fn read(modem: &Modem) -> Result<Self, SocketError> {
        let mut limits = SocketLimits::of(modem).await?;
        let _alone = modem.sockets().set_up_alone().await;
        let first = *limits.ids.start();
        limits.ids = first..=first;
        let slot = OpenSlot::enable(modem, &limits).await?;
        let read = read(modem, slot.id()).await;
        slot.hang_up().await?;
        let (settings, suites) = read?;
        Ok(Self { limits, settings, suites })
    }

    /// The number of the socket.
    pub(crate) fn socket(&self) -> u8 {
        *self.limits.ids.start()
    }

    /// Writes what differs. Some of it belongs to all sockets: a connection that has just been set up is made first.
    pub(crate) async fn put_back(&self, modem: &Modem) -> Result<(), SocketError> {
        let _alone = modem.sockets().set_up_alone().await;
        let slot = OpenSlot::enable(modem, &self.limits).await?;
        let written = self.write(modem).await;
        slot.hang_up().await?;
        Ok(written?)
    }

    /// One that is refused keeps none of the others from being written; its error is given.
    async fn write(&self, modem: &Modem) -> Result<(), CommandError> {
        let mut refused = Ok(());
        for setting in &self.settings {
            refused = refused.and(unless_refused(write_setting(modem, setting).await)?);
        }
        refused.and(unless_refused(self.write_suites(modem).await)?)
    }

    async fn write_suites(&self, modem: &Modem) -> Result<(), CommandError> {
        let Some(suites) = &self.suites else { return Ok(()) };
        if modem.run(ListCipherSuites).await? != *suites {
            modem.run(SetCipherSuites(CipherSuiteChange::Clear)).await?;
            for suite in suites {
                modem.run(SetCipherSuites(CipherSuiteChange::Append(*suite))).await?;
            }
        }
        Ok(())
    }
}

async fn write_setting(modem: &Modem, setting: &WriteSetting) -> Result<(), CommandError> {
    let held = modem.run(ReadSetting { name: setting.name, socket: setting.socket }).await?;
    match setting.is_held(held.as_deref()) {
        true => Ok(()),
        false => modem.run(setting.clone()).await,
    }
}

/// A refusal as a value: the module takes further commands.
fn unless_refused(written: Result<(), CommandError>) -> Result<Result<(), CommandError>, CommandError> {
    match written {
        Err(error @ CommandError::Refused { .. }) => Ok(Err(error)),
        written => written.map(Ok),
    }
}

type Found = (Vec<WriteSetting>, Option<Vec<u16>>);

async fn read(modem: &Modem, socket: u8) -> Result<Found, CommandError> {
    let versions = (modem.profile().tls.security != SecurityLayout::Absent).then_some("#SSLSECCFG2");
    let mut settings = Vec::new();
    for name in ["#SSLSECCFG", "#SSLCFG"].into_iter().chain(versions) {
        if let Some(values) = read_setting(modem, name, socket).await? {
            settings.push(WriteSetting { name, socket, values });
        }
    }
    let lists = match modem.profile().tls.suite_list {
        Availability::No => false,
        Availability::Yes => true,
        Availability::Probe => modem.test_form("#SSLSECCS").await?.is_some(),
    };
    let suites = if lists { Some(modem.run(ListCipherSuites).await?) } else { None };
    Ok((settings, suites))
}

/// Asked twice where something is missing or cannot be read: a byte that was hit on the line, or a refusal for a moment, must
/// not count for what the module does not have, which would never be put back.
async fn read_setting(
    modem: &Modem,
    name: &'static str,
    socket: u8,
) -> Result<Option<Vec<SettingValue>>, CommandError> {
    let mut most: Option<Vec<SettingValue>> = None;
    for _ in 0..2 {
        let Some(printed) = read_once(modem, name, socket).await? else { continue };
        // What is missing or cannot be read stands at the end, and stays as it is.
        let values: Vec<_> = printed.iter().map_while(|printed| SettingValue::read(printed)).collect();
        let is_whole = values.len() == printed.len();
        if most.as_ref().is_none_or(|most| most.len() < values.len()) {
            most = Some(values);
        }
        if is_whole {
            break;
        }
    }
    Ok(most)
}

async fn read_once(
    modem: &Modem,
    name: &'static str,
    socket: u8,
) -> Result<Option<Vec<String>>, CommandError> {
    match modem.run(ReadSetting { name, socket }).await {
        Err(CommandError::Refused { .. }) => Ok(None),
        read => read,
    }
}
