//! Who gets which message: all subscriptions share one way in, so topics are matched here.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::message::{Message, QoS};
use crate::subscription::{Queue, Subscription};
use crate::topic::TopicFilter;

/// The subscriptions of a client.
#[derive(Debug)]
pub(crate) struct Registry {
    capacity: usize,
    /// Keeps what nobody subscribed to yet: a persistent session delivers before anybody can subscribe.
    keeps_early: bool,
    entries: Vec<Entry>,
    unmatched: Vec<Queue>,
    early: VecDeque<Message>,
    dropped: Arc<Notify>,
}

#[derive(Debug)]
struct Entry {
    filter: TopicFilter,
    qos: QoS,
    queue: Queue,
}

impl Registry {
    pub(crate) fn new(capacity: usize, keeps_early: bool, dropped: Arc<Notify>) -> Self {
        Self {
            capacity,
            keeps_early,
            entries: Vec::new(),
            unmatched: Vec::new(),
            early: VecDeque::new(),
            dropped,
        }
    }

    /// The quality of service to ask the broker for, so that a second subscription does not weaken the first.
    pub(crate) fn strongest(&self, filter: &TopicFilter, wanted: QoS) -> QoS {
        let others = self.entries.iter().filter(|entry| entry.filter == *filter).map(|entry| entry.qos);
        others.chain([wanted]).max().unwrap_or(wanted)
    }

    /// A new subscription; it starts with what was kept for it.
    pub(crate) fn subscribe(&mut self, filter: TopicFilter, qos: QoS) -> Subscription {
        let (subscription, queue) =
            Subscription::new(Some(filter.as_str()), self.capacity, Arc::clone(&self.dropped));
        let (ours, others) =
            std::mem::take(&mut self.early).into_iter().partition(|m| filter.matches(&m.topic));
        self.early = others;
        let ours: VecDeque<Message> = ours;
        ours.into_iter().for_each(|message| queue.push(message));
        self.entries.push(Entry { filter, qos, queue });
        subscription
    }

    /// Everything that matches no filter.
    pub(crate) fn unmatched(&mut self) -> Subscription {
        let (subscription, queue) = Subscription::new(None, self.capacity, Arc::clone(&self.dropped));
        self.early.drain(..).for_each(|message| queue.push(message));
        self.unmatched.push(queue);
        subscription
    }

    /// Hands a message to every subscription that it matches. Gives the one that was lost for it, if too many wait
    /// for their subscription.
    pub(crate) fn deliver(&mut self, message: Message) -> Option<Message> {
        if self.deliver_matched(&message) {
            return None;
        }
        // The manual prints topics without quotes, but other firmware may send them in quotes. Where MQTT runs on this
        // computer, which tells the quality of service, they belong to the topic.
        if message.qos.is_none()
            && let Some(topic) = unquoted(&message.topic)
            && self.deliver_matched(&Message::new(topic, message.payload.clone()))
        {
            return None;
        }
        self.deliver_unmatched(message)
    }

    fn deliver_matched(&self, message: &Message) -> bool {
        let mut matched = false;
        for entry in self.entries.iter().filter(|entry| entry.filter.matches(&message.topic)) {
            entry.queue.push(message.clone());
            matched = true;
        }
        matched
    }

    fn deliver_unmatched(&mut self, message: Message) -> Option<Message> {
        tracing::debug!(topic = message.topic, "a message matches no subscription");
        for queue in &self.unmatched {
            queue.push(message.clone());
        }
        if !self.unmatched.is_empty() || !self.keeps_early {
            return None;
        }
        self.early.push_back(message);
        if self.early.len() > self.capacity { self.early.pop_front() } else { None }
    }

    /// The filters to subscribe to again, each with the strongest quality of service asked for.
    pub(crate) fn filters(&self) -> Vec<(TopicFilter, QoS)> {
        let mut filters: Vec<(TopicFilter, QoS)> = Vec::new();
        for Entry { filter, qos, .. } in &self.entries {
            match filters.iter_mut().find(|(known, _)| known == filter) {
                Some((_, strongest)) => *strongest = (*strongest).max(*qos),
                None => filters.push((filter.clone(), *qos)),
            }
        }
        filters
    }

    /// Ends the subscriptions to a filter.
    pub(crate) fn remove(&mut self, filter: &TopicFilter) {
        self.entries.retain(|entry| entry.filter != *filter);
    }

    /// Forgets subscriptions that nobody reads; gives the filters that nobody wants any more.
    pub(crate) fn sweep(&mut self) -> Vec<TopicFilter> {
        self.unmatched.retain(|queue| !queue.is_abandoned());
        let (gone, stay): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.entries).into_iter().partition(|entry| entry.queue.is_abandoned());
        self.entries = stay;
        let mut orphans: Vec<TopicFilter> = Vec::new();
        for Entry { filter, .. } in gone {
            if !self.entries.iter().any(|entry| entry.filter == filter) && !orphans.contains(&filter) {
                orphans.push(filter);
            }
        }
        orphans
    }

    /// Ends all subscriptions.
    pub(crate) fn end(&mut self) {
        self.entries.clear();
        self.unmatched.clear();
    }
}

fn unquoted(topic: &str) -> Option<&str> {
    topic.strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn registry(keeps_early: bool) -> Registry {
        Registry::new(2, keeps_early, Arc::new(Notify::new()))
    }

    fn filter(text: &str) -> TopicFilter {
        TopicFilter::parse(text, 256).unwrap()
    }

    fn message(topic: &str) -> Message {
        Message::new(topic, Bytes::from_static(b"x"))
    }

    /// Delivers messages of which none is lost.
    fn deliver(registry: &mut Registry, topics: &[&str]) {
        for topic in topics {
            assert_eq!(registry.deliver(message(topic)), None);
        }
    }

    fn topics(subscription: &mut Subscription) -> Vec<String> {
        std::iter::from_fn(|| subscription.try_next()).map(|message| message.topic).collect()
    }

    #[test]
    fn everybody_gets_what_matches() {
        let mut registry = registry(false);
        let mut all = registry.subscribe(filter("#"), QoS::AtMostOnce);
        let mut one = registry.subscribe(filter("a/+"), QoS::AtMostOnce);
        let mut other = registry.subscribe(filter("b"), QoS::AtMostOnce);
        deliver(&mut registry, &["a/1", "b"]);
        assert_eq!(topics(&mut all), ["a/1", "b"]);
        assert_eq!(topics(&mut one), ["a/1"]);
        assert_eq!(topics(&mut other), ["b"]);
    }

    #[test]
    fn full_queues_lose_and_count() {
        let mut registry = registry(false);
        let mut slow = registry.subscribe(filter("#"), QoS::AtMostOnce);
        deliver(&mut registry, &["0", "1", "2", "3", "4"]);
        assert_eq!(slow.missed(), 3);
        assert_eq!(topics(&mut slow), ["0", "1"]);
    }

    #[test]
    fn what_matches_nothing_goes_to_the_default_stream() {
        let mut registry = registry(false);
        let mut rest = registry.unmatched();
        let mut ours = registry.subscribe(filter("a"), QoS::AtMostOnce);
        deliver(&mut registry, &["a", "$aws/things/x"]);
        assert_eq!(topics(&mut rest), ["$aws/things/x"]);
        assert_eq!(topics(&mut ours), ["a"]);
        assert_eq!(rest.filter(), None);
    }

    #[test]
    fn early_messages_wait_for_their_subscription() {
        let mut registry = registry(true);
        deliver(&mut registry, &["old", "a/1"]);
        assert_eq!(registry.deliver(message("b")).unwrap().topic, "old", "the oldest makes room");
        let mut ours = registry.subscribe(filter("a/#"), QoS::AtMostOnce);
        assert_eq!(topics(&mut ours), ["a/1"]);
        assert_eq!(topics(&mut registry.unmatched()), ["b"], "only as many are kept as a queue holds");
    }

    #[test]
    fn topics_in_quotes_match_without_them_only_if_they_do_not_match_with() {
        let mut registry = registry(false);
        let mut plain = registry.subscribe(filter("a/b"), QoS::AtMostOnce);
        deliver(&mut registry, &["\"a/b\""]);
        assert_eq!(topics(&mut plain), ["a/b"]);
        let mut all = registry.subscribe(filter("#"), QoS::AtMostOnce);
        deliver(&mut registry, &["\"a/b\""]);
        assert_eq!(topics(&mut all), ["\"a/b\""]);
    }

    #[test]
    fn the_strongest_quality_counts() {
        let mut registry = registry(false);
        let _strong = registry.subscribe(filter("a"), QoS::ExactlyOnce);
        let _weak = registry.subscribe(filter("a"), QoS::AtMostOnce);
        assert_eq!(registry.strongest(&filter("a"), QoS::AtMostOnce), QoS::ExactlyOnce);
        assert_eq!(registry.strongest(&filter("b"), QoS::AtMostOnce), QoS::AtMostOnce);
        assert_eq!(registry.filters(), [(filter("a"), QoS::ExactlyOnce)]);
    }

    #[test]
    fn filters_are_given_up_with_their_last_reader() {
        let mut registry = registry(false);
        let first = registry.subscribe(filter("a"), QoS::AtMostOnce);
        let second = registry.subscribe(filter("a"), QoS::AtMostOnce);
        drop(first);
        assert_eq!(registry.sweep(), []);
        drop(second);
        assert_eq!(registry.sweep(), [filter("a")]);
        assert_eq!(registry.sweep(), []);
    }

    #[tokio::test]
    async fn removed_subscriptions_end_after_what_was_queued() {
        let mut registry = registry(false);
        let mut ours = registry.subscribe(filter("a"), QoS::AtMostOnce);
        deliver(&mut registry, &["a"]);
        registry.remove(&filter("a"));
        assert_eq!(ours.next().await.unwrap().topic, "a");
        assert_eq!(ours.next().await, None);
    }
}
