//! Basic commands and S-registers: the port and the shape of answers. Source: M37 p50-62, p131-169.

use super::parse::Form;
use super::value::Parameters;
use super::{Call, Flow, Handler, Outcome};
use crate::error::AtError;
use crate::instance::InstanceSettings;
use crate::module::Module;

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("E", echo),
    ("V", verbose),
    ("Q", quiet),
    ("X", extended_results),
    ("&C", carrier_line),
    ("&D", terminal_ready),
    ("&K", flow_control),
    ("&S", set_ready),
    ("S2", escape_character),
    ("S3", terminator),
    ("S4", line_feed),
    ("S5", erase),
    ("S12", escape_guard),
    ("S25", terminal_delay),
    ("&F", factory),
    ("&W", store),
    ("&P", boot_full),
    ("&Y", boot_base),
    ("Z", load_base),
    ("#Z", load_full),
    ("I", information),
    ("H", hang_up),
    ("O", return_online),
    ("D", dial),
];

/// The number of a basic command; omitted it is 0. Source: M37 p144-169.
fn basic(call: &Call, most: u8) -> Result<u8, AtError> {
    match call.form {
        Form::Basic(None) => Ok(0),
        Form::Basic(Some(number)) => {
            u8::try_from(number).ok().filter(|number| *number <= most).ok_or(AtError::Plain)
        }
        _ => Err(AtError::Plain),
    }
}

fn echo(module: &mut Module, call: &Call) -> Outcome {
    let value = basic(call, 1)?;
    module.instance(call.instance).settings.echo = value == 1;
    Ok(Flow::Done)
}

fn verbose(module: &mut Module, call: &Call) -> Outcome {
    let value = basic(call, 1)?;
    module.instance(call.instance).settings.verbose = value == 1;
    Ok(Flow::Done)
}

fn quiet(module: &mut Module, call: &Call) -> Outcome {
    let value = basic(call, 2)?;
    module.instance(call.instance).settings.quiet = value;
    Ok(Flow::Done)
}

fn extended_results(module: &mut Module, call: &Call) -> Outcome {
    let value = basic(call, 4)?;
    module.instance(call.instance).settings.extended_results = value;
    Ok(Flow::Done)
}

fn carrier_line(module: &mut Module, call: &Call) -> Outcome {
    let value = basic(call, 2)?;
    module.instance(call.instance).settings.carrier_line = value;
    Ok(Flow::Done)
}

fn terminal_ready(module: &mut Module, call: &Call) -> Outcome {
    let value = basic(call, 2)?;
    module.instance(call.instance).settings.terminal_ready = value;
    Ok(Flow::Done)
}

/// Source: M37 p152 (only none and RTS/CTS there).
fn flow_control(module: &mut Module, call: &Call) -> Outcome {
    let value = basic(call, u8::MAX)?;
    if !module.profile.general.flow_controls.contains(&value) {
        return Err(AtError::Plain);
    }
    module.instance(call.instance).settings.flow_control = value;
    Ok(Flow::Done)
}

fn set_ready(module: &mut Module, call: &Call) -> Outcome {
    let value = basic(call, 3)?;
    module.instance(call.instance).settings.set_ready = value;
    Ok(Flow::Done)
}

/// Set and read form of a register; a read shows three digits.
fn register(
    module: &mut Module,
    call: &Call,
    range: std::ops::RangeInclusive<u32>,
    place: fn(&mut InstanceSettings) -> &mut u8,
) -> Outcome {
    match &call.form {
        Form::Read => {
            let value = *place(&mut module.instance(call.instance).settings);
            module.info(call.instance, format!("{value:03}"));
        }
        Form::Set(parameters) => {
            let value = register_value(parameters, range)?;
            *place(&mut module.instance(call.instance).settings) = value;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn register_value(parameters: &Parameters, range: std::ops::RangeInclusive<u32>) -> Result<u8, AtError> {
    let number = parameters.number(0, 0..=255)?.unwrap_or(0);
    if !range.contains(&number) {
        return Err(AtError::Plain);
    }
    u8::try_from(number).map_err(|_| AtError::Plain)
}

fn escape_character(module: &mut Module, call: &Call) -> Outcome {
    register(module, call, 0..=255, |settings| &mut settings.escape_character)
}

fn terminator(module: &mut Module, call: &Call) -> Outcome {
    register(module, call, 0..=127, |settings| &mut settings.terminator)
}

fn line_feed(module: &mut Module, call: &Call) -> Outcome {
    register(module, call, 0..=127, |settings| &mut settings.line_feed)
}

fn erase(module: &mut Module, call: &Call) -> Outcome {
    register(module, call, 0..=127, |settings| &mut settings.erase)
}

fn escape_guard(module: &mut Module, call: &Call) -> Outcome {
    let range = module.profile.general.escape_guard.clone();
    register(module, call, range, |settings| &mut settings.escape_guard)
}

fn terminal_delay(module: &mut Module, call: &Call) -> Outcome {
    register(module, call, 0..=255, |settings| &mut settings.terminal_delay)
}

/// The simulator keeps no base and extended sections apart: both are reset.
fn factory(module: &mut Module, call: &Call) -> Outcome {
    basic(call, 1)?;
    module.instance(call.instance).settings = InstanceSettings::default();
    Ok(Flow::Done)
}

fn store(module: &mut Module, call: &Call) -> Outcome {
    let profile = usize::from(basic(call, 1)?);
    let settings = module.peek(call.instance).settings.clone();
    let profiles = module.nvm_mut().user_profiles.entry(call.instance.0).or_default();
    if let Some(place) = profiles.get_mut(profile) {
        *place = settings;
    }
    Ok(Flow::Done)
}

fn boot_full(module: &mut Module, call: &Call) -> Outcome {
    module.nvm_mut().boot_profile = basic(call, 1)?;
    Ok(Flow::Done)
}

fn boot_base(module: &mut Module, call: &Call) -> Outcome {
    boot_full(module, call)
}

fn load(module: &mut Module, call: &Call, profile: u8) {
    let stored = module.nvm.user_profiles.get(&call.instance.0);
    let settings =
        stored.and_then(|profiles| profiles.get(usize::from(profile))).cloned().unwrap_or_default();
    module.instance(call.instance).settings = settings;
}

fn load_base(module: &mut Module, call: &Call) -> Outcome {
    let profile = basic(call, 1)?;
    load(module, call, profile);
    Ok(Flow::Done)
}

fn load_full(module: &mut Module, call: &Call) -> Outcome {
    let profile = super::set(call)?.small_or(0, 0..=1, 0)?;
    load(module, call, profile);
    Ok(Flow::Done)
}

fn information(module: &mut Module, call: &Call) -> Outcome {
    let what = basic(call, 5)?;
    let identity = &module.profile.identity;
    let line = match what {
        3 => identity.manufacturer,
        4 => identity.model,
        _ => "332",
    };
    module.info(call.instance, line);
    Ok(Flow::Done)
}

fn hang_up(_: &mut Module, call: &Call) -> Outcome {
    basic(call, 0)?;
    Ok(Flow::Done)
}

/// Without a suspended call. Source: M37 p178.
fn return_online(_: &mut Module, call: &Call) -> Outcome {
    basic(call, 0)?;
    Err(AtError::NoCarrier)
}

/// The virtual module makes no calls.
fn dial(_: &mut Module, _: &Call) -> Outcome {
    Err(AtError::NoCarrier)
}
