//! Why an engine does not carry a request.

use telit_https::RequestError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It has GET, HEAD, DELETE, POST and PUT. Source: M37 p861, p866.
    Method,
    /// `Expect`: both send the body at once.
    Header,
    /// DELETE has none, and POST and PUT have one of at least a byte. Source: `AT#HTTPSND=?`.
    Body,
    /// More than `AT#HTTPSND=?` allows.
    BodyTooLong,
    /// More than `AT#HTTPQRY=?` allows for all header lines together.
    HeadersTooLong,
    /// More than `AT#HTTPQRY=?` allows for path and query.
    LineTooLong,
}

impl Refusal {
    /// Whether both engines refuse it.
    pub(super) fn is_everybodys(self) -> bool {
        self == Self::Header
    }

    /// Whether the error says so.
    pub(super) fn is(self, error: &RequestError) -> bool {
        let too_long =
            |what: &str| matches!(error, RequestError::TooLong { what: known, .. } if known.contains(what));
        match self {
            Self::Method => matches!(error, RequestError::UnsupportedMethod { .. }),
            Self::Header => matches!(error, RequestError::InvalidHeader { .. }),
            Self::Body => matches!(error, RequestError::InvalidBody { .. }),
            Self::BodyTooLong => too_long("body"),
            Self::HeadersTooLong => too_long("headers"),
            Self::LineTooLong => too_long("path and query"),
        }
    }
}
