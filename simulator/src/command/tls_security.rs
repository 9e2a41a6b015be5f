//! Suites, authentication and versions. Source: SSL guide 6.2, 6.3, M37 p881-887, p921-929.

use super::parse::Form;
use super::tls_setup::{activated, show_each, socket_number};
use super::value::Parameters;
use super::{Call, Flow, Handler, Outcome, set};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::nvm::{SuiteChoice, TlsSocket};
use crate::profile::{MOST_AUTHORITIES, ProtocolFields};

pub(super) const COMMANDS: &[(&str, Handler)] =
    &[("#SSLSECCFG", security), ("#SSLSECCFG2", protocol), ("#SSLSECCS", suites)];

fn security_line(module: &Module, id: u8) -> String {
    let settings = module.tls_settings(id);
    let suite = match settings.suite {
        SuiteChoice::Decimal(decimal) => decimal.to_string(),
        SuiteChoice::Iana(iana) => module.profile.tls.suites.hexadecimal_value(iana),
    };
    // The format is shown only once it has been given. Source: SSL guide 6.2.2, M37 p886.
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
    parameters.at_most(if module.profile.tls.certificate_format { 4 } else { 3 })?;
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

/// A decimal value of the platform's table or, where the platform takes it, `0x` and the IANA number.
fn suite_choice(module: &Module, parameters: &Parameters, index: usize) -> Result<SuiteChoice, AtError> {
    if let Some(iana) = hexadecimal_suite(module, parameters, index)? {
        return Ok(SuiteChoice::Iana(iana));
    }
    let table = &module.profile.tls.suites;
    let decimal = parameters.required_small(index, 0..=255)?;
    let known = decimal == 0 || table.obsolete.contains(&decimal) || table.by_decimal(decimal).is_some();
    if known { Ok(SuiteChoice::Decimal(decimal)) } else { Err(AtError::Plain) }
}

fn hexadecimal_suite(module: &Module, parameters: &Parameters, index: usize) -> Result<Option<u16>, AtError> {
    let table = &module.profile.tls.suites;
    let Some(text) = parameters.text(index, 6)?.filter(|_| table.hexadecimal.is_some()) else {
        return Ok(None);
    };
    let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) else { return Ok(None) };
    let iana = u16::from_str_radix(digits, 16).map_err(|_| AtError::Plain)?;
    if table.contains(iana) { Ok(Some(iana)) } else { Err(AtError::Plain) }
}

/// Six values on every platform; those without a meaning are 0. Source: SSL guide 6.8.3, M37 p923.
fn protocol_line(module: &Module, id: u8) -> String {
    let s = module.tls_settings(id);
    let name = u8::from(s.server_name);
    let rest = match module.profile.tls.protocol.as_ref().map(|protocol| protocol.fields) {
        Some(ProtocolFields::Masks) => {
            format!("{name},{},{},{}", s.custom_mask, s.preloaded_mask, s.lowest_version)
        }
        Some(ProtocolFields::ServerName) => format!("{name},0,0,0"),
        Some(ProtocolFields::None) | None => "0,0,0,0".to_owned(),
    };
    format!("#SSLSECCFG2: {id},{},{rest}", s.version)
}

fn protocol(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        return show_each(module, call, protocol_line);
    }
    let p = set(call)?;
    p.at_most(6)?;
    let id = socket_number(module, p)?;
    activated(module, call, id)?;
    let layout = module.profile.tls.protocol.as_ref().ok_or(AtError::Plain)?;
    let mut s = module.tls_settings(id).clone();
    s.version = p.required_small(1, 0..=u32::from(layout.highest))?;
    let used = match layout.fields {
        ProtocolFields::None => 2,
        ProtocolFields::ServerName => 3,
        ProtocolFields::Masks => 6,
    };
    if used > 2 {
        s.server_name = p.switch_or(2, s.server_name)?;
    }
    if layout.fields == ProtocolFields::Masks {
        masks(module, p, &mut s)?;
    }
    for unused in used..6 {
        p.number(unused, 0..=0)?;
    }
    *module.tls_settings_mut(id) = s;
    Ok(Flow::Done)
}

fn masks(module: &Module, p: &Parameters, s: &mut TlsSocket) -> Result<(), AtError> {
    let tls = &module.profile.tls;
    let highest = tls.protocol.as_ref().map_or(0, |protocol| u32::from(protocol.highest));
    // 0 to 3 all mean TLS 1.2 and read back as 3. Source: M37 p923.
    s.version = s.version.max(3);
    s.custom_mask = p.small_or(3, 0..=(1 << tls.certificate_slots()) - 1, s.custom_mask)?;
    s.preloaded_mask = p.small_or(4, 0..=(1 << tls.preloaded_slots()) - 1, s.preloaded_mask)?;
    s.lowest_version = p.small_or(5, 1..=highest, s.lowest_version)?;
    let selected = s.custom_mask.count_ones() + s.preloaded_mask.count_ones();
    if selected > MOST_AUTHORITIES || s.lowest_version > s.version {
        return Err(AtError::Plain);
    }
    Ok(())
}

/// `AT#SSLSECCS=<list>[,<action>[,<suite>]]`
fn suites(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(3)?;
    parameters.required(0, 1..=1)?;
    if !module.is_any_tls_active() {
        return Err(AtError::Cme(cme::SSL_NOT_ACTIVATED));
    }
    let table = &module.profile.tls.suites;
    let factory = || table.default.iter().chain(table.default_1_3).copied().collect::<Vec<u16>>();
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
            Some(table.suites.iter().filter(|suite| !suite.pre_shared).map(|suite| suite.iana).collect())
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
