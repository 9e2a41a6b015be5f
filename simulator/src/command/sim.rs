//! The SIM. Source: M37 p355-390.

use super::parse::Form;
use super::{Call, Flow, Handler, Outcome, action};
use crate::error::{AtError, cme};
use crate::module::Module;

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("+CPIN", pin),
    ("#QSS", status),
    ("#SIMDET", detection),
    ("+ICCID", card_number),
    ("+CCID", card_number),
    ("#CCID", card_number),
    ("+CIMI", subscriber),
    ("#CIMI", subscriber),
];

/// The virtual SIM has no PIN.
fn pin(module: &mut Module, call: &Call) -> Outcome {
    if !module.options.sim_inserted {
        return Err(AtError::Cme(cme::SIM_NOT_INSERTED));
    }
    match &call.form {
        Form::Read | Form::Execute => module.info(call.instance, "+CPIN: READY"),
        _ => return Err(AtError::Cme(cme::OPERATION_NOT_ALLOWED)),
    }
    Ok(Flow::Done)
}

/// `#QSS?`: 0 not inserted, 3 ready. Source: M37 p369-370.
fn status(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let report = module.peek(call.instance).settings.sim_report;
            let status = match (module.options.sim_inserted, report) {
                (false, _) => 0,
                (true, 1) => 1,
                (true, _) => 3,
            };
            module.info(call.instance, format!("#QSS: {report},{status}"));
        }
        Form::Set(parameters) => {
            let settings = &mut module.instance(call.instance).settings;
            settings.sim_report = parameters.small_or(0, 0..=2, settings.sim_report)?;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn detection(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let line = format!(
                "#SIMDET: {},{}",
                module.nvm.common.sim_detection,
                u8::from(module.options.sim_inserted)
            );
            module.info(call.instance, line);
        }
        Form::Set(parameters) => {
            let current = module.nvm.common.sim_detection;
            module.nvm_mut().common.sim_detection = parameters.small_or(0, 0..=2, current)?;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn card_number(module: &mut Module, call: &Call) -> Outcome {
    action(call)?;
    module.info(call.instance, format!("{}: {}", call.name, module.profile.identity.iccid));
    Ok(Flow::Done)
}

fn subscriber(module: &mut Module, call: &Call) -> Outcome {
    action(call)?;
    let imsi = module.profile.identity.imsi;
    let line = if call.name.starts_with('#') { format!("#CIMI: {imsi}") } else { imsi.to_owned() };
    module.info(call.instance, line);
    Ok(Flow::Done)
}
