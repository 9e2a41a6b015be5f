//! What the module says it is. Source: M37 p65-78, p120.

use super::parse::Form;
use super::{Call, Flow, Handler, Outcome, action};
use crate::error::AtError;
use crate::module::Module;

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("+CGMI", manufacturer),
    ("+GMI", manufacturer),
    ("#CGMI", manufacturer),
    ("+CGMM", model),
    ("+GMM", model),
    ("#CGMM", model),
    ("+CGMR", firmware),
    ("+GMR", firmware),
    ("#CGMR", firmware),
    ("+CGSN", imei),
    ("+GSN", serial),
    ("#CGSN", imei),
    ("#SWPKGV", package),
];

/// `+` commands answer bare, `#` commands with their prefix.
fn show(module: &mut Module, call: &Call, value: &str) -> Outcome {
    action(call)?;
    let line = if call.name.starts_with('#') { format!("{}: {value}", call.name) } else { value.to_owned() };
    module.info(call.instance, line);
    Ok(Flow::Done)
}

fn manufacturer(module: &mut Module, call: &Call) -> Outcome {
    show(module, call, module.profile.identity.manufacturer)
}

fn model(module: &mut Module, call: &Call) -> Outcome {
    show(module, call, module.profile.identity.model)
}

fn firmware_version(module: &Module) -> String {
    module.options.firmware.clone().unwrap_or_else(|| module.profile.identity.firmware.to_owned())
}

fn firmware(module: &mut Module, call: &Call) -> Outcome {
    let version = firmware_version(module);
    show(module, call, &version)
}

fn imei(module: &mut Module, call: &Call) -> Outcome {
    show(module, call, module.profile.identity.imei)
}

/// On 37 the board's serial number, not the IMEI. Source: M37 p73.
fn serial(module: &mut Module, call: &Call) -> Outcome {
    let identity = &module.profile.identity;
    show(module, call, if module.profile.general.board_number { identity.serial } else { identity.imei })
}

/// Four bare lines: package with production parameters, modem, production parameters, application.
fn package(module: &mut Module, call: &Call) -> Outcome {
    let modem = firmware_version(module);
    let production = module.profile.identity.production;
    let lines = [format!("{modem}-{production}"), modem, production.to_owned(), "A0C.200000".to_owned()];
    let wanted = match &call.form {
        Form::Execute | Form::Read => None,
        Form::Set(parameters) => match parameters.required_text(0, 2)?.as_str() {
            "PK" => Some(0),
            "M" => Some(1),
            "P" => Some(2),
            "A" => Some(3),
            _ => return Err(AtError::Plain),
        },
        _ => return Err(AtError::Plain),
    };
    match wanted.and_then(|index: usize| lines.get(index)) {
        Some(line) => module.info(call.instance, line.clone()),
        None => module.info_lines(call.instance, &lines),
    }
    Ok(Flow::Done)
}
