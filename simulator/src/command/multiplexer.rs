//! The multiplexer. Source: M37 p107-108, 3GPP TS 27.007 5.7.

use super::general::setting;
use super::parse::Form;
use super::value::Parameters;
use super::{Call, Flow, Handler, Outcome};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::profile::{FRAME_SIZE, MultiplexerProfile};

pub(super) const COMMANDS: &[(&str, Handler)] = &[("+CMUX", multiplexer), ("#CMUXMODE", mode)];

/// Mode and subset, which have one value each.
const LEADING: usize = 2;

fn multiplexer(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let values: Vec<_> = module.multiplexing.iter().map(|value| format!(",{value}")).collect();
            module.info(call.instance, format!("+CMUX: 0,0{}", values.concat()));
            Ok(Flow::Done)
        }
        // Nothing is given, nothing happens. Source: M37 p17.
        Form::Set(parameters) if parameters.is_empty() => Ok(Flow::Done),
        Form::Set(parameters) => start(module, call, parameters),
        _ => Err(AtError::Plain),
    }
}

fn start(module: &mut Module, call: &Call, parameters: &Parameters) -> Outcome {
    let profile = module.profile.general.multiplexer;
    if parameters.len() > LEADING + profile.fields.len() {
        return Err(AtError::Cme(cme::OPERATION_NOT_SUPPORTED));
    }
    // Not within the multiplexer. Source: 27.007 5.7.
    if module.is_multiplexed() {
        return Err(AtError::Plain);
    }
    parameters.required(0, 0..=0)?;
    parameters.number(1, 0..=0)?;
    let mut values = module.multiplexing.clone();
    for (index, (field, value)) in profile.fields.iter().zip(&mut values).enumerate() {
        *value = parameters.number_or(LEADING + index, field.range.clone(), *value)?;
    }
    let frame_size = frame_size(profile, &values)?;
    module.multiplexing = values;
    module.start_multiplexer(call.instance, frame_size);
    Ok(Flow::Multiplexed)
}

fn frame_size(profile: &MultiplexerProfile, values: &[u32]) -> Result<usize, AtError> {
    match values.get(FRAME_SIZE) {
        Some(size) => usize::try_from(*size).map_err(|_| AtError::Plain),
        None => Ok(profile.fixed_frame),
    }
}

/// The mode is noted. Source: two public drivers of the `LE910Cx`, which send 1 and 5.
fn mode(module: &mut Module, call: &Call) -> Outcome {
    setting(module, call, 15, |settings| &mut settings.multiplexer_mode)
}
