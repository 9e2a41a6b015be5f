//! A TCP connection without TLS, to see whether there is a way, and what the server says.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout};

use super::examination::{Gone, is_gone};
use super::hello::{Answer, Reading};
use crate::commands::{ClosePlainSocket, DialPlainSocket, ReceivePlainBlock, SendPlainBlock, SocketContexts};
use crate::error::CommandError;
use crate::modem::Modem;

/// Added to the module's own time for a connection.
const DIAL_MARGIN: Duration = Duration::from_secs(15);
/// `<connTo>` 0 leaves the time to the stack.
const LONGEST_DIAL: Duration = Duration::from_secs(150);
const SENDING: Duration = Duration::from_secs(30);
/// How long the next bytes of the server are waited for, and how often the module is asked meanwhile if it announces nothing.
const ANSWERING: Duration = Duration::from_secs(15);
const ASKING: Duration = Duration::from_millis(500);
const BLOCK: u16 = 1000;

/// Why there is no plain socket.
pub(super) enum NoSocket {
    Gone(Gone),
    /// None belongs to the context.
    None,
    Refused(CommandError),
}

/// A plain socket that is open. Dropped, it is closed in the background.
pub(super) struct PlainSocket {
    modem: Modem,
    id: Option<u8>,
}

impl PlainSocket {
    pub(super) async fn dial(modem: &Modem, host: &str, port: u16) -> Result<Self, NoSocket> {
        let sockets = match modem.run(SocketContexts).await {
            Ok(sockets) => sockets,
            Err(error) if is_gone(&error) => return Err(NoSocket::Gone(Gone(error.to_string()))),
            Err(error) => return Err(NoSocket::Refused(error)),
        };
        let context = modem.context_id();
        // The last one: programs of their own take the first.
        let socket = sockets.into_iter().rfind(|socket| socket.context == context).ok_or(NoSocket::None)?;
        let deadline = match socket.values.get(2) {
            None | Some(0) => LONGEST_DIAL,
            Some(tenths) => Duration::from_millis(100 * u64::from(*tenths)) + DIAL_MARGIN,
        };
        // From now on it may be open, whatever becomes of this.
        let mut opened = Self { modem: modem.clone(), id: Some(socket.socket) };
        let dial = DialPlainSocket { socket: socket.socket, host: host.to_owned(), port, deadline };
        match modem.run(dial).await {
            Ok(()) => Ok(opened),
            Err(error) if is_gone(&error) => {
                opened.id = None;
                Err(NoSocket::Gone(Gone(error.to_string())))
            }
            Err(error) => {
                // A refused connection is none; one that came too late is closed, before the next one is dialled.
                if error.module_error().is_some() {
                    opened.id = None;
                }
                opened.close().await;
                Err(NoSocket::Refused(error))
            }
        }
    }

    /// Sends a question and reads until the answer is complete or nothing more comes. Gives whether the server has
    /// closed, too.
    pub(super) async fn converse(&self, question: Vec<u8>) -> Result<(Reading, bool), CommandError> {
        let Some(socket) = self.id else { return Ok((Answer::read(&[]), true)) };
        let mut lines = self.modem.channel().unsolicited();
        let send = SendPlainBlock { socket, data: Bytes::from(question), deadline: SENDING };
        // A server that has said its own and closed takes nothing any more: what it said tells.
        if let Err(error) = self.modem.run(send).await
            && error.module_error().is_none()
        {
            return Err(error);
        }
        let mut until = Instant::now() + ANSWERING;
        let (mut answer, mut ended) = (Vec::new(), false);
        while Instant::now() < until {
            match self.modem.run(ReceivePlainBlock { socket, most: BLOCK }).await {
                Ok(block) => {
                    answer.extend_from_slice(&block);
                    match Answer::read(&answer) {
                        // A chain of certificates takes its time over a narrow network.
                        Reading::Partial(_) if !block.is_empty() => until = Instant::now() + ANSWERING,
                        Reading::Partial(_) => {}
                        reading => return Ok((reading, false)),
                    }
                }
                Err(CommandError::Refused { .. }) if ended => break,
                // Nothing has come yet.
                Err(CommandError::Refused { .. }) => {
                    let line = timeout(ASKING, lines.next()).await;
                    ended = matches!(line, Ok(Some(Ok(line))) if line.text().starts_with("NO CARRIER"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok((Answer::read(&answer), ended))
    }

    pub(super) async fn close(mut self) {
        if let Some(socket) = self.id
            && let Err(error) = self.modem.run(ClosePlainSocket(socket)).await
        {
            tracing::debug!(%error, "a plain socket could not be closed");
        }
        self.id = None;
    }
}

impl Drop for PlainSocket {
    fn drop(&mut self) {
        let (Some(socket), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        let modem = self.modem.clone();
        runtime.spawn(async move {
            if let Err(error) = modem.run(ClosePlainSocket(socket)).await {
                tracing::debug!(%error, "a plain socket could not be closed");
            }
        });
    }
}
