//! FTP transfers, in data mode and in command mode. Source: M37 p806-833.

use bytes::BytesMut;

use super::ftp::{limits, remote_name};
use super::parse::Form;
use super::{Call, Flow, Handler, Outcome, files, set};
use crate::entry::{Ending, Entry, Prompt, Purpose};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::module::ftp::{OwnFile, Wanted};
use crate::service::FtpOrder;

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("#FTPLIST", list),
    ("#FTPREST", restart),
    ("#FTPGET", get),
    ("#FTPGETF", get_file),
    ("#FTPGETPKT", get_packets),
    ("#FTPRECV", receive),
    ("#FTPPUT", put),
    ("#FTPAPP", append),
    ("#FTPAPPEXT", append_block),
];

fn list(module: &mut Module, call: &Call) -> Outcome {
    let path = match &call.form {
        Form::Execute | Form::Read => None,
        Form::Set(parameters) => parameters.text(0, limits(module)?.name_limit)?,
        _ => return Err(AtError::Plain),
    };
    module.ftp_transfer(call.instance, FtpOrder::List(path), Wanted::Download)
}

/// No guide prints a limit; sizes beyond 32 bits are our choice. Source: M37 p833.
fn restart(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let position = module.ftp_session(call.instance)?.restart;
            let blank = limits(module)?.restart_blank;
            module.info(call.instance, format!("#FTPREST:{blank}{position}"));
        }
        Form::Set(parameters) => {
            let position = parameters.wide_number(0)?.unwrap_or(0);
            module.ftp_session(call.instance)?.restart = position;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}

fn get(module: &mut Module, call: &Call) -> Outcome {
    let path = remote_name(module, set(call)?, 0)?;
    let start = module.ftp_session(call.instance)?.restart;
    module.ftp_transfer(call.instance, FtpOrder::Retrieve { path, start }, Wanted::Download)
}

/// `AT#FTPGETF=<remote file>,<own file>[,<verbose>[,<overwrite>]]`. Source: M37 p819.
fn get_file(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(4)?;
    let path = remote_name(module, parameters, 0)?;
    let name = files::path(&parameters.required_text(1, files::PATH_LIMIT)?);
    let verbose = parameters.switch_or(2, false)?;
    let overwrite = parameters.switch_or(3, false)?;
    let start = module.ftp_session(call.instance)?.restart;
    if module.files.contains_key(&name) && !overwrite {
        return Err(AtError::Plain);
    }
    let wanted = Wanted::File(OwnFile { name, verbose, content: BytesMut::new() });
    module.ftp_transfer(call.instance, FtpOrder::Retrieve { path, start }, wanted)
}

fn get_packets(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        let Some((name, hexadecimal, end)) = module.packets_state(call.instance)? else {
            return Err(AtError::Cme(cme::FTP_DATA_SOCKET_CLOSED));
        };
        let line = format!("#FTPGETPKT: {name},{},{}", u8::from(hexadecimal), u8::from(end));
        module.info(call.instance, line);
        return Ok(Flow::Done);
    }
    let parameters = set(call)?;
    parameters.at_most(2)?;
    let name = remote_name(module, parameters, 0)?;
    let hexadecimal = parameters.switch_or(1, false)?;
    let one_only = module.quirks.one_download_a_session;
    let session = module.ftp_session(call.instance)?;
    if one_only && session.has_fetched {
        return Err(AtError::Cme(cme::FTP_BAD_RESPONSE));
    }
    let start = session.restart;
    let order = FtpOrder::Retrieve { path: name.clone(), start };
    module.ftp_transfer(call.instance, order, Wanted::Packets { name, hexadecimal })
}

fn receive(module: &mut Module, call: &Call) -> Outcome {
    if call.form == Form::Read {
        let available = module.packets_available(call.instance)?;
        module.info(call.instance, format!("#FTPRECV: {available}"));
        return Ok(Flow::Done);
    }
    let most = set(call)?.required(0, limits(module)?.block.clone())?;
    let most = usize::try_from(most).map_err(|_| AtError::Plain)?;
    let (data, hexadecimal) = module.read_packets(call.instance, most)?;
    let blank = if module.quirks.block_without_blank { "" } else { " " };
    module.answer(call.instance, format!("\r\n#FTPRECV:{blank}{}\r\n", data.len()).as_bytes());
    if hexadecimal {
        let digits: String = data.iter().map(|byte| format!("{byte:02X}")).collect();
        module.answer(call.instance, digits.as_bytes());
    } else {
        module.answer(call.instance, &data);
    }
    if !data.is_empty() {
        module.answer(call.instance, b"\r\n");
    }
    Ok(Flow::Done)
}

fn upload(module: &mut Module, call: &Call, append: bool) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(2)?;
    let path = remote_name(module, parameters, 0)?;
    let wanted = if parameters.switch_or(1, false)? { Wanted::Blocks } else { Wanted::Upload };
    module.ftp_transfer(call.instance, FtpOrder::Store { path, append }, wanted)
}

fn put(module: &mut Module, call: &Call) -> Outcome {
    upload(module, call, false)
}

fn append(module: &mut Module, call: &Call) -> Outcome {
    upload(module, call, true)
}

fn append_block(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(2)?;
    let length = parameters.required(0, 1..=limits(module)?.append_limit)?;
    let length = usize::try_from(length).map_err(|_| AtError::Plain)?;
    let last = parameters.switch_or(1, false)?;
    module.appendable(call.instance)?;
    let ending = Ending::Counted { length };
    Ok(Flow::Entry(Entry::new(Prompt::Greater, ending, Purpose::FtpAppend { last })))
}
