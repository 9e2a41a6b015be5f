//! What is behind an error of `hyper`.

use std::error::Error;
use std::io;

use telit_core::socket::SocketError;

use crate::body_error::BodyError;
use crate::error::RequestError;
use crate::options::HttpsOptions;
use crate::target::Target;

/// Why a request has no answer, or a body no end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The TLS socket says.
    Socket(SocketError),
    /// Status line and headers are too long.
    HeadTooLarge,
    /// What came is not HTTP.
    Malformed(String),
    /// The connection ended in the middle.
    BrokenOff,
    /// It does not say.
    Unknown(String),
}

impl Cause {
    pub(super) fn of(error: &hyper::Error) -> Self {
        if let Some(cause) = Self::below(error) {
            return cause;
        }
        if error.is_parse_too_large() {
            Self::HeadTooLarge
        } else if error.is_parse() {
            Self::Malformed(error.to_string())
        } else if error.is_incomplete_message() {
            Self::BrokenOff
        } else {
            Self::Unknown(error.to_string())
        }
    }

    /// What an I/O error under it says.
    fn below(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                return Some(Self::of_io(error));
            }
            next = error.source();
        }
        None
    }

    fn of_io(error: &io::Error) -> Self {
        if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<SocketError>()) {
            return Self::Socket(error.clone());
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::BrokenOff,
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Self::Malformed(error.to_string()),
            _ => Self::Unknown(error.to_string()),
        }
    }

    /// The one of the two that says more: a request is told less than the connection under it.
    pub(super) fn or(self, other: Option<Self>) -> Self {
        match (self, other) {
            (Self::Unknown(_) | Self::BrokenOff, Some(other @ Self::Socket(_))) => other,
            (Self::Unknown(_), Some(other)) => other,
            (cause, _) => cause,
        }
    }

    /// The last bytes that were written have not gone.
    pub(super) fn is_untaken(&self) -> bool {
        matches!(self, Self::Socket(SocketError::NotSent { may_have_gone: false, .. }))
    }

    /// The head of the answer did not come. `wrote`: something of the request has gone; `read`: something has come.
    pub(super) fn of_request(
        self,
        target: &Target,
        options: &HttpsOptions,
        wrote: bool,
        read: bool,
    ) -> RequestError {
        let host = target.host.clone();
        match self {
            Self::Socket(error) => RequestError::of_connection(error, target, wrote),
            Self::HeadTooLarge => RequestError::HeadTooLarge { host, limit: options.max_response_head },
            Self::Malformed(reason) => RequestError::Malformed { host, reason },
            Self::Unknown(reason) if read => RequestError::Malformed { host, reason },
            Self::BrokenOff | Self::Unknown(_) => RequestError::NoAnswer { host },
        }
    }

    /// The body did not come whole.
    pub(super) fn of_body(self, got: u64, expected: Option<u64>) -> BodyError {
        match self {
            Self::Socket(SocketError::ModuleRestarted | SocketError::Disabled) => {
                BodyError::ModuleRestarted { got }
            }
            Self::Socket(SocketError::Command(error)) => BodyError::Link(error),
            Self::Socket(SocketError::Ended { .. }) | Self::BrokenOff => broken_off(got, expected),
            Self::Socket(error) => BodyError::Socket { got, error },
            Self::Malformed(reason) => BodyError::Malformed { got, reason },
            Self::HeadTooLarge => {
                BodyError::Malformed { got, reason: "its trailers are too long".to_owned() }
            }
            Self::Unknown(_) => broken_off(got, expected),
        }
    }
}

fn broken_off(got: u64, expected: Option<u64>) -> BodyError {
    match expected {
        Some(expected) => BodyError::Truncated { got, expected },
        None => BodyError::BrokenOff { got },
    }
}

#[cfg(test)]
mod tests {
    use telit_core::socket::SocketEnding;

    use super::*;

    fn ended() -> SocketError {
        SocketError::Ended { ending: SocketEnding::Reset, before_first_byte: false }
    }

    #[test]
    fn io_errors_say_what_is_under_them() {
        assert_eq!(Cause::of_io(&ended().into()), Cause::Socket(ended()));
        assert_eq!(Cause::of_io(&io::ErrorKind::UnexpectedEof.into()), Cause::BrokenOff);
        let chunk = io::Error::new(io::ErrorKind::InvalidInput, "Invalid chunk size line");
        assert_eq!(Cause::of_io(&chunk), Cause::Malformed("Invalid chunk size line".to_owned()));
    }

    #[test]
    fn the_connection_knows_better_than_the_request() {
        let unknown = || Cause::Unknown("canceled".to_owned());
        assert_eq!(unknown().or(Some(Cause::HeadTooLarge)), Cause::HeadTooLarge);
        assert_eq!(Cause::BrokenOff.or(Some(Cause::Socket(ended()))), Cause::Socket(ended()));
        assert_eq!(Cause::HeadTooLarge.or(Some(unknown())), Cause::HeadTooLarge);
        assert_eq!(unknown().or(None), unknown());
    }

    #[test]
    fn a_body_that_breaks_off_says_how_much_is_missing_if_that_is_known() {
        let truncated = BodyError::Truncated { got: 3, expected: 5 };
        assert_eq!(Cause::BrokenOff.of_body(3, Some(5)), truncated);
        assert_eq!(Cause::Socket(ended()).of_body(3, Some(5)), truncated);
        assert_eq!(Cause::BrokenOff.of_body(3, None), BodyError::BrokenOff { got: 3 });
    }
}
