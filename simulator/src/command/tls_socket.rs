//! TLS sockets. Source: M37 p895-913.

use std::time::Duration;

use super::tls_setup::socket_number;
use super::{Call, Flow, Handler, Outcome, set};
use crate::entry::{Ending, Entry, Prompt, Purpose};
use crate::error::{AtError, cme};
use crate::module::tls::{SocketState, TlsWait};
use crate::module::{Module, Timer};
use crate::service::{Order, Start};

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("#SSLD", dial),
    ("#SSLO", go_online),
    ("#SSLH", hang_up),
    ("#SSLS", status),
    ("#SSLI", traffic),
    ("#SSLSEND", send),
    ("#SSLSENDEXT", send_counted),
    ("#SSLRECV", receive),
];

/// `<connTo>` 0 leaves the time to the stack, whose patience the manual does not tell.
const DEFAULT_CONNECT: Duration = Duration::from_secs(75);

fn tenths(count: u32) -> Duration {
    Duration::from_millis(100 * u64::from(count))
}

fn dial(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(6)?;
    let id = socket_number(module, parameters)?;
    let port = u16::try_from(parameters.required(1, 1..=65_535)?).map_err(|_| AtError::Plain)?;
    let host = parameters.required_text(2, 256)?;
    // Only closure type 0 exists, but the manual's own example sends 1. Source: M37 p895, p898.
    parameters.required(3, 0..=1)?;
    let online = parameters.number(4, 0..=1)?.unwrap_or(1) == 0;
    let settings = module.tls_settings(id).clone();
    let timeout = parameters.number_or(5, 1..=5000, settings.default_timeout)?;
    module.usable_socket(id, call.instance)?;
    if matches!(module.tls.socket(id).state, SocketState::Open | SocketState::Dialling) {
        return Err(AtError::Cme(cme::SSL_ALREADY_CONNECTED));
    }
    if !module.radio.active.contains(&settings.context) {
        return Err(AtError::Cme(cme::CONTEXT_NOT_OPENED));
    }
    let handshake = module.handshake_settings(id, &host)?;
    // A certificate in RAM serves one connection. Source: M37 p918.
    module.tls.ram_authorities.fill(None);
    let connect =
        if settings.connect_timeout == 0 { DEFAULT_CONNECT } else { tenths(settings.connect_timeout) };
    let limit = connect + tenths(timeout);
    let link = module.start_link(Start::Tls { host, port, settings: handshake, limit });
    let socket = module.tls.socket_mut(id);
    socket.close(SocketState::Dialling);
    socket.owner.get_or_insert(call.instance);
    socket.link = Some(link);
    socket.waiting = Some((call.instance, TlsWait::Dial { online }));
    Ok(Flow::Waiting)
}

fn go_online(module: &mut Module, call: &Call) -> Outcome {
    let id = socket_number(module, set(call)?)?;
    module.usable_socket(id, call.instance)?;
    let socket = module.tls.socket(id);
    if !socket.is_connected() || socket.online.is_some() || socket.waiting.is_some() {
        return Err(AtError::Cme(cme::SSL_NOT_CONNECTED));
    }
    module.join_socket(call.instance, id);
    Ok(Flow::Online)
}

/// After the peer has closed it is `OK` as well.
fn hang_up(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(2)?;
    let id = socket_number(module, parameters)?;
    parameters.number(1, 0..=0)?;
    module.usable_socket(id, call.instance)?;
    if module.tls.socket(id).online.is_some() || module.tls.socket(id).waiting.is_some() {
        return Err(AtError::Cme(cme::SSL_INVALID_STATE));
    }
    if let Some(link) = module.tls.socket(id).link {
        module.order(link, Order::Close);
    }
    module.forget_connection(id, SocketState::Closed);
    Ok(Flow::Done)
}

/// Works on a disabled socket, too. Source: M37 p908.
fn status(module: &mut Module, call: &Call) -> Outcome {
    let id = socket_number(module, set(call)?)?;
    let socket = module.tls.socket(id);
    let line = if socket.is_connected() {
        let suite =
            socket.suite.map_or_else(|| "0xffff".to_owned(), |suite| module.profile.tls.suite_value(suite));
        format!("#SSLS: {id},2,{suite}")
    } else {
        format!("#SSLS: {id},{}", u8::from(module.is_tls_active(id)))
    };
    module.info(call.instance, line);
    Ok(Flow::Done)
}

fn traffic(module: &mut Module, call: &Call) -> Outcome {
    let id = socket_number(module, set(call)?)?;
    module.usable_socket(id, call.instance)?;
    let socket = module.tls.socket(id);
    let line = format!(
        "#SSLI: {id},{},{},{},{}",
        socket.sent,
        socket.received,
        socket.available(),
        u8::from(socket.in_flight > 0)
    );
    module.info(call.instance, line);
    Ok(Flow::Done)
}

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
    module.tls.socket_mut(id).send_timeout = tenths(timeout);
    let ending = Ending::Terminated { limit: module.profile.tls.send_limit };
    Ok(Flow::Entry(Entry::new(Prompt::Greater, ending, Purpose::TlsSend { socket: id })))
}

fn send_counted(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(3)?;
    let id = socket_number(module, parameters)?;
    let length = parameters.required(1, 1..=module.profile.tls.counted_send_limit)?;
    let timeout = parameters.number_or(2, 1..=1500, module.tls_settings(id).default_timeout)?;
    writable(module, call, id)?;
    module.tls.socket_mut(id).send_timeout = tenths(timeout);
    let ending = Ending::Counted { length: usize::try_from(length).map_err(|_| AtError::Plain)? };
    Ok(Flow::Entry(Entry::new(Prompt::Greater, ending, Purpose::TlsSend { socket: id })))
}

fn receive(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(3)?;
    let id = socket_number(module, parameters)?;
    let most = parameters.required(1, 1..=module.profile.tls.receive_limit)?;
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
