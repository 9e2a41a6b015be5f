//! Typed commands.

use super::command_line::InvalidValue;
use super::exchange::Exchange;
use super::reply::Reply;

/// One form of one AT command: how it is sent and how its answer is read.
///
/// A value of a type that implements this holds typed, named parameters. Its
/// [`exchange`](Self::exchange) carries the deadline and the effect, each with its source.
pub trait Command {
    /// What a successful answer tells.
    type Response;

    /// Encodes the command.
    ///
    /// # Errors
    /// A parameter that cannot be sent.
    fn exchange(&self) -> Result<Exchange, InvalidValue>;

    /// Reads a successful answer.
    ///
    /// # Errors
    /// The answer lacks what the command promises.
    fn parse(&self, reply: &Reply) -> Result<Self::Response, UnexpectedReply>;
}

/// A successful answer that does not hold what the command promises.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unexpected answer: {detail}")]
pub struct UnexpectedReply {
    detail: String,
}

impl UnexpectedReply {
    /// Says what was missing or wrong.
    #[must_use]
    pub fn new(detail: impl Into<String>) -> Self {
        Self { detail: detail.into() }
    }
}
