//! What the engine tells its owner.

use std::time::Duration;

use bytes::Bytes;

use super::reply::{Line, Reply};
use super::result_code::ModuleError;

/// What the engine found out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The exchange that was begun has ended. After a stream exchange succeeded, the stream is open.
    Completed(Result<Reply, Failure>),
    /// Bytes of the open stream.
    StreamData(Bytes),
    /// The open stream has ended.
    StreamEnded(StreamEnd),
    /// A line that no command asked for. A code that carries data (`SSLSRING` in ring mode 2) is one line
    /// with its raw bytes.
    Unsolicited(Line),
    /// Like [`Unsolicited`](Self::Unsolicited), and the line holds a piece of a secret of the command under way, most likely by
    /// chance: it must not be shown in logs.
    UnsolicitedSecret(Line),
    /// The module echoes commands although it was told not to: it has probably restarted.
    EchoSeen,
    /// The command that switches the echo off was echoed: it was on until now.
    EchoWasOn,
    /// The engine is out of step: bytes of [`Engine::poll_output`](super::Engine::poll_output) that were not written yet must not
    /// be written any more. The module could take the rest of a payload for commands.
    OutputAbandoned,
}

/// Why an exchange failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The module refused the command.
    Refused(ModuleError),
    /// No final result within the deadline. The command may have taken effect.
    TimedOut {
        /// How long the engine waited in the last phase of the exchange.
        waited: Duration,
    },
    /// The module has restarted, and has not answered. The command may have taken effect.
    Restarted,
    /// The answer does not have the expected shape. The command may have taken effect.
    Unexpected(&'static str),
    /// The module answers nothing at all. The command was not sent.
    NotResponding,
}

/// How a data stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamEnd {
    /// The module closed it; `line` is its `NO CARRIER` line with whatever cause it names.
    Closed {
        /// The line that ended the stream.
        line: Line,
    },
    /// The module answered the escape sequence with `OK`: the connection stays, suspended.
    Suspended,
    /// The module did not come back from online mode within the bound.
    Lost,
    /// The port did not take a write in time: the rest of it was dropped, and a part of it may have gone. Whether
    /// the connection still stands, the module has to be asked.
    Stalled {
        /// How long the port had for it.
        waited: Duration,
    },
    /// The port closed or failed.
    LinkLost {
        /// What the port said.
        reason: String,
    },
}
