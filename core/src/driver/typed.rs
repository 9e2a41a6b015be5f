//! A typed command under way.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::future::BoxFuture;

use crate::at::{Command, Effect, Exchange, InvalidValue, Reply, UnexpectedReply};
use crate::error::CommandError;

/// What differs from command to command, and nothing else: the rest is in the program once, not once for each command.
pub(crate) struct Typed<'a, C> {
    command: C,
    running: Running<'a>,
}

/// An exchange under way, or why there is none.
pub(crate) struct Running<'a> {
    effect: Effect,
    reply: BoxFuture<'a, Result<Reply, CommandError>>,
}

impl<'a> Running<'a> {
    pub(crate) fn new(
        exchange: Result<Exchange, InvalidValue>,
        execute: impl FnOnce(Exchange) -> BoxFuture<'a, Result<Reply, CommandError>>,
    ) -> Self {
        match exchange {
            Ok(exchange) => Self { effect: exchange.effect, reply: execute(exchange) },
            Err(error) => {
                Self { effect: Effect::Query, reply: Box::pin(std::future::ready(Err(error.into()))) }
            }
        }
    }
}

impl<'a, C> Typed<'a, C>
where
    C: Command + Send + Sync + 'a,
    C::Response: Send,
{
    /// Boxed, so that whoever waits for it has neither its code nor what drops it in his own.
    pub(crate) fn boxed(
        command: C,
        run: impl FnOnce(Result<Exchange, InvalidValue>) -> Running<'a>,
    ) -> BoxFuture<'a, Result<C::Response, CommandError>> {
        let running = run(command.exchange());
        Box::pin(Self { command, running })
    }
}

// The command is never pinned.
impl<C> Unpin for Typed<'_, C> {}

impl<C: Command> Future for Typed<'_, C> {
    type Output = Result<C::Response, CommandError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { command, running } = self.get_mut();
        let reply = ready!(running.reply.as_mut().poll(context))?;
        Poll::Ready(
            command.parse(&reply).map_err(|detail| misread(command.exchange(), &detail, running.effect)),
        )
    }
}

#[cold]
fn misread(
    exchange: Result<Exchange, InvalidValue>,
    detail: &UnexpectedReply,
    effect: Effect,
) -> CommandError {
    let name = exchange.map(|exchange| exchange.line().name().to_owned());
    CommandError::unexpected(name.unwrap_or_default(), detail, effect)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::{CommandLine, Expect};

    #[tokio::test]
    async fn what_cannot_be_written_is_not_run() {
        let exchange = CommandLine::set("#X").text("x", "two\rlines").build();
        let exchange = exchange.map(|line| Exchange::new(line, Expect::result()));
        let running = Running::new(exchange, |_| Box::pin(async { panic!("it was run") }));
        let refused = running.reply.await.unwrap_err();
        assert!(matches!(refused, CommandError::Invalid(_)), "{refused:?}");
    }
}
