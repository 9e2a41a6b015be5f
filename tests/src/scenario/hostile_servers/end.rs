//! How a request ended.

use bytes::Bytes;
use http::Response;
use telit_https::{Body, BodyError, RequestError};

#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Status 200, and this body.
    Whole(Bytes),
    /// The connection ended, or what came is no answer.
    NoAnswer,
    TimedOut,
    /// So many bytes came of so many.
    Truncated(u64, u64),
    /// What came is no answer.
    Malformed,
    /// The head of the answer is longer than we take.
    HeadTooLarge,
    /// The body is longer than we take.
    TooLarge,
    /// The server said nothing more behind so many bytes.
    Stalled(u64),
    /// The connection ended behind so many bytes, in a body of unknown length.
    BrokenOff(u64),
    /// What comes behind so many bytes is not in order.
    BodyMalformed(u64),
    /// Anything else.
    Other(String),
}

impl End {
    pub(super) fn whole(body: &'static str) -> Self {
        Self::Whole(Bytes::from_static(body.as_bytes()))
    }

    /// Reads up to so many bytes of the body.
    pub(super) async fn of(answer: Result<Response<Body>, RequestError>, limit: usize) -> Self {
        let response = match answer {
            Err(RequestError::NoAnswer { .. }) => return Self::NoAnswer,
            Err(RequestError::TimedOut { .. }) => return Self::TimedOut,
            Err(RequestError::Malformed { .. }) => return Self::Malformed,
            Err(RequestError::HeadTooLarge { .. }) => return Self::HeadTooLarge,
            Err(error) => return Self::Other(format!("{error:?}")),
            Ok(response) => response,
        };
        let status = response.status();
        match response.into_body().bytes(limit).await {
            Ok(body) if status == 200 => Self::Whole(body),
            Ok(body) => Self::Other(format!("status {status}, {} bytes", body.len())),
            Err(BodyError::Truncated { got, expected }) => Self::Truncated(got, expected),
            Err(BodyError::TooLarge { .. }) => Self::TooLarge,
            Err(BodyError::Stalled { got, .. }) => Self::Stalled(got),
            Err(BodyError::BrokenOff { got }) => Self::BrokenOff(got),
            Err(BodyError::Malformed { got, .. }) => Self::BodyMalformed(got),
            Err(error) => Self::Other(format!("status {status}, {error:?}")),
        }
    }
}
