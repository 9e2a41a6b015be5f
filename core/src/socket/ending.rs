//! How a connection ended, as far as the module tells.

use std::fmt;
use std::io;

/// How a TLS connection ended.
///
/// What the reader of a [`TlsSocket`](super::TlsSocket) gets after the last byte:
///
/// | ending | read |
/// |---|---|
/// | [`CloseNotify`](Self::CloseNotify), [`Unknown`](Self::Unknown), [`Local`](Self::Local) | end of stream |
/// | [`Truncated`](Self::Truncated) | [`io::ErrorKind::UnexpectedEof`] |
/// | [`Reset`](Self::Reset) | [`io::ErrorKind::ConnectionReset`] |
/// | [`Inactivity`](Self::Inactivity) | [`io::ErrorKind::TimedOut`] |
/// | [`ContextClosed`](Self::ContextClosed) | [`io::ErrorKind::NetworkDown`] |
/// | [`Alert`](Self::Alert) | [`io::ErrorKind::ConnectionAborted`] |
///
/// Source: M37 p878-879.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SocketEnding {
    /// The peer said that it has sent everything: the only end that nobody in the middle can forge.
    CloseNotify,
    /// The connection below TLS was closed without that: something may be missing at the end. Also where a module
    /// that tells causes told none, and not that everything was read.
    Truncated,
    /// The connection was reset.
    Reset,
    /// Nothing was sent for too long.
    Inactivity,
    /// The network closed the packet data context.
    ContextClosed,
    /// The peer ended it with a TLS alert.
    Alert,
    /// The module does not tell.
    Unknown,
    /// It was closed on this side.
    Local,
}

impl SocketEnding {
    /// By the number in `NO CARRIER:SSL,<SSId>,<cause>`.
    pub(super) fn from_cause(cause: u8) -> Self {
        match cause {
            1 => Self::Reset,
            2 => Self::Inactivity,
            3 => Self::ContextClosed,
            4 => Self::CloseNotify,
            5 => Self::Truncated,
            6 => Self::Alert,
            _ => Self::Unknown,
        }
    }

    /// The error that a reader gets; `None` is an end of stream like any other.
    #[must_use]
    pub fn error_kind(self) -> Option<io::ErrorKind> {
        match self {
            Self::CloseNotify | Self::Unknown | Self::Local => None,
            Self::Truncated => Some(io::ErrorKind::UnexpectedEof),
            Self::Reset => Some(io::ErrorKind::ConnectionReset),
            Self::Inactivity => Some(io::ErrorKind::TimedOut),
            Self::ContextClosed => Some(io::ErrorKind::NetworkDown),
            Self::Alert => Some(io::ErrorKind::ConnectionAborted),
        }
    }
}

impl fmt::Display for SocketEnding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CloseNotify => "the peer closed the connection",
            Self::Truncated => "the connection ended without the peer's closing message",
            Self::Reset => "the connection was reset",
            Self::Inactivity => "the connection was silent for too long",
            Self::ContextClosed => "the network closed the packet data context",
            Self::Alert => "the peer ended the connection with a TLS alert",
            Self::Unknown => "the connection ended, the module does not tell how",
            Self::Local => "the connection was closed on this side",
        })
    }
}

/// What a `NO CARRIER` line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closure {
    /// This TLS socket, for this reason.
    Socket(u8, SocketEnding),
    /// Some connection.
    Somewhere,
}

impl Closure {
    /// Reads `NO CARRIER`, `NO CARRIER:SSL,<SSId>` and `NO CARRIER:SSL,<SSId>,<cause>`, blanks anywhere. Lines of
    /// plain sockets, which lack the word, are not ours.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("NO CARRIER").or_else(|| line.strip_prefix("NOCARRIER"))?.trim();
        if rest.is_empty() {
            return Some(Self::Somewhere);
        }
        let mut fields = rest.strip_prefix(':')?.split(',').map(str::trim);
        if fields.next() != Some("SSL") {
            return None;
        }
        let socket = fields.next()?.parse().ok()?;
        let cause = fields.next().and_then(|cause| cause.parse().ok());
        Some(Self::Socket(socket, cause.map_or(SocketEnding::Unknown, SocketEnding::from_cause)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_the_line() {
        let socket = |ending| Some(Closure::Socket(1, ending));
        assert_eq!(Closure::parse("NO CARRIER"), Some(Closure::Somewhere));
        assert_eq!(Closure::parse("NO CARRIER:SSL,1"), socket(SocketEnding::Unknown));
        assert_eq!(Closure::parse("NO CARRIER:SSL,1,4"), socket(SocketEnding::CloseNotify));
        assert_eq!(Closure::parse("NO CARRIER: SSL, 1, 5"), socket(SocketEnding::Truncated));
        assert_eq!(Closure::parse("NO CARRIER:SSL,1,99"), socket(SocketEnding::Unknown));
        for foreign in ["NO CARRIER: 1,2", "NO CARRIER:SSL,x", "NO CARRIERS", "OK"] {
            assert_eq!(Closure::parse(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn only_what_may_have_lost_bytes_is_an_error() {
        let kinds: Vec<_> = (0..=6).map(|cause| SocketEnding::from_cause(cause).error_kind()).collect();
        assert_eq!(
            kinds,
            [
                None,
                Some(io::ErrorKind::ConnectionReset),
                Some(io::ErrorKind::TimedOut),
                Some(io::ErrorKind::NetworkDown),
                None,
                Some(io::ErrorKind::UnexpectedEof),
                Some(io::ErrorKind::ConnectionAborted),
            ]
        );
    }
}
