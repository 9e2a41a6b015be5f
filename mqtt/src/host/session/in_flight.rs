//! What the broker has not acknowledged yet.

use std::collections::VecDeque;
use std::time::Instant;

use mqtt_proto::v3::{Packet, Publish, SubscribeReturnCode};
use mqtt_proto::{Error, Pid, QosPid, TopicName};

use super::Ticket;
use crate::message::QoS;

/// How much may wait for its acknowledgement at once. Source: AWS takes 100 of a client, and common brokers 20.
const ROOM: usize = 20;
/// How much of what was given up is kept for the next connection of a session.
const GIVEN_UP: usize = 100;

/// What the broker is to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    Puback,
    Pubrec,
    Pubcomp,
    Suback { filters: usize },
    Unsuback,
}

/// What is sent again on the next connection of the session.
#[derive(Clone, Debug)]
enum Kept {
    Nothing,
    Publish(Publish),
    Release,
}

#[derive(Debug)]
pub(super) struct InFlight {
    id: Pid,
    awaited: Awaited,
    /// `None`: nobody waits any more.
    ticket: Option<Ticket>,
    /// `None` while it is on its way, and when nobody waits any more.
    due: Option<Instant>,
    kept: Kept,
}

/// Everything that the broker has not acknowledged, in the order in which it was sent.
#[derive(Debug, Default)]
pub(in crate::host) struct Window {
    entries: VecDeque<InFlight>,
    last: u16,
}

impl InFlight {
    /// A message above "at most once"; `kept` where the session outlives the connection.
    pub(super) fn publish(id: Pid, qos: QoS, ticket: Ticket, kept: Option<Publish>) -> Self {
        let awaited = if qos == QoS::ExactlyOnce { Awaited::Pubrec } else { Awaited::Puback };
        let kept = kept.map_or(Kept::Nothing, Kept::Publish);
        Self { id, awaited, ticket: Some(ticket), due: None, kept }
    }

    pub(super) fn other(id: Pid, awaited: Awaited, ticket: Ticket) -> Self {
        Self { id, awaited, ticket: Some(ticket), due: None, kept: Kept::Nothing }
    }

    fn packet(&self) -> Option<Packet> {
        match &self.kept {
            Kept::Nothing => None,
            Kept::Publish(publish) => Some(Publish { dup: true, ..publish.clone() }.into()),
            Kept::Release => Some(Packet::Pubrel(self.id)),
        }
    }
}

impl Window {
    pub(super) fn has_room(&self) -> bool {
        self.entries.iter().filter(|entry| entry.ticket.is_some()).count() < ROOM
    }

    /// One that is not in use; one that was is used again as late as possible.
    pub(super) fn free_identifier(&mut self) -> Pid {
        loop {
            self.last = self.last.wrapping_add(1);
            if let Ok(id) = Pid::try_from(self.last)
                && self.entries.iter().all(|entry| entry.id != id)
            {
                return id;
            }
        }
    }

    pub(super) fn add(&mut self, entry: InFlight) {
        self.entries.push_back(entry);
    }

    /// The module has it: from now on the broker's answer is awaited.
    pub(super) fn await_until(&mut self, id: Pid, due: Instant) {
        if let Some(entry) = self.entry(id) {
            entry.due = entry.ticket.map(|_| due);
        }
    }

    /// The broker has a message that is to be delivered exactly once, and need not be given it again.
    pub(super) fn handed_over(&mut self, id: Pid) -> bool {
        let Some(entry) = self.entry(id).filter(|entry| entry.awaited == Awaited::Pubrec) else {
            return false;
        };
        entry.awaited = Awaited::Pubcomp;
        entry.due = None;
        if matches!(entry.kept, Kept::Publish(_)) {
            entry.kept = Kept::Release;
        }
        true
    }

    /// The broker answered: nothing is awaited any more. `None` if nothing was.
    pub(super) fn done(&mut self, id: Pid, awaited: &Awaited) -> Option<Option<Ticket>> {
        let position = self.entries.iter().position(|entry| entry.id == id && entry.awaited == *awaited)?;
        self.entries.remove(position).map(|entry| entry.ticket)
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.entries.iter().filter_map(|entry| entry.due).min()
    }

    /// Who has waited for too long. They wait no more.
    pub(super) fn overdue(&mut self, now: Instant) -> Vec<Ticket> {
        let mut overdue = Vec::new();
        for entry in self.entries.iter_mut().filter(|entry| entry.due.is_some_and(|due| due <= now)) {
            entry.due = None;
            overdue.extend(entry.ticket.take());
        }
        self.forget_what_nobody_needs();
        overdue
    }

    /// Nobody waits any more; what the broker may have to be given again stays.
    pub(super) fn disconnected(&mut self) {
        for entry in &mut self.entries {
            (entry.ticket, entry.due) = (None, None);
        }
        self.forget_what_nobody_needs();
    }

    /// What the broker has not acknowledged on an earlier connection of its session.
    pub(super) fn unacknowledged(&self) -> Vec<(Pid, Packet)> {
        self.entries.iter().filter_map(|entry| Some((entry.id, entry.packet()?))).collect()
    }

    fn forget_what_nobody_needs(&mut self) {
        self.entries.retain(|entry| entry.ticket.is_some() || !matches!(entry.kept, Kept::Nothing));
        let given_up = self.entries.iter().filter(|entry| entry.ticket.is_none()).count();
        let mut too_many = given_up.saturating_sub(GIVEN_UP);
        self.entries.retain(|entry| {
            let goes = entry.ticket.is_none() && too_many > 0;
            too_many -= usize::from(goes);
            !goes
        });
    }

    fn entry(&mut self, id: Pid) -> Option<&mut InFlight> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }
}

/// A message as the broker gets it.
pub(super) fn publish_packet(message: &crate::message::Publish, id: Pid) -> Result<Publish, Error> {
    let qos_pid = match message.qos {
        QoS::AtMostOnce => QosPid::Level0,
        QoS::AtLeastOnce => QosPid::Level1(id),
        QoS::ExactlyOnce => QosPid::Level2(id),
    };
    let topic = TopicName::try_from(message.topic.as_str())?;
    let mut packet = Publish::new(qos_pid, topic, message.payload.clone());
    packet.retain = message.retain;
    Ok(packet)
}

pub(super) fn granted(code: SubscribeReturnCode) -> Option<QoS> {
    match code {
        SubscribeReturnCode::MaxLevel0 => Some(QoS::AtMostOnce),
        SubscribeReturnCode::MaxLevel1 => Some(QoS::AtLeastOnce),
        SubscribeReturnCode::MaxLevel2 => Some(QoS::ExactlyOnce),
        SubscribeReturnCode::Failure => None,
    }
}
