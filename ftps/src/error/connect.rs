//! Why a session could not be opened.

use telit_core::at::{InvalidValue, ModuleError};
use telit_core::exclusive::{LeaseError, ServiceBusy};
use telit_core::platform::PlatformId;
use telit_core::tls::{TlsError, TlsFailure};
use telit_core::{Category, CommandError};

use super::classify::is_temporary;
use crate::server_reply::ServerReply;

/// A session could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// An option cannot be used. Nothing was sent.
    #[error(transparent)]
    InvalidOption(#[from] InvalidValue),
    /// The platform cannot do what was asked for. Nothing was sent.
    #[error("platform {platform} {what}")]
    Unsupported {
        /// The platform.
        platform: PlatformId,
        /// What it cannot do.
        what: &'static str,
    },
    /// Another service holds the module's TLS.
    #[error(transparent)]
    Busy(#[from] ServiceBusy),
    /// TLS could not be set up on the module.
    #[error("TLS could not be set up: {0}")]
    Setup(#[source] TlsError),
    /// The name of the server cannot be resolved.
    #[error("the name {host} cannot be resolved: {error}")]
    Name {
        /// The server.
        host: String,
        /// The module's own words.
        error: ModuleError,
    },
    /// The server cannot be reached, or does not answer like an FTP server.
    #[error("no connection to {server}: {error}{}", said(.reply.as_ref()))]
    Connect {
        /// Host and port.
        server: String,
        /// The module's own words.
        error: ModuleError,
        /// What the server said, if it said anything.
        reply: Option<ServerReply>,
    },
    /// The TLS handshake with the server failed.
    #[error("TLS with {server} failed: {failure}")]
    Tls {
        /// Host and port.
        server: String,
        /// What the module says.
        failure: TlsFailure,
    },
    /// The server refuses AUTH TLS. The SDK never goes on without TLS.
    #[error("the server refuses TLS{}", said(.reply.as_ref()))]
    AuthTlsRefused {
        /// What the server said.
        reply: Option<ServerReply>,
    },
    /// The server wants TLS, and the session was to go without.
    #[error("the server refuses sessions without TLS{}", said(.reply.as_ref()))]
    TlsRequired {
        /// What the server said.
        reply: Option<ServerReply>,
    },
    /// The server refuses user or password.
    #[error("the server refuses the login{}", said(.reply.as_ref()))]
    LoginRefused {
        /// What the server said.
        reply: Option<ServerReply>,
    },
    /// Behind the login the session has ended, or the network failed and nobody knows. Nothing was transferred.
    #[error("the session ended at {command}, behind the login: {error}{}", said(.reply.as_ref()))]
    SessionLost {
        /// The command's name.
        command: String,
        /// The module's own words.
        error: ModuleError,
        /// What the server said, if it said anything.
        reply: Option<ServerReply>,
    },
    /// The module refused a command for another reason.
    #[error("the module refused {command}: {error}{}", said(.reply.as_ref()))]
    Refused {
        /// The command's name.
        command: String,
        /// The module's own words.
        error: ModuleError,
        /// What the server said last.
        reply: Option<ServerReply>,
    },
    /// The module has restarted while the session was being opened. Nothing was transferred, and the login may have
    /// been sent; it is never sent without the TLS that was asked for.
    #[error("the module has restarted while the session was being opened")]
    ModuleRestarted,
    /// The line to the module.
    #[error(transparent)]
    Link(CommandError),
}

impl ConnectError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::InvalidOption(_) | Self::Unsupported { .. } => Category::Usage,
            Self::Busy(_) | Self::Tls { failure: TlsFailure::AlreadyActivated, .. } => Category::Busy,
            Self::Setup(error) => error.category(),
            Self::Name { .. }
            | Self::Connect { .. }
            | Self::SessionLost { .. }
            | Self::Tls { .. }
            | Self::AuthTlsRefused { .. } => Category::Network,
            Self::TlsRequired { .. } | Self::LoginRefused { .. } | Self::Refused { .. } => Category::Refused,
            Self::ModuleRestarted => Category::Link,
            Self::Link(error) => error.category(),
        }
    }

    /// Whether the same call can help later, without anybody changing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            // The server has to be set up otherwise.
            Self::AuthTlsRefused { .. } => false,
            Self::Refused { command, error, reply } => is_temporary(command, error, reply.as_ref()),
            other => matches!(other.category(), Category::Network | Category::Busy | Category::Link),
        }
    }

    /// Whether the module did not answer.
    pub(crate) fn is_silence(&self) -> bool {
        match self {
            Self::Link(error) => is_silence(error),
            Self::Setup(error) => error.category() == Category::Link,
            _ => false,
        }
    }

    /// Whether a restart of the module leads to it.
    pub(crate) fn is_loss(&self) -> bool {
        matches!(
            self,
            Self::Setup(_)
                | Self::Name { .. }
                | Self::Connect { .. }
                | Self::SessionLost { .. }
                | Self::Tls { .. }
                | Self::Refused { .. }
                | Self::Link(_)
        )
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Busy(_) => "end the other service first, or let connect() wait with tls_wait()",
            Self::Setup(error) => return error.hint(),
            Self::Name { .. } => {
                "check the host name, and that the packet data context is active (AT#SGACT) and its APN reaches the \
                 internet"
            }
            Self::Connect { .. } => {
                "check the port (explicit FTPS is on 21, implicit FTPS is something else), firewalls, and that the \
                 APN reaches the internet"
            }
            Self::Tls { failure, .. } => return Some(failure.hint()),
            Self::AuthTlsRefused { .. } => {
                "switch explicit TLS (AUTH TLS) on at the server, for example ssl_enable=YES in vsftpd or TLSEngine on \
                 in ProFTPD"
            }
            Self::TlsRequired { .. } => "use FtpsOptions::new, with the CA certificate of the server",
            Self::LoginRefused { .. } => {
                "check user and password, whether the server wants a client certificate, and, if the session is to go \
                 without TLS, whether the server lets anybody in like that"
            }
            Self::SessionLost { .. } => "try again, and check the signal if it happens again",
            Self::ModuleRestarted => "try again when the module is on line",
            Self::Unsupported { .. } | Self::InvalidOption(_) | Self::Refused { .. } | Self::Link(_) => {
                return None;
            }
        })
    }
}

impl From<LeaseError> for ConnectError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Busy(busy) => Self::Busy(busy),
            LeaseError::Command(error) => Self::Link(error),
            other => Self::Setup(other.into()),
        }
    }
}

impl From<TlsError> for ConnectError {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::Lease(error) => error.into(),
            other => Self::Setup(other),
        }
    }
}

/// Whether the module did not answer. A lost port is no silence: nobody can be asked.
pub(super) fn is_silence(error: &CommandError) -> bool {
    matches!(
        error,
        CommandError::TimedOut { .. } | CommandError::Restarted { .. } | CommandError::NotResponding { .. }
    )
}

pub(super) fn said(reply: Option<&ServerReply>) -> String {
    reply.map(|reply| format!("; the server said: {reply}")).unwrap_or_default()
}
