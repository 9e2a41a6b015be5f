//! What the broker keeps of one client.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;

use crate::mqtt_server::packet::{Publish, acknowledgement};
use crate::mqtt_server::topic;

/// Messages that are kept for a client that is away; older ones are thrown away.
const QUEUE: usize = 1000;

/// What a connection has to do.
#[derive(Debug)]
pub(super) enum Outgoing {
    Packet(Bytes),
    /// Close after what is to go.
    Close,
    Reset,
}

/// A client by its id, connected or not.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) clean: bool,
    pub(super) connection: Option<Open>,
    /// Filter and granted quality.
    pub(super) subscriptions: BTreeMap<String, u8>,
    /// `QoS` 2 messages of the client that it has not released.
    pub(super) unreleased: BTreeSet<u16>,
    queue: VecDeque<Publish>,
    sent: VecDeque<Sent>,
    last_id: u16,
}

/// The connection of a session.
#[derive(Debug)]
pub(super) struct Open {
    /// Tells it from earlier and later ones.
    pub(super) number: u64,
    pub(super) outgoing: UnboundedSender<Outgoing>,
    pub(super) will: Option<Publish>,
}

/// A message that the client has not acknowledged.
#[derive(Debug)]
struct Sent {
    message: Publish,
    /// `QoS` 2: the client has it.
    received: bool,
}

impl Session {
    pub(super) fn new(clean: bool) -> Self {
        Self { clean, ..Self::default() }
    }

    /// Sends what nobody has to wait for.
    pub(super) fn send(&self, outgoing: Outgoing) {
        if let Some(connection) = &self.connection {
            // A connection that is gone has said so, or is about to.
            connection.outgoing.send(outgoing).unwrap_or_default();
        }
    }

    /// The best quality that a subscription gives to a topic.
    pub(super) fn granted(&self, topic: &str) -> Option<u8> {
        let matching = self.subscriptions.iter().filter(|(filter, _)| topic::matches(filter, topic));
        matching.map(|(_, qos)| *qos).max()
    }

    /// Delivers a message now, or when the client is back.
    pub(super) fn deliver(&mut self, message: Publish) {
        if self.connection.is_some() {
            self.transmit(message);
        } else if !self.clean && message.qos > 0 {
            self.queue.push_back(message);
            if self.queue.len() > QUEUE {
                self.queue.pop_front();
            }
        }
    }

    /// The client is back: what it has not acknowledged goes again, then what has waited (MQTT 4.4).
    pub(super) fn resume(&mut self) {
        for sent in &mut self.sent {
            sent.message.duplicate = true;
        }
        for sent in &self.sent {
            let packet = match sent.received {
                true => acknowledgement(0x62, sent.message.id),
                false => sent.message.to_bytes(),
            };
            self.send(Outgoing::Packet(packet));
        }
        for message in std::mem::take(&mut self.queue) {
            self.transmit(message);
        }
    }

    /// PUBACK or PUBCOMP.
    pub(super) fn acknowledged(&mut self, id: u16) {
        self.sent.retain(|sent| sent.message.id != id);
    }

    /// PUBREC
    pub(super) fn received(&mut self, id: u16) {
        for sent in self.sent.iter_mut().filter(|sent| sent.message.id == id) {
            sent.received = true;
        }
        self.send(Outgoing::Packet(acknowledgement(0x62, id)));
    }

    /// Messages that the client has not acknowledged or not yet been sent.
    pub(super) fn pending(&self) -> usize {
        self.queue.len() + self.sent.len()
    }

    fn transmit(&mut self, mut message: Publish) {
        if message.qos > 0 {
            message.id = self.next_id();
            self.sent.push_back(Sent { message: message.clone(), received: false });
        }
        self.send(Outgoing::Packet(message.to_bytes()));
    }

    fn next_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if !self.sent.iter().any(|sent| sent.message.id == self.last_id) {
                return self.last_id;
            }
        }
    }
}
