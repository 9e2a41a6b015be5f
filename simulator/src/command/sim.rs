//! The SIM. Source: M37 p355-390.

use super::parse::Form;
use super::value::Parameters;
use super::{Call, Flow, Handler, Outcome, action};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::module::sim::{IncorrectPassword, SimState};

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("+CPIN", pin),
    ("#PCT", attempts),
    ("#QSS", status),
    ("#SIMDET", detection),
    ("+ICCID", card_number),
    ("+CCID", card_number),
    ("#CCID", card_number),
    ("+CIMI", subscriber),
    ("#CIMI", subscriber),
];

/// Digits of a PIN and of a PUK at most. Source: ETSI TS 102 221, 9.5.
const PASSWORD_LIMIT: usize = 8;

fn pin(module: &mut Module, call: &Call) -> Outcome {
    let state = module.sim.state();
    match &call.form {
        Form::Read | Form::Execute => {
            let code = match state {
                SimState::Ready => "READY",
                SimState::PinRequired => "SIM PIN",
                SimState::PukRequired => "SIM PUK",
                SimState::Absent => return Err(AtError::Cme(cme::SIM_NOT_INSERTED)),
                SimState::Blocked => return Err(AtError::Cme(cme::SIM_FAILURE)),
            };
            module.info(call.instance, format!("+CPIN: {code}"));
            Ok(Flow::Done)
        }
        Form::Set(parameters) => enter(module, state, parameters),
        _ => Err(AtError::Plain),
    }
}

/// `AT+CPIN=<pin>`, `AT+CPIN=<puk>,<newpin>`, `AT+CPIN=<pin>,<newpin>`
fn enter(module: &mut Module, state: SimState, parameters: &Parameters) -> Outcome {
    parameters.at_most(2)?;
    let password = parameters.required_text(0, PASSWORD_LIMIT)?;
    let new = parameters.text(1, PASSWORD_LIMIT)?;
    let incorrect = |_: IncorrectPassword| AtError::Cme(cme::INCORRECT_PASSWORD);
    let was_ready = module.sim.is_ready();
    let entered = match (state, new) {
        (SimState::Absent, _) => return Err(AtError::Cme(cme::SIM_NOT_INSERTED)),
        (SimState::Blocked, _) => return Err(AtError::Cme(cme::SIM_FAILURE)),
        (SimState::PinRequired, None) => module.sim.unlock(&password),
        (SimState::PukRequired, Some(new)) => module.sim.unblock(&password, &new),
        (SimState::PinRequired | SimState::Ready, Some(new)) => module.sim.change_pin(&password, &new),
        // Nobody asks for a PIN; nor is a PUK of use without a new one.
        (SimState::Ready, None) => return Err(AtError::Cme(cme::OPERATION_NOT_ALLOWED)),
        (SimState::PukRequired, None) => return Err(AtError::Cme(cme::SIM_PUK_REQUIRED)),
    };
    match (was_ready, module.sim.is_ready()) {
        (false, true) => {
            module.announce_sim(1, &[2, 3]);
            module.search_network();
        }
        (true, false) => {
            module.announce_sim(3, &[1]);
            module.leave_network();
        }
        _ => {}
    }
    entered.map_err(incorrect)?;
    Ok(Flow::Done)
}

/// Attempts at what the card waits for. Source: M37 p358.
fn attempts(module: &mut Module, call: &Call) -> Outcome {
    action(call)?;
    if module.sim.state() == SimState::Absent {
        return Err(AtError::Cme(cme::SIM_NOT_INSERTED));
    }
    let left = module.sim.attempts();
    module.info(call.instance, format!("#PCT: {left}"));
    Ok(Flow::Done)
}

/// `#QSS?`: 0 not inserted, 1 inserted, 3 ready; mode 1 tells 0 from 1 only. Source: M37 p369-370.
fn status(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let report = module.peek(call.instance).settings.sim_report;
            let status = match (module.sim.state(), report) {
                (SimState::Absent, _) => 0,
                (SimState::Ready, 0 | 2) => 3,
                _ => 1,
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
            let inserted = u8::from(module.sim.state() != SimState::Absent);
            let line = format!("#SIMDET: {},{inserted}", module.nvm.common.sim_detection);
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

impl Module {
    /// `#QSS`: 0 not inserted, 1 inserted, 2 unlocked, 3 ready; mode 1 tells 0 from 1 only. "The ME informs at every
    /// SIM status change": that each status is told which is passed on the way is a guess. Source: M37 p369-370.
    fn announce_sim(&mut self, before: u8, statuses: &[u8]) {
        for id in self.instance_ids() {
            let highest = match self.peek(id).settings.sim_report {
                0 => 0,
                1 => 1,
                _ => 3,
            };
            let mut told = before.min(highest);
            for status in statuses.iter().map(|status| *status.min(&highest)) {
                if status != told {
                    self.unsolicited(id, &format!("#QSS: {status}"));
                }
                told = status;
            }
        }
    }

    /// The card is found when the module starts.
    pub(crate) fn announce_sim_at_start(&mut self) {
        match self.sim.state() {
            SimState::Absent => {}
            SimState::Ready => self.announce_sim(0, &[1, 2, 3]),
            SimState::PinRequired | SimState::PukRequired | SimState::Blocked => self.announce_sim(0, &[1]),
        }
    }

    /// Whether a command that needs the SIM can have it.
    pub(crate) fn sim_ready(&self) -> Result<(), AtError> {
        Err(AtError::Cme(match self.sim.state() {
            SimState::Ready => return Ok(()),
            SimState::Absent => cme::SIM_NOT_INSERTED,
            SimState::PinRequired => cme::SIM_PIN_REQUIRED,
            SimState::PukRequired => cme::SIM_PUK_REQUIRED,
            SimState::Blocked => cme::SIM_FAILURE,
        }))
    }
}
