//! What a refusal means: from the module's words and the server's last reply.

use telit_core::at::ModuleError;
use telit_core::exclusive::{Holder, Service, ServiceBusy};
use telit_core::tls::TlsFailure;
use telit_core::{Category, CommandError};

use super::refusal::{
    is_data_connection, is_file_not_found, is_login, is_name, is_network, is_other_port, is_session_gone,
    is_unexplained,
};
use super::{ConnectError, TransferError, refusal};
use crate::server_reply::ServerReply;

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
    error.module_error().is_some_and(refusal::is_already_connected)
}

/// There is no session any more.
pub(crate) fn is_session_lost(error: &CommandError, reply: Option<&ServerReply>) -> bool {
    error.module_error().is_some_and(|error| is_lost(error, reply))
}

/// 421: the server closed an idle session. Source: RFC 959 4.2.
fn is_lost(error: &ModuleError, reply: Option<&ServerReply>) -> bool {
    is_session_gone(error) || code(reply) == Some(421)
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
    if is_login(&error) {
        return ConnectError::LoginRefused { reply };
    }
    if is_name(&error) {
        return ConnectError::Name { host: host.to_owned(), error };
    }
    if LOCAL.contains(&command.as_str()) || !is_cut(&error, reply.as_ref()) {
        return ConnectError::Refused { command, error, reply };
    }
    // Behind the login there was a connection, and saying that there is none would hide that.
    match command == OPENING {
        true => ConnectError::Connect { server: server(), error, reply },
        false => ConnectError::SessionLost { command, error, reply },
    }
}

/// Whose turn it is after a refusal that left nothing behind.
pub(super) fn refusal_category(error: &ModuleError, reply: Option<&ServerReply>) -> Category {
    match () {
        () if is_other_port(error) => Category::Busy,
        () if is_cut(error, reply) => Category::Network,
        () => Category::Refused,
    }
}

/// Whether it was the network or the connection, and no server that has said no.
fn is_cut(error: &ModuleError, reply: Option<&ServerReply>) -> bool {
    let said_no = reply.is_some_and(ServerReply::is_negative);
    is_lost(error, reply) || (is_network(error) && !said_no)
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
    if operation.data && has_no_data_connection(&error, reply.as_ref()) {
        return TransferError::DataConnection { error, reply };
    }
    match is_cut(&error, reply.as_ref()) {
        true => TransferError::SessionLost { command, error, reply },
        false => TransferError::Refused { command, error, reply },
    }
}

/// Servers say 550 both for what is missing and for what is forbidden.
fn is_not_found(error: &ModuleError, reply: Option<&ServerReply>) -> bool {
    let forbidden = |reply: &ServerReply| {
        reply.contains("denied") || reply.contains("not permitted") || reply.refuses_ascii()
    };
    match reply {
        Some(reply) if reply.code() == Some(550) => !forbidden(reply),
        Some(reply) if reply.is_negative() => false,
        _ => is_file_not_found(error),
    }
}

fn has_no_data_connection(error: &ModuleError, reply: Option<&ServerReply>) -> bool {
    match code(reply) {
        Some(425 | 426) => true,
        Some(400..) => false,
        _ => is_data_connection(error),
    }
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
                matches!(&error, ConnectError::SessionLost { command, .. } if command == "#FTPTYPE"),
                "{error}"
            );
            assert_eq!((error.category(), error.is_transient()), (Category::Network, true), "{said}");
        }
        // What the module does by itself no network has refused.
        assert!(matches!(network("#FTPCFG", ""), ConnectError::Refused { .. }));
    }

    #[test]
    fn a_server_that_says_no_behind_the_login_has_refused() {
        let refused = CommandError::Refused {
            command: "#FTPCWD".to_owned(),
            error: ModuleError::equipment("FTP read command error"),
        };
        let error = connect_error(refused.clone(), reply("550 no such directory"), ("h", 21), true);
        assert!(matches!(error, ConnectError::Refused { .. }), "{error}");
        assert_eq!((error.category(), error.is_transient()), (Category::Refused, false));
        assert_eq!(connect_error(refused, None, ("h", 21), true).category(), Category::Network);
    }

    /// Every refusal that the manual lists for files, by its number and by its words: at the login, behind it, and in a
    /// transfer. Source: M37 p24-26.
    #[test]
    fn whose_turn_it_is_after_every_refusal() {
        use Category::{Busy, Network, Refused};
        const TABLE: [(u32, &str, [Category; 3]); 45] = [
            (600, "Generic undocumented error", [Refused; 3]),
            (601, "wrong state", [Refused; 3]),
            (602, "Can not activate", [Network; 3]),
            (603, "Can not resolve name", [Network; 3]),
            (604, "Can not allocate control socket", [Network; 3]),
            (605, "Can not connect control socket", [Network; 3]),
            (606, "Bad or no response from server", [Network; 3]),
            (607, "Not connected", [Network; 3]),
            (608, "Already connected", [Refused; 3]),
            (609, "Context down", [Network; 3]),
            (612, "Resource used by other instance", [Busy; 3]),
            (613, "Data socket yet opened in cmdmode", [Refused; 3]),
            (614, "FTP CmdMode data socket closed", [Network; 3]),
            (615, "FTP not connected", [Network; 3]),
            (616, "FTP disconnected", [Network; 3]),
            (617, "FTP read command closed", [Network; 3]),
            (618, "FTP read command error", [Network; 3]),
            (619, "FTP write command closed", [Network; 3]),
            (620, "FTP write command error", [Network; 3]),
            (621, "FTP read data closed", [Network; 3]),
            (622, "FTP read data error", [Network; 3]),
            (623, "FTP write data closed", [Network; 3]),
            (624, "FTP write data error", [Network; 3]),
            (625, "FTP host not found", [Network; 3]),
            // Nobody opens a data connection at the login or behind it.
            (626, "FTP accept failure", [Refused, Refused, Network]),
            (627, "FTP listen failure", [Refused, Refused, Network]),
            (628, "FTP bind failure", [Refused, Refused, Network]),
            (629, "FTP file create failure", [Refused; 3]),
            (630, "FTP file get failure", [Refused; 3]),
            (631, "FTP file put failure", [Refused; 3]),
            (632, "FTP file not found", [Refused; 3]),
            (633, "FTP timed out", [Network; 3]),
            (634, "FTP login incorrect", [Refused; 3]),
            (635, "FTP close error", [Refused; 3]),
            (636, "FTP server not ready", [Network; 3]),
            (637, "FTP server shutdown", [Network; 3]),
            (638, "FTP unexpected reply", [Refused; 3]),
            (639, "FTP user ID and password don't match", [Refused; 3]),
            (640, "FTP user ID and password don't match", [Refused; 3]),
            (641, "FTP user already logged in", [Refused; 3]),
            (642, "FTP open channel timeout", [Network; 3]),
            (643, "FTP communication timeout", [Network; 3]),
            (644, "FTP unknown error", [Refused; 3]),
            // Not of files, but of the network below them.
            (30, "no network service", [Network; 3]),
            (555, "activation failed", [Network; 3]),
        ];
        for (number, text, expected) in TABLE {
            for detail in [number.to_string(), text.to_owned()] {
                let told = |command: &str| CommandError::Refused {
                    command: command.to_owned(),
                    error: ModuleError::equipment(&detail),
                };
                let connect = |command: &str| connect_error(told(command), None, ("h", 21), true).category();
                let operation = Operation { path: Some("f"), data: true, tls: true };
                let transfer = transfer_error(told("#FTPGETPKT"), None, operation).category();
                assert_eq!([connect(OPENING), connect("#FTPTYPE"), transfer], expected, "{detail}");
            }
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
