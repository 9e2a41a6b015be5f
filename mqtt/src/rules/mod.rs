//! What brokers take beyond the standard, checked on this computer before anything is sent.
//!
//! A broker that does not like a message closes the connection, mostly without a word, and a client that sends it again
//! loses the next connection too. So what is known of a broker is written down as [`BrokerRules`], given to
//! [`MqttOptions::rules`](crate::MqttOptions::rules), and whatever would break them is refused as a [`RuleViolation`].
//!
//! Presets for well-known brokers bring their rules along. What the module itself can carry is checked in any case.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod topics;
mod violation;

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::message::{Publish, QoS};
use topics::{counted, slashes};

pub use violation::{Rule, RuleViolation};

/// What a broker takes. Without further calls: everything that MQTT 3.1.1 allows.
///
/// ```
/// use std::time::Duration;
/// use telit_mqtt::QoS;
/// use telit_mqtt::rules::BrokerRules;
///
/// let rules = BrokerRules::new("our broker").client_id_limit(23).highest_qos(QoS::AtLeastOnce);
/// assert!(rules.check_login("a-client-id-of-24-letters", Duration::from_secs(60)).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "nothing is checked until the rules are given to MqttOptions::rules()"]
pub struct BrokerRules {
    broker: &'static str,
    client_id_limit: Option<usize>,
    keep_alive: Option<RangeInclusive<Duration>>,
    topic_limit: Option<usize>,
    slash_limit: Option<usize>,
    publish_only: Option<&'static str>,
    highest_qos: QoS,
    retain: Retain,
    payload_limit: Option<usize>,
    subscription_limit: Option<usize>,
    publish_topics: &'static [&'static str],
    subscribe_filters: &'static [&'static str],
    publishes_per_second: Option<u32>,
}

/// Where a broker keeps retained messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retain {
    /// On every topic.
    #[default]
    Everywhere,
    /// On topics that do not begin with `$`.
    NotReserved,
    /// Nowhere.
    Nowhere,
}

impl BrokerRules {
    /// The standard's own rules. `broker` is its name in errors.
    pub const fn new(broker: &'static str) -> Self {
        Self {
            broker,
            client_id_limit: None,
            keep_alive: None,
            topic_limit: None,
            slash_limit: None,
            publish_only: None,
            highest_qos: QoS::ExactlyOnce,
            retain: Retain::Everywhere,
            payload_limit: None,
            subscription_limit: None,
            publish_topics: &[],
            subscribe_filters: &[],
            publishes_per_second: None,
        }
    }

    /// The longest client identifier, in bytes.
    pub const fn client_id_limit(mut self, bytes: usize) -> Self {
        self.client_id_limit = Some(bytes);
        self
    }

    /// Which keep-alive times it accepts.
    pub const fn keep_alive(mut self, range: RangeInclusive<Duration>) -> Self {
        self.keep_alive = Some(range);
        self
    }

    /// The longest topic and topic filter, in bytes.
    pub const fn topic_limit(mut self, bytes: usize) -> Self {
        self.topic_limit = Some(bytes);
        self
    }

    /// The most slashes in a topic or topic filter.
    pub const fn slash_limit(mut self, slashes: usize) -> Self {
        self.slash_limit = Some(slashes);
        self
    }

    /// A prefix such as `$aws/rules/`, behind which one more level is an address. Topics that begin with it are counted
    /// without both, and nobody can subscribe to them.
    pub const fn publish_only(mut self, prefix: &'static str) -> Self {
        self.publish_only = Some(prefix);
        self
    }

    /// The highest quality of service. Default [`QoS::ExactlyOnce`].
    pub const fn highest_qos(mut self, qos: QoS) -> Self {
        self.highest_qos = qos;
        self
    }

    /// Where it keeps retained messages. Default everywhere.
    pub const fn retain(mut self, retain: Retain) -> Self {
        self.retain = retain;
        self
    }

    /// The largest payload, in bytes.
    pub const fn payload_limit(mut self, bytes: usize) -> Self {
        self.payload_limit = Some(bytes);
        self
    }

    /// The most subscriptions of a connection.
    pub const fn subscription_limit(mut self, subscriptions: usize) -> Self {
        self.subscription_limit = Some(subscriptions);
        self
    }

    /// What the topics begin with that it takes messages on. Default anything.
    pub const fn publish_topics(mut self, beginnings: &'static [&'static str]) -> Self {
        self.publish_topics = beginnings;
        self
    }

    /// What the filters begin with that it takes subscriptions to. Default anything.
    pub const fn subscribe_filters(mut self, beginnings: &'static [&'static str]) -> Self {
        self.subscribe_filters = beginnings;
        self
    }

    /// How many messages a second it takes on a connection.
    pub const fn publishes_per_second(mut self, messages: u32) -> Self {
        self.publishes_per_second = Some(messages);
        self
    }

    /// Its name.
    #[must_use]
    pub const fn broker(&self) -> &'static str {
        self.broker
    }

    /// How many messages a second it takes on a connection; `None`: any number.
    #[must_use]
    pub const fn publish_rate(&self) -> Option<u32> {
        self.publishes_per_second
    }

    /// Checks who logs in.
    ///
    /// # Errors
    /// [`Rule::ClientId`] or [`Rule::KeepAlive`].
    pub fn check_login(&self, client_id: &str, keep_alive: Duration) -> Result<(), RuleViolation> {
        self.at_most(client_id.len(), self.client_id_limit, |length, limit| Rule::ClientId {
            length,
            limit,
        })?;
        match &self.keep_alive {
            Some(range) if !range.contains(&keep_alive) => {
                Err(self.broken(Rule::KeepAlive { least: *range.start(), most: *range.end() }))
            }
            _ => Ok(()),
        }
    }

    /// Checks a message.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check_publish(&self, message: &Publish) -> Result<(), RuleViolation> {
        let Publish { topic, payload, qos, retain, .. } = message;
        self.check_qos(*qos)?;
        self.check_topic(topic)?;
        if !begins(topic, self.publish_topics) {
            return Err(self.broken(Rule::PublishTopic { allowed: self.publish_topics }));
        }
        let kept = match self.retain {
            Retain::Everywhere => true,
            Retain::NotReserved => !topic.starts_with('$'),
            Retain::Nowhere => false,
        };
        if *retain && !kept {
            return Err(self.broken(Rule::Retain));
        }
        self.at_most(payload.len(), self.payload_limit, |size, limit| Rule::Payload { size, limit })
    }

    /// Checks a subscription that would be number `count`.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check_subscribe(&self, filter: &str, qos: QoS, count: usize) -> Result<(), RuleViolation> {
        self.check_qos(qos)?;
        self.check_topic(filter)?;
        if self.publish_only.is_some_and(|prefix| filter.starts_with(prefix)) {
            return Err(self.broken(Rule::PublishOnly));
        }
        if !begins(filter, self.subscribe_filters) {
            return Err(self.broken(Rule::SubscribeFilter { allowed: self.subscribe_filters }));
        }
        self.at_most(count, self.subscription_limit, |_, limit| Rule::Subscriptions { limit })
    }

    fn check_qos(&self, qos: QoS) -> Result<(), RuleViolation> {
        if qos > self.highest_qos {
            return Err(self.broken(Rule::Qos { highest: self.highest_qos }));
        }
        Ok(())
    }

    fn check_topic(&self, topic: &str) -> Result<(), RuleViolation> {
        let counted = counted(topic, self.publish_only);
        self.at_most(counted.len(), self.topic_limit, |length, limit| Rule::TopicLength { length, limit })?;
        self.at_most(slashes(counted), self.slash_limit, |slashes, limit| Rule::TopicSlashes {
            slashes,
            limit,
        })
    }

    fn at_most(
        &self,
        value: usize,
        limit: Option<usize>,
        rule: impl FnOnce(usize, usize) -> Rule,
    ) -> Result<(), RuleViolation> {
        match limit {
            Some(limit) if value > limit => Err(self.broken(rule(value, limit))),
            _ => Ok(()),
        }
    }

    fn broken(&self, rule: Rule) -> RuleViolation {
        RuleViolation { broker: self.broker, rule }
    }
}

/// Whether a topic begins with one of these; without any, each does.
fn begins(topic: &str, beginnings: &[&str]) -> bool {
    beginnings.is_empty() || beginnings.iter().any(|beginning| topic.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: BrokerRules = BrokerRules::new("the broker")
        .client_id_limit(4)
        .keep_alive(Duration::from_secs(30)..=Duration::from_secs(1200))
        .topic_limit(16)
        .slash_limit(2)
        .publish_only("$in/rules/")
        .highest_qos(QoS::AtLeastOnce)
        .retain(Retain::NotReserved)
        .payload_limit(8)
        .subscription_limit(2);

    fn published(message: &Publish) -> Option<Rule> {
        RULES.check_publish(message).err().map(|violation| violation.rule)
    }

    fn subscribed(filter: &str, count: usize) -> Option<Rule> {
        RULES.check_subscribe(filter, QoS::AtMostOnce, count).err().map(|violation| violation.rule)
    }

    #[test]
    fn the_standard_alone_forbids_nothing_here() {
        let rules = BrokerRules::new("any");
        let message = Publish::new("/".repeat(300), vec![0; 300_000]).qos(QoS::ExactlyOnce).retain(true);
        assert_eq!(rules.check_publish(&message), Ok(()));
        assert_eq!(rules.check_login(&"c".repeat(512), Duration::ZERO), Ok(()));
        assert_eq!(rules.check_subscribe("#", QoS::ExactlyOnce, 1000), Ok(()));
    }

    #[test]
    fn logins() {
        let minute = Duration::from_secs(60);
        assert_eq!(RULES.check_login("four", minute), Ok(()));
        let error = RULES.check_login("fiver", minute).unwrap_err();
        assert_eq!(error.rule, Rule::ClientId { length: 5, limit: 4 });
        for seconds in [29, 1201] {
            let error = RULES.check_login("four", Duration::from_secs(seconds)).unwrap_err();
            assert_eq!(error.to_string(), "the broker takes keep-alive times of 30 s to 1200 s", "{seconds}");
        }
        for seconds in [30, 1200] {
            assert_eq!(RULES.check_login("four", Duration::from_secs(seconds)), Ok(()));
        }
    }

    #[test]
    fn messages() {
        assert_eq!(published(&Publish::new("a/b/c", vec![0; 8]).retain(true)), None);
        let twice = Publish::new("a", "").qos(QoS::ExactlyOnce);
        assert_eq!(published(&twice), Some(Rule::Qos { highest: QoS::AtLeastOnce }));
        let large = Publish::new("a", vec![0; 9]);
        assert_eq!(published(&large), Some(Rule::Payload { size: 9, limit: 8 }));
        assert_eq!(published(&Publish::new("$a", "").retain(true)), Some(Rule::Retain));
        assert_eq!(published(&Publish::new("$a", "")), None);
        let nowhere = BrokerRules::new("b").retain(Retain::Nowhere);
        assert!(nowhere.check_publish(&Publish::new("a", "").retain(true)).is_err());
    }

    #[test]
    fn topics_are_counted_without_an_address() {
        let long = Publish::new("a".repeat(17), "");
        assert_eq!(published(&long), Some(Rule::TopicLength { length: 17, limit: 16 }));
        let deep = Publish::new("a/b/c/d", "");
        assert_eq!(published(&deep), Some(Rule::TopicSlashes { slashes: 3, limit: 2 }));
        assert_eq!(published(&Publish::new("$in/rules/the_rule/a/b/c", "")), None);
        let deep = Publish::new("$in/rules/the_rule/a/b/c/d", "");
        assert_eq!(published(&deep), Some(Rule::TopicSlashes { slashes: 3, limit: 2 }));
        let long = Publish::new(format!("$in/rules/r/{}", "a".repeat(17)), "");
        assert_eq!(published(&long), Some(Rule::TopicLength { length: 17, limit: 16 }));
        // Without the address there is no rule to send it to, and it is counted as it is.
        assert_eq!(published(&Publish::new("$in/rules/r", "")), None);
    }

    #[test]
    fn subscriptions() {
        assert_eq!(subscribed("a/#", 2), None);
        assert_eq!(subscribed("a/#", 3), Some(Rule::Subscriptions { limit: 2 }));
        assert_eq!(subscribed("$in/rules/r/#", 1), Some(Rule::PublishOnly));
        assert_eq!(subscribed("+/+/+/#", 1), Some(Rule::TopicSlashes { slashes: 3, limit: 2 }));
        let error = RULES.check_subscribe("a", QoS::ExactlyOnce, 1).unwrap_err();
        assert_eq!(error.to_string(), "the broker takes quality of service 1 at the most");
    }

    #[test]
    fn some_brokers_have_fixed_topics() {
        let rules = BrokerRules::new("b").publish_topics(&["out/"]).subscribe_filters(&["in/"]);
        assert_eq!(rules.check_publish(&Publish::new("out/1", "")), Ok(()));
        let error = rules.check_publish(&Publish::new("in/1", "")).unwrap_err();
        assert_eq!(error.rule, Rule::PublishTopic { allowed: &["out/"] });
        assert_eq!(rules.check_subscribe("in/#", QoS::AtMostOnce, 1), Ok(()));
        let error = rules.check_subscribe("#", QoS::AtMostOnce, 1).unwrap_err();
        assert_eq!(error.to_string(), "b takes subscriptions to filters that begin with in/ only");
    }
}
