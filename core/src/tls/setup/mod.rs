//! Options turned into commands: written only where the module holds something else.
//!
//! Some platforms keep all of this in flash and of the others nobody knows, so each value is read and compared before
//! it is written. Source: M37 p874-925.

mod firmware;
#[cfg(test)]
mod platforms;
mod settings;

pub(super) use firmware::{Firmware, Form};
pub(super) use settings::slot_bit;

use futures_core::future::BoxFuture;
use settings::Settings;

use super::policy::resolve;
use super::store::{Store, check_authorities, check_store};
use super::{Provisioned, SocketSettings, SuiteOffer, SuitePlan, TlsError, TlsOptions};
use crate::at::{Command, Exchange};
use crate::commands::{
    CipherSuiteChange, EnableSockets, ListCipherSuites, ReadSetting, SetCipherSuites, SetProcessorMode,
    WriteSetting,
};
use crate::error::{Category, CommandError};
use crate::exclusive::{Holder, LeaseError, Service, ServiceBusy, TlsLease};
use crate::modem::Modem;
use crate::platform::{CipherSuite, Profile, SecurityLayout};

/// The TLS socket whose settings HTTP and FTP use. Source: SSL guide 8.2, 9.1; M37 p894.
pub(crate) const SHARED_SOCKET: u8 = 1;

/// Sets TLS up for a service whose own TLS flag is still off (HTTP, FTP): TLS sockets are enabled for
/// the time of the set-up, as the guide shows.
///
/// Give it [`TlsOptions::for_host`] if the server may be an IP address.
///
/// Source: SSL guide 8.2, 9.1.
///
/// # Errors
/// See [`TlsError`]. What the platform cannot do is refused before anything is changed.
///
/// # Cancel safety
/// TLS sockets may stay enabled; the next lease cleans that.
pub async fn prepare(modem: &Modem, lease: &TlsLease, options: &TlsOptions) -> Result<Provisioned, TlsError> {
    let setup = Setup::new(modem, lease, SHARED_SOCKET, options, SocketSettings::default()).await?;
    while_enabled(modem, setup.run()).await
}

/// Sets TLS up for a service that has already enabled it on `socket` (MQTT).
///
/// Give it [`TlsOptions::for_host`] if the server may be an IP address.
///
/// Source: SSL guide 10.1.3.
///
/// # Errors
/// See [`TlsError`]. What the platform cannot do is refused before anything is changed.
///
/// # Cancel safety
/// Values are written one by one; calling it again continues.
pub async fn apply(
    modem: &Modem,
    lease: &TlsLease,
    socket: u8,
    options: &TlsOptions,
) -> Result<Provisioned, TlsError> {
    apply_with(modem, lease, socket, options, SocketSettings::default()).await
}

/// Like [`apply`], with settings of the socket's own.
///
/// # Errors
/// See [`TlsError`].
///
/// # Cancel safety
/// As [`apply`].
pub async fn apply_with(
    modem: &Modem,
    lease: &TlsLease,
    socket: u8,
    options: &TlsOptions,
    settings: SocketSettings,
) -> Result<Provisioned, TlsError> {
    Setup::new(modem, lease, socket, options, settings).await?.run().await
}

/// What [`apply`] is going to read, for [`Modem::together`] with what enables TLS on `socket`. Nothing is changed.
///
/// # Errors
/// See [`TlsError`]. What the platform cannot do is refused.
///
/// # Cancel safety
/// Nothing is changed.
pub async fn reads_of_apply(
    modem: &Modem,
    lease: &TlsLease,
    socket: u8,
    options: &TlsOptions,
) -> Result<Vec<Exchange>, TlsError> {
    Ok(Setup::new(modem, lease, socket, options, SocketSettings::default()).await?.reads())
}

/// The commands whose test forms TLS needs to know, for [`Modem::unknown_forms`].
#[must_use]
pub fn forms(profile: &Profile) -> Vec<&'static str> {
    Firmware::forms(profile)
}

/// What this firmware is going to offer.
pub(crate) async fn plan_of(modem: &Modem, options: &TlsOptions) -> Result<SuitePlan, TlsError> {
    let firmware = Firmware::ask(modem).await?;
    Ok(resolve(modem.profile(), options, &firmware.probed())?)
}

/// Runs something while TLS sockets are enabled, and disables them again whatever comes of it.
pub(super) async fn while_enabled<T>(
    modem: &Modem,
    work: impl Future<Output = Result<T, TlsError>>,
) -> Result<T, TlsError> {
    enable(modem, true).await?;
    let done = work.await;
    let disabled = enable(modem, false).await;
    // What went wrong first is what the caller needs to know.
    let done = done?;
    disabled?;
    Ok(done)
}

async fn enable(modem: &Modem, on: bool) -> Result<(), TlsError> {
    match modem.run(EnableSockets { socket: SHARED_SOCKET, on }).await {
        Err(error) if error.category() == Category::Busy => {
            Err(LeaseError::from(ServiceBusy { holder: Holder::OtherPort(Service::Socket) }).into())
        }
        other => Ok(other?),
    }
}

/// Everything that was decided before the first change.
struct Setup<'a> {
    modem: &'a Modem,
    firmware: Firmware,
    plan: SuitePlan,
    socket: u8,
    options: &'a TlsOptions,
    settings: SocketSettings,
}

impl<'a> Setup<'a> {
    /// Checks credentials, asks the firmware and resolves the options.
    fn new(
        modem: &'a Modem,
        lease: &'a TlsLease,
        socket: u8,
        options: &'a TlsOptions,
        settings: SocketSettings,
    ) -> BoxFuture<'a, Result<Self, TlsError>> {
        Box::pin(async move {
            tracing::debug!(service = %lease.service(), socket, "setting up TLS");
            check_authorities(options)?;
            let firmware = Firmware::ask(modem).await?;
            let plan = resolve(modem.profile(), options, &firmware.probed())?;
            check_store(&firmware, options, lease.service())?;
            tracing::debug!(?plan, "cipher suites and versions");
            if !plan.minimum_is_certain {
                tracing::warn!(
                    platform = %modem.profile().id,
                    "no source says whether this platform keeps servers from versions older than {}",
                    plan.minimum
                );
            }
            Ok(Self { modem, firmware, plan, socket, options, settings })
        })
    }

    fn run(&self) -> BoxFuture<'_, Result<Provisioned, TlsError>> {
        Box::pin(async move {
            // With a certificate of our own the module verifies the server's in any case. Source: M37 p883.
            if self.options.verify || self.options.identity.is_some() {
                self.modem.ensure_clock().await?;
            }
            let settings = Settings {
                firmware: &self.firmware,
                options: self.options,
                plan: &self.plan,
                socket: self.socket,
                context: self.modem.context_id(),
                values: self.settings,
            };
            // What can be refused is refused before the first change.
            let (security, socket) = (settings.security()?, settings.socket()?);
            let store = Store::new(self.modem, &self.firmware, self.socket, self.options);
            self.modem.look_ahead(&self.reads()).await?;
            store.check_preloaded().await?;
            self.speed_up().await?;
            self.write(security).await?;
            if let SuiteOffer::List(suites) = &self.plan.offer {
                self.write_suite_list(suites).await?;
            }
            let (provisioned, authorities) = store.ensure_all().await?;
            self.write(socket).await?;
            if let Some(setting) = settings.versions(authorities)? {
                self.write(setting).await?;
            }
            Ok(provisioned)
        })
    }

    /// What the set-up reads in any case, and the credentials where they were last.
    fn reads(&self) -> Vec<Exchange> {
        let setting = |name| ReadSetting { name, socket: self.socket }.exchange();
        let mut reads = vec![setting("#SSLSECCFG")];
        reads.extend(matches!(self.plan.offer, SuiteOffer::List(_)).then(|| ListCipherSuites.exchange()));
        let store = Store::new(self.modem, &self.firmware, self.socket, self.options);
        reads.extend(store.reads().into_iter().map(Ok));
        reads.push(setting("#SSLCFG"));
        let has_versions = self.firmware.profile.tls.security != SecurityLayout::Absent;
        reads.extend(has_versions.then(|| setting("#SSLSECCFG2")));
        reads.into_iter().flatten().collect()
    }

    /// Large certificates take some processors longer than the handshake may last. Source: SSL guide 7.
    async fn speed_up(&self) -> Result<(), TlsError> {
        let Some(mode) = self.firmware.profile.tls.fast_cpu_modes.first() else {
            return Ok(());
        };
        match self.modem.run(SetProcessorMode(*mode)).await {
            Err(CommandError::Refused { error, .. }) => {
                tracing::debug!(%error, "the processor keeps its clock");
                Ok(())
            }
            result => Ok(result?),
        }
    }

    async fn write(&self, setting: WriteSetting) -> Result<(), TlsError> {
        let read = ReadSetting { name: setting.name, socket: self.socket };
        let held = match self.modem.run(read).await {
            Ok(held) => held,
            Err(CommandError::Refused { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        if setting.is_held(held.as_deref()) {
            return Ok(());
        }
        Ok(self.modem.run(setting).await?)
    }

    async fn write_suite_list(&self, suites: &[CipherSuite]) -> Result<(), TlsError> {
        let wanted: Vec<u16> = suites.iter().map(|suite| suite.number()).collect();
        if self.modem.run(ListCipherSuites).await? == wanted {
            return Ok(());
        }
        self.modem.run(SetCipherSuites(CipherSuiteChange::Clear)).await?;
        for suite in wanted {
            self.modem.run(SetCipherSuites(CipherSuiteChange::Append(suite))).await?;
        }
        Ok(())
    }
}
