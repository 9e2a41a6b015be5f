//! Credentials on the module: compared first, stored only when they differ.

mod check;
mod inventory;
mod provision;
mod wanted;

pub(super) use check::{check_authorities, check_store};
pub use inventory::{StoredCredential, inventory, remove};
pub use provision::{ProvisionOptions, provision, provision_with};

use check::{check_forms, distinct};
use wanted::Wanted;

use super::setup::{Firmware, slot_bit};
use super::{CredentialFormat, CredentialStore, TlsError, TlsOptions};
use crate::at::{Command, Exchange};
use crate::commands::{
    CredentialArea, CredentialKind, CredentialPlace, CredentialSlots, CredentialSlotsStatus,
    DeleteCredential, ReadCredential, ReadSetting, SettingValue, StoreCredential, WriteSetting,
};
use crate::error::CommandError;
use crate::modem::Modem;
use crate::platform::CredentialKey;

/// What was done with a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Provision {
    /// None was given.
    Absent,
    /// The module held it already.
    Unchanged,
    /// It was stored.
    Stored,
}

/// What was done with the credentials of [`TlsOptions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provisioned {
    /// The CA certificates: stored if one of them was.
    pub authorities: Provision,
    /// The client certificate.
    pub certificate: Provision,
    /// Its private key.
    pub key: Provision,
}

impl Provisioned {
    const NOTHING: Self =
        Self { authorities: Provision::Absent, certificate: Provision::Absent, key: Provision::Absent };

    fn note(&mut self, kind: CredentialKind, outcome: Provision) {
        let noted = match kind {
            CredentialKind::CaCertificate => &mut self.authorities,
            CredentialKind::ClientCertificate => &mut self.certificate,
            CredentialKind::PrivateKey => &mut self.key,
        };
        if *noted != Provision::Stored {
            *noted = outcome;
        }
    }
}

/// The store of one module while it is enabled.
pub(super) struct Store<'a> {
    modem: &'a Modem,
    firmware: &'a Firmware,
    socket: u8,
    options: &'a TlsOptions,
}

impl<'a> Store<'a> {
    pub(super) fn new(modem: &'a Modem, firmware: &'a Firmware, socket: u8, options: &'a TlsOptions) -> Self {
        Self { modem, firmware, socket, options }
    }

    /// Stores what is missing; gives what was done, and the mask of the slots with our authorities.
    pub(super) async fn ensure_all(&self) -> Result<(Provisioned, u32), TlsError> {
        let mut done = Provisioned::NOTHING;
        let nothing = self.options.authorities.is_empty() && self.options.identity.is_none();
        if nothing {
            return Ok((done, 0));
        }
        let held = self.modem.run(CredentialSlots(CredentialArea::Own)).await?;
        self.modem.look_ahead(&self.reads_of(&held)).await?;
        let (mut mask, mut places) = (0, Vec::new());
        for (slot, outcome) in self.ensure_authorities(&held).await? {
            mask |= slot_bit(slot);
            places.push((slot, CredentialKind::CaCertificate));
            done.note(CredentialKind::CaCertificate, outcome);
        }
        for wanted in self.options.identity.iter().flat_map(Wanted::identity) {
            let outcome = self.ensure(&wanted, self.identity_slot(), &held).await?;
            done.note(wanted.kind, outcome);
            places.push((self.identity_slot(), wanted.kind));
        }
        self.modem.remember_credentials(places);
        Ok((done, mask))
    }

    /// What is read in any case, and the credentials where ours were last.
    pub(super) fn reads(&self) -> Vec<Exchange> {
        if self.options.authorities.is_empty() && self.options.identity.is_none() {
            return Vec::new();
        }
        let places = self.modem.remembered_credentials().into_iter().map(|(slot, kind)| own(slot, kind));
        let state = CredentialSlots(CredentialArea::Own).exchange();
        state.into_iter().chain(places.filter_map(|place| self.reading(place))).collect()
    }

    /// The credentials that have to be compared, where the module holds any.
    fn reads_of(&self, slots: &[CredentialSlotsStatus]) -> Vec<Exchange> {
        let authorities =
            self.authority_slots().into_iter().map(|slot| own(slot, CredentialKind::CaCertificate));
        let authorities = authorities.filter(|_| !self.options.authorities.is_empty());
        let identity = self.options.identity.iter().flat_map(Wanted::identity);
        let identity = identity.map(|wanted| own(self.identity_slot(), wanted.kind));
        let held = authorities.chain(identity).filter(|place| is_held(slots, place.slot, place.kind));
        let shown = |place: &CredentialPlace| self.is_needlessly_shown(place.kind, place.slot, slots);
        held.filter(|place| !shown(place)).filter_map(|place| self.reading(place)).collect()
    }

    /// Reading one on a line with others; a key only where its digest comes back.
    fn reading(&self, place: CredentialPlace) -> Option<Exchange> {
        let is_key = place.kind == CredentialKind::PrivateKey;
        if self.options.format == CredentialFormat::Der || (is_key && !self.firmware.hides_keys()) {
            return None;
        }
        ReadCredential { place, binary: false }.exchange().ok()
    }

    /// An empty slot would be trusted in silence, and whatever comes into it later.
    pub(super) async fn check_preloaded(&self) -> Result<(), TlsError> {
        if self.options.preloaded.is_empty() {
            return Ok(());
        }
        let held = self.modem.run(CredentialSlots(CredentialArea::Preloaded)).await?;
        let is_empty = |slot: &&u8| !held.iter().any(|it| it.slot == **slot && it.ca_certificate);
        match self.options.preloaded.iter().find(is_empty) {
            Some(slot) => Err(TlsError::EmptyPreloadedSlot { slot: *slot }),
            None => Ok(()),
        }
    }

    /// Each authority keeps the slot that holds it already. The others take empty slots first, so that services
    /// with different authorities do not take them from each other in turn.
    async fn ensure_authorities(
        &self,
        held: &[CredentialSlotsStatus],
    ) -> Result<Vec<(u8, Provision)>, TlsError> {
        let authorities = distinct(self.options);
        let mut missing: Vec<_> = authorities.into_iter().map(Wanted::authority).collect();
        let (mut done, mut free) = (Vec::new(), Vec::new());
        for slot in self.authority_slots() {
            let place = own(slot, CredentialKind::CaCertificate);
            let is_used = is_held(held, slot, CredentialKind::CaCertificate);
            let found = match is_used && !missing.is_empty() {
                true => self.find(place, &missing).await?,
                false => None,
            };
            match found {
                Some(index) => {
                    missing.remove(index);
                    done.push((slot, Provision::Unchanged));
                }
                None => free.push((is_used, slot)),
            }
        }
        free.sort_unstable();
        for (wanted, (is_used, slot)) in missing.iter().zip(free) {
            if is_used && !self.is_persistent() {
                return Err(self.slot_is_taken(slot));
            }
            self.replace(wanted, slot, is_used).await?;
            done.push((slot, Provision::Stored));
        }
        Ok(done)
    }

    /// No source says which of the two counts where RAM and flash hold a CA certificate under one number.
    fn slot_is_taken(&self, slot: u8) -> TlsError {
        let what = format!(
            "holds another CA certificate in flash in slot {slot}, beside which one in RAM may not count; \
             remove it (telit provision --remove ca:{slot}), or leave credential_store() (--ram) out"
        );
        TlsError::Unsupported { platform: self.firmware.profile.id, what }
    }

    async fn find(&self, place: CredentialPlace, wanted: &[Wanted<'_>]) -> Result<Option<usize>, TlsError> {
        let lines = self.read(place).await?;
        Ok(wanted.iter().position(|wanted| wanted.is_held(&lines)))
    }

    async fn ensure(
        &self,
        wanted: &Wanted<'_>,
        slot: u8,
        held: &[CredentialSlotsStatus],
    ) -> Result<Provision, TlsError> {
        let place = own(slot, wanted.kind);
        let is_used = is_held(held, slot, wanted.kind);
        let kept = is_used && !self.is_needlessly_shown(wanted.kind, slot, held);
        if kept && wanted.is_held(&self.read(place).await?) {
            return Ok(Provision::Unchanged);
        }
        self.replace(wanted, slot, is_used).await?;
        Ok(Provision::Stored)
    }

    /// The right key that whoever reads the slot gets in clear is stored again where the module can hide it: it was
    /// stored by somebody who did not ask for that, or could not read how. Source: M37 p916-918.
    fn is_needlessly_shown(&self, kind: CredentialKind, slot: u8, held: &[CredentialSlotsStatus]) -> bool {
        let is_shown =
            |status: &CredentialSlotsStatus| status.slot == slot && status.key_is_hidden == Some(false);
        kind == CredentialKind::PrivateKey && self.firmware.hides_keys() && held.iter().any(is_shown)
    }

    /// What is stored; nothing if the module does not show it, a key with a password for one. Source: M37 p915.
    async fn read(&self, place: CredentialPlace) -> Result<Vec<bytes::Bytes>, TlsError> {
        let binary = self.options.format == CredentialFormat::Der;
        match self.modem.run(ReadCredential { place, binary }).await {
            Err(CommandError::Refused { .. }) => Ok(Vec::new()),
            result => Ok(result?),
        }
    }

    async fn replace(&self, wanted: &Wanted<'_>, slot: u8, is_used: bool) -> Result<(), TlsError> {
        let place = own(slot, wanted.kind);
        let ram = wanted.kind == CredentialKind::CaCertificate && !self.is_persistent();
        self.ensure_format().await?;
        if is_used && !ram {
            delete(self.modem, place).await?;
        }
        tracing::info!(slot, kind = ?wanted.kind, ram, "storing a credential on the module");
        let format = self.options.format;
        let binary = format == CredentialFormat::Der;
        let (data, fields) = (wanted.data(format), self.firmware.store_fields());
        Ok(self.modem.run(StoreCredential { place, data, binary, ram, fields }).await?)
    }

    /// `<cert_format>`, which keeps the value that was given last until the module restarts, and is PEM then.
    /// Source: SSL guide 6.2.2.
    async fn ensure_format(&self) -> Result<(), TlsError> {
        if !self.firmware.takes_der() {
            return Ok(());
        }
        let (name, socket) = ("#SSLSECCFG", self.socket);
        let held = self.modem.run(ReadSetting { name, socket }).await?.unwrap_or_default();
        let wanted = u32::from(self.options.format == CredentialFormat::Pem);
        let current = held.get(2).and_then(|format| format.parse().ok()).unwrap_or(1_u32);
        if current == wanted {
            return Ok(());
        }
        let printed =
            held.iter().take(2).map(|value| SettingValue::read(value).unwrap_or(SettingValue::Number(0)));
        let mut values: Vec<_> = printed.collect();
        values.resize(2, SettingValue::Number(0));
        values.push(SettingValue::Number(wanted));
        Ok(self.modem.run(WriteSetting { name, socket, values }).await?)
    }

    fn is_persistent(&self) -> bool {
        self.options.store == CredentialStore::NonVolatile
    }

    fn authority_slots(&self) -> Vec<u8> {
        authority_slots(self.firmware, self.socket)
    }

    fn identity_slot(&self) -> u8 {
        let store = &self.firmware.profile.tls.store;
        match store.key {
            CredentialKey::SocketId => self.socket,
            CredentialKey::CertificateId => store.identity_slot,
        }
    }
}

/// Slots for authorities: those that all sockets share, as the firmware counts them, or the socket's own.
fn authority_slots(firmware: &Firmware, socket: u8) -> Vec<u8> {
    let store = &firmware.profile.tls.store;
    if store.key == CredentialKey::SocketId {
        return vec![socket];
    }
    let told = firmware.data.ranges(0);
    let exists = |slot: &u8| told.as_ref().is_none_or(|told| told.contains(u32::from(*slot)));
    store.ca_slots.clone().filter(exists).collect()
}

fn own(slot: u8, kind: CredentialKind) -> CredentialPlace {
    CredentialPlace { area: CredentialArea::Own, slot, kind }
}

fn is_held(held: &[CredentialSlotsStatus], slot: u8, kind: CredentialKind) -> bool {
    held.iter().any(|status| status.slot == slot && status.holds(kind))
}

/// Empties a slot that is about to be filled. Some firmware overwrites and refuses this; whether storing is refused is
/// what matters. Source: public drivers delete before they store.
async fn delete(modem: &Modem, place: CredentialPlace) -> Result<(), TlsError> {
    match modem.run(DeleteCredential(place)).await {
        Ok(()) | Err(CommandError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
