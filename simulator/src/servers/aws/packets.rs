//! What packets of a connected client do.

use bytes::Bytes;
use tokio::time::Instant;

use super::QualityTwo;
use super::answer::Answer;
use super::log::{DisconnectReason, PublishedMessage, RuleMessage};
use super::policy::Action;
use super::provisioning::Order;
use super::session::Outgoing;
use super::state::{Client, Ending, State};
use super::topic::{self, Route};
use crate::mqtt_server::packet::{Packet, Publish, acknowledgement, pingresp, suback};

/// SUBACK: not this filter (MQTT 3.9.3).
const SUBSCRIPTION_REFUSED: u8 = 0x80;

/// What is left to do after a packet.
#[derive(Debug)]
pub(super) enum Work {
    Nothing,
    /// A service has answered.
    Answer {
        answers: Vec<Answer>,
        /// Whether the client gets them that has not subscribed to them.
        direct: bool,
    },
    /// Takes time.
    MakeCertificate {
        topic: String,
        order: Order,
    },
}

impl State {
    /// Takes a packet of a client. `Err`: the connection is over.
    pub(super) fn packet(&mut self, client: &Client, packet: Packet, now: Instant) -> Result<Work, Ending> {
        let limits = self.limits.clone();
        let Some(session) = self.session(client) else {
            return Err(Ending::new(
                DisconnectReason::DuplicateClientId,
                "another connection has taken over",
            ));
        };
        match packet {
            Packet::Publish(message) => return self.publish_from(client, message, now),
            Packet::Subscribe { id, filters } => self.subscribe(client, id, filters, now)?,
            Packet::Unsubscribe { id, filters } => {
                session.subscriptions.retain(|filter, _| !filters.contains(filter));
                session.send(Outgoing::Packet(acknowledgement(0xB0, id)));
            }
            Packet::Puback(id) => session.acknowledged(id, &limits),
            Packet::Pingreq => session.send(Outgoing::Packet(pingresp())),
            Packet::Disconnect => {
                return Err(Ending::new(DisconnectReason::ClientInitiated, "DISCONNECT"));
            }
            Packet::Connect(_) => {
                return Err(Ending::new(DisconnectReason::ClientError, "a second CONNECT"));
            }
            // Nothing is ever sent or taken with quality 2.
            Packet::Pubrec(_) | Packet::Pubrel(_) | Packet::Pubcomp(_) => {
                return Err(Ending::new(DisconnectReason::ClientError, "a packet of quality of service 2"));
            }
        }
        Ok(Work::Nothing)
    }

    fn publish_from(&mut self, client: &Client, message: Publish, now: Instant) -> Result<Work, Ending> {
        let client_error = |detail: &str| Ending::new(DisconnectReason::ClientError, detail);
        if message.qos == 2 {
            return self.ignore_quality_two("PUBLISH").map(|()| Work::Nothing);
        }
        if !topic::is_topic(&message.topic, &self.limits) {
            return Err(client_error("the length, the levels or the characters of a topic"));
        }
        if message.payload.len() > self.limits.payload {
            return Err(client_error("the length of a payload"));
        }
        self.may_publish(&message, &client.id, &client.certificate)?;
        let reserved = message.topic.starts_with('$');
        if reserved && message.retain {
            return Err(client_error("a retained message on a reserved topic"));
        }
        if Route::of(&message.topic) == Route::Closed {
            return Err(client_error("a reserved topic where nobody may publish"));
        }
        if !self.within_pace(client, now) {
            return Ok(Work::Nothing);
        }
        if message.qos == 1 && !self.disruptions.pubacks.strikes() {
            self.session(client)
                .into_iter()
                .for_each(|session| session.send(Outgoing::Packet(acknowledgement(0x40, message.id))));
        }
        self.log.messages.push(PublishedMessage::new(Some(&client.id), &message));
        Ok(self.route(client, message, now))
    }

    /// The policy has to allow the topic, and that a message is kept.
    pub(super) fn may_publish(&self, message: &Publish, id: &str, certificate: &str) -> Result<(), Ending> {
        let allows = |action| self.registry.allows(certificate, id, action, &message.topic);
        if !allows(Action::Publish) {
            return Err(Ending::not_allowed("publish to", &message.topic));
        }
        if message.retain && !allows(Action::RetainPublish) {
            return Err(Ending::not_allowed("publish a retained message to", &message.topic));
        }
        Ok(())
    }

    fn ignore_quality_two(&self, what: &str) -> Result<(), Ending> {
        match self.quality_two {
            QualityTwo::Ignored => Ok(()),
            QualityTwo::Closes => {
                let detail = format!("{what} with quality of service 2");
                Err(Ending::new(DisconnectReason::ClientError, detail))
            }
        }
    }

    fn within_pace(&mut self, client: &Client, now: Instant) -> bool {
        let open = self.session(client).and_then(|session| session.connection.as_mut());
        open.is_some_and(|open| open.messages.allows(now))
    }

    fn route(&mut self, client: &Client, message: Publish, now: Instant) -> Work {
        let Publish { topic, payload, .. } = &message;
        let seconds = self.calendar.seconds(now);
        match Route::of(topic) {
            Route::Subscribers => {
                self.publish(message, now);
                Work::Nothing
            }
            Route::Rule { rule, topic } => {
                let (client_id, topic) = (client.id.clone(), topic.to_owned());
                let sent = RuleMessage { client_id, topic, payload: payload.clone() };
                self.log.rules.push((rule.to_owned(), sent));
                Work::Nothing
            }
            Route::Shadow { thing, name, action } => {
                let answers = self.shadows.request(thing, name, action, payload, seconds);
                Work::Answer { answers, direct: self.answers_unsubscribed }
            }
            // Jobs answer whoever asks. Source: "Jobs device MQTT API operations".
            Route::Jobs { thing, request } => {
                Work::Answer { answers: self.jobs.request(thing, request, payload, seconds), direct: true }
            }
            Route::CreateCertificate { from_request, format } => {
                let order = Order::read(from_request, format, payload);
                Work::MakeCertificate { topic: topic.clone(), order }
            }
            Route::RegisterThing { template } => {
                let answer = self.register_thing(topic, template, payload, seconds);
                Work::Answer { answers: vec![answer], direct: self.answers_unsubscribed }
            }
            Route::Silence | Route::Closed => Work::Nothing,
        }
    }

    /// Hands a message to everybody who has subscribed to its topic and may receive it.
    pub(super) fn publish(&mut self, message: Publish, now: Instant) {
        if message.retain {
            // An empty one clears it (MQTT 3.3.1.3).
            self.retained.remove(&message.topic);
            if !message.payload.is_empty() {
                self.retained.insert(message.topic.clone(), message.clone());
            }
        }
        let ids: Vec<String> = self.sessions.keys().cloned().collect();
        for id in ids {
            let granted = self.sessions.get(&id).and_then(|session| session.granted(&message.topic));
            if let Some(granted) = granted {
                let qos = message.qos.min(granted);
                self.deliver(
                    &id,
                    Publish { qos, retain: false, id: 0, duplicate: false, ..message.clone() },
                    now,
                );
            }
        }
    }

    /// Hands on what a service has to say. `direct`: the client that asked and gets the response, whether it has
    /// subscribed or not.
    pub(super) fn answer(&mut self, answers: Vec<Answer>, direct: Option<&Client>, now: Instant) {
        for answer in answers {
            if !self.disruptions.answers.strikes() {
                let direct = direct.filter(|_| answer.is_response);
                self.spread(answer, direct, now);
            }
        }
    }

    pub(super) fn spread(&mut self, answer: Answer, direct: Option<&Client>, now: Instant) {
        let Answer { topic, payload, .. } = answer;
        let payload = Bytes::from(payload.to_string());
        let message = Publish { topic, payload, qos: 1, retain: false, id: 0, duplicate: false };
        if let Some(client) = direct
            && self.session(client).is_some_and(|session| session.granted(&message.topic).is_none())
        {
            // That it comes with quality of service 0 is our choice.
            self.deliver(&client.id, Publish { qos: 0, ..message.clone() }, now);
        }
        self.publish(message, now);
    }

    fn deliver(&mut self, id: &str, message: Publish, now: Instant) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if !self.registry.allows(&session.certificate, id, Action::Receive, &message.topic) {
            return tracing::debug!(client = id, topic = message.topic, "may not receive");
        }
        if self.disruptions.duplicates.strikes() {
            session.deliver(message.clone(), &self.limits, now);
        }
        session.deliver(message, &self.limits, now);
    }

    fn subscribe(
        &mut self,
        client: &Client,
        id: u16,
        filters: Vec<(String, u8)>,
        now: Instant,
    ) -> Result<(), Ending> {
        if filters.len() > self.limits.filters {
            return Err(Ending::new(DisconnectReason::ClientError, "too many topic filters in a SUBSCRIBE"));
        }
        for (filter, _) in &filters {
            if !topic::is_filter(filter, &self.limits) || !topic::is_open_filter(filter) {
                return Err(Ending::new(
                    DisconnectReason::ClientError,
                    format!("the topic filter `{filter}`"),
                ));
            }
            if !self.registry.allows(&client.certificate, &client.id, Action::Subscribe, filter) {
                return Err(Ending::not_allowed("subscribe to", filter));
            }
        }
        if filters.iter().any(|(_, qos)| *qos == 2) {
            return self.ignore_quality_two("SUBSCRIBE");
        }
        let most = self.limits.subscriptions;
        let Some(session) = self.session(client) else { return Ok(()) };
        let mut codes = Vec::new();
        let mut taken = Vec::new();
        for (filter, qos) in filters {
            let fits = session.subscriptions.contains_key(&filter) || session.subscriptions.len() < most;
            codes.push(if fits { qos } else { SUBSCRIPTION_REFUSED });
            if fits {
                session.subscriptions.insert(filter.clone(), qos);
                taken.push((filter, qos));
            }
        }
        session.send(Outgoing::Packet(suback(id, &codes)));
        self.deliver_retained(client, &taken, now);
        Ok(())
    }

    /// Wildcards get no retained message. Source: "Retained messages" of the AWS IoT Core developer guide.
    fn deliver_retained(&mut self, client: &Client, filters: &[(String, u8)], now: Instant) {
        for (filter, granted) in filters.iter().filter(|(filter, _)| !topic::has_wildcard(filter)) {
            if let Some(message) = self.retained.get(filter) {
                let qos = message.qos.min(*granted);
                let message = Publish { qos, id: 0, duplicate: false, ..message.clone() };
                self.deliver(&client.id, message, now);
            }
        }
    }
}
