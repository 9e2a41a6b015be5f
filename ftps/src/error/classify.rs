//! What a refusal means: from the module's words and the server's last reply.

use telit_core::at::{ErrorFamily, ModuleError};
use telit_core::exclusive::{Holder, Service, ServiceBusy};
use telit_core::tls::TlsFailure;
use telit_core::{Category, CommandError};

use super::{ConnectError, TransferError};
use crate::server_reply::ServerReply;

/// Numbers and text of a refusal. Source: M37 p23-26.
type Refusal = (&'static [u32], &'static str);

const NAME: [Refusal; 3] =
    [(&[603], "Can not resolve name"), (&[625], "FTP host not found"), (&[558], "can not resolve DN")];
const CONNECT: [Refusal; 16] = [
    (&[602], "Can not activate"),
    (&[604], "Can not allocate control socket"),
    (&[605], "Can not connect control socket"),
    (&[606], "Bad or no response from server"),
    (&[609], "Context down"),
    (&[556], "context not opened"),
    (&[559], "time-out in opening socket"),
    (&[560], "can not open socket"),
    (&[561], "remote disconnected or time-out"),
    (&[562], "connection failed"),
    (&[616], "FTP disconnected"),
    (&[633], "FTP timed out"),
    (&[636], "FTP server not ready"),
    (&[637], "FTP server shutdown"),
    (&[642], "FTP open channel timeout"),
    (&[643], "FTP communication timeout"),
];
const LOGIN: [Refusal; 2] =
    [(&[634], "FTP login incorrect"), (&[639, 640], "FTP user ID and password don't match")];
const NO_SESSION: [Refusal; 2] = [(&[607], "Not connected"), (&[615], "FTP not connected")];
/// The session ended before the command, or behind it: the reply could not be read.
const LOST: [Refusal; 4] = [
    (&[616], "FTP disconnected"),
    (&[617], "FTP read command closed"),
    (&[619], "FTP write command closed"),
    (&[637], "FTP server shutdown"),
];
/// More of what the network does behind the connecting.
const BROKEN: [Refusal; 9] = [
    (&[563], "tx error"),
    (&[565], "socket disconnection"),
    (&[614], "FTP CmdMode data socket closed"),
    (&[618], "FTP read command error"),
    (&[620], "FTP write command error"),
    (&[621], "FTP read data closed"),
    (&[622], "FTP read data error"),
    (&[623], "FTP write data closed"),
    (&[624], "FTP write data error"),
];
/// Refusals that name no reason; so does a bare `ERROR`.
const UNEXPLAINED: [Refusal; 6] = [
    (&[600], "Generic undocumented error"),
    (&[601], "wrong state"),
    (&[630], "FTP file get failure"),
    (&[631], "FTP file put failure"),
    (&[638], "FTP unexpected reply"),
    (&[644], "FTP unknown error"),
];
const DATA: [Refusal; 4] = [
    (&[626], "FTP accept failure"),
    (&[627], "FTP listen failure"),
    (&[628], "FTP bind failure"),
    (&[642], "FTP open channel timeout"),
];

/// What connects and logs in.
const OPENING: &str = "#FTPOPEN";

/// Commands that the server does not hear of.
const LOCAL: [&str; 2] = ["#FTPCFG", "#FTPREST"];

/// What was tried when the module refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation<'a> {
    /// The file or directory.
    pub(crate) path: Option<&'a str>,
    /// Whether it opens or uses a data connection.
    pub(crate) data: bool,
    /// Whether the session uses TLS.
    pub(crate) tls: bool,
}

/// A session exists already. Source: M37 p25; IPE28 p123.
pub(crate) fn is_already_connected(error: &CommandError) -> bool {
    error.module_error().is_some_and(|error| error.is(&[608], "Already connected"))
}

/// There is no session any more.
pub(crate) fn is_session_lost(error: &CommandError, reply: Option<&ServerReply>) -> bool {
    error.module_error().is_some_and(|error| is_lost(error, reply))
}

/// 421: the server closed an idle session. Source: RFC 959 4.2.
fn is_lost(error: &ModuleError, reply: Option<&ServerReply>) -> bool {
    is_without_session(error) || one_of(error, &LOST) || code(reply) == Some(421)
}

/// There was none when the command came, so it did nothing.
pub(super) fn is_without_session(error: &ModuleError) -> bool {
    one_of(error, &NO_SESSION)
}

/// Whether the session may be gone: the network is what failed, or the module names no reason and the server has not
/// said no, as without a session. Source: M37 p812-835, where a command without one is an error that is not named.
pub(crate) fn is_session_in_doubt(error: &CommandError, reply: Option<&ServerReply>) -> bool {
    let said_no = reply.is_some_and(ServerReply::is_negative);
    error.module_error().is_some_and(|error| is_network(error) || (!said_no && is_unexplained(error)))
}

/// Whether the same may go well later: the server says so, the network failed, or nobody says why not.
/// Source: RFC 959 4.2.1.
pub(super) fn is_temporary(command: &str, error: &ModuleError, reply: Option<&ServerReply>) -> bool {
    match code(reply) {
        // What the module takes by itself it takes always or never.
        _ if LOCAL.contains(&command) => false,
        Some(400..=499) => true,
        Some(500..) => false,
        _ => is_unexplained(error) || is_network(error) || is_lost(error, None),
    }
}

fn is_network(error: &ModuleError) -> bool {
    one_of(error, &CONNECT) || one_of(error, &BROKEN)
}

fn is_unexplained(error: &ModuleError) -> bool {
    error.family() == ErrorFamily::Plain || one_of(error, &UNEXPLAINED)
}

pub(crate) fn connect_error(
    error: CommandError,
    reply: Option<ServerReply>,
    (host, port): (&str, u16),
    tls: bool,
) -> ConnectError {
    let server = || format!("{host}:{port}");
    if error.category() == Category::Busy {
        return ServiceBusy { holder: Holder::OtherPort(Service::Ftp) }.into();
    }
    if let Some(failure) = TlsFailure::of(&error) {
        return ConnectError::Tls { server: server(), failure };
    }
    let (command, error) = match error {
        CommandError::Refused { command, error } => (command, error),
        CommandError::Invalid(invalid) => return invalid.into(),
        other => return ConnectError::Link(other),
    };
    if !tls && reply.as_ref().is_some_and(ServerReply::demands_tls) {
        return ConnectError::TlsRequired { reply };
    }
    match code(reply.as_ref()) {
        // The replies to AUTH that say no. Source: RFC 4217 4; RFC 2228 3.
        Some(431 | 500 | 502 | 504 | 534) if tls => return ConnectError::AuthTlsRefused { reply },
        Some(430 | 530 | 532) => return ConnectError::LoginRefused { reply },
        // The server has no place now.
        Some(421) if command == OPENING => return ConnectError::Connect { server: server(), error, reply },
        _ => {}
    }
    if one_of(&error, &LOGIN) {
        return ConnectError::LoginRefused { reply };
    }
    if one_of(&error, &NAME) {
        return ConnectError::Name { host: host.to_owned(), error };
    }
    // Behind the login there was a connection, and saying that there is none would hide that.
    if command == OPENING && (is_network(&error) || is_lost(&error, reply.as_ref())) {
        return ConnectError::Connect { server: server(), error, reply };
    }
    ConnectError::Refused { command, error, reply }
}

pub(crate) fn transfer_error(
    error: CommandError,
    reply: Option<ServerReply>,
    operation: Operation<'_>,
) -> TransferError {
    let (command, error) = match error {
        CommandError::Refused { command, error } => (command, error),
        CommandError::Invalid(invalid) => return invalid.into(),
        other => return TransferError::Link(other),
    };
    if operation.data
        && operation.tls
        && let Some(reply) = reply.as_ref().filter(|reply| reply.demands_session_reuse())
    {
        return TransferError::SessionReuseDemanded { reply: reply.clone() };
    }
    if let Some(failure) = TlsFailure::named_by(&error) {
        return TransferError::Tls { failure, reply };
    }
    if let Some(path) = operation.path
        && is_not_found(&error, reply.as_ref())
    {
        return TransferError::NotFound { path: path.to_owned(), reply };
    }
    if operation.data && is_data_connection(&error, reply.as_ref()) {
        return TransferError::DataConnection { error, reply };
    }
    let said_no = reply.as_ref().is_some_and(ServerReply::is_negative);
    if is_lost(&error, reply.as_ref()) || (is_network(&error) && !said_no) {
        return TransferError::SessionLost { command, error, reply };
    }
    TransferError::Refused { command, error, reply }
}

/// Servers say 550 both for what is missing and for what is forbidden.
fn is_not_found(error: &ModuleError, reply: Option<&ServerReply>) -> bool {
    let forbidden = |reply: &ServerReply| {
        reply.contains("denied") || reply.contains("not permitted") || reply.refuses_ascii()
    };
    match reply {
        Some(reply) if reply.code() == Some(550) => !forbidden(reply),
        Some(reply) if reply.is_negative() => false,
        _ => error.is(&[632], "FTP file not found"),
    }
}

fn is_data_connection(error: &ModuleError, reply: Option<&ServerReply>) -> bool {
    match code(reply) {
        Some(425 | 426) => true,
        Some(400..) => false,
        // `NO CARRIER` instead of `CONNECT`. Source: IPE15 p44.
        _ => error.family() == ErrorFamily::Call || one_of(error, &DATA),
    }
}

fn one_of(error: &ModuleError, refusals: &[Refusal]) -> bool {
    refusals.iter().any(|(numbers, text)| error.is(numbers, text))
}

fn code(reply: Option<&ServerReply>) -> Option<u16> {
    reply.and_then(ServerReply::code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(detail: &str) -> CommandError {
        CommandError::Refused { command: OPENING.into(), error: ModuleError::equipment(detail) }
    }

    fn reply(line: &str) -> Option<ServerReply> {
        ServerReply::from_lines([line.to_owned()])
    }

    fn connect(detail: &str, said: &str) -> ConnectError {
        connect_error(refused(detail), reply(said), ("h", 21), true)
    }

    fn transfer(detail: &str, said: &str) -> TransferError {
        let operation = Operation { path: Some("f"), data: true, tls: true };
        transfer_error(refused(detail), reply(said), operation)
    }

    #[test]
    fn connecting() {
        assert!(matches!(connect("Cannot resolve name", ""), ConnectError::Name { .. }));
        assert!(matches!(connect("603", ""), ConnectError::Name { .. }));
        assert!(matches!(connect("Cannot connect control socket", ""), ConnectError::Connect { .. }));
        assert!(matches!(connect("FTP login incorrect", ""), ConnectError::LoginRefused { .. }));
        assert!(matches!(
            connect("FTP unexpected reply", "530 Login incorrect."),
            ConnectError::LoginRefused { .. }
        ));
        assert!(matches!(connect("638", "502 AUTH not implemented"), ConnectError::AuthTlsRefused { .. }));
        let tls = connect("SSL error during handshake", "");
        assert!(matches!(tls, ConnectError::Tls { failure: TlsFailure::Handshake, .. }));
        assert!(tls.hint().unwrap().contains("clock"));
        assert!(matches!(connect("Resource used by other instance", ""), ConnectError::Busy(_)));
        assert!(matches!(connect("something new", ""), ConnectError::Refused { .. }));
        assert_eq!(connect("SSL already activated", "").category(), Category::Busy);
    }

    #[test]
    fn behind_the_login_nothing_says_that_there_was_no_connection() {
        let network = |command: &str, said: &str| {
            let error = ModuleError::equipment("Not connected");
            let refused = CommandError::Refused { command: command.to_owned(), error };
            connect_error(refused, reply(said), ("h", 21), true)
        };
        assert!(matches!(network("#FTPOPEN", ""), ConnectError::Connect { .. }));
        for said in ["", "421 timeout"] {
            let error = network("#FTPTYPE", said);
            assert!(
                matches!(&error, ConnectError::Refused { command, .. } if command == "#FTPTYPE"),
                "{error}"
            );
            assert!(error.is_transient());
        }
    }

    #[test]
    fn without_tls_a_502_is_no_refusal_of_tls() {
        let error = connect_error(refused("638"), reply("502 no"), ("h", 21), false);
        assert!(matches!(error, ConnectError::Refused { .. }));
    }

    #[test]
    fn a_server_that_wants_tls_is_named_to_who_comes_without() {
        let connect = |said: &str| connect_error(refused("634"), reply(said), ("h", 21), false);
        for said in [
            "550 SSL/TLS required on the control channel",
            "530 Non-anonymous sessions must use encryption.",
            "421 Sorry, cleartext sessions and weak ciphers are not accepted on this server.",
            "534 Insecure command channel",
        ] {
            assert!(matches!(connect(said), ConnectError::TlsRequired { .. }), "{said}");
        }
        assert!(matches!(connect("530 Login incorrect."), ConnectError::LoginRefused { .. }));
    }

    #[test]
    fn transferring() {
        assert!(matches!(transfer("FTP file not found", ""), TransferError::NotFound { .. }));
        assert!(matches!(transfer("600", "550 No such file"), TransferError::NotFound { .. }));
        assert!(matches!(transfer("600", "550 Permission denied."), TransferError::Refused { .. }));
        assert!(matches!(
            transfer("600", "550 SIZE not allowed in ASCII mode"),
            TransferError::Refused { .. }
        ));
        assert!(matches!(transfer("600", "522 reuse"), TransferError::SessionReuseDemanded { .. }));
        assert!(matches!(
            transfer("600", "425 Can't open data connection."),
            TransferError::DataConnection { .. }
        ));
        assert!(matches!(transfer("SSL error during handshake", ""), TransferError::Tls { .. }));
        assert!(matches!(transfer("600", "452 disk full"), TransferError::Refused { .. }));
        assert!(transfer("600", "522 reuse").hint().unwrap().contains("require_ssl_reuse=NO"));
    }

    #[test]
    fn lost_sessions() {
        for detail in ["607", "Not connected", "FTP not connected", "FTP disconnected"] {
            assert!(is_session_lost(&refused(detail), None), "{detail}");
        }
        assert!(is_session_lost(&refused("600"), reply("421 Timeout.").as_ref()));
        assert!(!is_session_lost(&refused("600"), reply("550 no").as_ref()));
        assert!(is_already_connected(&refused("Already connected")));
        assert!(!is_already_connected(&refused("607")));
    }
}
