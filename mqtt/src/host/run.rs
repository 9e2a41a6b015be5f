//! Moving bytes between a session and the stream to the broker.

use std::collections::HashMap;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use telit_core::socket::{SocketError, TlsSocket};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::failure::{self, Failure};
use super::link::{Answer, Request};
use super::session::{Carried, Happening, Login, Session, Settings, Ticket};
use crate::error::Refusal;
use crate::message::Message;
use crate::state::LossReason;

/// Bytes of one read.
const BLOCK: usize = 4096;

/// A byte stream to a broker.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Whether the peer has closed it. An end that nobody explains is none of the peer's.
    fn is_closed_by_peer(&self) -> bool;

    /// Ends it in order.
    fn hang_up(self) -> impl Future<Output = Result<(), SocketError>> + Send;
}

impl Wire for TlsSocket {
    fn is_closed_by_peer(&self) -> bool {
        self.ending().is_some_and(failure::is_by_peer)
    }

    async fn hang_up(self) -> Result<(), SocketError> {
        self.close().await
    }
}

/// What outlives a connection, between two of them.
pub(super) type Shelf = Arc<Mutex<Carried>>;

/// A session that leaves behind what outlives it, however it ends.
#[derive(Debug)]
pub(super) struct Shelved {
    session: Session,
    shelf: Shelf,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Run<W> {
    reader: ReadHalf<W>,
    writer: WriteHalf<W>,
    session: Shelved,
    block: Vec<u8>,
    /// Something was written that the module has not accepted yet.
    unaccepted: bool,
    waiting: HashMap<Ticket, Answer>,
}

/// Why a connection is served no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Asked,
    Lost(LossReason),
}

impl Shelved {
    pub(super) fn begin(settings: Settings, login: &Login, shelf: &Shelf) -> Result<Self, mqtt_proto::Error> {
        let carried = std::mem::take(&mut *shelf.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Self { session: Session::new(now(), settings, login, carried)?, shelf: Arc::clone(shelf) })
    }
}

impl Drop for Shelved {
    fn drop(&mut self) {
        *self.shelf.lock().unwrap_or_else(PoisonError::into_inner) = self.session.take_carried();
    }
}

impl<W: Wire> Run<W> {
    pub(super) fn new(wire: W, session: Shelved) -> Self {
        let (reader, writer) = tokio::io::split(wire);
        let (block, waiting) = (vec![0; BLOCK], HashMap::new());
        Self { reader, writer, session, block, unaccepted: false, waiting }
    }

    /// Whether the broker lets us in, and then whether it has kept our session.
    pub(super) async fn answer_to_login(&mut self) -> Result<Result<bool, Refusal>, LossReason> {
        loop {
            match self.session.next(false)? {
                Some(Happening::Accepted { session_present }) => return Ok(Ok(session_present)),
                Some(Happening::Refused(refusal)) => return Ok(Err(refusal)),
                // Nothing else happens before.
                Some(_) => {}
                None => self.exchange().await?,
            }
        }
    }

    /// Serves the owner until the connection is lost or is to end.
    pub(super) async fn serve(
        mut self,
        mut requests: mpsc::Receiver<Request>,
        arrivals: mpsc::Sender<Message>,
        tell: watch::Sender<Option<LossReason>>,
    ) -> Result<(), SocketError> {
        let reason = match self.run(&mut requests, &arrivals).await {
            Stop::Lost(reason) => reason,
            Stop::Asked => {
                self.say_goodbye().await;
                LossReason::Disconnected
            }
        };
        let Self { reader, writer, session, waiting, .. } = self;
        let wire = reader.unsplit(writer);
        let reason = end_of(&wire, reason);
        // What outlives the connection is on the shelf before anybody hears of its end.
        drop(session);
        tell.send_replace(Some(reason));
        requests.close();
        for (_, answer) in waiting {
            // Nobody has to wait.
            drop(answer.send(Err(Failure::Lost(reason))));
        }
        // What was acknowledged can be taken before the module has closed the stream, and nothing more comes.
        drop(arrivals);
        wire.hang_up().await
    }

    /// Ends it after a login that failed, if for this reason.
    pub(super) async fn give_up(self, reason: Option<LossReason>) -> Option<LossReason> {
        let wire = self.reader.unsplit(self.writer);
        let reason = reason.map(|reason| end_of(&wire, reason));
        if let Err(error) = wire.hang_up().await {
            tracing::debug!(%error, "a TLS socket could not be closed in order");
        }
        reason
    }

    async fn run(
        &mut self,
        requests: &mut mpsc::Receiver<Request>,
        arrivals: &mpsc::Sender<Message>,
    ) -> Stop {
        loop {
            if let Err(reason) = self.hear(arrivals) {
                return Stop::Lost(reason);
            }
            let (has_room, holds) = (self.session.has_room(), self.session.holds());
            tokio::select! {
                outcome = self.exchange() => {
                    if let Err(reason) = outcome {
                        return Stop::Lost(reason);
                    }
                }
                request = requests.recv(), if has_room => match request {
                    Some(request) => if let Some(stop) = self.begin(request) { return stop },
                    None => return Stop::Asked,
                },
                // Where nobody wants messages any more, the connection ends with its requests.
                _ = arrivals.reserve(), if holds && !arrivals.is_closed() => {}
            }
        }
    }

    /// Takes what happened, as far as the owner has room for it: what is acknowledged is in the owner's hands.
    fn hear(&mut self, arrivals: &mpsc::Sender<Message>) -> Result<(), LossReason> {
        loop {
            let room = arrivals.try_reserve().ok();
            match (self.session.next(room.is_some())?, room) {
                (None, _) => return Ok(()),
                (Some(Happening::Message(message)), Some(room)) => room.send(message),
                (Some(Happening::Done(ticket, outcome)), _) => {
                    if let Some(answer) = self.waiting.remove(&ticket) {
                        // Nobody has to wait.
                        drop(answer.send(Ok(outcome)));
                    }
                }
                // Only once, with the login; and no message without room.
                (Some(_), _) => {}
            }
        }
    }

    fn begin(&mut self, request: Request) -> Option<Stop> {
        let (begun, answer) = match request {
            Request::Leave => return Some(Stop::Asked),
            // Whoever is gone does not want it any more.
            Request::Publish(_, answer) | Request::Subscribe(_, answer) if answer.is_closed() => return None,
            Request::Publish(message, answer) => (self.session.publish(&message), answer),
            Request::Subscribe(filters, answer) => {
                let filters: Vec<_> = filters.iter().map(|(filter, qos)| (filter.as_str(), *qos)).collect();
                (self.session.subscribe(&filters), answer)
            }
            Request::Unsubscribe(filter, answer) => (self.session.unsubscribe(&filter), answer),
        };
        match begun {
            Ok(ticket) => drop(self.waiting.insert(ticket, answer)),
            Err(error) => drop(answer.send(Err(Failure::Unusable(error)))),
        }
        None
    }

    /// Waits until something came or went, or is due.
    ///
    /// # Cancel safety
    /// No byte is lost when the future is dropped.
    async fn exchange(&mut self) -> Result<(), LossReason> {
        let Self { reader, writer, session, block, unaccepted, .. } = self;
        let (deadline, listens) =
            (session.deadline().filter(|_| !session.holds()).map(Instant::from_std), session.listens());
        let writes = *unaccepted || !session.to_send().is_empty();
        tokio::select! {
            read = reader.read(block), if listens => match read {
                Ok(0) => Err(LossReason::ClosedByBroker),
                Ok(length) => {
                    session.received(now(), block.get(..length).unwrap_or_default());
                    Ok(())
                }
                Err(error) => Err(failure::loss(&error)),
            },
            sent = send(writer, session.to_send()), if writes => {
                match sent.map_err(|error| failure::loss(&error))? {
                    Sent::Written(length) => {
                        session.wrote(length);
                        *unaccepted = true;
                    }
                    Sent::Accepted => {
                        session.accepted(now());
                        *unaccepted = false;
                    }
                }
                Ok(())
            }
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => session.elapsed(now()),
            // Until the owner has taken what is held.
            else => std::future::pending().await,
        }
    }

    /// Everything that is to be sent, and a good-bye. Whether that works does not matter.
    async fn say_goodbye(&mut self) {
        self.session.disconnect();
        if let Err(error) = self.send_all().await {
            tracing::debug!(%error, "the broker could not be told good-bye");
        }
    }

    async fn send_all(&mut self) -> io::Result<()> {
        let bytes = self.session.to_send().to_vec();
        self.writer.write_all(&bytes).await?;
        self.session.wrote(bytes.len());
        self.writer.flush().await
    }
}

/// Whoever reads finds the same end of a stream whether the peer has closed it or nobody knows.
fn end_of<W: Wire>(wire: &W, reason: LossReason) -> LossReason {
    match reason {
        LossReason::ClosedByBroker if !wire.is_closed_by_peer() => LossReason::SocketFailure,
        reason => reason,
    }
}

enum Sent {
    /// So many bytes are on their way.
    Written(usize),
    /// The module has accepted what was on its way.
    Accepted,
}

async fn send<W: AsyncWrite>(writer: &mut WriteHalf<W>, bytes: &[u8]) -> io::Result<Sent> {
    if bytes.is_empty() {
        return writer.flush().await.map(|()| Sent::Accepted);
    }
    match writer.write(bytes).await? {
        0 => Err(io::ErrorKind::WriteZero.into()),
        length => Ok(Sent::Written(length)),
    }
}

impl Deref for Shelved {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for Shelved {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

/// The clock of the runtime, so that a paused test clock moves the session too.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}
