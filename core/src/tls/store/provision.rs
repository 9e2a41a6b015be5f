//! Storing credentials without connecting.

use super::{Provision, Provisioned, Store, Wanted, check_authorities, check_forms, delete};
use crate::commands::{
    CredentialArea, CredentialKind, CredentialPlace, CredentialSlots, ReadCredential, StoreCredential,
};
use crate::exclusive::TlsLease;
use crate::modem::Modem;
use crate::tls::setup::{Firmware, Form, SHARED_SOCKET, while_enabled};
use crate::tls::{CaCertificate, CredentialFormat, CredentialStore, Identity, TlsError, TlsOptions};

/// How credentials are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProvisionOptions {
    /// The form. Default PEM.
    pub format: CredentialFormat,
    /// Where CA certificates go. Default flash.
    pub store: CredentialStore,
    /// Replaces the preloaded CA certificate in this slot of `#SSLSECCA` with the one that is given.
    pub preloaded: Option<u8>,
}

/// Stores credentials on the module where it holds others, and touches no other setting.
///
/// # Time
/// Seconds. Commands that write flash have a deadline of a minute: with one CA certificate and an identity 11 minutes
/// in all.
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
    provision_with(modem, lease, authorities, identity, ProvisionOptions::default()).await
}

/// Like [`provision`], with a choice of form and place.
///
/// # Errors
/// See [`TlsError`].
///
/// # Cancel safety
/// As [`provision`].
pub async fn provision_with(
    modem: &Modem,
    lease: &TlsLease,
    authorities: &[CaCertificate],
    identity: Option<&Identity>,
    how: ProvisionOptions,
) -> Result<Provisioned, TlsError> {
    tracing::debug!(service = %lease.service(), "storing credentials");
    let mut options = TlsOptions::unchecked();
    options.authorities = authorities.to_vec();
    options.identity = identity.cloned();
    (options.format, options.store) = (how.format, how.store);
    check_authorities(&options)?;
    let firmware = Firmware::ask(modem).await?;
    if let Some(slot) = how.preloaded {
        let authority = only_authority(&firmware, &options)?;
        return replace_preloaded(modem, &firmware, slot, authority).await;
    }
    check_forms(&firmware, &options)?;
    let store = Store::new(modem, &firmware, SHARED_SOCKET, &options);
    store.check_room()?;
    let (provisioned, _) = while_enabled(modem, store.ensure_all()).await?;
    Ok(provisioned)
}

impl Store<'_> {
    /// More certificates than one connection can use may be stored, but not more than there are slots.
    fn check_room(&self) -> Result<(), TlsError> {
        let (wanted, slots) = (super::distinct(self.options), self.authority_slots());
        match wanted.get(slots.len()) {
            Some(first) => Err(TlsError::Unsupported {
                platform: self.firmware.profile.id,
                what: format!(
                    "has room for {} CA certificate{}; leave out {}",
                    slots.len(),
                    if slots.len() == 1 { "" } else { "s" },
                    first.certificate().subject()
                ),
            }),
            None => Ok(()),
        }
    }
}

/// The preloaded store takes authorities only, one a slot, as PEM in flash. Source: M37 p888-889.
fn only_authority<'a>(firmware: &Firmware, options: &'a TlsOptions) -> Result<&'a CaCertificate, TlsError> {
    let platform = firmware.profile.id;
    let unsupported = |what: &str| Err(TlsError::Unsupported { platform, what: what.to_owned() });
    if firmware.profile.tls.store.preloaded_slots.is_none() {
        return unsupported("has no preloaded CA certificates; leave --preloaded out");
    }
    let plain = options.format == CredentialFormat::Pem && options.store == CredentialStore::NonVolatile;
    match (options.authorities.as_slice(), &options.identity) {
        ([authority], None) if plain => Ok(authority),
        _ => unsupported(
            "takes one CA certificate into a preloaded slot, as PEM and into flash; give nothing else with it",
        ),
    }
}

async fn replace_preloaded(
    modem: &Modem,
    firmware: &Firmware,
    slot: u8,
    authority: &CaCertificate,
) -> Result<Provisioned, TlsError> {
    let store = &firmware.profile.tls.store;
    let form = Form::of(modem, "#SSLSECCA").await?;
    let in_table = || store.preloaded_slots.as_ref().is_some_and(|slots| slots.contains(&slot));
    if !form.ranges(0).map_or_else(in_table, |slots| slots.contains(slot.into())) {
        let what = format!("has no slot {slot} of preloaded CA certificates; see telit provision --list");
        return Err(TlsError::Unsupported { platform: firmware.profile.id, what });
    }
    let told = form.ranges(3).and_then(|sizes| usize::try_from(sizes.highest()).ok());
    let wanted = Wanted::authority(authority);
    wanted.check_size(CredentialFormat::Pem, told.or(store.preloaded_size_limit))?;
    let mut done = Provisioned::NOTHING;
    done.authorities = while_enabled(modem, ensure_preloaded(modem, slot, &wanted)).await?;
    Ok(done)
}

async fn ensure_preloaded(modem: &Modem, slot: u8, wanted: &Wanted<'_>) -> Result<Provision, TlsError> {
    let (area, kind) = (CredentialArea::Preloaded, CredentialKind::CaCertificate);
    let place = CredentialPlace { area, slot, kind };
    let held = modem.run(CredentialSlots(area)).await?;
    if super::is_held(&held, slot, kind) {
        if wanted.is_held(&modem.run(ReadCredential { place, binary: false }).await?) {
            return Ok(Provision::Unchanged);
        }
        delete(modem, place).await?;
    }
    tracing::info!(slot, "replacing a preloaded CA certificate");
    let data = wanted.data(CredentialFormat::Pem);
    modem.run(StoreCredential { place, data, binary: false, ram: false, fields: 4 }).await?;
    Ok(Provision::Stored)
}
