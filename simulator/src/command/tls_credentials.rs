//! Certificates and keys. Source: SSL guide 6.5, M37 p914-920.

use openssl::hash::{MessageDigest, hash};

use super::parse::Form;
use super::tls_setup::activated;
use super::value::Parameters;
use super::{Call, Flow, Handler, Outcome, set};
use crate::entry::{Ending, Entry, Prompt, Purpose};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::nvm::{CertificateSlot, Secret};
use crate::profile::Slots;

pub(super) const COMMANDS: &[(&str, Handler)] = &[("#SSLSECDATA", credentials)];

const CERTIFICATE: u8 = 0;
const AUTHORITY: u8 = 1;
const KEY: u8 = 2;

const DELETE: u8 = 0;
const STORE: u8 = 1;
const READ: u8 = 2;
const STORE_IN_RAM: u8 = 3;

/// The command needs TLS to be on, by whatever service.
pub(super) fn any_active(module: &Module) -> Result<(), AtError> {
    if module.is_any_tls_active() { Ok(()) } else { Err(AtError::Cme(cme::SSL_NOT_ACTIVATED)) }
}

/// Shared data do not change while any socket uses them.
pub(super) fn all_unconnected(module: &Module) -> Result<(), AtError> {
    if module.tls.any_open() { Err(AtError::Cme(cme::SSL_ALREADY_CONNECTED)) } else { Ok(()) }
}

/// Whoever has enabled some socket may change what all sockets share.
pub(super) fn owner_of_any(module: &Module, call: &Call) -> Result<(), AtError> {
    let mut active = (1..=module.profile.tls.sockets).filter(|id| module.is_tls_active(*id));
    let mine = active.any(|id| module.check_owner(id, call.instance).is_ok());
    if mine { Ok(()) } else { Err(AtError::Cme(cme::RESOURCE_USED)) }
}

/// The slot may be changed by this instance.
fn owned(module: &Module, call: &Call, slot: u8) -> Result<(), AtError> {
    match module.profile.tls.credentials.slots {
        Slots::PerSocket => activated(module, call, slot),
        Slots::Shared(_) => owner_of_any(module, call),
    }
}

/// Data in use cannot be changed. Source: M37 p917.
fn unconnected(module: &Module, slot: u8) -> Result<(), AtError> {
    match module.profile.tls.credentials.slots {
        Slots::PerSocket if module.tls.socket(slot).is_connected() => {
            Err(AtError::Cme(cme::SSL_ALREADY_CONNECTED))
        }
        Slots::PerSocket => Ok(()),
        Slots::Shared(_) => all_unconnected(module),
    }
}

fn credentials(module: &mut Module, call: &Call) -> Outcome {
    any_active(module)?;
    if call.form == Form::Read {
        return show_slots(module, call);
    }
    let layout = &module.profile.tls.credentials;
    let parameters = set(call)?;
    parameters.at_most(if layout.key_protection { 6 } else { 4 })?;
    let slot = parameters.required_small(0, 1..=u32::from(module.profile.tls.certificate_slots()))?;
    let action = parameters.required_small(1, 0..=if layout.ram { 3 } else { 2 })?;
    let data_type = parameters.required_small(2, 0..=2)?;
    // Of shared slots only the first holds a client certificate and a key. Source: M37 p914.
    if layout.slots != Slots::PerSocket && slot > 1 && data_type != AUTHORITY {
        return Err(AtError::Plain);
    }
    match action {
        READ => read(module, call, slot, data_type, parameters),
        DELETE => {
            owned(module, call, slot)?;
            unconnected(module, slot)?;
            delete(module, slot, data_type);
            Ok(Flow::Done)
        }
        _ => {
            owned(module, call, slot)?;
            begin_store(module, parameters, slot, data_type, action)
        }
    }
}

/// Source: M37 p918.
fn show_slots(module: &mut Module, call: &Call) -> Outcome {
    let protection = module.profile.tls.credentials.key_protection;
    let slots = module.nvm.certificates.iter().zip(1..);
    let lines: Vec<String> = slots.map(|(slot, id)| slot_line(slot, id, protection)).collect();
    module.info_lines(call.instance, &lines);
    Ok(Flow::Done)
}

fn slot_line(slot: &CertificateSlot, id: u8, protection: bool) -> String {
    let is_set = |secret: &Option<Secret>| u8::from(secret.is_some());
    let protection = match protection {
        true => format!(",{},{}", is_set(&slot.password), u8::from(slot.digest_only)),
        false => String::new(),
    };
    format!(
        "#SSLSECDATA: {id},{},{},{}{protection}",
        is_set(&slot.certificate),
        is_set(&slot.authority),
        is_set(&slot.key)
    )
}

fn begin_store(module: &Module, parameters: &Parameters, slot: u8, data_type: u8, action: u8) -> Outcome {
    let ram = action == STORE_IN_RAM;
    if ram && data_type != AUTHORITY {
        return Err(AtError::Plain);
    }
    if action == STORE {
        unconnected(module, slot)?;
    }
    let size = parameters.required(3, 1..=module.profile.tls.credentials.limit)?;
    let size = usize::try_from(size).map_err(|_| AtError::Plain)?;
    let password = parameters.text(4, 10)?.unwrap_or_default();
    if !password.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(AtError::Plain);
    }
    let digest_only = parameters.switch_or(5, false)?;
    let ending = match is_pem(module, slot) {
        true => Ending::Terminated { limit: size },
        false => Ending::Counted { length: size },
    };
    let purpose = Purpose::Certificate { slot, data_type, ram, password, digest_only };
    Ok(Flow::Entry(Entry::new(Prompt::Greater, ending, purpose)))
}

/// `<cert_format>` of the socket, or of the first one that is on where the slots are shared; PEM unless DER has been
/// asked for. Source: SSL guide 6.5, M37 p917.
fn is_pem(module: &Module, slot: u8) -> bool {
    let socket = match module.profile.tls.credentials.slots {
        Slots::PerSocket => Some(slot),
        Slots::Shared(_) => (1..=module.profile.tls.sockets).find(|id| module.is_tls_active(*id)),
    };
    socket.and_then(|id| module.tls.socket(id).certificate_format).unwrap_or(true)
}

fn place(slot: &mut CertificateSlot, data_type: u8) -> &mut Option<Secret> {
    match data_type {
        CERTIFICATE => &mut slot.certificate,
        AUTHORITY => &mut slot.authority,
        _ => &mut slot.key,
    }
}

fn slot_mut(module: &mut Module, slot: u8) -> Option<&mut CertificateSlot> {
    module.nvm_mut().certificates.get_mut(usize::from(slot).wrapping_sub(1))
}

fn delete(module: &mut Module, slot: u8, data_type: u8) {
    let Some(stored) = slot_mut(module, slot) else { return };
    *place(stored, data_type) = None;
    if data_type == KEY {
        // The only way to get rid of a password. Source: M37 p917.
        (stored.password, stored.digest_only) = (None, false);
    }
}

fn read(module: &mut Module, call: &Call, slot: u8, data_type: u8, parameters: &Parameters) -> Outcome {
    let password = parameters.text(4, 10)?.unwrap_or_default();
    let stored = module.nvm.certificates.get(usize::from(slot).wrapping_sub(1)).cloned().unwrap_or_default();
    let mut copy = stored.clone();
    let header = format!("#SSLSECDATA: {slot},{data_type}");
    let Some(secret) = place(&mut copy, data_type).take() else {
        module.info_lines(call.instance, &[header, "No data stored".to_owned()]);
        return Ok(Flow::Done);
    };
    if data_type == KEY && stored.digest_only {
        let digest = hash(MessageDigest::md5(), &secret.0).map_err(|_| AtError::Cme(cme::SSL_GENERIC))?;
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        module.info_lines(call.instance, &[header, digits]);
        return Ok(Flow::Done);
    }
    let locked = stored.password.as_ref().is_some_and(|wanted| wanted.0 != password.as_bytes());
    if data_type == KEY && locked {
        return Err(AtError::Cme(cme::OPERATION_NOT_ALLOWED));
    }
    show_data(module, call, &header, &secret.0);
    Ok(Flow::Done)
}

/// PEM as ordinary lines, its line feeds as line ends; DER as it is.
pub(super) fn show_data(module: &mut Module, call: &Call, header: &str, data: &[u8]) {
    match std::str::from_utf8(data) {
        Ok(text) => {
            let lines = std::iter::once(header).chain(text.lines()).map(str::to_owned).collect::<Vec<_>>();
            module.info_lines(call.instance, &lines);
        }
        Err(_) => {
            module.info(call.instance, header);
            module.answer(call.instance, data);
            module.answer(call.instance, b"\r\n");
        }
    }
}

impl Module {
    /// The data of `#SSLSECDATA` or `#SSLSECCA` have been entered. Whether they are any good shows when they are used.
    pub(crate) fn store_credential(&mut self, purpose: Purpose, data: &[u8]) -> Outcome {
        let secret = Secret(data.to_vec());
        match purpose {
            Purpose::Preloaded { slot } => {
                let place = self.nvm_mut().preloaded.get_mut(usize::from(slot).wrapping_sub(1));
                place.into_iter().for_each(|place| *place = Some(secret.clone()));
            }
            Purpose::Certificate { slot, ram: true, .. } => {
                let place = self.tls.ram_authorities.get_mut(usize::from(slot).wrapping_sub(1));
                place.into_iter().for_each(|place| *place = Some(data.to_vec()));
            }
            Purpose::Certificate { slot, data_type, password, digest_only, .. } => {
                let Some(stored) = slot_mut(self, slot) else { return Err(AtError::Plain) };
                *place(stored, data_type) = Some(secret);
                if data_type == KEY {
                    stored.digest_only = digest_only;
                    if stored.password.is_none() && !password.is_empty() {
                        stored.password = Some(Secret(password.into_bytes()));
                    }
                }
            }
            _ => return Err(AtError::Plain),
        }
        Ok(Flow::Done)
    }
}
