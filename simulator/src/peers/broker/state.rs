//! All sessions of a broker, and what packets do to them.

use std::collections::BTreeMap;

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;

use super::session::{Open, Outgoing, Session};
use super::{ConnectRecord, Message};
use crate::mqtt_server::packet::{Connect, Packet, Publish, acknowledgement, connack, pingresp, suback};
use crate::mqtt_server::topic;

/// Return codes of CONNACK (MQTT 3.2.2.3).
const PROTOCOL_VERSION: u8 = 1;
const IDENTIFIER_REJECTED: u8 = 2;
const BAD_CREDENTIALS: u8 = 4;
/// SUBACK: not this filter (MQTT 3.9.3).
const SUBSCRIPTION_REFUSED: u8 = 0x80;

#[derive(Default)]
pub(super) struct State {
    /// Name and password; with none anybody may come.
    pub(super) users: BTreeMap<String, Bytes>,
    pub(super) refusal: Option<u8>,
    pub(super) unresponsive: bool,
    sessions: BTreeMap<String, Session>,
    retained: BTreeMap<String, Publish>,
    connections: u64,
}

/// Whom a connection belongs to.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) id: String,
    number: u64,
}

/// What a packet leads to.
#[derive(Debug)]
pub(super) enum Verdict {
    Nothing,
    /// A message that is to be noted.
    Published(Message),
    /// The connection is over.
    Close,
}

impl State {
    /// Answers CONNECT: the client, unless it is refused.
    pub(super) fn connect(
        &mut self,
        connect: Connect,
        outgoing: &UnboundedSender<Outgoing>,
    ) -> (ConnectRecord, Option<Client>) {
        let refusal = self.refusal_of(&connect);
        let kept = self.sessions.get(&connect.client_id).is_some_and(|session| !session.clean);
        let present = refusal.is_none() && !connect.clean_session && kept;
        let record = ConnectRecord::new(&connect, refusal.unwrap_or(0), present);
        // The connection that asks holds the other end.
        outgoing.send(Outgoing::Packet(connack(present, record.code))).unwrap_or_default();
        let client = refusal.is_none().then(|| self.open(connect, outgoing.clone()));
        (record, client)
    }

    fn refusal_of(&self, connect: &Connect) -> Option<u8> {
        let password = connect.username.as_ref().and_then(|name| self.users.get(name));
        let welcome = self.users.is_empty() || (password.is_some() && password == connect.password.as_ref());
        let nameless = connect.client_id.is_empty() && !connect.clean_session;
        match self.refusal {
            None if connect.level != 4 => Some(PROTOCOL_VERSION),
            None if nameless => Some(IDENTIFIER_REJECTED),
            None if !welcome => Some(BAD_CREDENTIALS),
            refusal => refusal,
        }
    }

    fn open(&mut self, connect: Connect, outgoing: UnboundedSender<Outgoing>) -> Client {
        self.connections += 1;
        let number = self.connections;
        let id = match connect.client_id.as_str() {
            "" => format!("unnamed-{number}"),
            id => id.to_owned(),
        };
        let session = self.sessions.entry(id.clone()).or_default();
        // Another connection of the same client has to go (MQTT 3.1.4).
        session.send(Outgoing::Close);
        if session.clean || connect.clean_session {
            *session = Session::new(connect.clean_session);
        }
        session.connection = Some(Open { number, outgoing, will: connect.will });
        session.resume();
        Client { id, number }
    }

    /// A packet of a client that is connected.
    pub(super) fn packet(&mut self, client: &Client, packet: Packet) -> Verdict {
        let Some(session) = self.session(client) else { return Verdict::Close };
        let answer = |session: &Session, packet| session.send(Outgoing::Packet(packet));
        match packet {
            Packet::Connect(_) => return Verdict::Close,
            Packet::Publish(message) => return self.publish_from(client, message),
            Packet::Puback(id) | Packet::Pubcomp(id) => session.acknowledged(id),
            Packet::Pubrec(id) => session.received(id),
            Packet::Pubrel(id) => {
                session.unreleased.remove(&id);
                answer(session, acknowledgement(0x70, id));
            }
            Packet::Subscribe { id, filters } => self.subscribe(client, id, filters),
            Packet::Unsubscribe { id, filters } => {
                session.subscriptions.retain(|filter, _| !filters.contains(filter));
                answer(session, acknowledgement(0xB0, id));
            }
            Packet::Pingreq => answer(session, pingresp()),
            Packet::Disconnect => {
                session.connection.iter_mut().for_each(|connection| connection.will = None);
                return Verdict::Close;
            }
        }
        Verdict::Nothing
    }

    /// The session, if it is still that of this connection.
    fn session(&mut self, client: &Client) -> Option<&mut Session> {
        let session = self.sessions.get_mut(&client.id)?;
        let current = session.connection.as_ref().is_some_and(|open| open.number == client.number);
        current.then_some(session)
    }

    fn publish_from(&mut self, client: &Client, message: Publish) -> Verdict {
        let Some(session) = self.session(client) else { return Verdict::Close };
        if !topic::is_topic(&message.topic) {
            return Verdict::Close;
        }
        let fresh = match message.qos {
            1 => {
                session.send(Outgoing::Packet(acknowledgement(0x40, message.id)));
                true
            }
            2 => {
                session.send(Outgoing::Packet(acknowledgement(0x50, message.id)));
                session.unreleased.insert(message.id)
            }
            _ => true,
        };
        if !fresh {
            return Verdict::Nothing;
        }
        let noted = Message::new(Some(&client.id), &message);
        self.publish(message);
        Verdict::Published(noted)
    }

    /// Hands a message to everybody who has subscribed to its topic.
    pub(super) fn publish(&mut self, message: Publish) {
        if message.retain {
            // An empty one clears it (MQTT 3.3.1.3).
            self.retained.remove(&message.topic);
            if !message.payload.is_empty() {
                self.retained.insert(message.topic.clone(), message.clone());
            }
        }
        for session in self.sessions.values_mut() {
            if let Some(granted) = session.granted(&message.topic) {
                let qos = message.qos.min(granted);
                session.deliver(Publish { qos, retain: false, id: 0, duplicate: false, ..message.clone() });
            }
        }
    }

    fn subscribe(&mut self, client: &Client, id: u16, filters: Vec<(String, u8)>) {
        let codes: Vec<u8> = filters
            .iter()
            .map(|(filter, qos)| if topic::is_filter(filter) { *qos } else { SUBSCRIPTION_REFUSED })
            .collect();
        let retained = self.retained.clone();
        let Some(session) = self.session(client) else { return };
        session.send(Outgoing::Packet(suback(id, &codes)));
        for (filter, granted) in filters.into_iter().filter(|(filter, _)| topic::is_filter(filter)) {
            for message in retained.values().filter(|message| topic::matches(&filter, &message.topic)) {
                let qos = message.qos.min(granted);
                session.deliver(Publish { qos, id: 0, duplicate: false, ..message.clone() });
            }
            session.subscriptions.insert(filter, granted);
        }
    }

    /// The connection is over. What the client has left as its will is published, and to be noted.
    pub(super) fn closed(&mut self, client: &Client) -> Option<Message> {
        let session = self.session(client)?;
        let will = session.connection.take().and_then(|connection| connection.will);
        if session.clean {
            self.sessions.remove(&client.id);
        }
        let will = will?;
        let noted = Message::new(Some(&client.id), &will);
        self.publish(will);
        Some(noted)
    }

    /// Clients that are connected.
    pub(super) fn clients(&self) -> Vec<String> {
        let connected = self.sessions.iter().filter(|(_, session)| session.connection.is_some());
        connected.map(|(id, _)| id.clone()).collect()
    }

    /// The subscriptions of a client, by filter.
    pub(super) fn subscriptions(&self, client_id: &str) -> Vec<(String, u8)> {
        let session = self.sessions.get(client_id);
        let subscriptions = session.into_iter().flat_map(|session| &session.subscriptions);
        subscriptions.map(|(filter, qos)| (filter.clone(), *qos)).collect()
    }

    /// Messages that a client has not acknowledged or not yet been sent.
    pub(super) fn pending(&self, client_id: &str) -> usize {
        self.sessions.get(client_id).map_or(0, Session::pending)
    }

    /// Ends the connection of a client. `false`: it has none.
    pub(super) fn end(&self, client_id: &str, how: Outgoing) -> bool {
        let session = self.sessions.get(client_id).filter(|session| session.connection.is_some());
        session.inspect(|session| session.send(how)).is_some()
    }
}
