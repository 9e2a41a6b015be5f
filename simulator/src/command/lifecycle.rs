//! Restart and power-off. Source: M37 p623-630.

use std::time::Duration;

use super::parse::Form;
use super::{Call, Flow, Handler, Outcome, action};
use crate::error::AtError;
use crate::module::{InstanceId, Module, Timer};

pub(super) const COMMANDS: &[(&str, Handler)] =
    &[("#REBOOT", reboot), ("#ENHRST", enhanced_reset), ("#SHDN", shut_down)];

fn reboot(module: &mut Module, call: &Call) -> Outcome {
    action(call)?;
    module.finish_then_reset(call.instance);
    Ok(Flow::Reset)
}

/// 0 off, 1 once, 2 periodic (kept over power cycles).
fn enhanced_reset(module: &mut Module, call: &Call) -> Outcome {
    let parameters = match &call.form {
        Form::Read => {
            let line = match module.nvm.periodic_restart {
                Some(minutes) => format!("#ENHRST: 2,{minutes}"),
                None => "#ENHRST: 0".to_owned(),
            };
            module.info(call.instance, line);
            return Ok(Flow::Done);
        }
        Form::Set(parameters) => parameters,
        _ => return Err(AtError::Plain),
    };
    let mode = parameters.required(0, 0..=2)?;
    let minutes = parameters.number_or(1, 0..=65_535, 0)?;
    let delay = Duration::from_secs(60 * u64::from(minutes));
    module.cancel_timer(Timer::Restart);
    if module.nvm.periodic_restart.is_some() || mode == 2 {
        module.nvm_mut().periodic_restart = (mode == 2 && minutes > 0).then_some(minutes);
    }
    match (mode, minutes) {
        (1, 0) => {
            module.finish_then_reset(call.instance);
            return Ok(Flow::Reset);
        }
        (1 | 2, 1..) => module.set_timer(Timer::Restart, delay),
        _ => {}
    }
    Ok(Flow::Done)
}

fn shut_down(module: &mut Module, call: &Call) -> Outcome {
    action(call)?;
    module.finish(call.instance, Ok(()));
    module.power_off();
    Ok(Flow::Reset)
}

impl Module {
    /// `OK`, then the restart.
    pub(crate) fn finish_then_reset(&mut self, instance: InstanceId) {
        self.finish(instance, Ok(()));
        self.reset();
    }
}
