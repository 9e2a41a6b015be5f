//! Publishing and subscribing.

use telit_core::CommandError;

use super::Task;
use crate::client::instance::INSTANCE;
use crate::commands::Unsubscribe;
use crate::error::{PublishError, SubscribeError};
use crate::message::{Publish, QoS};
use crate::rules::RuleViolation;
use crate::state::ClientState;
use crate::subscription::Subscription;
use crate::topic::TopicFilter;

impl Task {
    pub(super) async fn publish(&mut self, publish: Publish) -> Result<(), PublishError> {
        let state = self.session.state();
        let dialect = self.connector.dialect().ok_or(PublishError::NotConnected { state })?;
        if let Some(rules) = &self.connector.options().rules {
            rules.check_publish(&publish)?;
        }
        let exchange = dialect.publish(INSTANCE, &publish, self.connector.acknowledgement())?;
        if !self.session.is_connected() {
            return Err(PublishError::NotConnected { state });
        }
        let Err(error) = self.connector.modem().channel().execute(exchange).await else {
            return Ok(());
        };
        let answered_by_another_run = self.has_restarted();
        let connected = self.still_connected(&error).await;
        Err(match self.has_restarted() {
            true => PublishError::judge_restarted(error, answered_by_another_run),
            false => PublishError::judge(error, publish.qos, connected),
        })
    }

    pub(super) async fn subscribe(&mut self, filter: &str, qos: QoS) -> Result<Subscription, SubscribeError> {
        let filter = self.filter(filter)?;
        if qos > QoS::AtLeastOnce && !self.connector.takes_qos() {
            return Err(SubscribeError::UnsupportedQos { qos });
        }
        self.keep_rules(&filter, qos).await?;
        self.require_connection()?;
        let strongest = self.registry.strongest(&filter, qos);
        let command = self.connector.subscribe_command(filter.clone(), strongest);
        if let Err(error) = self.connector.modem().run(command).await {
            self.still_connected(&error).await;
            return Err(self.not_subscribed(error));
        }
        Ok(self.registry.subscribe(filter, qos))
    }

    /// Subscriptions that nobody reads any more make room for one that is wanted.
    async fn keep_rules(&mut self, filter: &TopicFilter, qos: QoS) -> Result<(), RuleViolation> {
        if self.check_rules(filter, qos).is_err() {
            self.unsubscribe_orphans().await;
        }
        self.check_rules(filter, qos)
    }

    fn check_rules(&self, filter: &TopicFilter, qos: QoS) -> Result<(), RuleViolation> {
        let Some(rules) = &self.connector.options().rules else {
            return Ok(());
        };
        let others = self.registry.filters().iter().filter(|(other, _)| other != filter).count();
        rules.check_subscribe(filter.as_str(), qos, others + 1)
    }

    pub(super) async fn unsubscribe(&mut self, filter: &str) -> Result<(), SubscribeError> {
        let filter = self.filter(filter)?;
        match self.session.state() {
            ClientState::Paused => {}
            ClientState::Reconnecting(_) => self.orphans.push(filter.clone()),
            _ => {
                self.require_connection()?;
                self.send_unsubscribe(filter.clone()).await.map_err(|error| self.not_subscribed(error))?;
            }
        }
        self.registry.remove(&filter);
        Ok(())
    }

    fn not_subscribed(&self, error: CommandError) -> SubscribeError {
        match self.has_restarted() {
            true => SubscribeError::ModuleRestarted(error),
            false => error.into(),
        }
    }

    /// Tells the broker which filters nobody reads any more, or remembers to.
    pub(super) async fn unsubscribe_orphans(&mut self) {
        self.orphans.extend(self.registry.sweep());
        match self.session.state() {
            ClientState::Connected => self.send_orphans().await,
            ClientState::Reconnecting(_) => {}
            _ => self.orphans.clear(),
        }
    }

    async fn send_orphans(&mut self) {
        let wanted = self.registry.filters();
        for filter in std::mem::take(&mut self.orphans) {
            if self.session.is_connected()
                && !wanted.iter().any(|(wanted, _)| *wanted == filter)
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

    pub(super) fn require_connection(&self) -> Result<(), SubscribeError> {
        match self.session.state() {
            ClientState::Connected => Ok(()),
            state => Err(SubscribeError::NotConnected { state }),
        }
    }
}
