//! Data over TLS sockets in command mode. Source: SSL guide 7.1.2, M37 p901-905, p912-913.

use std::time::Duration;

use super::tls_setup::socket_number;
use super::tls_socket::tenths;
use super::{Call, Flow, Handler, Outcome, set};
use crate::entry::{Ending, Entry, Prompt, Purpose};
use crate::error::{AtError, cme};
use crate::module::{Module, Timer};

pub(super) const COMMANDS: &[(&str, Handler)] =
    &[("#SSLSEND", send), ("#SSLSENDEXT", send_counted), ("#SSLRECV", receive)];

/// A socket that data can be sent on.
fn writable(module: &Module, call: &Call, id: u8) -> Result<(), AtError> {
    module.usable_socket(id, call.instance)?;
    let socket = module.tls.socket(id);
    let free =
        socket.is_connected() && socket.link.is_some() && socket.online.is_none() && socket.waiting.is_none();
    if free { Ok(()) } else { Err(AtError::Cme(cme::SSL_NOT_CONNECTED)) }
}

fn send(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(2)?;
    let id = socket_number(module, parameters)?;
    let timeout = parameters.number_or(1, 1..=5000, module.tls_settings(id).default_timeout)?;
    writable(module, call, id)?;
    let ending = Ending::Terminated { limit: module.profile.tls.transfer.terminated };
    Ok(begin_entry(module, id, tenths(timeout), ending))
}

fn send_counted(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(3)?;
    let id = socket_number(module, parameters)?;
    let length = parameters.required(1, 1..=module.profile.tls.transfer.counted)?;
    let timeout = parameters.number_or(2, 1..=1500, module.tls_settings(id).default_timeout)?;
    writable(module, call, id)?;
    let ending = Ending::Counted { length: usize::try_from(length).map_err(|_| AtError::Plain)? };
    Ok(begin_entry(module, id, tenths(timeout), ending))
}

fn begin_entry(module: &mut Module, id: u8, timeout: Duration, ending: Ending) -> Flow {
    module.tls.socket_mut(id).send_timeout = timeout;
    Flow::Entry(Entry::new(Prompt::Greater, ending, Purpose::TlsSend { socket: id }))
}

fn receive(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(3)?;
    let id = socket_number(module, parameters)?;
    let most = parameters.required(1, 1..=module.profile.tls.transfer.receive)?;
    let timeout = parameters.number_or(2, 10..=5000, module.tls_settings(id).default_timeout)?;
    module.usable_socket(id, call.instance)?;
    let socket = module.tls.socket(id);
    if socket.online.is_some() || socket.waiting.is_some() {
        return Err(AtError::Cme(cme::SSL_INVALID_STATE));
    }
    let most = usize::try_from(most).map_err(|_| AtError::Plain)?;
    let flow = module.receive_from_socket(call.instance, id, most)?;
    if matches!(flow, Flow::Waiting) {
        module.set_timer(Timer::TlsCommand(id), tenths(timeout));
    }
    Ok(flow)
}
