//! What can go wrong in an MQTT session.

use super::super::NetError;

/// Why a session could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ConnectError {
    /// The broker answered CONNECT with a refusal.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The broker took the connection but did not answer CONNECT in time.
    #[error("no CONNACK")]
    NoConnack,
    /// TCP or TLS failed, or the broker closed without an answer ([`NetError::Closed`]).
    #[error(transparent)]
    Network(#[from] NetError),
    /// The answer is not a CONNACK of MQTT 3.1.1.
    #[error("protocol error: {0}")]
    Protocol(String),
    /// An option does not fit into the packet; nothing was sent.
    #[error("{0} is too long")]
    TooLong(&'static str),
}

/// The return code of a refusing CONNACK (MQTT 3.2.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// 1
    #[error("unacceptable protocol version")]
    ProtocolVersion,
    /// 2
    #[error("identifier rejected")]
    IdentifierRejected,
    /// 3
    #[error("server unavailable")]
    ServerUnavailable,
    /// 4
    #[error("bad user name or password")]
    BadCredentials,
    /// 5
    #[error("not authorised")]
    NotAuthorised,
    /// Reserved numbers.
    #[error("return code {0}")]
    Other(u8),
}

impl Refusal {
    /// The refusal of a return code other than 0.
    pub(crate) fn from_code(code: u8) -> Self {
        match code {
            1 => Self::ProtocolVersion,
            2 => Self::IdentifierRejected,
            3 => Self::ServerUnavailable,
            4 => Self::BadCredentials,
            5 => Self::NotAuthorised,
            other => Self::Other(other),
        }
    }
}

/// Why a publish, subscribe or unsubscribe failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RequestError {
    /// The broker's answer did not come in time. It may have taken effect.
    #[error("no answer from the broker")]
    Timeout,
    /// The session ended before the answer. It may have taken effect.
    #[error("the session is closed")]
    Closed,
    /// The broker refused the subscription.
    #[error("refused by the broker")]
    Refused,
    /// The topic or the packet does not fit MQTT's limits; nothing was sent.
    #[error("{0} is too long")]
    TooLong(&'static str),
}

/// Why a session ended that the client did not end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CloseReason {
    /// The broker closed the connection in an orderly way.
    #[error("closed by the broker")]
    ByPeer,
    /// A ping stayed unanswered.
    #[error("ping unanswered")]
    PingUnanswered,
    /// The connection broke.
    #[error(transparent)]
    Network(NetError),
    /// The broker sent what is not MQTT 3.1.1.
    #[error("protocol error: {0}")]
    Protocol(String),
}
