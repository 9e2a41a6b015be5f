//! An MQTT 3.1.1 broker behind a TLS front.

mod options;
mod server;

use std::net::SocketAddr;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

pub use self::options::BrokerOptions;
use super::ServerError;
use super::background::Background;
use super::front::{Front, Handshake};
use crate::journal::Journal;

/// A message that reached the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The topic it was published to.
    pub topic: String,
    /// What was published.
    pub payload: Bytes,
}

/// rumqttd on a plain loopback port, and a [`Front`] with TLS before it.
///
/// Quality of service 0, 1 and 2, retained messages and last wills work. What rumqttd does in its own way:
/// - a client that it refuses (wrong password, keep-alive 0, MQTT 3.1) is cut off without a CONNACK;
/// - a packet above [`BrokerOptions::max_packet_size`] ends the connection, as with AWS;
/// - a subscriber gets messages with the quality of service it subscribed with, even those published with a lower
///   one;
/// - a client id with `+`, `$`, `#` or `/` is cut off likewise, and rumqttd does not survive it a second time: such an
///   id makes every later connection fail.
///
/// Dropping it closes both ports and all connections. One idle thread stays until the process ends, as rumqttd's
/// router has no way to stop.
#[derive(Debug)]
pub struct Broker {
    // Before the server, so that connections close at the front first.
    front: Front,
    plain_addr: SocketAddr,
    messages: Journal<Message>,
    outgoing: mpsc::UnboundedSender<Message>,
    _server: Background,
}

impl Broker {
    /// Starts the broker; returns once it accepts connections.
    ///
    /// # Errors
    /// [`ServerError::Tls`] for a TLS set-up that cannot work, [`ServerError::Io`] and
    /// [`ServerError::NotStarted`] when no port or thread could be had.
    pub async fn start(options: &BrokerOptions) -> Result<Self, ServerError> {
        let messages = Journal::new();
        let (outgoing, to_publish) = mpsc::unbounded_channel();
        let (ready, started) = oneshot::channel();
        let settings = options.connection_settings();
        let journal = messages.clone();
        let server =
            Background::spawn("mqtt-broker", move || server::run(settings, ready, journal, to_publish))?;
        let plain_addr = started.await.unwrap_or_else(|_| {
            Err(ServerError::NotStarted { server: "broker", reason: "its thread ended".to_owned() })
        })?;
        let front = Front::start(&options.front, plain_addr).await?;
        Ok(Self { front, plain_addr, messages, outgoing, _server: server })
    }

    /// The address with TLS.
    pub fn addr(&self) -> SocketAddr {
        self.front.addr()
    }

    /// The address without TLS.
    pub fn plain_addr(&self) -> SocketAddr {
        self.plain_addr
    }

    /// The TLS side, with its log of handshakes.
    pub fn front(&self) -> &Front {
        &self.front
    }

    /// Short for [`Front::handshakes`] of [`front`](Self::front).
    pub fn handshakes(&self) -> Vec<Handshake> {
        self.front.handshakes()
    }

    /// Every message published so far, by whomever, in the order the broker forwarded them.
    pub fn messages(&self) -> Vec<Message> {
        self.messages.all()
    }

    /// Waits until `count` messages have been published since the start and returns all of them.
    ///
    /// # Cancel safety
    /// Nothing is lost when dropped.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<Message> {
        self.messages.at_least(count).await
    }

    /// Publishes from inside the broker, with quality of service 0 and not retained.
    ///
    /// It reaches whoever has subscribed by the time the broker handles it; it also appears in
    /// [`messages`](Self::messages).
    pub fn publish(&self, topic: impl Into<String>, payload: impl Into<Bytes>) {
        let message = Message { topic: topic.into(), payload: payload.into() };
        if self.outgoing.send(message).is_err() {
            tracing::error!("the broker has ended, nothing published");
        }
    }
}
