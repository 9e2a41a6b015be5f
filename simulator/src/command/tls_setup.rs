//! Switching TLS on, and how it is set. Source: M37 p874-887, p893-894, p921-929.

use super::parse::Form;
use super::value::Parameters;
use super::{Call, Flow, Handler, Outcome, set};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::module::tls::Service;
use crate::nvm::SuiteChoice;

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("#SSLEN", enable),
    ("#SSLCFG", configure),
    ("#SSLSECCFG", security),
    ("#SSLSECCFG2", more_security),
    ("#SSLSECCS", suites),
];

/// `<SSId>`, the first parameter of nearly all commands.
pub(super) fn socket_number(module: &Module, parameters: &Parameters) -> Result<u8, AtError> {
    parameters.required_small(0, 1..=u32::from(module.profile.tls.sockets))
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
    module.tls_settings_mut(id).enabled = false;
    module.release_tls(id);
    Ok(Flow::Done)
}

/// A set command needs a socket that some service has switched on, and its owner.
pub(super) fn activated(module: &Module, call: &Call, id: u8) -> Result<(), AtError> {
    if !module.is_tls_active(id) {
        return Err(AtError::Cme(cme::SSL_NOT_ACTIVATED));
    }
    module.check_owner(id, call.instance)
}

/// The sockets that a read form shows: those that are switched on.
fn readable(module: &Module) -> Result<Vec<u8>, AtError> {
    let all = 1..=module.profile.tls.sockets;
    let active: Vec<u8> = all.filter(|id| module.is_tls_active(*id)).collect();
    if active.is_empty() { Err(AtError::Cme(cme::SSL_NOT_ACTIVATED)) } else { Ok(active) }
}

fn show_each(module: &mut Module, call: &Call, line: fn(&Module, u8) -> String) -> Outcome {
    let lines: Vec<String> = readable(module)?.into_iter().map(|id| line(module, id)).collect();
    module.info_lines(call.instance, &lines);
    Ok(Flow::Done)
}

/// Twelve values, the last a literal 0, no blank behind the colon. Source: M37 p880.
fn configuration_line(module: &Module, id: u8) -> String {
    let s = module.tls_settings(id);
    format!(
        "#SSLCFG:{id},{},{},{},{},{},{},{},{},{},{},0",
        s.context,
        s.packet_size,
        s.inactivity,
        s.default_timeout,
        s.flush,
        s.ring_mode,
        s.no_carrier_mode,
        u8::from(s.skip_host_mismatch),
        u8::from(s.equalize),
        s.connect_timeout
    )
}

fn configure(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        return show_each(module, call, configuration_line);
    }
    let p = set(call)?;
    p.at_most(12)?;
    let id = socket_number(module, p)?;
    activated(module, call, id)?;
    let mut s = module.tls_settings(id).clone();
    s.context = p.small_or(1, module.profile.general.contexts.ids.clone(), s.context)?;
    s.packet_size = p.number_or(2, 0..=1500, s.packet_size)?;
    s.inactivity = p.number_or(3, 0..=65_535, s.inactivity)?;
    s.default_timeout = p.number_or(4, 10..=5000, s.default_timeout)?;
    s.flush = p.number_or(5, 0..=255, s.flush)?;
    s.ring_mode = p.small_or(6, 0..=2, s.ring_mode)?;
    s.no_carrier_mode = p.small_or(7, 0..=2, s.no_carrier_mode)?;
    s.skip_host_mismatch = p.switch_or(8, s.skip_host_mismatch)?;
    s.equalize = p.switch_or(9, s.equalize)?;
    s.connect_timeout = match p.number_or(10, 0..=1200, s.connect_timeout)? {
        1..=9 => return Err(AtError::Plain),
        timeout => timeout,
    };
    p.number(11, 0..=0)?;
    *module.tls_settings_mut(id) = s;
    Ok(Flow::Done)
}

fn security_line(module: &Module, id: u8) -> String {
    let settings = module.tls_settings(id);
    let suite = match settings.suite {
        SuiteChoice::Decimal(decimal) => decimal.to_string(),
        SuiteChoice::Iana(iana) => format!("0x{iana:04X}"),
    };
    // The format is shown only once it has been given. Source: M37 p886.
    let format = match module.tls.socket(id).certificate_format {
        Some(pem) => format!(",{}", u8::from(pem)),
        None => String::new(),
    };
    format!("#SSLSECCFG: {id},{suite},{}{format}", settings.authentication)
}

fn security(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        return show_each(module, call, security_line);
    }
    let parameters = set(call)?;
    parameters.at_most(4)?;
    let id = socket_number(module, parameters)?;
    activated(module, call, id)?;
    let suite = suite_choice(module, parameters, 1)?;
    let authentication = parameters.required_small(2, 0..=2)?;
    let format = parameters.number(3, 0..=1)?;
    if let Some(format) = format {
        module.tls.socket_mut(id).certificate_format = Some(format == 1);
    }
    let settings = module.tls_settings_mut(id);
    (settings.suite, settings.authentication) = (suite, authentication);
    Ok(Flow::Done)
}

/// A decimal value of the platform's table, or four hexadecimal digits behind `0x`.
fn suite_choice(module: &Module, parameters: &Parameters, index: usize) -> Result<SuiteChoice, AtError> {
    if let Some(iana) = hexadecimal_suite(module, parameters, index)? {
        return Ok(SuiteChoice::Iana(iana));
    }
    let tls = &module.profile.tls;
    let decimal = parameters.required_small(index, 0..=255)?;
    let known = decimal == 0
        || tls.obsolete_suites.contains(&decimal)
        || tls.suites.iter().any(|suite| suite.decimal == Some(decimal));
    if known { Ok(SuiteChoice::Decimal(decimal)) } else { Err(AtError::Plain) }
}

fn hexadecimal_suite(module: &Module, parameters: &Parameters, index: usize) -> Result<Option<u16>, AtError> {
    let Some(text) = parameters.text(index, 6)? else { return Ok(None) };
    let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) else { return Ok(None) };
    let iana = u16::from_str_radix(digits, 16).map_err(|_| AtError::Plain)?;
    let known = module.profile.tls.suites.iter().any(|suite| suite.iana == iana);
    if known { Ok(Some(iana)) } else { Err(AtError::Plain) }
}

fn more_security_line(module: &Module, id: u8) -> String {
    let s = module.tls_settings(id);
    format!(
        "#SSLSECCFG2: {id},{},{},{},{},{}",
        s.version,
        u8::from(s.server_name),
        s.custom_mask,
        s.preloaded_mask,
        s.lowest_version
    )
}

fn more_security(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        return show_each(module, call, more_security_line);
    }
    let p = set(call)?;
    p.at_most(6)?;
    let id = socket_number(module, p)?;
    activated(module, call, id)?;
    let tls = &module.profile.tls;
    let mut s = module.tls_settings(id).clone();
    let version = p.required_small(1, 0..=u32::from(tls.highest_version))?;
    // 0 to 3 all mean TLS 1.2 and read back as 3. Source: M37 p923.
    s.version = version.max(3);
    s.server_name = p.switch_or(2, s.server_name)?;
    s.custom_mask = p.small_or(3, 0..=(1 << tls.certificate_slots) - 1, s.custom_mask)?;
    s.preloaded_mask = p.small_or(4, 0..=(1 << tls.preloaded_slots) - 1, s.preloaded_mask)?;
    s.lowest_version = p.small_or(5, 0..=u32::from(tls.highest_version), s.lowest_version)?.max(1);
    let selected = s.custom_mask.count_ones() + s.preloaded_mask.count_ones();
    if selected > tls.most_authorities || s.lowest_version > s.version {
        return Err(AtError::Plain);
    }
    *module.tls_settings_mut(id) = s;
    Ok(Flow::Done)
}

/// `AT#SSLSECCS=<list>[,<action>[,<suite>]]`
fn suites(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(3)?;
    parameters.required(0, 1..=1)?;
    if !module.is_any_tls_active() {
        return Err(AtError::Cme(cme::SSL_NOT_ACTIVATED));
    }
    let tls = &module.profile.tls;
    let factory = || tls.default_suites.iter().chain(tls.default_suites_1_3).copied().collect::<Vec<u16>>();
    let mut list = module.nvm.suites.clone().unwrap_or_else(factory);
    let suite = hexadecimal_suite(module, parameters, 2)?.ok_or(AtError::Plain);
    let changed = match parameters.number(1, 0..=4)? {
        None => {
            show_suites(module, call, &list);
            return Ok(Flow::Done);
        }
        Some(0) => {
            let suite = suite?;
            list.retain(|listed| *listed != suite);
            Some(list)
        }
        Some(1) => {
            let suite = suite?;
            if list.contains(&suite) {
                return Err(AtError::Plain);
            }
            list.push(suite);
            Some(list)
        }
        Some(2) => Some(Vec::new()),
        Some(3) => {
            Some(tls.suites.iter().filter(|suite| !suite.pre_shared).map(|suite| suite.iana).collect())
        }
        Some(_) => None,
    };
    module.nvm_mut().suites = changed;
    Ok(Flow::Done)
}

/// Source: M37 p929.
fn show_suites(module: &mut Module, call: &Call, list: &[u16]) {
    let mut lines = vec!["#SSLSECCS:".to_owned(), "LIST1:".to_owned()];
    lines.extend(list.iter().zip(1..).map(|(suite, number)| format!("{number:02}: 0x{suite:04x}")));
    module.info_lines(call.instance, &lines);
}
