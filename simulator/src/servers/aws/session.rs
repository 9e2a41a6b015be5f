//! What the broker keeps of one client.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::limits::Limits;
use super::pace::Pace;
use super::topic;
use crate::mqtt_server::packet::Publish;

/// What the writer of a connection has to do.
#[derive(Debug)]
pub(super) enum Outgoing {
    Packet(Bytes),
    /// Close, after what is to go.
    Close,
}

/// A client by its id, connected or not.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) clean: bool,
    /// What the client came with last, which decides what it may receive.
    pub(super) certificate: String,
    pub(super) connection: Option<Open>,
    /// When it is forgotten, while the client is away.
    pub(super) expires: Option<Instant>,
    /// Filter and granted quality.
    pub(super) subscriptions: BTreeMap<String, u8>,
    /// What came while the client was away, and waits for its turn.
    missed: VecDeque<Publish>,
    /// What has to wait until the client has acknowledged more.
    held: VecDeque<Publish>,
    sent: VecDeque<Publish>,
    last_id: u16,
}

/// The connection of a session.
#[derive(Debug)]
pub(super) struct Open {
    /// Tells it from earlier and later ones.
    pub(super) number: u64,
    pub(super) outgoing: UnboundedSender<Outgoing>,
    pub(super) will: Option<Publish>,
    /// Messages in both directions.
    pub(super) messages: Pace,
}

impl Session {
    pub(super) fn new(clean: bool) -> Self {
        Self { clean, ..Self::default() }
    }

    pub(super) fn send(&self, outgoing: Outgoing) {
        if let Some(connection) = &self.connection {
            // A connection that is gone has said so, or is about to.
            connection.outgoing.send(outgoing).unwrap_or_default();
        }
    }

    /// The best quality that a subscription gives to a topic.
    pub(super) fn granted(&self, name: &str) -> Option<u8> {
        let matching = self.subscriptions.iter().filter(|(filter, _)| topic::matches(filter, name));
        matching.map(|(_, qos)| *qos).max()
    }

    /// Delivers a message now, or when the client is back.
    pub(super) fn deliver(&mut self, message: Publish, limits: &Limits, now: Instant) {
        match self.connection.as_mut().map(|connection| connection.messages.allows(now)) {
            Some(true) => self.transmit(message, limits),
            None if !self.clean && message.qos > 0 => self.missed.push_back(message),
            // Too many, or nobody there: it is discarded.
            _ => {}
        }
    }

    /// The client is back: what it has not acknowledged is missed as well. It comes again under another packet id and
    /// is not marked as a duplicate. Source: "MQTT" of the AWS IoT Core developer guide.
    pub(super) fn resume(&mut self) {
        let unacknowledged = self.sent.drain(..).chain(self.held.drain(..));
        let missed = unacknowledged.chain(self.missed.drain(..)).collect();
        self.missed = missed;
    }

    /// The oldest message that was missed, or all of them where there is no pace, goes. Gives back whether there is
    /// more.
    pub(super) fn replay(&mut self, limits: &Limits) -> bool {
        let count = if limits.replays_per_second.is_some() { 1 } else { self.missed.len() };
        for message in self.missed.drain(..count.min(self.missed.len())).collect::<Vec<_>>() {
            self.transmit(message, limits);
        }
        !self.missed.is_empty()
    }

    /// The time between two messages that were missed.
    pub(super) fn replay_interval(limits: &Limits) -> Duration {
        limits.replays_per_second.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.max(1))
    }

    /// PUBACK
    pub(super) fn acknowledged(&mut self, id: u16, limits: &Limits) {
        self.sent.retain(|sent| sent.id != id);
        if let Some(message) = self.held.pop_front() {
            self.transmit(message, limits);
        }
    }

    /// How many messages the client has not acknowledged or not yet been sent.
    pub(super) fn pending(&self) -> usize {
        self.missed.len() + self.held.len() + self.sent.len()
    }

    fn transmit(&mut self, mut message: Publish, limits: &Limits) {
        if message.qos > 0 {
            if self.sent.len() >= limits.unacknowledged {
                return self.held.push_back(message);
            }
            message.id = self.next_id();
            self.sent.push_back(message.clone());
        }
        self.send(Outgoing::Packet(message.to_bytes()));
    }

    fn next_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if !self.sent.iter().any(|sent| sent.id == self.last_id) {
                return self.last_id;
            }
        }
    }
}
