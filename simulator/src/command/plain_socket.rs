//! Plain TCP sockets in command mode, and the query for a name. Source: M37 p726-748, p782-783; IPE28 8.2, 8.5, 10.

use super::value::Parameters;
use super::{Call, Flow, Handler, Outcome, set};
use crate::entry::{Ending, Entry, Prompt, Purpose};
use crate::error::{AtError, cme};
use crate::module::Module;

pub(super) const COMMANDS: &[(&str, Handler)] =
    &[("#SD", dial), ("#SH", close), ("#SSENDEXT", send), ("#SRECV", receive), ("#QDNS", query)];

/// Most bytes of one `#SSENDEXT` and of one `#SRECV`. Source: M37 p742, p746.
pub(crate) const BLOCK_LIMIT: u32 = 1500;

fn connection(module: &Module, parameters: &Parameters) -> Result<u8, AtError> {
    let count = u32::try_from(module.nvm.sockets.len()).unwrap_or(u32::MAX);
    parameters.required_small(0, 1..=count)
}

/// `AT#SD=<connId>,<txProt>,<rPort>,<IPaddr>[,<closureType>[,<lPort>[,<connMode>[,<txTime>[,<userIpType>]]]]]`. The
/// virtual module opens TCP in command mode, and nothing else.
fn dial(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(9)?;
    let id = connection(module, parameters)?;
    let udp = parameters.required(1, 0..=1)? == 1;
    let port = u16::try_from(parameters.required(2, 1..=65_535)?).map_err(|_| AtError::Plain)?;
    let host = parameters.required_text(3, 256)?;
    let escaped = match parameters.number_or(4, 0..=255, 0)? {
        0 => false,
        255 => true,
        _ => return Err(AtError::Plain),
    };
    parameters.number(5, 0..=65_535)?;
    let online = parameters.number_or(6, 0..=1, 0)? == 0;
    if udp || escaped || online {
        return Err(AtError::Cme(cme::OPERATION_NOT_SUPPORTED));
    }
    module.dial_plain(call.instance, id, host, port)
}

fn close(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(1)?;
    let id = connection(module, parameters)?;
    module.close_plain(id)
}

/// `AT#SSENDEXT=<connId>,<bytesToSend>`
fn send(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(3)?;
    let socket = connection(module, parameters)?;
    let length = parameters.required(1, 1..=BLOCK_LIMIT)?;
    if !module.plain_is_writable(socket) {
        return Err(AtError::Cme(cme::OPERATION_NOT_ALLOWED));
    }
    let ending = Ending::Counted { length: usize::try_from(length).map_err(|_| AtError::Plain)? };
    Ok(Flow::Entry(Entry::new(Prompt::Greater, ending, Purpose::PlainSend { socket })))
}

/// `AT#SRECV=<connId>,<maxByte>`
fn receive(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(3)?;
    let id = connection(module, parameters)?;
    let most = usize::try_from(parameters.required(1, 1..=BLOCK_LIMIT)?).map_err(|_| AtError::Plain)?;
    module.receive_plain(call.instance, id, most)
}

/// `AT#QDNS=<host>`
fn query(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(1)?;
    let host = parameters.required_text(0, 256)?;
    module.query_name(call.instance, host)
}
