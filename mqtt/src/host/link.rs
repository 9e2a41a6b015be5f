//! A connection to the broker that runs by itself: a session, and the byte stream under it.

use std::collections::VecDeque;
use std::time::Duration;

use telit_core::socket::SocketError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep;

use super::failure::{self, Failure};
use super::run::{Run, Shelf, Shelved, Wire};
use super::session::{Login, Outcome, Settings};
use crate::error::ConnectError;
use crate::message::{Message, Publish, QoS};
use crate::state::LossReason;
use crate::task::spawn;

/// Requests that wait until something else is acknowledged.
const REQUESTS: usize = 16;
/// Messages that wait for the owner. While they are as many, nothing is read from the broker.
const ARRIVALS: usize = 32;
/// Bytes of messages that are kept while the owner waits for something else.
const GATHERED: usize = 4 << 20;
/// How long an answer is waited for that more than that stands before.
const FLOODED: Duration = Duration::from_secs(30);

/// Where an outcome goes.
pub(super) type Answer = oneshot::Sender<Result<Outcome, Failure>>;

/// What is asked of a connection.
#[derive(Debug)]
pub(super) enum Request {
    Publish(Publish, Answer),
    Subscribe(Vec<(String, QoS)>, Answer),
    Unsubscribe(String, Answer),
    Leave,
}

/// A connection. Dropping it ends it in the background, with a good-bye.
#[derive(Debug)]
pub(super) struct Link {
    requests: mpsc::Sender<Request>,
    lost: watch::Receiver<Option<LossReason>>,
    /// How the stream was closed.
    closed: oneshot::Receiver<Result<(), SocketError>>,
}

/// Messages in the order in which they come; none after the connection has ended.
#[derive(Debug)]
pub(super) struct Arrivals {
    messages: mpsc::Receiver<Message>,
    /// They came while something else was waited for.
    gathered: VecDeque<Message>,
    gathered_size: usize,
}

/// What came of a login.
#[derive(Debug)]
pub(super) struct LoggedIn {
    pub(super) link: Link,
    pub(super) arrivals: Arrivals,
    /// The broker has kept subscriptions and messages.
    pub(super) session_present: bool,
}

impl Link {
    /// Logs in, unless that turns out to be `unwanted`.
    ///
    /// # Cancel safety
    /// Dropping the future closes the stream in the background.
    pub(super) async fn log_in<W: Wire>(
        wire: W,
        settings: Settings,
        login: &Login,
        shelf: &Shelf,
        unwanted: oneshot::Receiver<()>,
    ) -> Result<LoggedIn, ConnectError> {
        let session = Shelved::begin(settings, login, shelf).map_err(failure::unusable_login)?;
        let mut run = Run::new(wire, session);
        let answer = tokio::select! {
            biased;
            answer = run.answer_to_login() => Some(answer),
            _ = unwanted => None,
        };
        let (error, reason) = match answer {
            None => (ConnectError::Closed, None),
            Some(Ok(Ok(session_present))) => return Ok(Self::start(run, session_present)),
            Some(Ok(Err(refusal))) => (ConnectError::Refused { refusal }, None),
            Some(Err(reason)) => (ConnectError::NotConnected { reason }, Some(reason)),
        };
        let reason = run.give_up(reason).await;
        Err(reason.map_or(error, |reason| ConnectError::NotConnected { reason }))
    }

    fn start<W: Wire>(run: Run<W>, session_present: bool) -> LoggedIn {
        let (requests, orders) = mpsc::channel(REQUESTS);
        let (deliveries, messages) = mpsc::channel(ARRIVALS);
        let (tell, lost) = watch::channel(None);
        let (ended, closed) = oneshot::channel();
        // Nobody has to wait for it.
        spawn(Box::pin(async move { drop(ended.send(run.serve(orders, deliveries, tell).await)) }));
        LoggedIn { link: Self { requests, lost, closed }, arrivals: Arrivals::new(messages), session_present }
    }

    /// Why the connection is lost; `None` while it stands.
    pub(super) fn lost(&self) -> Option<LossReason> {
        *self.lost.borrow()
    }

    /// Ends with the broker's acknowledgement if the quality of service asks for one, otherwise when the module has
    /// the message.
    ///
    /// # Cancel safety
    /// Dropped before its turn: nothing is published. Later: it is, and nobody hears of it.
    pub(super) async fn publish(&self, message: Publish) -> Result<(), Failure> {
        match self.ask(|answer| Request::Publish(message, answer)).await? {
            Outcome::Unanswered(waited) => Err(Failure::Unanswered(waited)),
            _ => Ok(()),
        }
    }

    /// What the broker grants of each topic filter; `None`: it refuses.
    ///
    /// # Cancel safety
    /// As [`publish`](Self::publish).
    pub(super) async fn subscribe(&self, filters: Vec<(String, QoS)>) -> Result<Vec<Option<QoS>>, Failure> {
        match self.ask(|answer| Request::Subscribe(filters, answer)).await? {
            Outcome::Subscribed(granted) => Ok(granted),
            Outcome::Unanswered(waited) => Err(Failure::Unanswered(waited)),
            _ => Ok(Vec::new()),
        }
    }

    /// Ends with the broker's answer.
    ///
    /// # Cancel safety
    /// As [`publish`](Self::publish).
    pub(super) async fn unsubscribe(&self, filter: String) -> Result<(), Failure> {
        match self.ask(|answer| Request::Unsubscribe(filter, answer)).await? {
            Outcome::Unanswered(waited) => Err(Failure::Unanswered(waited)),
            _ => Ok(()),
        }
    }

    /// Says good-bye and closes the stream.
    ///
    /// # Cancel safety
    /// Dropped, it goes on in the background.
    pub(super) async fn close(self) -> Result<(), SocketError> {
        // Who is gone has ended.
        drop(self.requests.send(Request::Leave).await);
        // Without an outcome the runtime is gone.
        self.closed.await.unwrap_or(Ok(()))
    }

    async fn ask(&self, request: impl FnOnce(Answer) -> Request) -> Result<Outcome, Failure> {
        let (answer, outcome) = oneshot::channel();
        if self.requests.send(request(answer)).await.is_err() {
            return Err(Failure::NotSent);
        }
        outcome.await.unwrap_or(Err(Failure::NotSent))
    }
}

impl Arrivals {
    fn new(messages: mpsc::Receiver<Message>) -> Self {
        Self { messages, gathered: VecDeque::new(), gathered_size: 0 }
    }

    /// The next message; `None` when the connection has ended.
    ///
    /// # Cancel safety
    /// No message is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Option<Message> {
        match self.next_gathered() {
            Some(message) => Some(message),
            None => self.messages.recv().await,
        }
    }

    /// What is there without waiting.
    pub(super) fn try_next(&mut self) -> Option<Message> {
        self.next_gathered().or_else(|| self.messages.try_recv().ok())
    }

    /// Waits for an answer of the broker, which may come behind messages: they are kept for later, up to a bound. Behind
    /// more than that the answer cannot come before they are taken, so it is given up.
    pub(super) async fn gather_until<T>(
        &mut self,
        answer: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::pin!(answer);
        loop {
            let has_room = self.gathered_size < GATHERED;
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                Some(message) = self.messages.recv(), if has_room => self.gather(message),
                () = sleep(FLOODED), if !has_room => return Err(Failure::Unanswered(FLOODED)),
            }
        }
    }

    /// As [`gather_until`](Self::gather_until), when nothing more can come than what is on its way already.
    pub(super) async fn gather_all_until<T>(&mut self, end: impl Future<Output = T>) -> T {
        tokio::pin!(end);
        loop {
            tokio::select! {
                biased;
                end = &mut end => return end,
                Some(message) = self.messages.recv() => self.gather(message),
            }
        }
    }

    /// Everything that has come. Nothing comes after it, and nothing more is acknowledged.
    pub(super) async fn rest(&mut self) -> VecDeque<Message> {
        self.messages.close();
        let mut rest = std::mem::take(&mut self.gathered);
        self.gathered_size = 0;
        while let Some(message) = self.messages.recv().await {
            rest.push_back(message);
        }
        rest
    }

    fn gather(&mut self, message: Message) {
        self.gathered_size += size(&message);
        self.gathered.push_back(message);
    }

    fn next_gathered(&mut self) -> Option<Message> {
        let message = self.gathered.pop_front()?;
        self.gathered_size = self.gathered_size.saturating_sub(size(&message));
        Some(message)
    }
}

fn size(message: &Message) -> usize {
    size_of::<Message>() + message.topic.len() + message.payload.len()
}
