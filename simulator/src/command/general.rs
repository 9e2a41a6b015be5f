//! General configuration with extended syntax. Source: M37 p51-54, p95-168.

use super::parse::Form;
use super::{Call, Flow, Handler, Outcome, action};
use crate::error::AtError;
use crate::instance::InstanceSettings;
use crate::module::{InstanceId, Module};

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("+CMEE", error_format),
    ("+CSCS", character_set),
    ("+IPR", rate),
    ("+IFC", flow),
    ("+ICF", framing),
    ("#CFLO", command_flow),
    ("#SELINT", interface_style),
    ("#PORTCFG", ports),
    ("#SETHEXSTR", hexadecimal_strings),
    ("#E2ESC", escape_guard),
    ("#SKIPESC", skip_escape),
    ("+CLAC", list_commands),
];

/// A small setting of the instance with set and read forms.
pub(super) fn setting(
    module: &mut Module,
    call: &Call,
    most: u32,
    place: fn(&mut InstanceSettings) -> &mut u8,
) -> Outcome {
    match &call.form {
        Form::Read => {
            let value = *place(&mut module.instance(call.instance).settings);
            module.info(call.instance, format!("{}: {value}", call.name));
        }
        Form::Set(parameters) => {
            parameters.at_most(1)?;
            let place = place(&mut module.instance(call.instance).settings);
            *place = parameters.small_or(0, 0..=most, *place)?;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn error_format(module: &mut Module, call: &Call) -> Outcome {
    setting(module, call, 2, |settings| &mut settings.error_format)
}

fn command_flow(module: &mut Module, call: &Call) -> Outcome {
    setting(module, call, 1, |settings| &mut settings.command_flow)
}

fn character_set(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let line = format!("+CSCS: \"{}\"", module.peek(call.instance).settings.character_set);
            module.info(call.instance, line);
        }
        Form::Set(parameters) => {
            if let Some(name) = parameters.text(0, 7)? {
                if !["GSM", "IRA", "8859-1", "PCCP437", "UCS2"].contains(&name.as_str()) {
                    return Err(AtError::Plain);
                }
                module.instance(call.instance).settings.character_set = name;
            }
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

/// The rate is noted; how fast the virtual line is, its owner decides.
fn rate(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let rate = module.peek(call.instance).settings.rate.unwrap_or(module.profile.general.rate);
            module.info(call.instance, format!("+IPR: {rate}"));
        }
        Form::Set(parameters) => {
            if let Some(rate) = parameters.number(0, 0..=u32::MAX)? {
                if !module.profile.general.rates.contains(&rate) {
                    return Err(AtError::Plain);
                }
                module.instance(call.instance).settings.rate = Some(rate);
            }
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

/// Only `0,0` and `2,2`, the same switch as `&K`. Source: M37 p159-160.
fn flow(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let both = if module.peek(call.instance).settings.flow_control == 3 { 2 } else { 0 };
            module.info(call.instance, format!("+IFC: {both},{both}"));
        }
        Form::Set(parameters) => {
            let value = match (parameters.required(0, 0..=2)?, parameters.required(1, 0..=2)?) {
                (0, 0) => 0,
                (2, 2) => 3,
                _ => return Err(AtError::Plain),
            };
            module.instance(call.instance).settings.flow_control = value;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

/// 8N1 only. Source: M37 p161.
fn framing(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => module.info(call.instance, "+ICF: 3,0"),
        Form::Set(parameters) => {
            parameters.required(0, 3..=3)?;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

/// 2G starts in the oldest style, the others know the newest one only. Source: SW13 2.3, M37 p54.
fn interface_style(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let style = module.interface_style(call.instance);
            module.info(call.instance, format!("#SELINT: {style}"));
        }
        Form::Set(parameters) => {
            let styles = &module.profile.general.interface_styles;
            let range = u32::from(*styles.start())..=u32::from(*styles.end());
            let style = parameters.small_or(0, range, module.interface_style(call.instance))?;
            module.instance(call.instance).settings.interface_style = Some(style);
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

/// Source: SSL guide 6.8, M37 p111-112.
fn ports(module: &mut Module, call: &Call) -> Outcome {
    let ports = module.profile.general.ports.ok_or(AtError::Plain)?;
    match &call.form {
        Form::Test => {
            let lines: Vec<String> = ports.test.iter().map(|line| (*line).to_owned()).collect();
            module.info_lines(call.instance, &lines);
        }
        Form::Read => {
            let line = format!("#PORTCFG: {},{}", module.nvm.port_variant, module.active_ports);
            module.info(call.instance, line);
        }
        Form::Set(parameters) => {
            let variant = parameters.small_or(0, 0..=255, module.nvm.port_variant)?;
            if !ports.variants.contains(&variant) {
                return Err(AtError::Plain);
            }
            if module.nvm.port_variant != variant {
                module.nvm_mut().port_variant = variant;
            }
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

/// Source: M37 p166-167.
fn hexadecimal_strings(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let mode = if module.hexadecimal_escapes { 2 } else { 0 };
            module.info(call.instance, format!("#SETHEXSTR: {mode}"));
        }
        Form::Set(parameters) => match parameters.number(0, 0..=2)? {
            Some(1) => return Err(AtError::Plain),
            Some(mode) => module.hexadecimal_escapes = mode == 2,
            None => {}
        },
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn escape_guard(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let line = format!("#E2ESC: {}", module.nvm.escape_guard);
            module.info(call.instance, line);
        }
        Form::Set(parameters) => {
            let current = module.nvm.escape_guard;
            module.nvm_mut().escape_guard = parameters.small_or(0, 0..=10, current)?;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn skip_escape(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let value = u8::from(module.peek(call.instance).settings.skip_escape);
            module.info(call.instance, format!("#SKIPESC: {value}"));
        }
        Form::Set(parameters) => {
            let settings = &mut module.instance(call.instance).settings;
            settings.skip_escape = parameters.switch_or(0, settings.skip_escape)?;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn list_commands(module: &mut Module, call: &Call) -> Outcome {
    action(call)?;
    let lines: Vec<String> = module.profile.commands().map(|command| command.name.to_owned()).collect();
    module.info_lines(call.instance, &lines);
    Ok(Flow::Done)
}

impl Module {
    /// `#SELINT`
    pub(crate) fn interface_style(&self, id: InstanceId) -> u8 {
        let factory = *self.profile.general.interface_styles.start();
        self.peek(id).settings.interface_style.unwrap_or(factory)
    }
}
