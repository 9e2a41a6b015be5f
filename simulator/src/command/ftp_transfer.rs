//! FTP transfers, in data mode and in command mode. Source: M37 p806-833.

use super::ftp::{limits, remote_name};
use super::parse::Form;
use super::{Call, Flow, Handler, Outcome, set};
use crate::entry::{Ending, Entry, Prompt, Purpose};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::module::ftp::Wanted;
use crate::service::FtpOrder;

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("#FTPLIST", list),
    ("#FTPREST", restart),
    ("#FTPGET", get),
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

/// Source: M37 p833.
fn restart(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let position = module.ftp_session(call.instance)?.restart;
            let blank = limits(module)?.restart_blank;
            module.info(call.instance, format!("#FTPREST:{blank}{position}"));
        }
        Form::Set(parameters) => {
            let position = parameters.number(0, 0..=u32::MAX)?.unwrap_or(0);
            module.ftp_session(call.instance)?.restart = u64::from(position);
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
    let start = module.ftp_session(call.instance)?.restart;
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
