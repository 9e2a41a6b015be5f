//! A subscription as its reader sees it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::{Notify, mpsc};

use crate::message::{Message, QoS};

/// Messages that match one topic filter, in the order in which they were read from the module.
///
/// Every subscription has its own bounded queue (see
/// [`queue_capacity`](crate::MqttOptions::queue_capacity)); what arrives while it is full is lost for this
/// subscription and counted in [`missed`](Self::missed), never holding up the connection.
///
/// It goes on through a [`pause`](crate::MqttClient::pause) and through a lost connection that comes back. It ends after
/// [`unsubscribe`](crate::MqttClient::unsubscribe), when the client is closed, and when the connection is
/// lost for good; [`state`](crate::MqttClient::state) tells why. What was queued before the end can still be read.
/// Dropping it unsubscribes in the background.
#[derive(Debug)]
pub struct Subscription {
    filter: Option<String>,
    granted: Option<QoS>,
    messages: mpsc::Receiver<Message>,
    missed: Arc<AtomicU64>,
    dropped: Arc<Notify>,
}

/// The sending side.
#[derive(Debug)]
pub(crate) struct Queue {
    messages: mpsc::Sender<Message>,
    missed: Arc<AtomicU64>,
}

impl Subscription {
    pub(crate) fn new(filter: Option<&str>, capacity: usize, dropped: Arc<Notify>) -> (Self, Queue) {
        let (sender, messages) = mpsc::channel(capacity);
        let missed = Arc::new(AtomicU64::new(0));
        let queue = Queue { messages: sender, missed: Arc::clone(&missed) };
        (Self { filter: filter.map(str::to_owned), granted: None, messages, missed, dropped }, queue)
    }

    /// The topic filter; `None` for what matches no filter.
    #[must_use]
    pub fn filter(&self) -> Option<&str> {
        self.filter.as_deref()
    }

    /// The quality of service that the broker granted when the subscription was made; `None` where nobody tells, which
    /// is where the module speaks MQTT.
    #[must_use]
    pub fn granted(&self) -> Option<QoS> {
        self.granted
    }

    pub(crate) fn granted_with(mut self, granted: Option<QoS>) -> Self {
        self.granted = granted;
        self
    }

    /// The next message; `None` when the subscription has ended.
    ///
    /// A message is read as soon as the module announces it. One whose announcement got lost on the line is found when
    /// the connection is looked after: within half of the keep-alive.
    ///
    /// # Cancel safety
    /// No message is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Message> {
        self.messages.recv().await
    }

    /// What is there without waiting.
    pub fn try_next(&mut self) -> Option<Message> {
        self.messages.try_recv().ok()
    }

    /// Whether nothing more comes, once what waits was read.
    #[cfg(feature = "aws")]
    pub(crate) fn has_ended(&self) -> bool {
        self.messages.is_closed()
    }

    /// How many messages were lost because the queue was full.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}

impl Stream for Subscription {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Message>> {
        self.messages.poll_recv(context)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.messages.close();
        self.dropped.notify_one();
    }
}

impl Queue {
    /// Hands a message over, or counts it as missed.
    pub(crate) fn push(&self, message: Message) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.messages.try_send(message) {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether nobody reads any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.messages.is_closed()
    }
}
