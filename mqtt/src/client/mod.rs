//! The handle to an MQTT session.

mod events;
mod known;
mod request;
mod task;
mod while_paused;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use telit_core::{Modem, fan_in, fan_out};
use tokio::sync::oneshot;

pub use events::Events;

use self::known::Known;
use self::request::{Answer, Request};
use self::task::Task;
use crate::backend::{self, Backend};
use crate::capabilities::Capabilities;
use crate::choice::EngineChoice;
use crate::delivery::{Post, Posted, Receipt};
use crate::error::{ConnectError, DisconnectError, PublishError, SubscribeError};
use crate::message::{Publish, QoS};
use crate::options::MqttOptions;
use crate::state::{ClientState, Event};
use crate::subscription::Subscription;
use crate::task::spawn;

/// Requests that may wait for their turn before callers have to wait to hand theirs over.
const REQUESTS: usize = 16;

/// A handle to an MQTT session; clones share it.
///
/// A task owns the session: it keeps the connection, reads messages as they arrive and serves one request
/// at a time. When the last handle is dropped, the task publishes in the background what was
/// [enqueued](Self::enqueue), as far as there is a connection and for a minute at most, disconnects and gives the
/// module's TLS back; [`disconnect`](Self::disconnect) does the same and tells how it went. What could not be published
/// by then is told by [`Event::QueueGivenUp`].
///
/// # When the connection is lost
///
/// A lost connection is noticed within half of the keep-alive, or at the next command that fails; a lost port at once; a
/// restarted module as the [supervisor](telit_core::supervisor) notices it: while a command is under way on a port that
/// stays, at that command's time limit, which is about a minute for a message. The client then connects again by itself, as [`MqttOptions::reconnect`] says, and makes all
/// subscriptions again: their streams go on. Until then the module's TLS is free for others and subscribing is refused at
/// once, with [`ClientState::Reconnecting`] in the error; so is publishing, unless there is an
/// [`OfflineQueue`](crate::OfflineQueue). [`events`](Self::events) tells of every attempt and of the return. What was published to us meanwhile is lost, unless the session is kept at the
/// broker (without [`clean_session`](MqttOptions::clean_session)).
///
/// Under a [supervisor](telit_core::supervisor) the client also survives its module and its port. While the supervisor
/// is at work the client waits, however long that takes. After a restart it logs in again. After a lost port it looks
/// first: if the module ran on and is still connected, the session goes on without a new login, and what arrived
/// meanwhile is read from the module.
///
/// It ends with [`ClientState::Lost`], and all subscriptions with it, when the broker refuses the login for good, when
/// the port is gone and nobody opens it again, and when the supervisor gives the module up. After
/// [`Supervisor::recover`](telit_core::supervisor::Supervisor::recover), or once the reason is out of the way,
/// [`resume`](Self::resume) connects again; then subscribe again.
#[derive(Clone, Debug)]
pub struct MqttClient {
    requests: fan_in::Sender<Request>,
    known: Arc<Known>,
    events: fan_out::WeakSender<Event>,
    post: Arc<Post>,
    engine: EngineChoice,
}

impl MqttClient {
    /// What the module's MQTT client takes, from its platform's table and its test forms, without connecting
    /// and without changing anything. The module must be registered.
    ///
    /// ```no_run
    /// # async fn example(modem: telit_core::Modem) -> Result<(), Box<dyn std::error::Error>> {
    /// use telit_mqtt::{MqttClient, Publish};
    ///
    /// let report = Publish::new("device/report", vec![0_u8; 30_000]);
    /// MqttClient::capabilities(&modem).await?.check(&report)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ConnectError::Unsupported`] if the module has no MQTT client; [`ConnectError::Command`] if it cannot be
    /// asked.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn capabilities(modem: &Modem) -> Result<Capabilities, ConnectError> {
        Capabilities::learn(modem).await
    }

    /// Takes the module's TLS, configures the module, connects and logs in.
    ///
    /// The module must be registered and its packet data context active
    /// ([`Modem::bring_up`]). What an earlier program left of an MQTT session is ended first. At the most it
    /// takes [`tls_wait`](MqttOptions::tls_wait) plus
    /// [`connect_timeout`](MqttOptions::connect_timeout) plus the time to store credentials.
    ///
    /// Source: SSL guide 10.1; M37 p1008-1024; IPE28 p136-143.
    ///
    /// # Errors
    /// See [`ConnectError`]. Whatever was changed on the module is undone.
    ///
    /// # Cancel safety
    /// The module cannot be stopped while it connects: a dropped future lets it finish in the background and
    /// disconnects then.
    pub async fn connect(modem: &Modem, options: MqttOptions) -> Result<Self, ConnectError> {
        Self::boxed_connect(modem, options).await
    }

    fn boxed_connect(modem: &Modem, options: MqttOptions) -> BoxFuture<'_, Result<Self, ConnectError>> {
        Box::pin(async move {
            let (backend, engine) = backend::choose(modem, &options).await?;
            options.warn();
            match Self::connect_with(backend, engine).await {
                Err(error) => match backend::instead(modem, &options, &error) {
                    Some((backend, engine)) => Self::connect_with(backend, engine).await,
                    None => Err(error),
                },
                connected => connected,
            }
        })
    }

    async fn connect_with(backend: Backend, engine: EngineChoice) -> Result<Self, ConnectError> {
        let (requests, receiver) = fan_in::channel(REQUESTS);
        let known = Arc::<Known>::default();
        let events = events::channel();
        let post = Arc::new(Post::new(backend.options().offline_queue));
        let events_sender = events.downgrade();
        let task = Task::new(backend, receiver, Arc::clone(&post), Arc::clone(&known), events);
        let client = Self { requests, known, events: events_sender, post, engine };
        let (connected, result) = oneshot::channel();
        spawn(Box::pin(Box::new(task).run(connected)));
        result.await.unwrap_or(Err(ConnectError::Closed)).map(|()| client)
    }

    /// Publishes a message. With [`QoS::AtLeastOnce`] and [`QoS::ExactlyOnce`] it ends at the broker's
    /// acknowledgement, with [`QoS::AtMostOnce`] when the message was sent.
    ///
    /// Payloads are carried unchanged, whatever they contain. It takes at the most the packet timeout (twice
    /// for "exactly once") and a margin of 30 s, and longer for large payloads on a slow line.
    ///
    /// Source: M37 p1029-1036; IPE28 p143.
    ///
    /// # Errors
    /// See [`PublishError`], and [`may_have_been_published`](PublishError::may_have_been_published) of it for whether the
    /// broker may have the message. A message that was under way when the connection was lost is not sent again, unless
    /// there is an [`OfflineQueue`](crate::OfflineQueue).
    ///
    /// # Cancel safety
    /// Dropped before its turn: nothing is published. Later: the message is published, the outcome is
    /// unknown. See [`enqueue`](Self::enqueue) for a message that goes whoever waits for it.
    pub async fn publish(
        &self,
        topic: impl Into<String>,
        payload: impl Into<Bytes>,
        qos: QoS,
    ) -> Result<(), PublishError> {
        self.send(Publish::new(topic, payload).qos(qos)).await
    }

    /// Like [`publish`](Self::publish), and the broker keeps the message for later subscribers.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    ///
    /// # Cancel safety
    /// As [`publish`](Self::publish).
    pub async fn publish_retained(
        &self,
        topic: impl Into<String>,
        payload: impl Into<Bytes>,
        qos: QoS,
    ) -> Result<(), PublishError> {
        self.send(Publish::new(topic, payload).qos(qos).retain(true)).await
    }

    /// Publishes a message that was put together with [`Publish`].
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    ///
    /// # Cancel safety
    /// As [`publish`](Self::publish).
    pub async fn send(&self, publish: Publish) -> Result<(), PublishError> {
        self.boxed_send(publish).await
    }

    /// Boxed, so that it is not in whoever waits for it.
    fn boxed_send(&self, publish: Publish) -> BoxFuture<'_, Result<(), PublishError>> {
        Box::pin(async move {
            let Posted { receipt, dropped } = self.post.hand_over(now, publish).await?;
            self.tell_dropped(dropped);
            receipt.await
        })
    }

    /// Hands a message over without waiting for anything. What becomes of it is told by the [`Receipt`], for whoever
    /// wants to know: the message goes even if that is dropped, and as far as there is a connection even if the client
    /// is.
    ///
    /// Up to 16 messages wait for their turn, and with an [`OfflineQueue`](crate::OfflineQueue) as many as that
    /// holds, with or without a connection.
    ///
    /// # Errors
    /// What can be told at once: [`PublishError::QueueFull`], [`PublishError::NotConnected`], and that the module or
    /// the broker does not take such a message.
    pub fn enqueue(&self, publish: Publish) -> Result<Receipt, PublishError> {
        let Posted { receipt, dropped } = self.post.enqueue(now(), publish)?;
        self.tell_dropped(dropped);
        Ok(receipt)
    }

    /// Waits until everything that was handed over so far has ended: acknowledged, expired, dropped or given up.
    /// Before [`disconnect`](Self::disconnect) it makes a shutdown lose nothing of an
    /// [`OfflineQueue`](crate::OfflineQueue), also while there is no connection.
    ///
    /// It takes no longer than the last message lives; see [`OfflineQueue::expiry`](crate::OfflineQueue::expiry).
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn flush(&self) {
        self.post.flush().await;
    }

    /// Subscribes to a topic filter. Messages are in the subscription's queue from then on.
    ///
    /// Several subscriptions each get what matches; a broker that sends a message once for each of them
    /// makes them all see it so often. Old firmware subscribes with "at least once", whatever was asked for
    /// below that. It takes at most the packet timeout and a margin of 30 s, behind the command that is under way.
    ///
    /// Source: M37 p1027-1028; IPE28 p143.
    ///
    /// # Errors
    /// See [`SubscribeError`].
    ///
    /// # Cancel safety
    /// Dropped before its turn: nothing is sent. Later: the subscription is ended in the background.
    pub async fn subscribe(
        &self,
        filter: impl Into<String>,
        qos: QoS,
    ) -> Result<Subscription, SubscribeError> {
        let (filter, closed) = (filter.into(), SubscribeError::NotConnected { state: ClientState::Closed });
        self.ask(|answer| Request::Subscribe { filter, qos, answer }).await.unwrap_or(Err(closed))
    }

    /// Ends all subscriptions to a topic filter. What they have queued can still be read. While the client
    /// is paused nothing is sent, so that the broker of a persistent session keeps its subscription. While it is
    /// reconnecting the broker is told once it is connected again. It takes as long as [`subscribe`](Self::subscribe).
    ///
    /// Source: M37 p1025-1026.
    ///
    /// # Errors
    /// See [`SubscribeError`]; the subscriptions go on then.
    ///
    /// # Cancel safety
    /// Dropped before its turn: nothing is sent. Later: it is done all the same.
    pub async fn unsubscribe(&self, filter: impl Into<String>) -> Result<(), SubscribeError> {
        let (filter, closed) = (filter.into(), SubscribeError::NotConnected { state: ClientState::Closed });
        self.ask(|answer| Request::Unsubscribe { filter, answer }).await.unwrap_or(Err(closed))
    }

    /// Messages that match no subscription, such as answers that a broker sends unasked.
    ///
    /// # Errors
    /// The client is closed.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn unmatched(&self) -> Result<Subscription, SubscribeError> {
        let closed = SubscribeError::NotConnected { state: ClientState::Closed };
        self.ask(|answer| Request::Unmatched { answer }).await.unwrap_or(Err(closed))
    }

    /// Reads what has arrived, disconnects from the broker and gives the module's TLS back, so that another
    /// service can run. Subscriptions stay and go on after [`resume`](Self::resume). A client that is reconnecting
    /// stops that and is paused; a login that is under way on the module cannot be stopped and is waited for. Does
    /// nothing if the client is paused or lost.
    ///
    /// What is published meanwhile waits at the broker only without
    /// [`clean_session`](MqttOptions::clean_session). It takes three minutes at most, longer if a login is waited for or
    /// very much has arrived.
    ///
    /// # Errors
    /// See [`DisconnectError`].
    ///
    /// # Cancel safety
    /// Dropped before its turn: nothing happens. Later: it is done all the same.
    pub async fn pause(&self) -> Result<(), DisconnectError> {
        self.ask(|answer| Request::Pause { answer }).await.unwrap_or(Err(DisconnectError::Closed))
    }

    /// Connects again after [`pause`](Self::pause) or a loss, and makes all subscriptions again. Does nothing
    /// if there is a connection.
    ///
    /// While the client is reconnecting, the next attempt begins at once instead of after its wait, and this tells how
    /// it went; a module that a supervisor is at work on and TLS that another service holds are waited for. An attempt
    /// takes as long as [`connect`](Self::connect).
    ///
    /// # Errors
    /// As [`connect`](Self::connect); the client stays paused, reconnecting or lost, and resuming can be tried again.
    /// [`ConnectError::Closed`] also when it was paused meanwhile.
    ///
    /// # Cancel safety
    /// Dropped before its turn: nothing happens. Later: it is done all the same.
    pub async fn resume(&self) -> Result<(), ConnectError> {
        self.ask(|answer| Request::Resume { answer }).await.unwrap_or(Err(ConnectError::Closed))
    }

    /// Publishes what waits, as far as there is a connection and for a minute at most, disconnects from the broker, frees
    /// the module's client and gives its TLS back. What is left then ends with [`PublishError::NotConnected`] and is
    /// counted in [`Event::QueueGivenUp`]; see [`flush`](Self::flush). All handles are of no
    /// use afterwards, all subscriptions end. Does nothing if the client is closed already. A client that is
    /// reconnecting ends at once; only a login that is under way on the module cannot be stopped and is waited for. It
    /// takes as long as [`pause`](Self::pause).
    ///
    /// Source: M37 p1008, p1013.
    ///
    /// # Errors
    /// See [`DisconnectError`].
    ///
    /// # Cancel safety
    /// Once asked for it is done all the same.
    pub async fn disconnect(&self) -> Result<(), DisconnectError> {
        self.ask(|answer| Request::Disconnect { answer }).await.unwrap_or(Ok(()))
    }

    /// Whether there is a connection, as far as is known.
    #[must_use]
    pub fn state(&self) -> ClientState {
        self.known.state()
    }

    /// Who speaks MQTT for this client, and why: see [`Engine`](crate::Engine).
    #[must_use]
    pub fn engine(&self) -> &EngineChoice {
        &self.engine
    }

    /// Whether the broker had kept our session, with its subscriptions and waiting messages, when the client logged in
    /// the last time. `None` where nobody tells, which is where the module speaks MQTT.
    #[must_use]
    pub fn session_present(&self) -> Option<bool> {
        self.known.session_present()
    }

    /// What happens from now on.
    #[must_use]
    pub fn events(&self) -> Events {
        Events::of(&self.events)
    }

    fn tell_dropped(&self, messages: u64) {
        if messages > 0
            && let Some(events) = self.events.upgrade()
        {
            events.send(Event::QueueDropped { messages });
        }
    }

    /// `None` if the task is gone.
    async fn ask<T, E>(&self, request: impl FnOnce(Answer<T, E>) -> Request) -> Option<Result<T, E>> {
        let (answer, result) = oneshot::channel();
        self.requests.send(request(answer)).await.ok()?;
        result.await.ok()
    }
}

/// The clock of the runtime, so that a paused test clock moves what waits, too.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
