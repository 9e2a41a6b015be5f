//! Publishing and subscribing.

use telit_core::CommandError;

use super::Task;
use crate::client::instance::INSTANCE;
use crate::commands::{Subscribe, Unsubscribe};
use crate::error::{PublishError, SubscribeError};
use crate::message::{Publish, QoS};
use crate::state::ClientState;
use crate::subscription::Subscription;
use crate::topic::TopicFilter;

impl Task {
    pub(super) async fn publish(&mut self, publish: Publish) -> Result<(), PublishError> {
        let state = self.session.state();
        let dialect = self.connector.dialect().ok_or(PublishError::NotConnected { state })?;
        let exchange = dialect.publish(INSTANCE, &publish, self.connector.acknowledgement())?;
        if !self.session.is_connected() {
            return Err(PublishError::NotConnected { state });
        }
        match self.connector.modem().channel().execute(exchange).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let connected = self.still_connected(&error).await;
                Err(PublishError::judge(error, publish.qos, connected))
            }
        }
    }

    pub(super) async fn subscribe(&mut self, filter: &str, qos: QoS) -> Result<Subscription, SubscribeError> {
        let filter = self.filter(filter)?;
        if qos > QoS::AtLeastOnce && !self.takes_qos() {
            return Err(SubscribeError::UnsupportedQos { qos });
        }
        self.require_connection()?;
        let strongest = self.registry.strongest(&filter, qos);
        let command = self.subscribe_command(filter.clone(), strongest);
        if let Err(error) = self.connector.modem().run(command).await {
            self.still_connected(&error).await;
            return Err(error.into());
        }
        Ok(self.registry.subscribe(filter, qos))
    }

    pub(super) async fn unsubscribe(&mut self, filter: &str) -> Result<(), SubscribeError> {
        let filter = self.filter(filter)?;
        if self.session.state() != ClientState::Paused {
            self.require_connection()?;
            self.send_unsubscribe(filter.clone()).await?;
        }
        self.registry.remove(&filter);
        Ok(())
    }

    /// Tells the broker which filters nobody reads any more.
    pub(super) async fn unsubscribe_orphans(&mut self) {
        for filter in self.registry.sweep() {
            if self.session.is_connected()
                && let Err(error) = self.send_unsubscribe(filter).await
            {
                tracing::debug!(%error, "unsubscribing in the background failed");
            }
        }
    }

    pub(super) async fn send_unsubscribe(&mut self, filter: TopicFilter) -> Result<(), CommandError> {
        let deadline = self.connector.acknowledgement();
        let result = self.connector.modem().run(Unsubscribe { instance: INSTANCE, filter, deadline }).await;
        if let Err(error) = &result {
            self.still_connected(error).await;
        }
        result
    }

    pub(super) fn filter(&self, filter: &str) -> Result<TopicFilter, SubscribeError> {
        let limit = self.connector.dialect().map_or(usize::MAX, |dialect| dialect.topic_limit);
        TopicFilter::parse(filter, limit).map_err(SubscribeError::InvalidFilter)
    }

    pub(super) fn takes_qos(&self) -> bool {
        self.connector.dialect().is_some_and(|dialect| dialect.subscribe_qos_field)
    }

    pub(super) fn subscribe_command(&self, filter: TopicFilter, qos: QoS) -> Subscribe {
        let qos = self.takes_qos().then_some(qos);
        Subscribe { instance: INSTANCE, filter, qos, deadline: self.connector.acknowledgement() }
    }

    pub(super) fn require_connection(&self) -> Result<(), SubscribeError> {
        match self.session.state() {
            ClientState::Connected => Ok(()),
            state => Err(SubscribeError::NotConnected { state }),
        }
    }
}
