//! The handle of an MQTT session.

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::super::Network;
use super::codec;
use super::opening;
use super::task::{self, Request};
use super::{CloseReason, ConnectError, Options, Qos, RequestError};

/// How many events wait for their reader before the session stops reading from the network. Pings go on.
const EVENTS: usize = 64;
/// How many requests wait for the session.
const REQUESTS: usize = 16;

/// What the broker sends unasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A message. It is already acknowledged; `QoS` 2 is delivered once.
    Message {
        /// Where it was published.
        topic: String,
        /// Its payload.
        payload: Bytes,
        /// The quality of service of this delivery.
        qos: Qos,
        /// Whether it is a retained message of before the subscription.
        retain: bool,
    },
    /// The session ended; the last event. A session that [`Session::disconnect`] ended just ends the channel.
    Closed(CloseReason),
}

/// An open MQTT session. Clones are the same session; when the last one is dropped the connection is closed without
/// DISCONNECT, so that the broker publishes the will.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    requests: mpsc::Sender<Request>,
    session_present: bool,
}

impl Session {
    /// Dials the broker, sends CONNECT and waits for CONNACK.
    ///
    /// # Errors
    /// [`ConnectError`]: the network, the broker's refusal, and its silence apart.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub(crate) async fn connect(
        network: &Network,
        options: Options,
    ) -> Result<(Self, mpsc::Receiver<Event>), ConnectError> {
        let opened = opening::open(network, &options).await?;
        let session_present = opened.session_present;
        let (requests, incoming) = mpsc::channel(REQUESTS);
        let (events, receiver) = mpsc::channel(EVENTS);
        tokio::spawn(task::run(opened, options, incoming, events));
        Ok((Self { requests, session_present }, receiver))
    }

    /// Whether the broker had kept a session of this client id.
    pub(crate) fn session_present(&self) -> bool {
        self.session_present
    }

    /// Publishes a message. Resolves when it is written (`QoS` 0) or acknowledged (`QoS` 1: PUBACK, `QoS` 2: PUBCOMP).
    ///
    /// # Errors
    /// `Timeout`, `Closed`, `TooLong`.
    ///
    /// # Cancel safety
    /// A message that is under way stays so; its acknowledgement is discarded.
    pub(crate) async fn publish(
        &self,
        topic: &str,
        payload: Bytes,
        qos: Qos,
        retain: bool,
    ) -> Result<(), RequestError> {
        codec::check_publish(topic, payload.len())?;
        let topic = topic.to_owned();
        self.request(|done| Request::Publish { topic, payload, qos, retain, done }).await
    }

    /// Subscribes to a filter and returns the quality of service that the broker granted.
    ///
    /// # Errors
    /// `Refused`, `Timeout`, `Closed`, `TooLong`.
    ///
    /// # Cancel safety
    /// As [`Session::publish`].
    pub(crate) async fn subscribe(&self, filter: &str, qos: Qos) -> Result<Qos, RequestError> {
        codec::check_text(filter)?;
        let filter = filter.to_owned();
        self.request(|done| Request::Subscribe { filter, qos, done }).await
    }

    /// Ends a subscription.
    ///
    /// # Errors
    /// `Timeout`, `Closed`, `TooLong`.
    ///
    /// # Cancel safety
    /// As [`Session::publish`].
    pub(crate) async fn unsubscribe(&self, filter: &str) -> Result<(), RequestError> {
        codec::check_text(filter)?;
        let filter = filter.to_owned();
        self.request(|done| Request::Unsubscribe { filter, done }).await
    }

    /// Sends DISCONNECT and closes. Requests that wait for an answer end with `Closed`.
    ///
    /// # Errors
    /// `Closed` if the session has ended already.
    ///
    /// # Cancel safety
    /// Once sent it is carried out.
    pub(crate) async fn disconnect(&self) -> Result<(), RequestError> {
        self.request(|done| Request::Disconnect { done }).await
    }

    /// Whether the session has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.requests.is_closed()
    }

    async fn request<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, RequestError>>) -> Request,
    ) -> Result<T, RequestError> {
        let (done, answer) = oneshot::channel();
        self.requests.send(request(done)).await.map_err(|_| RequestError::Closed)?;
        answer.await.unwrap_or(Err(RequestError::Closed))
    }
}
