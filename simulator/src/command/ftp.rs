//! FTP sessions and their small commands. Source: M37 p811-839.

use std::collections::VecDeque;
use std::net::Ipv6Addr;
use std::time::Duration;

use super::parse::Form;
use super::value::Parameters;
use super::{Call, Flow, Handler, Outcome, action, set};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::module::ftp::FtpWait;
use crate::module::tls::Service;
use crate::net::ftp::Options;
use crate::profile::{Extension, FtpProfile};
use crate::service::{FtpOrder, Order, Start};

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("#FTPTO", timeout),
    ("#FTPCFG", configure),
    ("#FTPOPEN", open),
    ("#FTPCLOSE", close),
    ("#FTPTYPE", transfer_type),
    ("#FTPPWD", working_directory),
    ("#FTPCWD", change_directory),
    ("#FTPDELE", delete),
    ("#FTPFSIZE", size),
    ("#FTPMSG", last_message),
    ("#FTPCMD", server_commands),
];

/// What the platform's client can take.
pub(super) fn limits(module: &Module) -> Result<&'static FtpProfile, AtError> {
    module.profile.ftp.as_ref().ok_or(AtError::Plain)
}

/// FTP shares the first secure socket. Source: M37 p894.
const TLS_SOCKET: u8 = 1;
const DEFAULT_PORT: u16 = 21;

fn timeout(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        // The omitted parameter reads. Source: M37 p834.
        Form::Set(parameters) if !parameters.is_empty() => {
            module.ftp.timeout = parameters.required(0, 100..=5000)?;
        }
        // Without `=` it reads, too. Source: IPE28 p123.
        Form::Set(_) | Form::Read | Form::Execute => {
            let line = format!("#FTPTO: {}", module.ftp.timeout);
            module.info(call.instance, line);
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn configure(module: &mut Module, call: &Call) -> Outcome {
    let extension = limits(module)?.extension;
    let parameters = match &call.form {
        Form::Set(parameters) if !parameters.is_empty() => parameters,
        Form::Set(_) | Form::Read => {
            let ftp = &module.ftp;
            let (ignore, tls) = (u8::from(ftp.ignore_passive_address), u8::from(ftp.tls));
            let extension = extension.map_or_else(String::new, |_| format!(",{}", ftp.extension));
            let line = format!("#FTPCFG: {},{ignore},{tls}{extension}", ftp.timeout);
            module.info(call.instance, line);
            return Ok(Flow::Done);
        }
        _ => return Err(AtError::Plain),
    };
    parameters.at_most(if extension.is_some() { 4 } else { 3 })?;
    let timeout = parameters.required(0, 100..=5000)?;
    let ignore_passive_address = parameters.switch(1)?;
    let tls = parameters.switch_or(2, module.ftp.tls)?;
    let highest = extension.map_or(0, Extension::highest);
    let extension = parameters.small_or(3, 0..=u32::from(highest), module.ftp.extension)?;
    let had_tls = module.ftp.tls;
    if tls && !had_tls {
        module.claim_tls(Service::Ftp, TLS_SOCKET, call.instance)?;
    } else if had_tls {
        module.check_owner(TLS_SOCKET, call.instance)?;
    }
    let ftp = &mut module.ftp;
    (ftp.timeout, ftp.ignore_passive_address) = (timeout, ignore_passive_address);
    (ftp.tls, ftp.extension) = (tls, extension);
    if had_tls && !tls {
        module.release_tls(TLS_SOCKET);
    }
    Ok(Flow::Done)
}

/// `AT#FTPOPEN=<server:port>,<user>,<password>[,<mode>[,<cid>]]`
fn open(module: &mut Module, call: &Call) -> Outcome {
    let limits = limits(module)?;
    let parameters = set(call)?;
    parameters.at_most(if limits.context_when_opening { 5 } else { 4 })?;
    let server = parameters.required_text(0, 256)?;
    let (host, port) = server_address(&server).ok_or(AtError::Plain)?;
    let user = parameters.positional_text(1, 256)?;
    let password = parameters.positional_text(2, 256)?;
    let passive = parameters.switch_or(3, false)?;
    let contexts = module.profile.general.contexts.ids.clone();
    let context = parameters.small_or(4, contexts, module.context_of("FTP"))?;
    match &module.ftp.session {
        Some(session) if session.owner != call.instance => return Err(AtError::Cme(cme::RESOURCE_USED)),
        Some(_) => return Err(AtError::Cme(cme::FTP_ALREADY_CONNECTED)),
        None => {}
    }
    // Without a context there is no interface to resolve over. Source: IPE28 p133.
    if !module.radio.active.contains(&context) {
        return Err(AtError::Cme(cme::FTP_CANNOT_RESOLVE));
    }
    let tls = if module.ftp.tls { Some(module.handshake_settings(TLS_SOCKET, &host)?) } else { None };
    let tenths = module.ftp.timeout.min(limits.open_limit);
    let options = Options {
        host,
        port,
        user,
        password,
        passive,
        tls,
        implicit: module.ftp.extension == Extension::IMPLICIT_TLS,
        ignore_passive_address: module.ftp.ignore_passive_address,
        extended: module.ftp.extension == Extension::EXTENDED_COMMANDS,
        ignores_refused_restart: module.quirks.refused_restart_ignored,
        timeout: Duration::from_millis(100 * u64::from(tenths)),
    };
    let link = module.start_link(Start::Ftp(options));
    Ok(module.begin_ftp_session(call.instance, link))
}

/// `"name"`, `"name:port"`, `"[ipv6]:port"`, `"ipv6"`, the last one also as 16 decimals. Source: M37 p825, IPE28 p177.
fn server_address(text: &str) -> Option<(String, u16)> {
    if let Some(address) = dotted_ipv6(text) {
        return Some((address.to_string(), DEFAULT_PORT));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        let port = if port.is_empty() { DEFAULT_PORT } else { port.strip_prefix(':')?.parse().ok()? };
        return Some((host.to_owned(), port));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, port.parse().ok()?),
        _ => (text, DEFAULT_PORT),
    };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

fn dotted_ipv6(text: &str) -> Option<Ipv6Addr> {
    let bytes: Vec<u8> = text.split('.').map(|byte| byte.parse().ok()).collect::<Option<_>>()?;
    <[u8; 16]>::try_from(bytes).ok().map(Ipv6Addr::from)
}

fn close(module: &mut Module, call: &Call) -> Outcome {
    action(call)?;
    module.ftp_order(call.instance, Order::Close, FtpWait::Close)
}

fn transfer_type(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Set(parameters) if !parameters.is_empty() => {
            let ascii = parameters.switch(0)?;
            module.ftp_session(call.instance)?.ascii = ascii;
            module.ftp_order(call.instance, Order::Ftp(FtpOrder::Type { ascii }), FtpWait::Plain)
        }
        // The omitted parameter reads. Source: IPE28 p124.
        Form::Set(_) | Form::Read => {
            let ascii = u8::from(module.ftp_session(call.instance)?.ascii);
            module.info(call.instance, format!("#FTPTYPE: {ascii}"));
            Ok(Flow::Done)
        }
        _ => Err(AtError::Plain),
    }
}

fn working_directory(module: &mut Module, call: &Call) -> Outcome {
    action(call)?;
    module.ftp_order(call.instance, Order::Ftp(FtpOrder::WorkingDirectory), FtpWait::WorkingDirectory)
}

/// The name of a file or directory on the server.
pub(super) fn remote_name(module: &Module, parameters: &Parameters, index: usize) -> Result<String, AtError> {
    parameters.required_text(index, limits(module)?.name_limit)
}

fn change_directory(module: &mut Module, call: &Call) -> Outcome {
    let directory = remote_name(module, set(call)?, 0)?;
    module.ftp_order(call.instance, Order::Ftp(FtpOrder::ChangeDirectory(directory)), FtpWait::Plain)
}

fn delete(module: &mut Module, call: &Call) -> Outcome {
    let file = remote_name(module, set(call)?, 0)?;
    let order = if module.quirks.late_deletes { FtpOrder::DeleteUnawaited } else { FtpOrder::Delete };
    module.ftp_order(call.instance, Order::Ftp(order(file)), FtpWait::Plain)
}

fn size(module: &mut Module, call: &Call) -> Outcome {
    let file = remote_name(module, set(call)?, 0)?;
    module.ftp_order(call.instance, Order::Ftp(FtpOrder::Size(file)), FtpWait::Size)
}

fn last_message(module: &mut Module, call: &Call) -> Outcome {
    action(call)?;
    if module.ftp.session.is_none() && module.quirks.last_message_kept {
        let lines = module.ftp.last_words.clone();
        module.prefixed_lines(call.instance, "#FTPMSG: ", lines);
        return Ok(Flow::Done);
    }
    module.ftp_order(call.instance, Order::Ftp(FtpOrder::LastMessage), FtpWait::Message)
}

/// `AT#FTPCMD=<command1>,<digit1>[,<command2>,<digit2>]`
fn server_commands(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    if !matches!(parameters.len(), 2 | 4) {
        return Err(AtError::Plain);
    }
    let mut commands = VecDeque::new();
    for index in (0..parameters.len()).step_by(2) {
        let line = remote_name(module, parameters, index)?;
        commands.push_back((line, parameters.required_small(index + 1, 1..=5)?));
    }
    let (line, expected) = commands.pop_front().ok_or(AtError::Plain)?;
    let order = Order::Ftp(FtpOrder::Command { line, expected });
    module.ftp_order(call.instance, order, FtpWait::Lines(commands))
}
