//! Certificates and keys. Source: M37 p888-892, p914-920.

use openssl::hash::{MessageDigest, hash};

use super::parse::Form;
use super::value::Parameters;
use super::{Call, Flow, Handler, Outcome, set};
use crate::entry::{Ending, Entry, Prompt, Purpose};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::nvm::{CertificateSlot, Secret};

pub(super) const COMMANDS: &[(&str, Handler)] = &[("#SSLSECDATA", credentials), ("#SSLSECCA", preloaded)];

const CERTIFICATE: u8 = 0;
const AUTHORITY: u8 = 1;
const KEY: u8 = 2;

const DELETE: u8 = 0;
const STORE: u8 = 1;
const READ: u8 = 2;
const STORE_IN_RAM: u8 = 3;

/// Both commands need TLS to be on, by whatever service.
fn any_active(module: &Module) -> Result<(), AtError> {
    if module.is_any_tls_active() { Ok(()) } else { Err(AtError::Cme(cme::SSL_NOT_ACTIVATED)) }
}

fn unconnected(module: &Module) -> Result<(), AtError> {
    if module.tls.any_open() { Err(AtError::Cme(cme::SSL_ALREADY_CONNECTED)) } else { Ok(()) }
}

/// Whoever has enabled the socket of the same number is the only one to change its data. The slots are shared on this
/// platform, so that only the instances that own some socket are compared.
fn owned(module: &Module, call: &Call) -> Result<(), AtError> {
    let sockets = 1..=module.profile.tls.sockets;
    let active: Vec<u8> = sockets.filter(|id| module.is_tls_active(*id)).collect();
    let mine = active.iter().any(|id| module.check_owner(*id, call.instance).is_ok());
    if mine { Ok(()) } else { Err(AtError::Cme(cme::RESOURCE_USED)) }
}

fn credentials(module: &mut Module, call: &Call) -> Outcome {
    any_active(module)?;
    if call.form == Form::Read {
        return show_slots(module, call);
    }
    let parameters = set(call)?;
    parameters.at_most(6)?;
    let slot = parameters.required_small(0, 1..=u32::from(module.profile.tls.certificate_slots))?;
    let action = parameters.required_small(1, 0..=3)?;
    let data_type = parameters.required_small(2, 0..=2)?;
    if slot > 1 && data_type != AUTHORITY {
        return Err(AtError::Plain);
    }
    match action {
        READ => read(module, call, slot, data_type, parameters),
        DELETE => {
            owned(module, call)?;
            unconnected(module)?;
            delete(module, slot, data_type);
            Ok(Flow::Done)
        }
        _ => {
            owned(module, call)?;
            begin_store(module, parameters, slot, data_type, action)
        }
    }
}

/// Source: M37 p918.
fn show_slots(module: &mut Module, call: &Call) -> Outcome {
    let slots = module.nvm.certificates.iter().zip(1..);
    let lines: Vec<String> = slots.map(|(slot, id)| slot_line(slot, id)).collect();
    module.info_lines(call.instance, &lines);
    Ok(Flow::Done)
}

fn slot_line(slot: &CertificateSlot, id: u8) -> String {
    let is_set = |secret: &Option<Secret>| u8::from(secret.is_some());
    format!(
        "#SSLSECDATA: {id},{},{},{},{},{}",
        is_set(&slot.certificate),
        is_set(&slot.authority),
        is_set(&slot.key),
        is_set(&slot.password),
        u8::from(slot.digest_only)
    )
}

fn begin_store(module: &Module, parameters: &Parameters, slot: u8, data_type: u8, action: u8) -> Outcome {
    let ram = action == STORE_IN_RAM;
    if ram && data_type != AUTHORITY {
        return Err(AtError::Plain);
    }
    if action == STORE {
        unconnected(module)?;
    }
    let size = parameters.required(3, 1..=module.profile.tls.certificate_limit)?;
    let size = usize::try_from(size).map_err(|_| AtError::Plain)?;
    let password = parameters.text(4, 10)?.unwrap_or_default();
    if !password.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(AtError::Plain);
    }
    let digest_only = parameters.switch_or(5, false)?;
    let ending =
        if is_pem(module) { Ending::Terminated { limit: size } } else { Ending::Counted { length: size } };
    let purpose = Purpose::Certificate { slot, data_type, ram, password, digest_only };
    Ok(Flow::Entry(Entry::new(Prompt::Greater, ending, purpose)))
}

/// `<cert_format>` of the first socket that is on; PEM unless DER has been asked for. Source: M37 p917.
fn is_pem(module: &Module) -> bool {
    let mut sockets = 1..=module.profile.tls.sockets;
    let active = sockets.find(|id| module.is_tls_active(*id));
    active.and_then(|id| module.tls.socket(id).certificate_format).unwrap_or(true)
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

/// The data as ordinary lines; line feeds of the PEM come back as line ends.
fn show_data(module: &mut Module, call: &Call, header: &str, data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines = std::iter::once(header).chain(text.lines()).map(str::to_owned).collect::<Vec<_>>();
    module.info_lines(call.instance, &lines);
}

fn preloaded(module: &mut Module, call: &Call) -> Outcome {
    any_active(module)?;
    if call.form == Form::Read {
        let slots = module.nvm.preloaded.iter().zip(1..);
        let lines: Vec<String> =
            slots.map(|(slot, id)| format!("#SSLSECCA: {id},0,{},0,,0", u8::from(slot.is_some()))).collect();
        module.info_lines(call.instance, &lines);
        return Ok(Flow::Done);
    }
    let parameters = set(call)?;
    parameters.at_most(6)?;
    let slot = parameters.required_small(0, 1..=u32::from(module.profile.tls.preloaded_slots))?;
    let action = parameters.required_small(1, 0..=2)?;
    parameters.required(2, 1..=1)?;
    let index = usize::from(slot) - 1;
    if action == READ {
        let header = format!("#SSLSECCA: {slot},1");
        match module.nvm.preloaded.get(index).cloned().flatten() {
            Some(secret) => show_data(module, call, &header, &secret.0),
            None => module.info_lines(call.instance, &[header, "No data stored".to_owned()]),
        }
        return Ok(Flow::Done);
    }
    owned(module, call)?;
    unconnected(module)?;
    if action == DELETE {
        module.nvm_mut().preloaded.get_mut(index).into_iter().for_each(|slot| *slot = None);
        return Ok(Flow::Done);
    }
    let size = parameters.required(3, 1..=module.profile.tls.preloaded_limit)?;
    let size = usize::try_from(size).map_err(|_| AtError::Plain)?;
    let purpose = Purpose::Preloaded { slot };
    Ok(Flow::Entry(Entry::new(Prompt::Greater, Ending::Terminated { limit: size }, purpose)))
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
