//! What can go wrong in an FTP session.

use super::super::NetError;
use super::Reply;

/// What can go wrong in an FTP session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum FtpError {
    /// The control connection could not be opened (name, TCP, or the handshake of implicit TLS).
    #[error("control connection: {0}")]
    Connect(NetError),
    /// The server answered the connection with something else than a welcome.
    #[error("greeting: {0}")]
    Greeting(Reply),
    /// The server refused `AUTH TLS`, `PBSZ` or `PROT P`. The session is closed: nothing goes in the clear.
    #[error("TLS refused: {0}")]
    TlsRefused(Reply),
    /// The handshake on the control connection failed after the server agreed to it.
    #[error("control connection: {0}")]
    Tls(NetError),
    /// The server refused the user or the password.
    #[error("login: {0}")]
    Login(Reply),
    /// The server refused a command.
    #[error("refused: {0}")]
    Refused(Reply),
    /// The data connection could not be opened, or broke.
    #[error("data connection: {0}")]
    Data(NetError),
    /// The control connection is closed: by the server, by [`super::Session::close`], or because it broke.
    #[error("session closed")]
    Closed,
    /// A reply did not come in time. It is taken up when it comes ([`super::Session::last_message`]).
    #[error("no reply")]
    Timeout,
    /// The command is sent, and nobody waits for its reply.
    #[error("the reply is not waited for")]
    Unawaited,
    /// A data connection is open.
    #[error("a transfer is under way")]
    Busy,
    /// The server sent what is not a reply, or not the one that the command needs. The session is closed.
    #[error("malformed reply: {0}")]
    Malformed(String),
    /// An argument does not fit into one line; nothing was sent.
    #[error("the argument holds a line end")]
    Invalid,
}
