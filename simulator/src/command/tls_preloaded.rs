//! Preloaded authorities. Source: M37 p888-892.

use super::parse::Form;
use super::tls_credentials::{all_unconnected, any_active, owner_of_any, show_data};
use super::{Call, Flow, Handler, Outcome, set};
use crate::entry::{Ending, Entry, Prompt, Purpose};
use crate::error::AtError;
use crate::module::Module;

pub(super) const COMMANDS: &[(&str, Handler)] = &[("#SSLSECCA", preloaded)];

const DELETE: u8 = 0;
const READ: u8 = 2;

fn preloaded(module: &mut Module, call: &Call) -> Outcome {
    any_active(module)?;
    if call.form == Form::Read {
        return show_slots(module, call);
    }
    let layout = module.profile.tls.preloaded.as_ref().ok_or(AtError::Plain)?;
    let parameters = set(call)?;
    parameters.at_most(6)?;
    let slot = parameters.required_small(0, 1..=u32::from(layout.slots))?;
    let action = parameters.required_small(1, 0..=2)?;
    parameters.required(2, 1..=1)?;
    let index = usize::from(slot) - 1;
    if action == READ {
        return read(module, call, slot, index);
    }
    owner_of_any(module, call)?;
    all_unconnected(module)?;
    if action == DELETE {
        module.nvm_mut().preloaded.get_mut(index).into_iter().for_each(|slot| *slot = None);
        return Ok(Flow::Done);
    }
    let size = parameters.required(3, 1..=layout.limit)?;
    let size = usize::try_from(size).map_err(|_| AtError::Plain)?;
    let purpose = Purpose::Preloaded { slot };
    Ok(Flow::Entry(Entry::new(Prompt::Greater, Ending::Terminated { limit: size }, purpose)))
}

fn show_slots(module: &mut Module, call: &Call) -> Outcome {
    let slots = module.nvm.preloaded.iter().zip(1..);
    let lines: Vec<String> =
        slots.map(|(slot, id)| format!("#SSLSECCA: {id},0,{},0,,0", u8::from(slot.is_some()))).collect();
    module.info_lines(call.instance, &lines);
    Ok(Flow::Done)
}

fn read(module: &mut Module, call: &Call, slot: u8, index: usize) -> Outcome {
    let header = format!("#SSLSECCA: {slot},1");
    match module.nvm.preloaded.get(index).cloned().flatten() {
        Some(secret) => show_data(module, call, &header, &secret.0),
        None => module.info_lines(call.instance, &[header, "No data stored".to_owned()]),
    }
    Ok(Flow::Done)
}
