//! Everything that the account and its broker know, and who connects.

use std::collections::BTreeMap;

use serde_json::json;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::QualityTwo;
use super::answer::Answer;
use super::calendar::Calendar;
use super::disruption::Disruptions;
use super::jobs::Jobs;
use super::limits::Limits;
use super::log::{DisconnectReason, Lifecycle, Log, PublishedMessage};
use super::pace::Pace;
use super::policy::Action;
use super::provisioning::Provisioning;
use super::registry::Registry;
use super::session::{Open, Outgoing, Session};
use super::shadow::Shadows;
use super::topic;
use crate::mqtt_server::packet::{Connect, Publish, connack};

/// Return codes of CONNACK (MQTT 3.2.2.3).
const PROTOCOL_VERSION: u8 = 1;
const IDENTIFIER_REJECTED: u8 = 2;

#[derive(Debug)]
pub(super) struct State {
    pub(super) limits: Limits,
    pub(super) quality_two: QualityTwo,
    /// Whether every service answers a client that has not subscribed, other than in AWS.
    pub(super) answers_unsubscribed: bool,
    pub(super) disruptions: Disruptions,
    pub(super) registry: Registry,
    pub(super) calendar: Calendar,
    pub(super) shadows: Shadows,
    pub(super) jobs: Jobs,
    pub(super) provisioning: Provisioning,
    pub(super) log: Log,
    pub(super) sessions: BTreeMap<String, Session>,
    pub(super) retained: BTreeMap<String, Publish>,
    connects: BTreeMap<String, Pace>,
    connections: u64,
}

/// Whom a connection belongs to.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) certificate: String,
    number: u64,
}

/// Why a connection is over, told to nobody but the tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) reason: DisconnectReason,
    pub(super) detail: String,
}

impl Ending {
    pub(super) fn new(reason: DisconnectReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    pub(super) fn not_allowed(action: &str, resource: &str) -> Self {
        Self::new(DisconnectReason::AuthError, format!("the policy does not allow to {action} `{resource}`"))
    }
}

/// A client that is not let in: what CONNACK says, if anything.
struct Refusal {
    code: Option<u8>,
    ending: Ending,
}

impl State {
    pub(super) fn new(limits: Limits, calendar: Calendar) -> Self {
        Self {
            limits,
            quality_two: QualityTwo::default(),
            answers_unsubscribed: false,
            disruptions: Disruptions::default(),
            registry: Registry::default(),
            calendar,
            shadows: Shadows::default(),
            jobs: Jobs::default(),
            provisioning: Provisioning::default(),
            log: Log::default(),
            sessions: BTreeMap::new(),
            retained: BTreeMap::new(),
            connects: BTreeMap::new(),
            connections: 0,
        }
    }

    /// Answers CONNECT: the client, unless it is not let in.
    pub(super) fn connect(
        &mut self,
        connect: Connect,
        certificate: &str,
        outgoing: &UnboundedSender<Outgoing>,
        now: Instant,
    ) -> Option<Client> {
        let say = |session_present, code| {
            // The connection that asks holds the other end.
            outgoing.send(Outgoing::Packet(connack(session_present, code))).unwrap_or_default();
        };
        if let Err(Refusal { code, ending: Ending { reason, detail } }) =
            self.admit(&connect, certificate, now)
        {
            code.into_iter().for_each(|code| say(false, code));
            let client_id = connect.client_id;
            self.log.events.push(Lifecycle::ConnectFailed { client_id, reason, detail });
            return None;
        }
        self.forget_expired(now);
        let kept = self.sessions.get(&connect.client_id).is_some_and(|session| !session.clean);
        let session_present = !connect.clean_session && kept;
        say(session_present, 0);
        Some(self.open(connect, certificate, outgoing.clone(), session_present, now))
    }

    fn admit(&mut self, connect: &Connect, certificate: &str, now: Instant) -> Result<(), Refusal> {
        let id = &connect.client_id;
        let client_error = |code, detail: &str| Refusal {
            code: Some(code),
            ending: Ending::new(DisconnectReason::ClientError, detail),
        };
        // Without a word. Source: public reports of AWS users.
        let silent = |ending| Refusal { code: None, ending };
        if self.disruptions.connects_refused.strikes() {
            let ending = Ending::new(DisconnectReason::ServerInitiated, "refused for a test");
            return Err(Refusal { code: Some(self.disruptions.refusal), ending });
        }
        if connect.level != 4 {
            return Err(client_error(PROTOCOL_VERSION, "not MQTT 3.1.1"));
        }
        // That such a client is told is our choice; the sources have the rule alone.
        if id.is_empty() || id.len() > self.limits.client_id {
            return Err(client_error(IDENTIFIER_REJECTED, "the length of the client id"));
        }
        let per_second = self.limits.connects_per_second;
        let pace = self.connects.entry(id.clone()).or_insert_with(|| Pace::new(per_second, now));
        if !pace.allows(now) {
            return Err(silent(Ending::new(
                DisconnectReason::Throttled,
                "too many CONNECTs of this client id",
            )));
        }
        if !self.registry.allows(certificate, id, Action::Connect, id) {
            return Err(silent(Ending::not_allowed("connect as", id)));
        }
        match &connect.will {
            Some(will) => self.admit_will(will, id, certificate).map_err(silent),
            None => Ok(()),
        }
    }

    fn admit_will(&self, will: &Publish, id: &str, certificate: &str) -> Result<(), Ending> {
        if will.qos > 1 || !topic::is_topic(&will.topic, &self.limits) || will.topic.starts_with('$') {
            return Err(Ending::new(DisconnectReason::ClientError, "the last will"));
        }
        self.may_publish(will, id, certificate)
    }

    fn open(
        &mut self,
        connect: Connect,
        certificate: &str,
        outgoing: UnboundedSender<Outgoing>,
        session_present: bool,
        now: Instant,
    ) -> Client {
        let Connect { client_id: id, clean_session, keep_alive, will, .. } = connect;
        self.take_over(&id, now);
        self.connections += 1;
        let number = self.connections;
        let session = self.sessions.entry(id.clone()).or_default();
        if session.clean || clean_session {
            *session = Session::new(clean_session);
        }
        session.expires = None;
        session.resume();
        session.certificate = certificate.to_owned();
        let messages = Pace::new(self.limits.messages_per_second, now);
        session.connection = Some(Open { number, outgoing, will, messages });
        self.log.events.push(Lifecycle::Connected {
            client_id: id.clone(),
            clean_session,
            session_present,
            keep_alive,
        });
        let client = Client { id, certificate: certificate.to_owned(), number };
        self.tell_presence(&client.id, "connected", None, now);
        client
    }

    /// Another connection of the same client has to go (MQTT 3.1.4).
    fn take_over(&mut self, id: &str, now: Instant) {
        if let Some(former) = self.client(id) {
            let reason = DisconnectReason::DuplicateClientId;
            self.end(&former, Ending::new(reason, "another connection has the client id"), now);
        }
    }

    /// Ends the connection of a client from this side.
    pub(super) fn end(&mut self, client: &Client, ending: Ending, now: Instant) {
        if let Some(session) = self.session(client) {
            session.send(Outgoing::Close);
        }
        self.closed(client, ending, now);
    }

    /// The connection is over. What the client has left as its will is published, unless it said goodbye.
    pub(super) fn closed(&mut self, client: &Client, ending: Ending, now: Instant) {
        let expires = now + self.limits.session_expiry;
        let Some(session) = self.session(client) else { return };
        let will = session.connection.take().and_then(|connection| connection.will);
        session.expires = Some(expires);
        if session.clean {
            self.sessions.remove(&client.id);
        }
        let Ending { reason, detail } = ending;
        self.log.events.push(Lifecycle::Disconnected { client_id: client.id.clone(), reason, detail });
        self.tell_presence(&client.id, "disconnected", Some(reason), now);
        if let Some(will) = will.filter(|_| reason != DisconnectReason::ClientInitiated) {
            self.log.messages.push(PublishedMessage::new(Some(&client.id), &will));
            self.publish(will, now);
        }
    }

    /// Source: "Lifecycle events" of the AWS IoT Core developer guide.
    fn tell_presence(&mut self, id: &str, kind: &str, reason: Option<DisconnectReason>, now: Instant) {
        let milliseconds = self.calendar.milliseconds(now);
        let mut event = json!({ "clientId": id, "timestamp": milliseconds, "eventType": kind });
        if let (Some(reason), Some(event)) = (reason, event.as_object_mut()) {
            event.insert(
                "clientInitiatedDisconnect".to_owned(),
                json!(reason == DisconnectReason::ClientInitiated),
            );
            event.insert("disconnectReason".to_owned(), json!(reason.name()));
        }
        let topic = format!("$aws/events/presence/{kind}/{id}");
        self.spread(Answer::notification(topic, event), None, now);
    }

    /// The session, if it is still that of this connection.
    pub(super) fn session(&mut self, client: &Client) -> Option<&mut Session> {
        let session = self.sessions.get_mut(&client.id)?;
        let current = session.connection.as_ref().is_some_and(|open| open.number == client.number);
        current.then_some(session)
    }

    /// The client as it is connected now.
    pub(super) fn client(&self, id: &str) -> Option<Client> {
        let session = self.sessions.get(id)?;
        let number = session.connection.as_ref()?.number;
        Some(Client { id: id.to_owned(), certificate: session.certificate.clone(), number })
    }

    fn forget_expired(&mut self, now: Instant) {
        self.sessions.retain(|_, session| {
            session.connection.is_some() || session.expires.is_none_or(|expires| now < expires)
        });
    }
}
