//! The channel to a module as the clients see it: object-safe, so that it can be mocked.

use async_trait::async_trait;

use super::stream::DataStream;
use super::unsolicited::Unsolicited;
use crate::at::{Command, Effect, Exchange, InvalidValue, Reply, UnexpectedReply};
use crate::error::CommandError;

/// A channel that carries AT exchanges, one at a time, in order.
///
/// [`AtPort`](super::AtPort) is the real one. With the feature `mock` there is `MockAtChannel` for
/// unit tests of code that uses a module.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AtChannel: Send + Sync + std::fmt::Debug {
    /// Runs one exchange to its final result.
    ///
    /// # Errors
    /// See [`CommandError`].
    ///
    /// # Cancel safety
    /// Dropped before the command was written: it is not sent. Afterwards: it runs to its end and its
    /// result is thrown away.
    async fn execute(&self, exchange: Exchange) -> Result<Reply, CommandError>;

    /// Runs an exchange that opens a data stream (see [`Expect::stream`](crate::at::Expect::stream)).
    /// Until the stream has ended no other exchange runs on this port.
    ///
    /// # Errors
    /// See [`CommandError`].
    ///
    /// # Cancel safety
    /// Like [`execute`](Self::execute); a stream that opens for a dropped future is left at once by
    /// the escape sequence.
    async fn open_stream(&self, exchange: Exchange) -> Result<DataStream, CommandError>;

    /// Every unsolicited line from now on.
    fn unsolicited(&self) -> Unsolicited;
}

/// Typed commands on any channel.
#[async_trait]
pub trait AtChannelExt: AtChannel {
    /// Encodes a command, runs it and reads its answer.
    ///
    /// # Errors
    /// See [`CommandError`].
    ///
    /// # Cancel safety
    /// As [`AtChannel::execute`].
    async fn run<C>(&self, command: C) -> Result<C::Response, CommandError>
    where
        C: Command + Send + Sync,
        C::Response: Send,
    {
        let exchange = command.exchange()?;
        let effect = exchange.effect;
        let reply = self.execute(exchange).await?;
        command.parse(&reply).map_err(|detail| misread(command.exchange(), &detail, effect))
    }
}

/// Not in `run`, which is there once for every command.
#[cold]
fn misread(
    exchange: Result<Exchange, InvalidValue>,
    detail: &UnexpectedReply,
    effect: Effect,
) -> CommandError {
    let name = exchange.map(|exchange| exchange.line().name().to_owned());
    CommandError::unexpected(name.unwrap_or_default(), detail, effect)
}

impl<T: AtChannel + ?Sized> AtChannelExt for T {}
