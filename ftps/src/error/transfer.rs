//! Why something with an open session failed.

use std::io;
use std::time::Duration;

use telit_core::at::{InvalidValue, ModuleError};
use telit_core::platform::PlatformId;
use telit_core::tls::TlsFailure;
use telit_core::{Category, CommandError};

use super::classify::{is_temporary, refusal_category};
use super::connect::{ConnectError, is_silence, said};
use super::refusal::is_without_session;
use crate::server_reply::ServerReply;

/// An operation of an open session failed.
///
/// The session survives: whatever state the error left it in, the next operation closes it and opens it
/// again if that is needed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// A value cannot be sent. Nothing was sent.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// The platform cannot do what was asked for. Nothing was sent.
    #[error("platform {platform} {what}")]
    Unsupported {
        /// The platform.
        platform: PlatformId,
        /// What it cannot do.
        what: &'static str,
    },
    /// There is nothing to upload, and blocks were asked for, which have at least one byte. Nothing was sent.
    /// Source: M37 p808.
    #[error("the module cannot upload an empty file in command mode")]
    EmptyUpload,
    /// A download was asked to start behind the end of the file.
    #[error("the download should start at {offset}, but the file has only {size} bytes")]
    BehindEnd {
        /// Where it should start.
        offset: u64,
        /// The size of the file.
        size: u64,
    },
    /// The server cannot begin a download in the middle of a file.
    #[error("the server cannot begin the file at {offset}: {reply}")]
    RestartRefused {
        /// Where it should begin.
        offset: u64,
        /// What the server said.
        reply: ServerReply,
    },
    /// More bytes came than the file has from there on: a server or a module that does not obey the position sends the
    /// file from its start.
    #[error("more than the expected {expected} bytes came")]
    TooLong {
        /// How many should have come.
        expected: u64,
    },
    /// The server does not have the file or directory.
    #[error("the server does not have {path}{}", said(.reply.as_ref()))]
    NotFound {
        /// Its name.
        path: String,
        /// What the server said.
        reply: Option<ServerReply>,
    },
    /// The transfer ended early.
    #[error("the transfer was cut after {got} of {expected} bytes{}", said(.reply.as_ref()))]
    Truncated {
        /// How many bytes came.
        got: u64,
        /// How many should have come.
        expected: u64,
        /// What the server said.
        reply: Option<ServerReply>,
    },
    /// No byte came for too long.
    #[error("the transfer stood still for {waited:?} after {got} of {expected} bytes")]
    Stalled {
        /// How many bytes came.
        got: u64,
        /// How many should have come.
        expected: u64,
        /// How long nothing came.
        waited: Duration,
    },
    /// The server wants the data connection to resume the TLS session of the control connection, which
    /// the module never does. Source: SSL guide 9.
    #[error(
        "the server demands TLS session reuse on data connections, which the module does not do: {reply}"
    )]
    SessionReuseDemanded {
        /// What the server said.
        reply: ServerReply,
    },
    /// The data connection could not be opened.
    #[error("no data connection: {error}{}", said(.reply.as_ref()))]
    DataConnection {
        /// The module's own words.
        error: ModuleError,
        /// What the server said.
        reply: Option<ServerReply>,
    },
    /// TLS failed on the way.
    #[error("TLS failed: {failure}{}", said(.reply.as_ref()))]
    Tls {
        /// What the module says.
        failure: TlsFailure,
        /// What the server said.
        reply: Option<ServerReply>,
    },
    /// The server or the module refused.
    #[error("{command} was refused: {error}{}", said(.reply.as_ref()))]
    Refused {
        /// The command's name.
        command: String,
        /// The module's own words.
        error: ModuleError,
        /// What the server said.
        reply: Option<ServerReply>,
    },
    /// The session has ended: the server or the network dropped it, before the command or while it ran; or the network
    /// failed, and nobody knows.
    #[error("the session ended at {command}: {error}{}", said(.reply.as_ref()))]
    SessionLost {
        /// The command's name.
        command: String,
        /// The module's own words.
        error: ModuleError,
        /// What the server said.
        reply: Option<ServerReply>,
    },
    /// An upload had begun and was not confirmed: the server may have a part of the file, or all of it.
    #[error(
        "the upload is not confirmed after {sent} bytes, the server may have some or all of the file: {error}"
    )]
    UploadUnconfirmed {
        /// How many bytes the module has taken.
        sent: u64,
        /// What went wrong.
        #[source]
        error: Box<Self>,
    },
    /// All data have gone, and the server has not said whether it has taken them.
    #[error("the server has not said how the transfer ended{}", said(.reply.as_ref()))]
    NoFinalReply {
        /// What it said last, if anything.
        reply: Option<ServerReply>,
    },
    /// After an upload the file on the server does not have the expected size.
    #[error("the server has {stored} bytes after the upload, expected {expected}")]
    UploadDiffers {
        /// The size on the server.
        stored: u64,
        /// The size that it should have.
        expected: u64,
    },
    /// What should be uploaded could not be read.
    #[error("the data to upload could not be read: {text}")]
    Source {
        /// What kind of failure it was.
        kind: io::ErrorKind,
        /// In words.
        text: String,
    },
    /// The listing is longer than the limit.
    #[error("the listing is longer than {limit} bytes")]
    ListingTooLong {
        /// The limit.
        limit: usize,
    },
    /// The listing came too slowly.
    #[error("the listing was not whole after {waited:?} and {got} bytes")]
    ListingTooSlow {
        /// How many bytes came.
        got: usize,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The session was lost or had to be closed, and could not be opened again.
    #[error("the session could not be opened again: {0}")]
    Reopen(#[source] Box<ConnectError>),
    /// The module did not come back from online mode, or the port is gone.
    #[error("the line to the module was lost after {got} of {expected} bytes")]
    LineLost {
        /// How many bytes came.
        got: u64,
        /// How many should have come.
        expected: u64,
    },
    /// The module has restarted, and with it the session and the transfer are gone.
    #[error("the module has restarted: {error}")]
    ModuleRestarted {
        /// What the operation made of it.
        #[source]
        error: Box<Self>,
    },
    /// The line to the module.
    #[error(transparent)]
    Link(CommandError),
}

/// Whether an exchange was a command of the FTP client. Others, such as those before online mode, change nothing there.
fn goes_to_server(error: &CommandError) -> bool {
    match error {
        CommandError::Refused { command, .. }
        | CommandError::TimedOut { command, .. }
        | CommandError::Restarted { command, .. }
        | CommandError::Unexpected { command, .. }
        | CommandError::NotResponding { command }
        | CommandError::LinkLost { command, .. } => command.starts_with("#FTP"),
        _ => true,
    }
}

/// Whether a command makes, empties, renames or deletes something on the server.
fn changes_files(command: &str) -> bool {
    ["#FTPDELE", "#FTPCMD", "#FTPPUT", "#FTPAPP"].contains(&command)
}

impl TransferError {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Invalid(_) | Self::Unsupported { .. } | Self::EmptyUpload | Self::BehindEnd { .. } => {
                Category::Usage
            }
            Self::Truncated { .. }
            | Self::Stalled { .. }
            | Self::ListingTooSlow { .. }
            | Self::SessionReuseDemanded { .. }
            | Self::DataConnection { .. }
            | Self::Tls { .. }
            | Self::NoFinalReply { .. }
            | Self::SessionLost { .. } => Category::Network,
            Self::Refused { error, reply, .. } => refusal_category(error, reply.as_ref()),
            Self::NotFound { .. } | Self::RestartRefused { .. } => Category::Refused,
            Self::UploadDiffers { .. } | Self::TooLong { .. } => Category::Verification,
            Self::Source { .. } | Self::ListingTooLong { .. } => Category::Other,
            Self::Reopen(error) => error.category(),
            Self::LineLost { .. } | Self::ModuleRestarted { .. } => Category::Link,
            Self::UploadUnconfirmed { error, .. } => error.category(),
            Self::Link(error) => error.category(),
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::SessionReuseDemanded { .. } => {
                "change the server: require_ssl_reuse=NO (vsftpd), TLSOptions NoSessionReuseRequired (ProFTPD), untick \
                 \"Require TLS session resumption on data connection\" (FileZilla Server), \
                 TlsSessionResumptionMode=ENABLED or DISABLED (AWS Transfer Family)"
            }
            Self::DataConnection { .. } => {
                "check the server's passive ports and its public address behind NAT, and that it does not demand TLS \
                 session reuse; active mode does not pass mobile networks"
            }
            Self::Truncated { .. } | Self::Stalled { .. } | Self::LineLost { .. } => {
                "try again from where it stopped"
            }
            Self::Tls { failure, .. } => return Some(failure.hint()),
            Self::UploadUnconfirmed { .. } => {
                "ask for the size of the file, or upload it again; do not append it again"
            }
            Self::ModuleRestarted { .. } => "try again from where it stopped, when the module is on line",
            Self::UploadDiffers { .. } => "upload again",
            Self::EmptyUpload => "leave the mode to the client, or upload at least one byte",
            Self::RestartRefused { .. } => {
                "download the file from its start, or let the server resume: AllowRetrieveRestart on (ProFTPD)"
            }
            Self::TooLong { .. } => "download the file from its start",
            Self::NotFound { .. } => {
                "list the directory to see its names; a path without a leading slash begins in the login directory"
            }
            Self::Reopen(error) => return error.hint(),
            _ => return None,
        })
    }

    /// Whether trying again from where it stopped can help, without anybody changing anything. A refusal is one of those
    /// if the server calls it temporary (4xx), or if neither the module nor the server tells a reason.
    #[must_use]
    pub fn is_resumable(&self) -> bool {
        match self {
            Self::Truncated { .. }
            | Self::Stalled { .. }
            | Self::DataConnection { .. }
            | Self::Tls { .. }
            | Self::SessionLost { .. }
            | Self::LineLost { .. }
            | Self::ModuleRestarted { .. } => true,
            Self::Refused { command, error, reply } => is_temporary(command, error, reply.as_ref()),
            Self::Reopen(error) => error.is_transient(),
            Self::Link(error) => error.category() == Category::Link,
            _ => false,
        }
    }

    /// Whether something on the server may have changed although there was an error: a file was stored, in part or
    /// whole, or deleted, or the working directory was changed.
    #[must_use]
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::UploadUnconfirmed { .. } | Self::UploadDiffers { .. } => true,
            Self::ModuleRestarted { error } => error.may_have_taken_effect(),
            Self::Link(error) => goes_to_server(error) && error.may_have_taken_effect(),
            Self::SessionLost { command, error, .. } => changes_files(command) && !is_without_session(error),
            _ => false,
        }
    }

    /// Whether the server has taken a command, and there was no data connection for it.
    pub(crate) fn is_of_data_connection(&self) -> bool {
        matches!(self, Self::DataConnection { .. } | Self::Tls { .. } | Self::SessionReuseDemanded { .. })
    }

    /// Whether a restart of the module is behind it.
    #[must_use]
    pub fn is_module_restart(&self) -> bool {
        match self {
            Self::ModuleRestarted { .. } => true,
            Self::UploadUnconfirmed { error, .. } => error.is_module_restart(),
            Self::Reopen(error) => matches!(**error, ConnectError::ModuleRestarted),
            _ => false,
        }
    }

    /// Whether the module did not answer.
    pub(crate) fn is_silence(&self) -> bool {
        match self {
            Self::Stalled { .. } | Self::LineLost { .. } => true,
            Self::Link(error) => is_silence(error),
            _ => false,
        }
    }

    /// Whether a restart of the module leads to it.
    pub(crate) fn is_loss(&self) -> bool {
        matches!(
            self,
            Self::Truncated { .. }
                | Self::Stalled { .. }
                | Self::DataConnection { .. }
                | Self::Tls { .. }
                | Self::Refused { .. }
                | Self::SessionLost { .. }
                | Self::NoFinalReply { .. }
                | Self::LineLost { .. }
                | Self::Link(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commands_of_the_ftp_client_change_files() {
        let lost = |command: &str| {
            let (command, reason) = (command.to_owned(), "the port hung up".to_owned());
            TransferError::Link(CommandError::LinkLost { command, reason, sent: true })
        };
        assert!(lost("#FTPPUT").may_have_taken_effect());
        assert!(!lost("#E2ESC").may_have_taken_effect());
        assert!(!lost("S12").may_have_taken_effect());
    }
}
