//! What the handles ask of the task.

use tokio::sync::oneshot;

use crate::error::{ConnectError, DisconnectError, SubscribeError};
use crate::message::QoS;
use crate::subscription::Subscription;

/// Where the task puts the outcome.
pub(super) type Answer<T, E> = oneshot::Sender<Result<T, E>>;

#[derive(Debug)]
pub(super) enum Request {
    Subscribe { filter: String, qos: QoS, answer: Answer<Subscription, SubscribeError> },
    Unsubscribe { filter: String, answer: Answer<(), SubscribeError> },
    Unmatched { answer: Answer<Subscription, SubscribeError> },
    Pause { answer: Answer<(), DisconnectError> },
    Resume { answer: Answer<(), ConnectError> },
    Disconnect { answer: Answer<(), DisconnectError> },
}
