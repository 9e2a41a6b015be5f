//! An MQTT 3.1.1 broker in memory.

mod connection;
mod session;
mod state;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;

use self::session::Outgoing;
use self::state::{Client, State, Verdict};
use crate::journal::Journal;
use crate::mqtt_server::packet::{Connect, Packet, Publish};
use crate::net::memory::MemoryStream;

/// An MQTT 3.1.1 broker. Clones are the same broker. Made by [`super::Peers::broker`].
///
/// Sessions go by client id. One with clean session 0 keeps its subscriptions and what is published for it with
/// quality of service 1 or 2 while it is away. A subscriber gets a message once, with the lower of the two qualities.
/// A second connection of a client ends the first; a client that is silent for one and a half times its keep-alive is
/// dropped, and its will published.
#[derive(Clone, Default)]
pub struct Broker {
    state: Arc<Mutex<State>>,
    messages: Journal<Message>,
    connects: Journal<ConnectRecord>,
}

/// A message that reached the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The client that published it; `None` if the test did.
    pub client_id: Option<String>,
    /// The topic it was published to.
    pub topic: String,
    /// What was published.
    pub payload: Bytes,
    /// Its quality of service, 0 to 2.
    pub qos: u8,
    /// Whether the broker was to keep it.
    pub retain: bool,
}

/// A client that asked for a connection.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectRecord {
    /// Its id, as it gave it.
    pub client_id: String,
    /// Its user name.
    pub username: Option<String>,
    /// Whether it had a password.
    pub has_password: bool,
    /// Whether an earlier session was to be forgotten.
    pub clean_session: bool,
    /// In seconds.
    pub keep_alive: u16,
    /// The return code of CONNACK: 0 is yes.
    pub code: u8,
    /// Whether the broker had kept its session.
    pub session_present: bool,
    /// Whether it came over TLS.
    pub secured: bool,
}

impl Broker {
    /// From now on only clients with a known user name and its password are let in (return code 4).
    pub fn add_user(&self, name: &str, password: impl Into<Bytes>) {
        self.state().users.insert(name.to_owned(), password.into());
    }

    /// From now on every client is refused with this return code of CONNACK, or none (`None`).
    pub fn refuse(&self, code: Option<u8>) {
        self.state().refusal = code;
    }

    /// From now on the broker takes what it gets and does and says nothing, or is well again.
    pub fn set_unresponsive(&self, unresponsive: bool) {
        self.state().unresponsive = unresponsive;
    }

    /// Publishes a message, not retained, to whoever has subscribed. It appears in [`messages`](Self::messages), too.
    ///
    /// A `qos` above 2 counts as 2.
    pub fn publish(&self, topic: impl Into<String>, payload: impl Into<Bytes>, qos: u8) {
        self.publish_as(topic.into(), payload.into(), qos, false);
    }

    /// The same, and keeps it for those who subscribe later. An empty one clears what was kept.
    pub fn publish_retained(&self, topic: impl Into<String>, payload: impl Into<Bytes>, qos: u8) {
        self.publish_as(topic.into(), payload.into(), qos, true);
    }

    fn publish_as(&self, topic: String, payload: Bytes, qos: u8, retain: bool) {
        let message = Publish { topic, payload, qos: qos.min(2), retain, id: 0, duplicate: false };
        self.messages.push(Message::new(None, &message));
        self.state().publish(message);
    }

    /// Every message so far, by whomever, in the order they came. One of quality of service 2 is there once.
    pub fn messages(&self) -> Vec<Message> {
        self.messages.all()
    }

    /// Forgets the messages and the requests for a connection so far. Sessions stay.
    pub fn clear_log(&self) {
        self.messages.clear();
        self.connects.clear();
    }

    /// Waits until `count` messages have been noted and returns all of them.
    ///
    /// # Cancel safety
    /// Nothing is lost when dropped.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<Message> {
        self.messages.at_least(count).await
    }

    /// Every client that asked for a connection, also the refused ones.
    pub fn connects(&self) -> Vec<ConnectRecord> {
        self.connects.all()
    }

    /// Waits until `count` of them have been noted and returns all of them.
    ///
    /// # Cancel safety
    /// Nothing is lost when dropped.
    pub async fn wait_for_connects(&self, count: usize) -> Vec<ConnectRecord> {
        self.connects.at_least(count).await
    }

    /// The ids of the clients that are connected, in the order of their ids.
    pub fn clients(&self) -> Vec<String> {
        self.state().clients()
    }

    /// The filters that a client has subscribed to, and the quality of service of each, in the order of the filters.
    pub fn subscriptions(&self, client_id: &str) -> Vec<(String, u8)> {
        self.state().subscriptions(client_id)
    }

    /// How many messages for this client it has not acknowledged, or not yet been sent.
    pub fn pending(&self, client_id: &str) -> usize {
        self.state().pending(client_id)
    }

    /// Closes the connection of a client in an orderly way. Its will is published. `false` if it has none.
    pub fn disconnect(&self, client_id: &str) -> bool {
        self.state().end(client_id, Outgoing::Close)
    }

    /// Resets the connection of a client. Its will is published. `false` if it has none.
    pub fn reset(&self, client_id: &str) -> bool {
        self.state().end(client_id, Outgoing::Reset)
    }

    pub(super) fn accept(&self, stream: MemoryStream) {
        tokio::spawn(connection::serve(self.clone(), stream));
    }

    fn connect(
        &self,
        connect: Connect,
        outgoing: &UnboundedSender<Outgoing>,
        secured: bool,
    ) -> Option<Client> {
        let (record, client) = self.state().connect(connect, outgoing);
        self.connects.push(ConnectRecord { secured, ..record });
        client
    }

    fn packet(&self, client: &Client, packet: Packet) -> Verdict {
        let verdict = self.state().packet(client, packet);
        if let Verdict::Published(message) = &verdict {
            self.messages.push(message.clone());
        }
        verdict
    }

    fn closed(&self, client: &Client) {
        let will = self.state().closed(client);
        will.into_iter().for_each(|message| self.messages.push(message));
    }

    fn is_unresponsive(&self) -> bool {
        self.state().unresponsive
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Message {
    fn new(client_id: Option<&str>, message: &Publish) -> Self {
        Self {
            client_id: client_id.map(str::to_owned),
            topic: message.topic.clone(),
            payload: message.payload.clone(),
            qos: message.qos,
            retain: message.retain,
        }
    }
}

impl ConnectRecord {
    fn new(connect: &Connect, code: u8, session_present: bool) -> Self {
        Self {
            client_id: connect.client_id.clone(),
            username: connect.username.clone(),
            has_password: connect.password.is_some(),
            clean_session: connect.clean_session,
            keep_alive: connect.keep_alive,
            code,
            session_present,
            secured: false,
        }
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Broker")
            .field("messages", &self.messages.len())
            .field("clients", &self.clients())
            .finish_non_exhaustive()
    }
}

/// Without the user name, which may be a token.
impl fmt::Debug for ConnectRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ConnectRecord")
            .field("client_id", &self.client_id)
            .field("clean_session", &self.clean_session)
            .field("code", &self.code)
            .field("session_present", &self.session_present)
            .field("secured", &self.secured)
            .finish_non_exhaustive()
    }
}
