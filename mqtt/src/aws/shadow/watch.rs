//! Following what is to be done, whatever becomes of the connection.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::document::{Delta, DeltaWire};
use super::versions::Versions;
use super::{Shadow, ShadowError};
use crate::aws::request::decode;
use crate::client::Events;
use crate::error::SubscribeError;
use crate::message::{Message, QoS};
use crate::state::{ClientState, Event};
use crate::subscription::Subscription;

/// When to read the shadow again after that failed.
const RETRY: Duration = Duration::from_secs(10);

/// How many differences wait for a slow reader before the module's are left where they are.
const WAITING: usize = 8;

/// What is desired and not reported, now and from now on. Given by [`Shadow::watch`].
///
/// A task of its own reads on, so that nothing is lost whenever a future is dropped. Dropping this ends it.
#[derive(Debug)]
pub struct Watch<S> {
    deltas: mpsc::Receiver<Result<Delta<S>, ShadowError>>,
    task: JoinHandle<()>,
}

impl<S: Serialize + DeserializeOwned + Send + 'static> Watch<S> {
    pub(super) async fn start(shadow: Shadow<S>, events: Events) -> Result<Self, SubscribeError> {
        let subscription = shadow.client.subscribe(shadow.topics.delta(), QoS::AtLeastOnce).await?;
        let (sender, deltas) = mpsc::channel(WAITING);
        let watcher = Watcher { shadow, subscription, events, versions: Versions::default(), sender };
        Ok(Self { deltas, task: tokio::spawn(watcher.run()) })
    }

    /// The next difference; `None` when the connection has ended for good.
    ///
    /// # Errors
    /// A message does not fit the type, or the shadow cannot be read for a reason that waiting does not remove. The next
    /// call goes on.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Delta<S>, ShadowError>> {
        self.deltas.recv().await
    }
}

impl<S> Drop for Watch<S> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Watcher<S> {
    shadow: Shadow<S>,
    subscription: Subscription,
    events: Events,
    versions: Versions,
    sender: mpsc::Sender<Result<Delta<S>, ShadowError>>,
}

enum Woken {
    Message(Message),
    Connected,
    Retry,
    Ended,
}

impl<S: Serialize + DeserializeOwned> Watcher<S> {
    async fn run(mut self) {
        let mut behind = true;
        loop {
            if behind {
                let read = self.read().await;
                behind = matches!(&read, Err(error) if error.is_transient());
                if !behind && !self.tell(read).await {
                    return;
                }
            }
            let going_on = match self.wake(behind).await {
                Woken::Message(message) => {
                    let delta = decode::<DeltaWire<S>>(&message).map(|wire| Some(Delta::from(wire)));
                    self.tell(delta.map_err(ShadowError::from)).await
                }
                Woken::Connected | Woken::Retry => {
                    behind = true;
                    true
                }
                Woken::Ended => false,
            };
            if !going_on {
                return;
            }
        }
    }

    /// The difference there is. A shadow that nobody has made yet has none.
    async fn read(&mut self) -> Result<Option<Delta<S>>, ShadowError> {
        match self.shadow.get().await {
            Ok(document) => {
                let (version, timestamp) = (document.version, document.timestamp);
                if document.delta.is_none() {
                    // A difference of before that comes late is no news any more.
                    self.versions.admit(version);
                }
                Ok(document.delta.map(|state| Delta { state, version, timestamp }))
            }
            Err(ShadowError::NotFound { .. }) => {
                self.versions.forget();
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// False: nobody listens any more.
    async fn tell(&mut self, found: Result<Option<Delta<S>>, ShadowError>) -> bool {
        let news = match found {
            Ok(None) => return true,
            Ok(Some(delta)) if !self.versions.admit(delta.version) => return true,
            Ok(Some(delta)) => Ok(delta),
            Err(error) => Err(error),
        };
        self.sender.send(news).await.is_ok()
    }

    async fn wake(&mut self, behind: bool) -> Woken {
        loop {
            tokio::select! {
                message = self.subscription.next() => {
                    return message.map_or(Woken::Ended, Woken::Message);
                }
                event = self.events.next() => match event {
                    Some(Event::State(ClientState::Connected) | Event::Missed(_)) => return Woken::Connected,
                    Some(_) => {}
                    None => return Woken::Ended,
                },
                () = tokio::time::sleep(RETRY), if behind => return Woken::Retry,
            }
        }
    }
}
