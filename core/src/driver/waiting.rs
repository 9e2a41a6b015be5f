//! Who waits for the exchange that is under way.

use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::stream::DataStream;
use crate::at::{Effect, Failure, Reply};
use crate::error::CommandError;

#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) command: String,
    pub(super) effect: Effect,
    pub(super) answer: Answer,
}

#[derive(Debug)]
pub(super) enum Answer {
    Reply(oneshot::Sender<Result<Reply, CommandError>>),
    Stream(oneshot::Sender<Result<DataStream, CommandError>>),
    /// The task itself sent the command.
    Nobody,
}

impl Answer {
    pub(super) fn is_abandoned(&self) -> bool {
        match self {
            Self::Reply(answer) => answer.is_closed(),
            Self::Stream(answer) => answer.is_closed(),
            Self::Nobody => false,
        }
    }

    /// Ready when nobody waits for the answer any more.
    pub(super) fn poll_abandoned(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Reply(answer) => answer.poll_closed(context),
            Self::Stream(answer) => answer.poll_closed(context),
            Self::Nobody => Poll::Pending,
        }
    }

    pub(super) fn fail(self, error: CommandError) {
        match self {
            Self::Reply(answer) => drop(answer.send(Err(error))),
            Self::Stream(answer) => drop(answer.send(Err(error))),
            Self::Nobody => {}
        }
    }
}

/// What the caller of an exchange that failed is told.
pub(super) fn command_error(command: String, effect: Effect, failure: Failure) -> CommandError {
    match failure {
        Failure::Refused(error) => CommandError::Refused { command, error },
        Failure::TimedOut { waited } => CommandError::TimedOut { command, waited, effect },
        Failure::Restarted => CommandError::Restarted { command, effect },
        Failure::Unexpected(detail) => {
            CommandError::Unexpected { command, detail: detail.to_owned(), effect }
        }
        Failure::NotResponding => CommandError::NotResponding { command },
    }
}
