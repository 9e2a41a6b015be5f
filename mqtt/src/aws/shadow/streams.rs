//! Following a shadow.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::document::{Change, ChangeWire, Delta, DeltaWire};
use super::topics::Topics;
use super::versions::Versions;
use crate::aws::RequestError;
use crate::aws::request::decode;
use crate::client::MqttClient;
use crate::error::SubscribeError;
use crate::message::QoS;
use crate::subscription::Subscription;

/// Differences between desired and reported as they are published. Those of versions that are not newer than the last
/// one are left out: messages can come twice and in any order.
#[derive(Debug)]
pub struct Deltas<S> {
    subscription: Subscription,
    versions: Versions,
    state: PhantomData<fn() -> S>,
}

/// Accepted updates as they are published, with the shadow before and after. Those of versions that are not newer than
/// the last one are left out.
#[derive(Debug)]
pub struct Changes<S> {
    subscription: Subscription,
    versions: Versions,
    state: PhantomData<fn() -> S>,
}

impl<S: DeserializeOwned> Deltas<S> {
    pub(super) async fn open(client: &MqttClient, topics: &Topics) -> Result<Self, SubscribeError> {
        let subscription = client.subscribe(topics.delta(), QoS::AtLeastOnce).await?;
        Ok(Self { subscription, versions: Versions::default(), state: PhantomData })
    }

    /// The next difference; `None` when the connection has ended for good.
    ///
    /// # Errors
    /// [`RequestError::Unreadable`] for a message that does not fit the type; the next call goes on.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Delta<S>, RequestError>> {
        loop {
            let message = self.subscription.next().await?;
            match decode::<DeltaWire<S>>(&message).map(Delta::from) {
                Ok(delta) if !self.versions.admit(delta.version) => {}
                other => return Some(other),
            }
        }
    }
}

impl<S: DeserializeOwned> Changes<S> {
    pub(super) async fn open(client: &MqttClient, topics: &Topics) -> Result<Self, SubscribeError> {
        let subscription = client.subscribe(topics.documents(), QoS::AtLeastOnce).await?;
        Ok(Self { subscription, versions: Versions::default(), state: PhantomData })
    }

    /// The next update; `None` when the connection has ended for good.
    ///
    /// # Errors
    /// [`RequestError::Unreadable`] for a message that does not fit the type; the next call goes on.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Change<S>, RequestError>> {
        loop {
            let message = self.subscription.next().await?;
            match decode::<ChangeWire<S>>(&message).map(Change::from) {
                Ok(change) if !self.versions.admit(change.current.version) => {}
                other => return Some(other),
            }
        }
    }
}
