//! Device shadows: what a device reports of itself, what is desired of it, and the difference.

mod document;
mod error;
mod limits;
mod streams;
mod topics;
mod update;
mod versions;
mod watch;

use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use telit_core::at::InvalidValue;

use super::RequestError;
use super::request::{Answer, Exchange, TIMEOUT, decode_payload, new_token};
use crate::client::MqttClient;
use crate::error::SubscribeError;

pub use document::{Change, Delta, Document, Snapshot, Updated};
pub use error::ShadowError;
pub use streams::{Changes, Deltas};
pub use update::Update;
pub use watch::Watch;

use document::DocumentWire;
use error::rejection;
use topics::Topics;

/// A device shadow, classic or named, of states of type `S`.
///
/// `S` is what stands in `desired` and `reported`, which often hold a part only: give its fields `Option` or
/// `#[serde(default)]`, and `#[serde(skip_serializing_if = "Option::is_none")]`, because what serialises to `null` is
/// **removed** from the shadow. [`serde_json::Value`] takes anything.
///
/// It asks one thing at a time. Every request subscribes to its answers first, waits for the one with its own token, and
/// ends with [`RequestError::TimedOut`] if none comes. It goes on after a lost connection that comes back.
///
/// ```no_run
/// # async fn example(client: telit_mqtt::MqttClient) -> Result<(), Box<dyn std::error::Error>> {
/// use serde::{Deserialize, Serialize};
/// use telit_mqtt::aws::shadow::Shadow;
///
/// #[derive(Serialize, Deserialize)]
/// struct Thermostat {
///     #[serde(skip_serializing_if = "Option::is_none")]
///     celsius: Option<f32>,
/// }
///
/// let mut shadow = Shadow::<Thermostat>::classic(&client, "thing-1")?;
/// let mut wanted = shadow.watch().await?;
/// while let Some(delta) = wanted.next().await {
///     let delta = delta?;
///     // ... turn the heating up or down, and say so:
///     shadow.report(delta.state).await?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// Source: AWS IoT documentation, "Device Shadow MQTT topics", "Device Shadow service documents".
#[derive(Debug)]
pub struct Shadow<S> {
    client: MqttClient,
    topics: Topics,
    timeout: Duration,
    get: Option<Exchange>,
    update: Option<Exchange>,
    delete: Option<Exchange>,
    state: PhantomData<fn() -> S>,
}

impl<S: Serialize + DeserializeOwned> Shadow<S> {
    /// The one shadow of a thing that has no name.
    ///
    /// # Errors
    /// The name of the thing is none.
    pub fn classic(client: &MqttClient, thing: &str) -> Result<Self, InvalidValue> {
        Ok(Self::new(client, Topics::classic(thing)?))
    }

    /// A named shadow of a thing.
    ///
    /// # Errors
    /// The name of the thing or of the shadow is none.
    pub fn named(client: &MqttClient, thing: &str, name: &str) -> Result<Self, InvalidValue> {
        Ok(Self::new(client, Topics::named(thing, name)?))
    }

    fn new(client: &MqttClient, topics: Topics) -> Self {
        Self {
            client: client.clone(),
            topics,
            timeout: TIMEOUT,
            get: None,
            update: None,
            delete: None,
            state: PhantomData,
        }
    }

    /// How long an answer may take. Default 30 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The whole shadow.
    ///
    /// # Errors
    /// [`ShadowError::NotFound`] if the thing has no such shadow, and see [`ShadowError`].
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn get(&mut self) -> Result<Document<S>, ShadowError> {
        let token = new_token();
        let exchange = opened(&mut self.get, &self.client, || self.topics.get()).await?;
        // An empty message would do. But the answer to an earlier request that nobody waited for may be older than this.
        let answer = exchange.ask(&self.client, token_only(&token), Some(&token), self.timeout).await?;
        let wire: DocumentWire<S> = accepted(exchange, &answer)?;
        Ok(wire.into())
    }

    /// Reports the device's state. What is not in it stays as it was.
    ///
    /// # Errors
    /// See [`ShadowError`].
    ///
    /// # Cancel safety
    /// Dropped before its turn: nothing is changed. Later: it is done all the same.
    pub async fn report(&mut self, state: S) -> Result<Updated, ShadowError> {
        self.update(Update::new().reported(state)).await
    }

    /// Says what is desired of the device, as an application or a button on the device does.
    ///
    /// # Errors
    /// See [`ShadowError`].
    ///
    /// # Cancel safety
    /// As [`report`](Self::report).
    pub async fn desire(&mut self, state: S) -> Result<Updated, ShadowError> {
        self.update(Update::new().desired(state)).await
    }

    /// Changes the shadow, or makes it.
    ///
    /// # Errors
    /// [`ShadowError::VersionConflict`] if the update was for another version; see [`ShadowError`].
    ///
    /// # Cancel safety
    /// As [`report`](Self::report).
    pub async fn update(&mut self, update: Update<S>) -> Result<Updated, ShadowError> {
        let (payload, token) = update.encode()?;
        let exchange = opened(&mut self.update, &self.client, || self.topics.update()).await?;
        let answer = exchange.ask(&self.client, payload, Some(&token), self.timeout).await?;
        accepted(exchange, &answer)
    }

    /// Deletes the shadow. Its versions go on where they were if it is made again soon.
    ///
    /// # Errors
    /// [`ShadowError::NotFound`] if there is none, and see [`ShadowError`].
    ///
    /// # Cancel safety
    /// As [`report`](Self::report).
    pub async fn delete(&mut self) -> Result<Updated, ShadowError> {
        let token = new_token();
        let exchange = opened(&mut self.delete, &self.client, || self.topics.delete()).await?;
        let answer = exchange.ask(&self.client, token_only(&token), Some(&token), self.timeout).await?;
        accepted(exchange, &answer)
    }

    /// Follows the difference between desired and reported, as it is published. What happened before, or while there was
    /// no connection, is not told: [`watch`](Self::watch) tells that too.
    ///
    /// # Errors
    /// See [`SubscribeError`].
    ///
    /// # Cancel safety
    /// As [`MqttClient::subscribe`].
    pub async fn deltas(&self) -> Result<Deltas<S>, SubscribeError> {
        Deltas::open(&self.client, &self.topics).await
    }

    /// Follows the shadow as a whole: every accepted update with the shadow before and after it.
    ///
    /// # Errors
    /// See [`SubscribeError`].
    ///
    /// # Cancel safety
    /// As [`MqttClient::subscribe`].
    pub async fn changes(&self) -> Result<Changes<S>, SubscribeError> {
        Changes::open(&self.client, &self.topics).await
    }

    /// Follows what is to be done: the difference there is now, and every later one. After every connection that came
    /// back the shadow is read again, so that nothing is missed.
    ///
    /// # Errors
    /// See [`SubscribeError`].
    ///
    /// # Cancel safety
    /// As [`MqttClient::subscribe`].
    pub async fn watch(&self) -> Result<Watch<S>, SubscribeError>
    where
        S: Send + 'static,
    {
        let shadow = Self::new(&self.client, self.topics.clone()).timeout(self.timeout);
        Watch::start(shadow, self.client.events()).await
    }
}

/// A request that says nothing but which one it is. Source: AWS IoT Device SDK v2, `GetShadowRequest`.
fn token_only(token: &str) -> String {
    format!(r#"{{"clientToken":"{token}"}}"#)
}

/// An exchange stays open from its first request on, and is opened again after a connection that was lost for good.
async fn opened<'a>(
    slot: &'a mut Option<Exchange>,
    client: &MqttClient,
    topic: impl FnOnce() -> String,
) -> Result<&'a mut Exchange, RequestError> {
    let exchange = match slot.take().filter(Exchange::is_open) {
        Some(exchange) => exchange,
        None => Exchange::open(client, topic()).await?,
    };
    Ok(slot.insert(exchange))
}

fn accepted<T: DeserializeOwned>(exchange: &Exchange, answer: &Answer) -> Result<T, ShadowError> {
    match answer {
        Answer::Accepted(payload) => Ok(decode_payload(exchange.topic(), payload)?),
        Answer::Rejected(payload) => Err(rejection(decode_payload(exchange.topic(), payload)?)),
    }
}
