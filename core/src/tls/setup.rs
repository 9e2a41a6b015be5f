//! Options turned into commands: written only where the module holds something else.
//!
//! Everything here is kept in flash by the module, so each value is read and compared before it is
//! written. Source: M37 p874-925.

use std::time::SystemTime;

use super::options::is_tls13;
use super::provision::{Provisioned, store};
use super::{CaCertificate, Identity, SocketSettings, TlsError, TlsOptions, TlsVersion};
use crate::commands::{
    CipherSuiteChange, EnableSockets, ListCipherSuites, ReadSetting, SetCipherSuites, SettingValue,
    WriteSetting,
};
use crate::error::CommandError;
use crate::exclusive::{Holder, LeaseError, Service, ServiceBusy, TlsLease};
use crate::modem::Modem;
use crate::platform::{Availability, CipherSuite, Profile, SecurityLayout};

/// The TLS socket whose settings HTTP and FTP use. Source: SSL guide 8.2, 9.1; M37 p894.
const SHARED_SOCKET: u8 = 1;

/// Sets TLS up for a service whose own TLS flag is still off (HTTP, FTP): TLS sockets are enabled for
/// the time of the set-up, as the guide shows.
///
/// Source: SSL guide 8.2, 9.1.
///
/// # Errors
/// See [`TlsError`].
///
/// # Cancel safety
/// TLS sockets may stay enabled; the next lease cleans that.
pub async fn prepare(modem: &Modem, lease: &TlsLease, options: &TlsOptions) -> Result<Provisioned, TlsError> {
    enable(modem, true).await?;
    let provisioned = apply(modem, lease, SHARED_SOCKET, options).await;
    let disabled = enable(modem, false).await;
    // What went wrong first is what the caller needs to know.
    let provisioned = provisioned?;
    disabled?;
    Ok(provisioned)
}

/// Stores credentials on the module where it holds others, and touches no other setting.
///
/// # Errors
/// See [`TlsError`].
///
/// # Cancel safety
/// TLS sockets may stay enabled; the next lease cleans that.
pub async fn provision(
    modem: &Modem,
    lease: &TlsLease,
    authorities: &[CaCertificate],
    identity: Option<&Identity>,
) -> Result<Provisioned, TlsError> {
    tracing::debug!(service = %lease.service(), "storing credentials");
    let options = TlsOptions {
        authorities: authorities.to_vec(),
        identity: identity.cloned(),
        minimum: TlsVersion::Tls12,
        suites: None,
        verify: true,
        check_host: true,
    };
    let setup = Setup {
        modem,
        profile: modem.profile(),
        socket: SHARED_SOCKET,
        options: &options,
        settings: SocketSettings::default(),
    };
    setup.check_credentials()?;
    enable(modem, true).await?;
    let provisioned = store(modem, &options).await;
    enable(modem, false).await?;
    provisioned
}

/// Sets TLS up for a service that has already enabled it on `socket` (MQTT).
///
/// Source: SSL guide 10.1.3.
///
/// # Errors
/// See [`TlsError`].
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
    tracing::debug!(service = %lease.service(), socket, "setting up TLS");
    let setup = Setup { modem, profile: modem.profile(), socket, options, settings };
    setup.check()?;
    if options.verify {
        modem.ensure_clock().await?;
    }
    setup.run().await
}

async fn enable(modem: &Modem, on: bool) -> Result<(), TlsError> {
    match modem.run(EnableSockets { socket: SHARED_SOCKET, on }).await {
        Err(error) if error.category() == crate::error::Category::Busy => {
            Err(LeaseError::from(ServiceBusy { holder: Holder::OtherPort(Service::Socket) }).into())
        }
        other => Ok(other?),
    }
}

struct Setup<'a> {
    modem: &'a Modem,
    profile: &'static Profile,
    socket: u8,
    options: &'a TlsOptions,
    settings: SocketSettings,
}

impl Setup<'_> {
    /// Refuses what the platform cannot do, before anything is sent.
    fn check(&self) -> Result<(), TlsError> {
        self.check_credentials()?;
        let tls = &self.profile.tls;
        if self.options.check_host && !tls.checks_host_name() {
            return Err(self.unsupported("does not check host names"));
        }
        if self.options.verify && !tls.sends_server_name() {
            return Err(self.unsupported("does not send the server name (SNI)"));
        }
        for suite in self.options.suites.iter().flatten() {
            if tls.suite(*suite).is_none() {
                return Err(TlsError::UnknownSuite { platform: self.profile.id, suite: *suite });
            }
        }
        Ok(())
    }

    fn check_credentials(&self) -> Result<(), TlsError> {
        let now = SystemTime::now();
        for authority in &self.options.authorities {
            authority.certificate().check_validity(now)?;
        }
        if let Some(identity) = &self.options.identity {
            identity.certificate().certificate().check_validity(now)?;
        }
        match self.profile.tls.store.authorities_at_once {
            Some(limit) if self.options.authorities.len() > usize::from(limit) => {
                Err(self.unsupported(&format!("uses at most {limit} CA certificates at once")))
            }
            _ => Ok(()),
        }
    }

    async fn run(&self) -> Result<Provisioned, TlsError> {
        let list = self.has_suite_list().await?;
        let (suites, newest) = self.suites(list);
        let pinned = if list { None } else { suites.first().copied() };
        self.write(self.security(pinned)).await?;
        if list {
            self.write_suite_list(&suites).await?;
        }
        let provisioned = store(self.modem, self.options).await?;
        self.write(self.socket_settings()).await?;
        if let Some(setting) = self.versions(newest) {
            self.write(setting).await?;
        }
        Ok(provisioned)
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

    async fn has_suite_list(&self) -> Result<bool, TlsError> {
        match self.profile.tls.suite_list {
            Availability::No => Ok(false),
            Availability::Yes => Ok(true),
            Availability::Probe => Ok(self.modem.test_form("#SSLSECCS").await?.is_some()),
        }
    }

    /// The suites to offer, best first, and the newest version they allow. Without a list command only
    /// one suite can be offered, which must fit the minimum version.
    fn suites(&self, list: bool) -> (Vec<CipherSuite>, TlsVersion) {
        let tls = &self.profile.tls;
        let only_tls13 = self.options.minimum == TlsVersion::Tls13;
        let allowed = |suite: &CipherSuite| !only_tls13 || is_tls13(*suite);
        let suites: Vec<CipherSuite> = match &self.options.suites {
            Some(suites) => suites.iter().copied().filter(allowed).collect(),
            None if list || only_tls13 => {
                tls.recommended_tls13.iter().chain(tls.recommended).copied().filter(allowed).collect()
            }
            None => tls.recommended.to_vec(),
        };
        let newest = match list {
            true if suites.iter().any(|suite| is_tls13(*suite)) => TlsVersion::Tls13,
            false if suites.first().is_some_and(|suite| is_tls13(*suite)) => TlsVersion::Tls13,
            _ => TlsVersion::Tls12,
        };
        (suites, newest)
    }

    /// `#SSLSECCFG`: suite and authentication. Suite 0 stands for the list, which is written too, never
    /// for a default of the firmware. Source: M37 p881-886.
    fn security(&self, pinned: Option<CipherSuite>) -> WriteSetting {
        let suite = pinned.map_or(SettingValue::Number(0), |suite| SettingValue::Hex(suite.number()));
        let mode = match (self.options.verify, self.options.identity.is_some()) {
            (false, false) => 0,
            (true, false) => 1,
            (_, true) => 2,
        };
        self.setting("#SSLSECCFG", vec![suite, SettingValue::Number(mode)])
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

    /// `#SSLCFG`, with the host name checked. Source: SSL guide 10.1.3; M37 p874-880.
    fn socket_settings(&self) -> WriteSetting {
        let layout = self.profile.tls.socket;
        let values = self.settings.values(layout, self.modem.context_id(), !self.options.check_host);
        self.setting("#SSLCFG", values.into_iter().map(SettingValue::Number).collect())
    }

    /// `#SSLSECCFG2`: versions, SNI, which CA slots. Source: M37 p921-924.
    fn versions(&self, newest: TlsVersion) -> Option<WriteSetting> {
        let tls = &self.profile.tls;
        let version = u32::from(tls.versions.version_value(newest)?);
        let values = match tls.security {
            SecurityLayout::Absent => return None,
            SecurityLayout::VersionOnly => vec![version],
            SecurityLayout::Sni => vec![version, 1],
            SecurityLayout::SniAndMasks => {
                let minimum = u32::from(tls.versions.minimum_value(self.options.minimum)?);
                vec![version, 1, self.authority_mask(), 0, minimum]
            }
        };
        Some(self.setting("#SSLSECCFG2", values.into_iter().map(SettingValue::Number).collect()))
    }

    /// One bit for each slot that holds one of our CA certificates.
    fn authority_mask(&self) -> u32 {
        (0..self.options.authorities.len()).map(|slot| 1_u32 << slot).sum()
    }

    fn setting(&self, name: &'static str, values: Vec<SettingValue>) -> WriteSetting {
        WriteSetting { name, socket: self.socket, values }
    }

    fn unsupported(&self, what: &str) -> TlsError {
        TlsError::Unsupported { platform: self.profile.id, what: what.to_owned() }
    }
}
