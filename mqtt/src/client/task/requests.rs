//! Subscribing.

use telit_core::CommandError;

use super::{Task, now};
use crate::drops::{self, Operation};
use crate::engine::Connection;
use crate::error::SubscribeError;
use crate::message::QoS;
use crate::rules::RuleViolation;
use crate::state::ClientState;
use crate::subscription::Subscription;
use crate::topic::TopicFilter;

impl Task {
    pub(super) async fn subscribe(&mut self, filter: &str, qos: QoS) -> Result<Subscription, SubscribeError> {
        let filter = self.filter(filter)?;
        if qos > QoS::AtLeastOnce && !self.engine.takes_qos() {
            return Err(SubscribeError::UnsupportedQos { qos });
        }
        self.keep_rules(&filter, qos).await?;
        let operation = Operation::Subscribe { filter: filter.as_str().to_owned() };
        self.refuse_forbidden_filter(&operation, &filter)?;
        let strongest = self.registry.strongest(&filter, qos);
        self.connected()?;
        self.drops.began(now(), operation.clone());
        if let Err(error) = self.engine.subscribe(self.connected()?, filter.clone(), strongest).await {
            self.still_connected(&error).await;
            self.drops.failed();
            self.refuse_forbidden_filter(&operation, &filter)?;
            return Err(self.not_subscribed(error));
        }
        self.drops.acknowledged();
        Ok(self.registry.subscribe(filter, qos))
    }

    fn refuse_forbidden_filter(
        &mut self,
        operation: &Operation,
        filter: &TopicFilter,
    ) -> Result<(), SubscribeError> {
        let filter = || filter.as_str().to_owned();
        match self.drops.is_forbidden(now(), operation) {
            true => Err(SubscribeError::ProbablyForbidden { filter: filter(), times: drops::LIMIT }),
            false => Ok(()),
        }
    }

    /// Subscriptions that nobody reads any more make room for one that is wanted.
    async fn keep_rules(&mut self, filter: &TopicFilter, qos: QoS) -> Result<(), RuleViolation> {
        if self.check_rules(filter, qos).is_err() {
            self.unsubscribe_orphans().await;
        }
        self.check_rules(filter, qos)
    }

    fn check_rules(&self, filter: &TopicFilter, qos: QoS) -> Result<(), RuleViolation> {
        let Some(rules) = &self.engine.options().rules else {
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
                self.connected()?;
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
        let Some(connection) = &self.connection else { return Ok(()) };
        let result = self.engine.unsubscribe(connection, filter).await;
        if let Err(error) = &result {
            self.still_connected(error).await;
        }
        result
    }

    pub(super) fn filter(&self, filter: &str) -> Result<TopicFilter, SubscribeError> {
        let limit = self.engine.dialect().map_or(usize::MAX, |dialect| dialect.topic_limit);
        TopicFilter::parse(filter, limit).map_err(SubscribeError::InvalidFilter)
    }

    fn connected(&self) -> Result<&Connection, SubscribeError> {
        let state = self.session.state();
        let connection = self.connection.as_ref().filter(|_| state == ClientState::Connected);
        connection.ok_or(SubscribeError::NotConnected { state })
    }
}
