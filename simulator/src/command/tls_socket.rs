//! Opening, joining and closing TLS sockets. Source: SSL guide 7, M37 p895-900, p906-911.

use std::time::Duration;

use super::parse::Form;
use super::tls_setup::socket_number;
use super::{Call, Flow, Handler, Outcome, set};
use crate::error::{AtError, cme};
use crate::module::Module;
use crate::module::tls::{Session, SocketState, TlsWait};
use crate::net::Resumption;
use crate::profile::Slots;
use crate::service::{Order, Start};

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("#SSLD", dial),
    ("#SSLFASTD", fast_dial),
    ("#SSLO", go_online),
    ("#SSLH", hang_up),
    ("#SSLS", status),
    ("#SSLI", traffic),
    ("#CPUMODE", cpu_mode),
];

/// `<connTo>` 0 leaves the time to the stack, whose patience the manual does not tell.
const DEFAULT_CONNECT: Duration = Duration::from_secs(75);

pub(super) fn tenths(count: u32) -> Duration {
    Duration::from_millis(100 * u64::from(count))
}

fn dial(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(6)?;
    let id = socket_number(module, parameters)?;
    let port = u16::try_from(parameters.required(1, 1..=65_535)?).map_err(|_| AtError::Plain)?;
    let host = parameters.required_text(2, 256)?;
    let types = &module.profile.tls.closure_types;
    let kept = parameters.required(3, types.taken.clone())? == 1;
    let online = parameters.number(4, 0..=1)?.unwrap_or(1) == 0;
    let timeout = parameters.number_or(5, 1..=5000, module.tls_settings(id).default_timeout)?;
    let resumption = Resumption::default();
    let session = Session { host: host.clone(), port, resumption, kept, established: false };
    let session = types.keeps_session.then_some(session);
    free_socket(module, call, id)?;
    open(module, call, (id, host, port), session, (online, timeout))
}

/// `AT#SSLFASTD=<SSId>,<connMode>[,<Timeout>]`: the server of the kept session again, without a full handshake if it
/// still knows the session. Source: SSL guide 7.3, 7.4.5.
fn fast_dial(module: &mut Module, call: &Call) -> Outcome {
    let parameters = set(call)?;
    parameters.at_most(3)?;
    let id = socket_number(module, parameters)?;
    let online = parameters.required(1, 0..=1)? == 0;
    let timeout = parameters.number_or(2, 1..=5000, module.tls_settings(id).default_timeout)?;
    free_socket(module, call, id)?;
    let session = module.tls.socket(id).session.clone().ok_or(AtError::Cme(cme::SSL_INVALID_STATE))?;
    open(module, call, (id, session.host.clone(), session.port), Some(session), (online, timeout))
}

/// A socket that can be dialled on.
fn free_socket(module: &Module, call: &Call, id: u8) -> Result<(), AtError> {
    module.usable_socket(id, call.instance)?;
    if matches!(module.tls.socket(id).state, SocketState::Open | SocketState::Dialling) {
        return Err(AtError::Cme(cme::SSL_ALREADY_CONNECTED));
    }
    if !module.radio.active.contains(&module.tls_settings(id).context) {
        return Err(AtError::Cme(cme::CONTEXT_NOT_OPENED));
    }
    Ok(())
}

fn open(
    module: &mut Module,
    call: &Call,
    (id, host, port): (u8, String, u16),
    session: Option<Session>,
    (online, timeout): (bool, u32),
) -> Outcome {
    let mut settings = module.handshake_settings(id, &host)?;
    settings.resumption = session.as_ref().map(|session| session.resumption.clone());
    use_up_ram(module, id);
    let connect = match module.tls_settings(id).connect_timeout {
        0 => DEFAULT_CONNECT,
        limit => tenths(limit),
    };
    let link = module.start_link(Start::Tls { host, port, settings, limit: connect + tenths(timeout) });
    let socket = module.tls.socket_mut(id);
    socket.close(SocketState::Dialling);
    socket.session = session;
    socket.owner.get_or_insert(call.instance);
    socket.link = Some(link);
    socket.waiting = Some((call.instance, TlsWait::Dial { online }));
    Ok(Flow::Waiting)
}

/// A certificate in RAM serves one connection. Source: M37 p918.
fn use_up_ram(module: &mut Module, id: u8) {
    let index = usize::from(id).wrapping_sub(1);
    match module.profile.tls.credentials.slots {
        Slots::PerSocket => {
            module.tls.ram_authorities.get_mut(index).into_iter().for_each(|place| *place = None)
        }
        Slots::Shared(_) => module.tls.ram_authorities.fill(None),
    }
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
    let keeps_session = module.profile.tls.closure_types.keeps_session;
    let closure = parameters.number(1, 0..=u32::from(keeps_session))?;
    module.usable_socket(id, call.instance)?;
    if module.tls.socket(id).online.is_some() || module.tls.socket(id).waiting.is_some() {
        return Err(AtError::Cme(cme::SSL_INVALID_STATE));
    }
    if let Some(link) = module.tls.socket(id).link {
        module.order(link, Order::Close);
    }
    // Without a type, that of the dial. Source: SSL guide 7.4.5.
    if let (Some(session), Some(closure)) = (&mut module.tls.socket_mut(id).session, closure) {
        session.kept = closure == 1;
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
            socket.suite.map_or_else(|| "0xffff".to_owned(), |suite| module.profile.tls.suites.value(suite));
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

/// The clock of the processor. The virtual module is as fast at any. Source: SSL guide 7.
fn cpu_mode(module: &mut Module, call: &Call) -> Outcome {
    match &call.form {
        Form::Read => {
            let line = format!("#CPUMODE: {}", module.tls.cpu_mode);
            module.info(call.instance, line);
        }
        Form::Set(parameters) => {
            parameters.at_most(1)?;
            module.tls.cpu_mode = parameters.required_small(0, 0..=4)?;
        }
        _ => return Err(AtError::Plain),
    }
    Ok(Flow::Done)
}
