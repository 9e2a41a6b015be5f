//! The channel to a module as the clients see it: object-safe, so that it can be mocked.

use async_trait::async_trait;

use super::stream::DataStream;
use super::typed::{Running, Typed};
use super::unsolicited::Unsolicited;
use crate::at::{Command, Exchange, InvalidValue, Reply};
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
pub trait AtChannelExt: AtChannel {
    /// Encodes a command, runs it and reads its answer.
    ///
    /// # Errors
    /// See [`CommandError`].
    ///
    /// # Cancel safety
    /// As [`AtChannel::execute`].
    fn run<'a, C>(&'a self, command: C) -> impl Future<Output = Result<C::Response, CommandError>> + Send
    where
        C: Command + Send + Sync + 'a,
        C::Response: Send,
    {
        Typed::boxed(command, |exchange| execute(self, exchange))
    }
}

/// Not in `run`, which is there once for every command.
fn execute<T: AtChannel + ?Sized>(channel: &T, exchange: Result<Exchange, InvalidValue>) -> Running<'_> {
    Running::new(exchange, |exchange| channel.execute(exchange))
}

impl<T: AtChannel + ?Sized> AtChannelExt for T {}
