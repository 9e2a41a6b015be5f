//! The clock. Source: M37 p512-535, p790-802.

use std::time::Duration;

use super::parse::Form;
use super::{Call, Flow, Handler, Outcome, set};
use crate::clock::{self, Clock, zone_text};
use crate::error::{AtError, cme};
use crate::module::{Module, TimeRequest};
use crate::net::NetError;
use crate::service::{Event, OpenFailure, Start};

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("+CCLK", clock_command),
    ("#CCLK", clock_command),
    ("#CCLKMODE", clock_mode),
    ("#NITZ", network_time),
    ("+CTZU", automatic_time),
    ("#NTP", ask_time),
    ("#NTPCFG", time_context),
];

fn clock_command(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let now = module.now;
            // The zone stays the local one. Source: M37 p534-535.
            let time = if module.nvm.clock_in_utc {
                module.clock.utc_text(now)
            } else {
                module.clock.local_text(now)
            };
            // The zone is printed while the extended format of `#NITZ` is on.
            let zone =
                if module.nvm.common.nitz > 0 { zone_text(module.clock.zone()) } else { String::new() };
            let daylight = if call.name == "#CCLK" { ",0" } else { "" };
            module.info(call.instance, format!("{}: \"{time}{zone}{daylight}\"", call.name));
        }
        Form::Set(parameters) => {
            let text = parameters.required_text(0, 22)?;
            let text = if call.name == "#CCLK" { text.get(..20).unwrap_or(&text) } else { &text };
            let (utc, zone) = clock::parse(text, module.clock.zone()).ok_or(AtError::Plain)?;
            module.clock = Clock::at(utc, zone, module.now);
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn clock_mode(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let mode = u8::from(module.nvm.clock_in_utc);
            module.info(call.instance, format!("#CCLKMODE: {mode}"));
        }
        Form::Set(parameters) => {
            let current = module.nvm.clock_in_utc;
            module.nvm_mut().clock_in_utc = parameters.switch_or(0, current)?;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn network_time(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let line = format!(
                "#NITZ: {},{}",
                module.nvm.common.nitz,
                module.peek(call.instance).settings.nitz_report
            );
            module.info(call.instance, line);
        }
        Form::Set(parameters) => {
            let value = parameters.small_or(0, 0..=15, module.nvm.common.nitz)?;
            let settings = &mut module.instance(call.instance).settings;
            settings.nitz_report = parameters.small_or(1, 0..=1, settings.nitz_report)?;
            module.nvm_mut().common.nitz = value;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn automatic_time(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let value = u8::from(module.nvm.common.automatic_time);
            module.info(call.instance, format!("+CTZU: {value}"));
        }
        Form::Set(parameters) => {
            let current = module.nvm.common.automatic_time;
            module.nvm_mut().common.automatic_time = parameters.switch_or(0, current)?;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

/// `AT#NTP="<host>",<port>,<update>,<timeout>[,<zone>]`
fn ask_time(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(if module.profile.general.time_zone { 5 } else { 4 })?;
    let host = parameters.required_text(0, 256)?;
    let port = parameters.required(1, 1..=65_535)?;
    let update = parameters.switch(2)?;
    let timeout = parameters.required(3, 1..=10)?;
    let zone = match parameters.text(4, 3)? {
        Some(zone) => {
            zone.parse::<i8>().ok().filter(|zone| (-47..=48).contains(zone)).ok_or(AtError::Plain)?
        }
        None => 0,
    };
    if !module.radio.active.contains(&module.time_context()) || module.time_request.is_some() {
        return Err(AtError::Cme(cme::NTP_CONTEXT));
    }
    let port = u16::try_from(port).map_err(|_| AtError::Plain)?;
    let limit = Duration::from_secs(u64::from(timeout));
    let link = module.start_link(Start::Ntp { host, port, limit });
    module.time_request = Some(TimeRequest { link, instance: call.instance, update, zone });
    Ok(Flow::Waiting)
}

fn time_context(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let context = module.nvm.ntp_context;
            module.info(call.instance, format!("#NTPCFG:{context},0"));
        }
        Form::Set(parameters) => {
            let context = parameters.required_small(0, module.profile.general.contexts.ids.clone())?;
            module.nvm_mut().ntp_context = context;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

impl Module {
    /// The context of `#NTP`: that of `#NTPCFG`, where the platform has it, or of `#PROTOCOLCFG`, or the first.
    fn time_context(&self) -> u8 {
        let bound = self.profile.general.protocols.is_some_and(|protocols| protocols.names.contains(&"NTP"));
        if bound { self.context_of("NTP") } else { self.nvm.ntp_context }
    }

    /// The answer to `#NTP`.
    pub(crate) fn time_event(&mut self, event: &Event) {
        let Some(request) = self.time_request.take() else { return };
        self.release(request.link);
        let result = match event {
            Event::Time(time) => {
                let taken = Clock::at(*time, request.zone, self.now);
                let text = format!("{}{}", taken.local_text(self.now), zone_text(request.zone));
                if request.update {
                    self.clock = taken;
                }
                self.info(request.instance, format!("#NTP: {text}"));
                Ok(())
            }
            Event::OpenFailed(OpenFailure::Network(NetError::Name { .. })) => Err(cme::NTP_RESOLVE),
            _ => Err(cme::NTP_TIMEOUT),
        };
        self.complete(request.instance, result.map_err(AtError::Cme));
    }
}
