//! Why a connection could not be made, or broke.

use std::io;

use super::TlsFailure;

/// Why a connection could not be made, or broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum NetError {
    /// The name has no address.
    #[error("cannot resolve {host}")]
    Name {
        /// The name that was asked for.
        host: String,
    },
    /// The peer answered that nobody listens on the port.
    #[error("connection refused")]
    Refused,
    /// There is no way to the address.
    #[error("address unreachable")]
    Unreachable,
    /// The operation took longer than its limit.
    #[error("timed out")]
    Timeout,
    /// TLS failed, in the handshake or after it.
    #[error("TLS: {text}")]
    Tls {
        /// What went wrong, to branch on.
        reason: TlsFailure,
        /// What went wrong, in words. Holds no secrets.
        text: String,
    },
    /// The peer ended the connection before the operation was complete.
    #[error("closed by the peer")]
    Closed,
    /// The peer reset the connection.
    #[error("reset by the peer")]
    Reset,
    /// The cellular network is lost ([`super::Network::set_up`]).
    #[error("no network")]
    NetworkDown,
    /// Anything else that the operating system reports.
    #[error("{text}")]
    Io {
        /// The kind of the system's error.
        kind: io::ErrorKind,
        /// The system's own words.
        text: String,
    },
}

impl NetError {
    /// A TLS failure with its words.
    pub(crate) fn tls(reason: TlsFailure, text: impl Into<String>) -> Self {
        Self::Tls { reason, text: text.into() }
    }

    /// The reason of a TLS failure, if it is one.
    pub(crate) fn tls_failure(&self) -> Option<TlsFailure> {
        match self {
            Self::Tls { reason, .. } => Some(*reason),
            _ => None,
        }
    }
}

impl From<io::Error> for NetError {
    fn from(error: io::Error) -> Self {
        // A `Connection` wraps its own errors into `io::Error` to fit `AsyncRead`: take them out again.
        if let Some(own) = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            return own.clone();
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::AddrNotAvailable => Self::Unreachable,
            io::ErrorKind::TimedOut => Self::Timeout,
            io::ErrorKind::UnexpectedEof => Self::Closed,
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                Self::Reset
            }
            kind => Self::Io { kind, text: error.to_string() },
        }
    }
}

impl From<NetError> for io::Error {
    fn from(error: NetError) -> Self {
        let kind = match &error {
            NetError::Refused => io::ErrorKind::ConnectionRefused,
            NetError::Unreachable => io::ErrorKind::NetworkUnreachable,
            NetError::Timeout => io::ErrorKind::TimedOut,
            NetError::Closed => io::ErrorKind::UnexpectedEof,
            NetError::Reset | NetError::NetworkDown => io::ErrorKind::ConnectionReset,
            NetError::Io { kind, .. } => *kind,
            NetError::Name { .. } | NetError::Tls { .. } => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_error_survives_the_way_through_io_error() {
        for error in [NetError::Reset, NetError::NetworkDown, NetError::tls(TlsFailure::Alert(40), "alert")] {
            assert_eq!(NetError::from(io::Error::from(error.clone())), error);
        }
    }

    #[test]
    fn system_errors_get_their_kind() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(NetError::from(refused), NetError::Refused);
        let pipe = io::Error::from(io::ErrorKind::BrokenPipe);
        assert_eq!(NetError::from(pipe), NetError::Reset);
    }
}
