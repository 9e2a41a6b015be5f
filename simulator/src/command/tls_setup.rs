//! Switching TLS on, and how its sockets work. Source: SSL guide 6.1, 6.7, 6.8, M37 p874-880, p893-894.

use super::parse::Form;
use super::value::Parameters;
use super::{Call, Flow, Handler, Outcome, set};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::module::tls::Service;
use crate::nvm::TlsSocket;

pub(super) const COMMANDS: &[(&str, Handler)] = &[("#SSLEN", enable), ("#SSLCFG", configure)];

/// `<SSId>`, the first parameter of nearly all commands.
pub(super) fn socket_number(module: &Module, parameters: &Parameters) -> Result<u8, AtError> {
    parameters.required_small(0, 1..=u32::from(module.profile.tls.sockets))
}

/// A set command needs a socket that some service has switched on, and its owner.
pub(super) fn activated(module: &Module, call: &Call, id: u8) -> Result<(), AtError> {
    if !module.is_tls_active(id) {
        return Err(AtError::Cme(cme::SSL_NOT_ACTIVATED));
    }
    module.check_owner(id, call.instance)
}

/// The answer of a read form: a line for each socket that is switched on.
pub(super) fn show_each(module: &mut Module, call: &Call, line: fn(&Module, u8) -> String) -> Outcome {
    let all = 1..=module.profile.tls.sockets;
    let lines: Vec<String> = all.filter(|id| module.is_tls_active(*id)).map(|id| line(module, id)).collect();
    if lines.is_empty() {
        return Err(AtError::Cme(cme::SSL_NOT_ACTIVATED));
    }
    module.info_lines(call.instance, &lines);
    Ok(Flow::Done)
}

fn enable(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        let sockets = module.nvm.tls_sockets.iter().zip(1..);
        let lines: Vec<String> =
            sockets.map(|(socket, id)| format!("#SSLEN: {id},{}", u8::from(socket.enabled))).collect();
        module.info_lines(call.instance, &lines);
        return Ok(Flow::Done);
    }
    let parameters = set(call)?;
    parameters.at_most(2)?;
    let id = socket_number(module, parameters)?;
    if parameters.switch(1)? { switch_on(module, call, id) } else { switch_off(module, call, id) }
}

fn switch_on(module: &mut Module, call: &Call, id: u8) -> Outcome {
    if module.tls_settings(id).enabled {
        module.check_owner(id, call.instance)?;
        return Err(AtError::Cme(cme::SSL_ALREADY_ACTIVATED));
    }
    module.claim_tls(Service::Sockets, id, call.instance)?;
    module.tls_settings_mut(id).enabled = true;
    Ok(Flow::Done)
}

fn switch_off(module: &mut Module, call: &Call, id: u8) -> Outcome {
    if !module.tls_settings(id).enabled {
        if module.quirks.disable_twice_is_error {
            return Err(AtError::Cme(cme::SSL_NOT_ACTIVATED));
        }
        return Ok(Flow::Done);
    }
    module.check_owner(id, call.instance)?;
    // A connected socket cannot be switched off. Source: M37 p894.
    if module.tls.socket(id).link.is_some() || module.tls.socket(id).is_connected() {
        return Err(AtError::Cme(cme::SSL_INVALID_STATE));
    }
    module.tls.socket_mut(id).session = None;
    module.tls_settings_mut(id).enabled = false;
    module.release_tls(id);
    Ok(Flow::Done)
}

/// As many values as the platform has fields; those without a meaning are 0. Source: SSL guide 6.8.3, M37 p880.
fn configuration_line(module: &Module, id: u8) -> String {
    let layout = &module.profile.tls.configuration;
    let s = module.tls_settings(id);
    let values = [
        u32::from(s.context),
        s.packet_size,
        s.inactivity,
        s.default_timeout,
        s.flush,
        u32::from(s.ring_mode),
        u32::from(s.no_carrier_mode),
        u32::from(layout.host_check && s.skip_host_mismatch),
        u32::from(s.equalize),
        s.connect_timeout,
        0,
    ];
    let blank = if layout.blank { " " } else { "" };
    let values: String = values.iter().take(layout.fields - 1).map(|value| format!(",{value}")).collect();
    format!("#SSLCFG:{blank}{id}{values}")
}

fn configure(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        return show_each(module, call, configuration_line);
    }
    let p = set(call)?;
    p.at_most(module.profile.tls.configuration.fields)?;
    let id = socket_number(module, p)?;
    activated(module, call, id)?;
    let mut s = module.tls_settings(id).clone();
    s.context = p.small_or(1, module.profile.tls.configuration.contexts.clone(), s.context)?;
    s.packet_size = p.number_or(2, 0..=1500, s.packet_size)?;
    s.inactivity = p.number_or(3, 0..=65_535, s.inactivity)?;
    s.default_timeout = p.number_or(4, 10..=5000, s.default_timeout)?;
    s.flush = p.number_or(5, 0..=255, s.flush)?;
    s.ring_mode = p.small_or(6, 0..=2, s.ring_mode)?;
    s.no_carrier_mode = p.small_or(7, 0..=2, s.no_carrier_mode)?;
    newer_fields(module, p, &mut s)?;
    *module.tls_settings_mut(id) = s;
    Ok(Flow::Done)
}

/// From the ninth on the fields have a meaning on some platforms and must be 0 on others.
fn newer_fields(module: &Module, p: &Parameters, s: &mut TlsSocket) -> Result<(), AtError> {
    let layout = &module.profile.tls.configuration;
    if layout.host_check {
        s.skip_host_mismatch = p.switch_or(8, s.skip_host_mismatch)?;
    } else {
        p.number(8, 0..=0)?;
    }
    if layout.equalize {
        s.equalize = p.switch_or(9, s.equalize)?;
    } else {
        p.number(9, 0..=0)?;
    }
    if layout.connect_timeout {
        s.connect_timeout = match p.number_or(10, 0..=1200, s.connect_timeout)? {
            1..=9 => return Err(AtError::Plain),
            timeout => timeout,
        };
    }
    p.number(11, 0..=0)?;
    Ok(())
}
