//! What can go wrong with a TLS socket.

use std::fmt;
use std::io;
use std::time::Duration;

use bytes::Bytes;

use super::ending::SocketEnding;
use crate::at::ModuleError;
use crate::error::{Category, CommandError};
use crate::exclusive::{LeaseError, SlotError};
use crate::tls::{TlsError, TlsFailure};

/// What can go wrong with a [`TlsSocket`](super::TlsSocket). Reads and writes carry it inside an [`io::Error`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// TLS could not be taken or set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// All TLS sockets of the module are in use. Close one first.
    #[error("all {limit} TLS sockets of the module are in use")]
    AllInUse {
        /// How many the module has.
        limit: usize,
    },
    /// The connection could not be made.
    #[error("no connection to {host}:{port}: {failure}")]
    Connect {
        /// The server.
        host: String,
        /// Its port.
        port: u16,
        /// What it looks like.
        failure: ConnectFailure,
        /// What the module said.
        #[source]
        error: CommandError,
    },
    /// A command failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Bytes were not accepted. Nothing more can be written.
    #[error("bytes were not accepted, {}: {error}", if *.may_have_gone { "but may have gone" } else { "none of them has gone" })]
    NotSent {
        /// The module may have sent them although it did not say so.
        may_have_gone: bool,
        /// What the module said.
        #[source]
        error: CommandError,
    },
    /// The connection has ended.
    #[error("{ending}{}", if is_refused_identity(*.ending, *.before_first_byte) { REFUSED_IDENTITY } else { "" })]
    Ended {
        /// How.
        ending: SocketEnding,
        /// Nothing had come from the peer, and with TLS 1.3 that can mean that it refused the client certificate.
        /// Always false on platforms without TLS 1.3.
        before_first_byte: bool,
    },
    /// The connection ended while it was suspended.
    #[error("the connection ended while it was suspended: {ending}")]
    EndedWhileSuspended {
        /// How.
        ending: SocketEnding,
        /// What the peer had still sent.
        unread: Bytes,
    },
    /// The module has no command that can carry this byte. Nothing of the write was sent.
    #[error("the byte 0x{byte:02x} cannot be sent in command mode on this module; use online mode")]
    Uncarriable {
        /// The byte.
        byte: u8,
    },
    /// The module delivered more than the application read, and nothing can hold it up: bytes are lost.
    #[error("more than {capacity} bytes came that nobody read; let the module announce data instead")]
    Overflow {
        /// What could be kept.
        capacity: usize,
    },
    /// The module delivered data in lines that were not taken in time: bytes are lost.
    #[error("{lines} lines of the module were lost, with data of the connection among them")]
    LinesLost {
        /// How many.
        lines: u64,
    },
    /// Nothing can be asked while the port carries the connection.
    #[error("the socket is in online mode; suspend it first")]
    Online,
    /// Only a connection in online mode can be suspended.
    #[error("the socket is in command mode, where other commands run anyway")]
    NotOnline,
    /// The module's TLS was switched off under the connection, as by a restart. Bytes may be missing at the end.
    #[error("the module has switched TLS off, as by a restart; the connection is lost")]
    Disabled,
    /// In online mode the module did not take what was written in time, because the peer does not read perhaps. The
    /// rest was thrown away and the connection closed.
    #[error("the module did not take what was written within {waited:?}; a part of it may have gone")]
    Stalled {
        /// The bound: [`send_timeout`](super::TlsConnector::send_timeout).
        waited: Duration,
    },
    /// The module has restarted, and the connection is gone with it. What was written last may have reached the peer or
    /// not, and what the peer sent last may be missing.
    #[error("the module has restarted, and the connection is lost")]
    ModuleRestarted,
    /// Bytes of a connection in online mode got lost on the line between host and module, as what the module has counted
    /// shows. The connection is closed.
    #[error("{to_module} bytes were lost on the line to the module, and {from_module} on the line from it")]
    BytesLost {
        /// Bytes that were written, and that the module has never seen.
        to_module: u64,
        /// Bytes that the module has given out, and that have not come.
        from_module: u64,
    },
    /// The module did not come back from online mode.
    #[error("the module did not leave online mode")]
    Stuck,
}

const REFUSED_IDENTITY: &str = ", before its first byte; with TLS 1.3 that is what a server does which does not \
                                accept the client certificate, or misses one";

/// Whether a server that refuses the client certificate would end a connection like this.
fn is_refused_identity(ending: SocketEnding, before_first_byte: bool) -> bool {
    match ending {
        SocketEnding::Alert
        | SocketEnding::CloseNotify
        | SocketEnding::Truncated
        | SocketEnding::Reset
        | SocketEnding::Unknown => before_first_byte,
        SocketEnding::Inactivity | SocketEnding::ContextClosed | SocketEnding::Local => false,
    }
}

/// Why a connection could not be made, as far as the module's words tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectFailure {
    /// The host name has no address.
    Name,
    /// Nobody takes connections there, or the network does not let them through.
    Unreachable,
    /// It took too long. The module may have connected all the same; then it has hung up again.
    TimedOut,
    /// The packet data context is not active.
    NoContext,
    /// TLS failed.
    Tls(TlsFailure),
    /// The module does not say.
    Unknown,
}

impl ConnectFailure {
    pub(crate) fn of(error: &CommandError) -> Self {
        match (TlsFailure::of(error), error.module_error()) {
            (Some(failure), _) => Self::Tls(failure),
            (None, Some(told)) => Self::named_by(told),
            (None, None) if error.is_timeout() => Self::TimedOut,
            (None, None) => Self::Unknown,
        }
    }

    /// Source: M37 p20-28.
    fn named_by(told: &ModuleError) -> Self {
        const NAMED: [(ConnectFailure, &[u32], &str); 7] = [
            (ConnectFailure::NoContext, &[556], "context not opened"),
            (ConnectFailure::Name, &[558], "can not resolve DN"),
            (ConnectFailure::TimedOut, &[559], "time-out in opening socket"),
            (ConnectFailure::Unreachable, &[557], "can not setup socket"),
            (ConnectFailure::Unreachable, &[560], "can not open socket"),
            (ConnectFailure::Unreachable, &[561], "remote disconnected or time-out"),
            (ConnectFailure::Unreachable, &[562], "connection failed"),
        ];
        let named = NAMED.iter().find(|(_, numbers, text)| told.is(numbers, text));
        named.map_or(Self::Unknown, |(failure, ..)| *failure)
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Name => "check the host name, and whether the network resolves it",
            Self::Unreachable => "check host, port and firewall",
            Self::TimedOut => "check host, port and firewall, or allow more time",
            Self::NoContext => "bring the module on line again",
            Self::Tls(failure) => failure.hint(),
            Self::Unknown => {
                "the module gives no reason; check host, port, certificates and the module's clock"
            }
        }
    }
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("the host name is not known"),
            Self::Unreachable => f.write_str("the connection was refused or lost"),
            Self::TimedOut => f.write_str("it took too long"),
            Self::NoContext => f.write_str("the packet data context is not active"),
            Self::Tls(failure) => failure.fmt(f),
            Self::Unknown => f.write_str("the module gives no reason"),
        }
    }
}

impl SocketError {
    pub(super) fn connect(host: &str, port: u16, error: CommandError) -> Self {
        let failure = ConnectFailure::of(&error);
        match error {
            // Nothing was tried.
            CommandError::Invalid(_) | CommandError::LinkLost { .. } | CommandError::NotResponding { .. } => {
                Self::Command(error)
            }
            error => Self::Connect { host: host.to_owned(), port, failure, error },
        }
    }

    pub(super) fn not_sent(error: CommandError) -> Self {
        let nothing_open =
            matches!(TlsFailure::of(&error), Some(TlsFailure::NotConnected | TlsFailure::NotActivated));
        // Whether a block that the module took and refused had gone in part, no module tells.
        let refused = error.module_error().is_some_and(ModuleError::is_behind_payload) && !nothing_open;
        Self::NotSent { may_have_gone: refused || error.may_have_taken_effect(), error }
    }

    /// Whether the module did not answer. A lost port is no silence: nobody can be asked.
    pub(super) fn is_silence(&self) -> bool {
        match self {
            Self::Command(error) | Self::NotSent { error, .. } | Self::Connect { error, .. } => {
                matches!(
                    error,
                    CommandError::TimedOut { .. }
                        | CommandError::Restarted { .. }
                        | CommandError::NotResponding { .. }
                )
            }
            Self::Tls(error) => error.category() == Category::Link,
            Self::Stuck => true,
            _ => false,
        }
    }

    /// Whether a restart of the module can lead to it.
    pub(super) fn may_be_loss(&self) -> bool {
        match self {
            Self::Uncarriable { .. } | Self::Online | Self::NotOnline | Self::AllInUse { .. } => false,
            error => error.category() != Category::Usage,
        }
    }

    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Tls(error) => error.category(),
            Self::AllInUse { .. } => Category::Busy,
            Self::Connect { failure: ConnectFailure::Tls(TlsFailure::AlreadyActivated), .. } => {
                Category::Busy
            }
            Self::Stalled { .. } => Category::Network,
            Self::Connect { .. } | Self::Ended { .. } | Self::EndedWhileSuspended { .. } => Category::Network,
            Self::NotSent { error, .. } if error.module_error().is_some() => Category::Network,
            Self::Command(error) | Self::NotSent { error, .. } => error.category(),
            Self::Uncarriable { .. } | Self::Online | Self::NotOnline | Self::Overflow { .. } => {
                Category::Usage
            }
            Self::ModuleRestarted
            | Self::Stuck
            | Self::Disabled
            | Self::LinesLost { .. }
            | Self::BytesLost { .. } => Category::Link,
        }
    }

    /// What to look at.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Tls(error) => error.hint(),
            Self::Connect { failure, .. } => Some(failure.hint()),
            Self::Ended { ending, before_first_byte } if is_refused_identity(*ending, *before_first_byte) => {
                Some("check the client certificate, and what the server's log says")
            }
            Self::ModuleRestarted => Some("connect again when the module is on line"),
            Self::Stalled { .. } => Some("check that the peer reads, or allow more time to send"),
            Self::BytesLost { .. } => {
                Some("wire RTS and CTS and switch flow control on, or take a lower line rate")
            }
            Self::NotSent { error, .. } | Self::Command(error) => TlsFailure::of(error).map(TlsFailure::hint),
            _ => None,
        }
    }

    /// The nearest kind of I/O error.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Ended { ending, .. } | Self::EndedWhileSuspended { ending, .. } => {
                ending.error_kind().unwrap_or(io::ErrorKind::BrokenPipe)
            }
            Self::Uncarriable { .. } => io::ErrorKind::InvalidInput,
            Self::Online | Self::NotOnline => io::ErrorKind::Unsupported,
            Self::NotSent { error, .. } if error.module_error().is_some() => io::ErrorKind::BrokenPipe,
            Self::Connect { failure: ConnectFailure::TimedOut, .. } | Self::Stalled { .. } => {
                io::ErrorKind::TimedOut
            }
            Self::Connect { failure: ConnectFailure::Unreachable, .. } => io::ErrorKind::ConnectionRefused,
            Self::AllInUse { .. } => io::ErrorKind::AddrInUse,
            Self::BytesLost { .. } => io::ErrorKind::InvalidData,
            Self::ModuleRestarted | Self::Disabled => io::ErrorKind::ConnectionReset,
            _ => io::ErrorKind::Other,
        }
    }
}

impl From<SocketError> for io::Error {
    fn from(error: SocketError) -> Self {
        Self::new(error.kind(), error)
    }
}

impl From<LeaseError> for SocketError {
    fn from(error: LeaseError) -> Self {
        Self::Tls(error.into())
    }
}

impl From<SlotError> for SocketError {
    fn from(error: SlotError) -> Self {
        match error {
            SlotError::AllInUse { limit } => Self::AllInUse { limit },
            SlotError::Lease(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::Effect;

    fn refused(detail: &str) -> CommandError {
        CommandError::Refused { command: "#SSLD".into(), error: ModuleError::equipment(detail) }
    }

    #[test]
    fn the_module_names_what_failed() {
        for (detail, failure) in [
            ("558", ConnectFailure::Name),
            ("cannot resolve DN", ConnectFailure::Name),
            ("562", ConnectFailure::Unreachable),
            ("time-out in opening socket", ConnectFailure::TimedOut),
            ("context not opened", ConnectFailure::NoContext),
            ("SSL error during handshake", ConnectFailure::Tls(TlsFailure::Handshake)),
            ("1012", ConnectFailure::Tls(TlsFailure::VersionMismatch)),
            ("something else", ConnectFailure::Unknown),
        ] {
            assert_eq!(ConnectFailure::of(&refused(detail)), failure, "{detail}");
        }
        let late = CommandError::TimedOut {
            command: "#SSLD".into(),
            waited: Duration::from_secs(150),
            effect: Effect::Once,
        };
        assert_eq!(ConnectFailure::of(&late), ConnectFailure::TimedOut);
        let odd = CommandError::Unexpected {
            command: "#SSLD".into(),
            detail: "no final result".into(),
            effect: Effect::Once,
        };
        assert_eq!(ConnectFailure::of(&odd), ConnectFailure::Unknown, "it took no time");
    }

    #[test]
    fn an_end_before_the_first_byte_is_explained() {
        let error = SocketError::Ended { ending: SocketEnding::Alert, before_first_byte: true };
        assert!(error.to_string().contains("does not accept the client certificate"), "{error}");
        assert!(error.hint().is_some());
        let error = SocketError::Ended { ending: SocketEnding::Reset, before_first_byte: false };
        assert_eq!(error.to_string(), "the connection was reset");
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::ConnectionReset);
        for ending in [SocketEnding::Local, SocketEnding::Inactivity, SocketEnding::ContextClosed] {
            let error = SocketError::Ended { ending, before_first_byte: true };
            assert_eq!((error.to_string(), error.hint()), (ending.to_string(), None), "no server did that");
        }
    }

    #[test]
    fn a_late_answer_says_that_the_bytes_may_have_gone() {
        let error = CommandError::TimedOut {
            command: "#SSLSENDEXT".into(),
            waited: Duration::from_secs(70),
            effect: Effect::Once,
        };
        let error = SocketError::not_sent(error);
        assert!(matches!(error, SocketError::NotSent { may_have_gone: true, .. }));
        assert!(error.to_string().starts_with("bytes were not accepted, but may have gone: "), "{error}");
        let error = SocketError::not_sent(refused("SSL not connected"));
        assert!(matches!(error, SocketError::NotSent { may_have_gone: false, .. }));
        assert!(error.to_string().starts_with("bytes were not accepted, none of them has gone: "), "{error}");
    }

    #[test]
    fn only_a_block_that_the_module_had_got_may_have_gone_although_it_was_refused() {
        let refused = |error| CommandError::Refused { command: "#SSLSENDEXT".into(), error };
        let (before, error) = (ModuleError::plain(), ModuleError::equipment("SSL socket error"));
        for (error, gone) in [(before, false), (error.clone(), false), (error.behind_payload(), true)] {
            let judged = SocketError::not_sent(refused(error));
            assert!(
                matches!(&judged, SocketError::NotSent { may_have_gone, .. } if *may_have_gone == gone),
                "{judged}"
            );
        }
    }
}
