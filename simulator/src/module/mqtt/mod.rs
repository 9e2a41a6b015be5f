//! The MQTT clients. Source: IPE28 p136-148, M37 p1007-1036.

mod errors;
mod events;

use std::time::Duration;

use bytes::Bytes;

use super::{InstanceId, Module};
use crate::command::{Flow, Outcome};
use crate::error::{AtError, cme};
use crate::net::mqtt::{Options, Qos, Will};
use crate::profile::MqttProfile;
use crate::service::{LinkId, Order, Start};

/// How long TCP and TLS may take. No document bounds it.
const DIAL_LIMIT: Duration = Duration::from_secs(60);

/// All clients and the messages that wait to be read.
#[derive(Debug)]
pub(crate) struct Mqtt {
    clients: Vec<Client>,
    /// One queue for all clients, since `#MQRING: 0` names none.
    pub(crate) slots: Vec<Option<Message>>,
}

/// One client.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) enabled: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) context: u8,
    pub(crate) tls: bool,
    pub(crate) tls_socket: u8,
    pub(crate) keep_alive: u16,
    pub(crate) clean_session: bool,
    pub(crate) timeout: u8,
    pub(crate) will: Option<WillSettings>,
    pub(crate) state: ClientState,
    link: Option<LinkId>,
    waiting: Option<(InstanceId, Task)>,
}

/// What a command waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Connect,
    Disconnect,
    /// A request, and what its failure is called.
    Request(u16),
}

/// `#MQWCFG`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WillSettings {
    pub(crate) retain: bool,
    pub(crate) qos: u8,
    pub(crate) topic: String,
    pub(crate) message: Vec<u8>,
}

/// A message in its slot.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) client: u8,
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
}

/// What `#MQCONN?` reports. Source: M37 p1016.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientState {
    #[default]
    Idle = 0,
    Connected = 1,
    ClosedByBroker = 2,
    PingUnanswered = 3,
    NoConnack = 4,
    NotDelivered = 5,
    Internal = 6,
    Socket = 7,
}

impl Mqtt {
    /// Without a profile there are no clients.
    pub(crate) fn new(profile: Option<&MqttProfile>) -> Self {
        let Some(profile) = profile else { return Self { clients: Vec::new(), slots: Vec::new() } };
        Self {
            clients: (1..=profile.clients).map(|_| Client::new(profile)).collect(),
            slots: (0..profile.slots).map(|_| None).collect(),
        }
    }

    /// Client 1 is the first.
    pub(crate) fn client(&self, id: u8) -> &Client {
        self.clients.get(usize::from(id).wrapping_sub(1)).expect("the range of the client has been checked")
    }

    pub(crate) fn client_mut(&mut self, id: u8) -> &mut Client {
        self.clients
            .get_mut(usize::from(id).wrapping_sub(1))
            .expect("the range of the client has been checked")
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = u8> + use<> {
        1..=u8::try_from(self.clients.len()).unwrap_or(u8::MAX)
    }

    pub(super) fn links(&self) -> impl Iterator<Item = LinkId> {
        self.clients.iter().filter_map(|client| client.link)
    }

    pub(super) fn client_of(&self, link: LinkId) -> Option<u8> {
        self.ids().find(|id| self.client(*id).link == Some(link))
    }

    /// The secure sockets that clients hold.
    pub(super) fn tls_sockets(&self) -> impl Iterator<Item = u8> {
        self.clients.iter().filter(|client| client.enabled && client.tls).map(|client| client.tls_socket)
    }
}

impl Client {
    pub(crate) fn new(profile: &MqttProfile) -> Self {
        Self {
            enabled: false,
            host: String::new(),
            port: 1883,
            context: 1,
            tls: false,
            // Without `<sslInstance>` it is 1. Source: M37 p1011.
            tls_socket: 1,
            keep_alive: profile.default_keep_alive,
            clean_session: true,
            timeout: profile.default_timeout,
            will: None,
            state: ClientState::Idle,
            link: None,
            waiting: None,
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.state == ClientState::Connected
    }

    /// Whether a command is under way, on whatever instance.
    pub(crate) fn is_busy(&self) -> bool {
        self.waiting.is_some()
    }
}

impl Module {
    /// `#MQCONN`
    pub(crate) fn connect_client(
        &mut self,
        instance: InstanceId,
        id: u8,
        identity: (String, String, String),
    ) -> Outcome {
        let client = self.mqtt.client(id);
        if !self.radio.active.contains(&client.context) {
            return Err(AtError::Cme(cme::CONTEXT_NOT_OPENED));
        }
        let tls = match client.tls {
            true => Some(self.handshake_settings(client.tls_socket, &client.host)?),
            false => None,
        };
        let (client_id, user, password) = identity;
        let will = client.will.as_ref().map(|will| Will {
            topic: will.topic.clone(),
            payload: will.message.clone(),
            qos: Qos::from_number(will.qos).unwrap_or(Qos::AtMostOnce),
            retain: will.retain,
        });
        let options = Options {
            host: client.host.clone(),
            port: client.port,
            tls,
            connect_timeout: DIAL_LIMIT,
            client_id,
            username: (!user.is_empty()).then_some(user),
            password: (!password.is_empty()).then(|| password.into_bytes()),
            keep_alive: Duration::from_secs(u64::from(client.keep_alive)),
            clean_session: client.clean_session,
            will,
            packet_timeout: Duration::from_secs(u64::from(client.timeout)),
        };
        let link = self.start_link(Start::Mqtt(options));
        let client = self.mqtt.client_mut(id);
        client.link = Some(link);
        client.waiting = Some((instance, Task::Connect));
        Ok(Flow::Waiting)
    }

    /// `#MQDISC`
    pub(crate) fn disconnect_client(&mut self, instance: InstanceId, id: u8) -> Outcome {
        let client = self.mqtt.client_mut(id);
        let connected = client.is_connected();
        match client.link {
            Some(link) if connected => {
                client.waiting = Some((instance, Task::Disconnect));
                self.order(link, Order::Disconnect);
                Ok(Flow::Waiting)
            }
            _ => {
                client.state = ClientState::Idle;
                Ok(Flow::Done)
            }
        }
    }

    /// A publish, subscribe or unsubscribe of a connected client.
    pub(crate) fn client_request(
        &mut self,
        instance: InstanceId,
        id: u8,
        order: Order,
        failure: u16,
    ) -> Outcome {
        let client = self.mqtt.client_mut(id);
        let Some(link) = client.link.filter(|_| client.state == ClientState::Connected) else {
            return Err(AtError::Cme(failure));
        };
        client.waiting = Some((instance, Task::Request(failure)));
        self.order(link, order);
        Ok(Flow::Waiting)
    }

    pub(crate) fn publish(
        &mut self,
        instance: InstanceId,
        id: u8,
        topic: String,
        payload: Bytes,
        (retain, qos): (bool, u8),
        failure: u16,
    ) -> Outcome {
        self.client_request(instance, id, Order::Publish { topic, payload, qos, retain }, failure)
    }

    /// `#MQEN=n,0`: the connection, if there is one, is cut.
    pub(crate) fn free_client(&mut self, id: u8) {
        let client = self.mqtt.client_mut(id);
        let (link, socket, tls) = (client.link, client.tls_socket, client.tls);
        if let Some(profile) = &self.profile.mqtt {
            *client = Client::new(profile);
        }
        for slot in &mut self.mqtt.slots {
            if slot.as_ref().is_some_and(|message| message.client == id) {
                *slot = None;
            }
        }
        link.into_iter().for_each(|link| self.abandon(link));
        if tls {
            self.release_tls(socket);
        }
    }
}
