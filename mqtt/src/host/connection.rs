//! A connection as the task that owns a session holds it.

use std::collections::VecDeque;

use telit_core::exclusive::SocketTurn;
use telit_core::socket::SocketError;
use tokio::sync::oneshot;

use super::failure::Failure;
use super::link::{Arrivals, Link, LoggedIn};
use crate::error::ConnectError;
use crate::message::{Message, Publish, QoS};
use crate::state::LossReason;
use crate::topic::TopicFilter;

/// A connection that is being made, stands, or has ended, and the module's TLS with it.
#[derive(Debug)]
pub(crate) struct HostConnection {
    attempt: Option<Attempt>,
    link: Option<Link>,
    arrivals: Option<Arrivals>,
    session_present: Option<bool>,
    /// How the stream was closed.
    closed: Result<(), SocketError>,
    /// `None`: over a stream that is no socket of a module.
    _turn: Option<SocketTurn>,
}

/// Connecting, which goes on in the background.
#[derive(Debug)]
pub(super) struct Attempt {
    /// Dropped: it is not wanted any more.
    wanted: oneshot::Sender<()>,
    outcome: oneshot::Receiver<Result<LoggedIn, ConnectError>>,
}

impl Attempt {
    pub(super) fn new(
        wanted: oneshot::Sender<()>,
        outcome: oneshot::Receiver<Result<LoggedIn, ConnectError>>,
    ) -> Self {
        Self { wanted, outcome }
    }

    /// Waits for its end; what came of it is not wanted.
    async fn stop(self) -> Option<LoggedIn> {
        drop(self.wanted);
        self.outcome.await.ok()?.ok()
    }
}

impl HostConnection {
    pub(super) fn new(turn: SocketTurn) -> Self {
        let (attempt, link, arrivals, session_present) = (None, None, None, None);
        Self { attempt, link, arrivals, session_present, closed: Ok(()), _turn: Some(turn) }
    }

    #[cfg(test)]
    pub(super) fn over_a_stream(LoggedIn { link, arrivals, session_present }: LoggedIn) -> Self {
        let (link, arrivals, session_present) = (Some(link), Some(arrivals), Some(session_present));
        Self { attempt: None, link, arrivals, session_present, closed: Ok(()), _turn: None }
    }

    /// Waits for a login.
    ///
    /// # Cancel safety
    /// It goes on, and [`leave`](Self::leave) waits for it.
    pub(super) async fn connected(&mut self, attempt: Attempt) -> Result<(), ConnectError> {
        let attempt = self.attempt.insert(attempt);
        let outcome = (&mut attempt.outcome).await;
        self.attempt = None;
        // Without an outcome the runtime is gone.
        let LoggedIn { link, arrivals, session_present } = outcome.unwrap_or(Err(ConnectError::Closed))?;
        tracing::info!(session_present, "logged in at the broker");
        (self.link, self.arrivals, self.session_present) =
            (Some(link), Some(arrivals), Some(session_present));
        Ok(())
    }

    /// Why it is lost; `None` while it stands.
    pub(crate) fn lost(&self) -> Option<LossReason> {
        self.link.as_ref().map_or(Some(LossReason::Disconnected), Link::lost)
    }

    /// Whether the broker had kept our session.
    pub(crate) fn session_present(&self) -> Option<bool> {
        self.session_present
    }

    /// The next message; `None` when the connection has ended.
    ///
    /// # Cancel safety
    /// No message is lost when the future is dropped.
    pub(crate) async fn next_message(&mut self) -> Option<Message> {
        self.arrivals.as_mut()?.next().await
    }

    /// A message that is there without waiting.
    pub(crate) fn try_next_message(&mut self) -> Option<Message> {
        self.arrivals.as_mut()?.try_next()
    }

    /// Ends with the broker's acknowledgement if the quality of service asks for one.
    pub(crate) async fn publish(&mut self, publish: Publish) -> Result<(), Failure> {
        let (link, arrivals) = self.parts()?;
        arrivals.gather_until(link.publish(publish)).await
    }

    /// Ends with the broker's answer: what it grants.
    pub(crate) async fn subscribe(&mut self, filter: &TopicFilter, qos: QoS) -> Result<QoS, Failure> {
        let (link, arrivals) = self.parts()?;
        let granted = arrivals.gather_until(link.subscribe(vec![(filter.as_str().to_owned(), qos)])).await?;
        granted.first().copied().flatten().ok_or(Failure::Refused)
    }

    /// The session is new to the broker, or may be, so all subscriptions are made again.
    pub(crate) async fn subscribe_all(
        &mut self,
        filters: &[(TopicFilter, QoS)],
    ) -> Result<(), (TopicFilter, Failure)> {
        for (filter, qos) in filters {
            self.subscribe(filter, *qos).await.map_err(|failure| (filter.clone(), failure))?;
        }
        Ok(())
    }

    /// Ends with the broker's answer.
    pub(crate) async fn unsubscribe(&mut self, filter: &TopicFilter) -> Result<(), Failure> {
        let (link, arrivals) = self.parts()?;
        arrivals.gather_until(link.unsubscribe(filter.as_str().to_owned())).await
    }

    /// Says good-bye and closes the stream. What has come by then can still be read.
    pub(crate) async fn leave(&mut self) {
        if let Some(attempt) = self.attempt.take()
            && let Some(LoggedIn { link, arrivals, .. }) = attempt.stop().await
        {
            (self.link, self.arrivals) = (Some(link), Some(arrivals));
        }
        self.closed = match (self.link.take(), &mut self.arrivals) {
            (Some(link), Some(arrivals)) => arrivals.gather_all_until(link.close()).await,
            (Some(link), None) => link.close().await,
            (None, _) => Ok(()),
        };
    }

    /// Gives TLS back after [`leave`](Self::leave).
    pub(crate) fn free(self) -> Result<(), SocketError> {
        self.closed
    }

    /// Ends it, whatever state it is in. Gives what has come.
    pub(crate) async fn undo(mut self) -> VecDeque<Message> {
        self.leave().await;
        let rest = self.rest().await;
        if let Err(error) = self.free() {
            tracing::warn!(%error, "the TLS socket could not be closed in order");
        }
        rest
    }

    /// Ends it in the background. Gives what has come: no more than that was acknowledged.
    pub(crate) async fn abandon(mut self) -> VecDeque<Message> {
        self.rest().await
    }

    async fn rest(&mut self) -> VecDeque<Message> {
        match &mut self.arrivals {
            Some(arrivals) => arrivals.rest().await,
            None => VecDeque::new(),
        }
    }

    fn parts(&mut self) -> Result<(&Link, &mut Arrivals), Failure> {
        let link = self.link.as_ref().ok_or(Failure::NotSent)?;
        Ok((link, self.arrivals.as_mut().ok_or(Failure::NotSent)?))
    }
}
