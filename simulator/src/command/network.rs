//! Functionality, registration, operator, signal. Source: M37 p82-84, p189-216, p289-291, p689-692.

use super::parse::Form;
use super::{Call, Flow, Handler, Outcome, action};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::module::radio::Functionality;

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("+CFUN", functionality),
    ("+CREG", registration),
    ("+CGREG", packet_registration),
    ("+CEREG", eps_registration),
    ("+CSQ", signal),
    ("+COPS", operator),
];

fn functionality(module: &mut Module, call: &Call) -> Outcome {
    let parameters = match &call.form {
        Form::Read => {
            let value = match module.radio.functionality {
                Functionality::Full => 1,
                Functionality::RadioOff => 4,
                Functionality::PowerSaving => 5,
            };
            module.info(call.instance, format!("+CFUN: {value}"));
            return Ok(Flow::Done);
        }
        Form::Set(parameters) => parameters,
        _ => return Err(AtError::Plain),
    };
    let wanted = parameters.number(0, 0..=9)?.unwrap_or(1);
    if !module.profile.general.functionalities.contains(&wanted) {
        return Err(AtError::Plain);
    }
    let restart = parameters.switch_or(1, false)?;
    match (wanted, restart) {
        (6, false) | (1, true) => {
            module.finish_then_reset(call.instance);
            return Ok(Flow::Reset);
        }
        (1, false) => switch_radio(module, Functionality::Full),
        (5, false) => switch_radio(module, Functionality::PowerSaving),
        (4, false) => switch_radio(module, Functionality::RadioOff),
        // They stop the UART until a wake-up event, which the virtual port has not.
        (0 | 7 | 9, false) => return Err(AtError::Cme(cme::OPERATION_NOT_SUPPORTED)),
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn switch_radio(module: &mut Module, wanted: Functionality) {
    let was_off = module.radio.functionality == Functionality::RadioOff;
    module.radio.functionality = wanted;
    if wanted == Functionality::RadioOff {
        module.leave_network();
    } else if was_off {
        module.search_network();
    }
}

fn registration(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let report = module.peek(call.instance).settings.registration_report;
            show_registration(module, call, report);
        }
        Form::Set(parameters) => {
            let settings = &mut module.instance(call.instance).settings;
            settings.registration_report = parameters.small_or(0, 0..=2, 0)?;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn packet_registration(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let report = module.peek(call.instance).packet_registration_report;
            show_registration(module, call, report);
        }
        Form::Set(parameters) => match parameters.small_or(0, 0..=4, 0)? {
            3 => return Err(AtError::Plain),
            4 if !module.profile.general.network.packet_report_4 => return Err(AtError::Plain),
            report => module.instance(call.instance).packet_registration_report = report,
        },
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn eps_registration(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let report = module.peek(call.instance).settings.eps_registration_report;
            show_registration(module, call, report);
        }
        Form::Set(parameters) => {
            let settings = &mut module.instance(call.instance).settings;
            settings.eps_registration_report = parameters.small_or(0, 0..=2, 0)?;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn show_registration(module: &mut Module, call: &Call, report: u8) {
    let line = format!("{}: {report},{}", call.name, module.registration_text(report));
    module.info(call.instance, line);
}

fn signal(module: &mut Module, call: &Call) -> Outcome {
    action(call)?;
    let signal = if module.is_registered() { module.profile.general.network.signal } else { "99,99" };
    module.info(call.instance, format!("+CSQ: {signal}"));
    Ok(Flow::Done)
}

fn operator(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let mode = module.nvm.operator_mode;
            let technology = module.profile.general.network.technology;
            let technology = technology.map_or_else(String::new, |technology| format!(",{technology}"));
            let operator = match module.is_registered() {
                true => format!(",0,\"Virtual Network\"{technology}"),
                false => String::new(),
            };
            module.info(call.instance, format!("+COPS: {mode}{operator}"));
        }
        Form::Set(parameters) => {
            let mode = parameters.small_or(0, 0..=4, 0)?;
            if mode == 3 {
                return Ok(Flow::Done);
            }
            module.nvm_mut().operator_mode = mode;
            if mode == 2 {
                module.leave_network();
            } else if !module.is_registered() {
                module.search_network();
            }
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}
