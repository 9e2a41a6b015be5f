//! Subscribing.

use super::{Task, now};
use crate::backend::Trouble;
use crate::drops::{self, Operation};
use crate::error::SubscribeError;
use crate::message::QoS;
use crate::rules::RuleViolation;
use crate::state::ClientState;
use crate::subscription::Subscription;
use crate::topic::TopicFilter;

impl Task {
    pub(super) async fn subscribe(&mut self, filter: &str, qos: QoS) -> Result<Subscription, SubscribeError> {
        let filter = self.filter(filter)?;
        if qos > QoS::AtLeastOnce && !self.backend.takes_qos() {
            return Err(SubscribeError::UnsupportedQos { qos });
        }
        self.keep_rules(&filter, qos).await?;
        let operation = Operation::Subscribe { filter: filter.as_str().to_owned() };
        self.refuse_forbidden_filter(&operation, &filter)?;
        let strongest = self.registry.strongest(&filter, qos);
        self.require_connection()?;
        let Some(connection) = &mut self.connection else {
            return Err(SubscribeError::NotConnected { state: self.session.state() });
        };
        self.drops.began(now(), operation.clone());
        match self.backend.subscribe(connection, &filter, strongest).await {
            Ok(granted) => {
                self.drops.acknowledged();
                Ok(self.registry.subscribe(filter, qos).granted_with(granted))
            }
            Err(error) => {
                self.still_connected(&error).await;
                self.drops.failed();
                self.refuse_forbidden_filter(&operation, &filter)?;
                Err(self.not_subscribed(error))
            }
        }
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
        let Some(rules) = &self.backend.options().rules else {
            return Ok(());
        };
        let others = self.registry.filters().iter().filter(|(other, _)| other != filter).count();
        rules.check_subscribe(filter.as_str(), qos, others + 1)
    }

    pub(super) async fn unsubscribe(&mut self, filter: &str) -> Result<(), SubscribeError> {
        let filter = self.filter(filter)?;
        match self.session.state() {
            ClientState::Paused => {}
            ClientState::Reconnecting(_) => self.orphans.add(filter.clone()),
            _ => {
                self.require_connection()?;
                self.send_unsubscribe(filter.clone()).await.map_err(|error| self.not_subscribed(error))?;
            }
        }
        self.registry.remove(&filter);
        Ok(())
    }

    fn not_subscribed(&self, error: Trouble) -> SubscribeError {
        match error {
            Trouble::Command(error) if self.has_restarted() => SubscribeError::ModuleRestarted(error),
            error => error.into(),
        }
    }

    pub(super) async fn send_unsubscribe(&mut self, filter: TopicFilter) -> Result<(), Trouble> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let result = self.backend.unsubscribe(connection, &filter).await;
        if let Err(error) = &result {
            self.still_connected(error).await;
        }
        result
    }

    pub(super) fn filter(&self, filter: &str) -> Result<TopicFilter, SubscribeError> {
        self.backend.filter(filter).map_err(SubscribeError::InvalidFilter)
    }

    fn require_connection(&self) -> Result<(), SubscribeError> {
        match self.session.state() {
            ClientState::Connected => Ok(()),
            state => Err(SubscribeError::NotConnected { state }),
        }
    }
}
