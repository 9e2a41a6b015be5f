//! One MQTT 3.1.1 connection, without I/O and without a clock.
//!
//! Its owner tells it what has come, what has gone and what time it is; it says what to send, what happened and when it
//! wants to be woken. A message is acknowledged when its owner takes it, not before.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod in_flight;
mod keep_alive;
mod login;
mod outbox;
mod receiving;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use mqtt_proto::v3::{Connack, ConnectReturnCode, Packet, Subscribe, Unsubscribe};
use mqtt_proto::{Error, QosPid, TopicFilter};

pub(super) use in_flight::Window;
use in_flight::{Awaited, InFlight};
use keep_alive::KeepAlive;
pub(super) use login::Login;
use outbox::{Mark, Outbox};
use receiving::Receiving;

use super::packet_reader::{PacketReader, Violation};
use crate::error::Refusal;
use crate::message::{Message, QoS};
use crate::state::LossReason;

/// Answers that wait until the module accepts them, from which on nothing more is read.
const ANSWERS: usize = 1000;

/// How a session keeps time and measure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) keep_alive: Duration,
    /// How long an answer of the broker may take, the one to the login excepted.
    pub(super) acknowledgement: Duration,
    /// How long the answer to the login may take.
    pub(super) login: Duration,
    /// Whether whoever publishes at least once does so again himself when the broker has not acknowledged it. Doing so
    /// here too, after newer messages perhaps, would be once too often.
    pub(super) owner_repeats: bool,
    /// Most bytes of a packet of the broker.
    pub(super) packet_limit: usize,
}

/// What outlives a connection where the broker keeps the session: what it has not acknowledged, and what it has not
/// released.
#[derive(Debug, Default)]
pub(super) struct Carried {
    window: Window,
    receiving: Receiving,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ticket(u64);

#[cfg(feature = "bench")]
impl Ticket {
    pub(super) fn number(self) -> u64 {
        self.0
    }
}

/// How something ended that was waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The module has it; nothing more is told of "at most once".
    Sent,
    /// The broker has acknowledged it.
    Acknowledged,
    /// The broker has answered each topic filter: what it grants, or `None` where it refuses.
    Subscribed(Vec<Option<QoS>>),
    /// Nothing came within this time.
    Unanswered(Duration),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// The broker has let us in.
    Accepted { session_present: bool },
    /// The broker does not let us in.
    Refused(Refusal),
    /// A message came.
    Message(Message),
    /// Something ended that was waited for.
    Done(Ticket, Outcome),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    LoggingIn {
        until: Instant,
    },
    Open,
    /// Nothing more comes or goes.
    Over,
}

#[derive(Debug)]
pub(super) struct Session {
    settings: Settings,
    clean: bool,
    phase: Phase,
    reader: PacketReader,
    outbox: Outbox,
    keep_alive: KeepAlive,
    window: Window,
    receiving: Receiving,
    /// A message that was not taken yet, and is not acknowledged. Nothing behind it is looked at.
    held: Option<mqtt_proto::v3::Publish>,
    happenings: VecDeque<Happening>,
    last_ticket: u64,
}

impl Session {
    /// Begins with the login. `carried` is what an earlier connection of the same session left.
    ///
    /// # Errors
    /// The login cannot be written down.
    pub(super) fn new(
        now: Instant,
        settings: Settings,
        login: &Login,
        carried: Carried,
    ) -> Result<Self, Error> {
        let mut outbox = Outbox::default();
        outbox.push(&login.packet(settings.keep_alive)?, None)?;
        let Carried { window, receiving } = if login.clean_session { Carried::default() } else { carried };
        Ok(Self {
            settings,
            clean: login.clean_session,
            phase: Phase::LoggingIn { until: now + settings.login },
            reader: PacketReader::new(settings.packet_limit),
            outbox,
            keep_alive: KeepAlive::new(now, settings.keep_alive, settings.acknowledgement),
            window,
            receiving,
            held: None,
            happenings: VecDeque::new(),
            last_ticket: 0,
        })
    }

    /// Whether something may be published, subscribed to or unsubscribed from now. Otherwise something has to be
    /// acknowledged first.
    pub(super) fn has_room(&self) -> bool {
        self.phase == Phase::Open && self.window.has_room()
    }

    /// Publishes a message whose topic has no wildcards.
    ///
    /// # Errors
    /// The message cannot be written down.
    pub(super) fn publish(&mut self, message: &crate::message::Publish) -> Result<Ticket, Error> {
        let ticket = self.ticket();
        let id = self.window.free_identifier();
        let packet = in_flight::publish_packet(message, id)?;
        match packet.qos_pid {
            QosPid::Level0 => self.outbox.push(&packet.into(), Some(Mark::Sent(ticket)))?,
            QosPid::Level1(_) | QosPid::Level2(_) => {
                self.outbox.push(&packet.clone().into(), Some(Mark::Awaits(id)))?;
                let kept = self.repeats(message.qos).then_some(packet);
                self.window.add(InFlight::publish(id, message.qos, ticket, kept));
            }
        }
        Ok(ticket)
    }

    /// Whether a message is sent again on the next connection of the session. Source: MQTT 3.1.1, section 4.4.
    fn repeats(&self, qos: QoS) -> bool {
        let owner_repeats = qos == QoS::AtLeastOnce && self.settings.owner_repeats;
        !self.clean && !owner_repeats
    }

    /// Subscribes to topic filters, with the strongest quality of service that is wanted of each.
    ///
    /// # Errors
    /// A filter cannot be written down.
    pub(super) fn subscribe(&mut self, filters: &[(&str, QoS)]) -> Result<Ticket, Error> {
        let ticket = self.ticket();
        let id = self.window.free_identifier();
        let topics = filters
            .iter()
            .map(|(filter, qos)| Ok((TopicFilter::try_from(*filter)?, codec_qos(*qos))))
            .collect::<Result<_, Error>>()?;
        self.outbox.push(&Subscribe::new(id, topics).into(), Some(Mark::Awaits(id)))?;
        self.window.add(InFlight::other(id, Awaited::Suback { filters: filters.len() }, ticket));
        Ok(ticket)
    }

    /// Unsubscribes from a topic filter.
    ///
    /// # Errors
    /// The filter cannot be written down.
    pub(super) fn unsubscribe(&mut self, filter: &str) -> Result<Ticket, Error> {
        let ticket = self.ticket();
        let id = self.window.free_identifier();
        let packet = Unsubscribe::new(id, vec![TopicFilter::try_from(filter)?]);
        self.outbox.push(&packet.into(), Some(Mark::Awaits(id)))?;
        self.window.add(InFlight::other(id, Awaited::Unsuback, ticket));
        Ok(ticket)
    }

    /// Says good-bye, after everything that is to be sent. The broker then publishes no last will.
    pub(super) fn disconnect(&mut self) {
        // A packet of two bytes can be written down.
        if self.phase == Phase::Open && self.outbox.push(&Packet::Disconnect, None).is_err() {
            tracing::debug!("the broker is not told");
        }
        self.phase = Phase::Over;
    }

    /// What to send next; [`wrote`](Self::wrote) takes it away.
    pub(super) fn to_send(&self) -> &[u8] {
        self.outbox.front()
    }

    /// So many of the bytes to send are on their way.
    pub(super) fn wrote(&mut self, length: usize) {
        self.outbox.wrote(length);
    }

    /// The module has accepted everything that was on its way.
    pub(super) fn accepted(&mut self, now: Instant) {
        let due = now + self.settings.acknowledgement;
        for mark in self.outbox.accepted() {
            match mark {
                Mark::Sent(ticket) => self.happenings.push_back(Happening::Done(ticket, Outcome::Sent)),
                Mark::Awaits(id) => self.window.await_until(id, due),
                Mark::Ping => self.keep_alive.ping_sent(now),
                Mark::Answer => {}
            }
        }
        self.keep_alive.sent(now);
    }

    /// Bytes came.
    pub(super) fn received(&mut self, now: Instant, bytes: &[u8]) {
        self.keep_alive.received(now);
        self.reader.push(bytes);
    }

    /// What happened next. Taking a message acknowledges it; with no `room` for one, none is taken.
    ///
    /// # Errors
    /// Why the connection is lost.
    pub(super) fn next(&mut self, room: bool) -> Result<Option<Happening>, LossReason> {
        while self.happenings.is_empty() {
            if self.phase == Phase::Over || (self.held.is_some() && !room) {
                return Ok(None);
            }
            if let Some(publish) = self.held.take() {
                self.receive(publish);
                continue;
            }
            let Some(packet) = self.reader.next().map_err(|violation| self.violated(&violation))? else {
                return Ok(None);
            };
            self.take(packet).map_err(|violation| self.violated(&violation))?;
        }
        Ok(self.happenings.pop_front())
    }

    /// Whether a message waits for room, and everything that has come behind it.
    pub(super) fn holds(&self) -> bool {
        self.held.is_some()
    }

    /// Whether bytes of the broker are welcome. A broker that takes no answers need not be given more of them.
    pub(super) fn listens(&self) -> bool {
        !self.holds() && self.outbox.answers() < ANSWERS
    }

    /// When to be woken although nothing happens.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::LoggingIn { until } => Some(until),
            Phase::Open => {
                // What is on its way says as much as a ping, and what holds it up has a bound of its own.
                let ping = self.keep_alive.deadline().filter(|_| self.outbox.is_idle());
                self.window.next_due().into_iter().chain(ping).min()
            }
            Phase::Over => None,
        }
    }

    /// Does what is due.
    ///
    /// # Errors
    /// Why the connection is lost.
    pub(super) fn elapsed(&mut self, now: Instant) -> Result<(), LossReason> {
        match self.phase {
            Phase::LoggingIn { until } if until <= now => Err(LossReason::LoginUnanswered),
            Phase::LoggingIn { .. } | Phase::Over => Ok(()),
            Phase::Open => {
                let unanswered = Outcome::Unanswered(self.settings.acknowledgement);
                for ticket in self.window.overdue(now) {
                    self.happenings.push_back(Happening::Done(ticket, unanswered.clone()));
                }
                if !self.outbox.is_idle() {
                    return Ok(());
                }
                if self.keep_alive.is_lost(now) {
                    return Err(LossReason::PingUnanswered);
                }
                if self.keep_alive.wants_ping(now) {
                    self.send(&Packet::Pingreq, Some(Mark::Ping));
                }
                Ok(())
            }
        }
    }

    /// What is left when the connection has ended.
    pub(super) fn take_carried(&mut self) -> Carried {
        let (mut window, receiving) = (std::mem::take(&mut self.window), std::mem::take(&mut self.receiving));
        if self.clean {
            return Carried::default();
        }
        window.disconnected();
        Carried { window, receiving }
    }

    fn take(&mut self, packet: Packet) -> Result<(), Violation> {
        match (self.phase, packet) {
            (Phase::LoggingIn { .. }, Packet::Connack(connack)) => {
                self.answered(connack);
                Ok(())
            }
            (Phase::LoggingIn { .. }, _) => {
                Err(Violation::Unexpected("a packet before the answer to the login"))
            }
            (_, Packet::Publish(publish)) if publish.topic_name.is_empty() => {
                Err(Violation::Unexpected("a message without a topic"))
            }
            (_, Packet::Publish(publish)) => {
                self.held = Some(publish);
                Ok(())
            }
            (_, Packet::Pubrel(id)) => {
                self.receiving.released(id);
                self.send(&Packet::Pubcomp(id), Some(Mark::Answer));
                Ok(())
            }
            (_, Packet::Puback(id)) => {
                self.acknowledged(id, &Awaited::Puback);
                Ok(())
            }
            (_, Packet::Pubrec(id)) => {
                // One that nobody waits for belongs to a message that was given up: the broker may forget it too.
                // Only the first one is news: no wait becomes longer by another.
                let mark = if self.window.handed_over(id) { Mark::Awaits(id) } else { Mark::Answer };
                self.send(&Packet::Pubrel(id), Some(mark));
                Ok(())
            }
            (_, Packet::Pubcomp(id)) => {
                self.acknowledged(id, &Awaited::Pubcomp);
                Ok(())
            }
            (_, Packet::Suback(suback)) => {
                let granted: Vec<_> = suback.topics.iter().map(|code| in_flight::granted(*code)).collect();
                let done = self.window.done(suback.pid, &Awaited::Suback { filters: granted.len() });
                self.done(done.flatten(), Outcome::Subscribed(granted));
                Ok(())
            }
            (_, Packet::Unsuback(id)) => {
                self.acknowledged(id, &Awaited::Unsuback);
                Ok(())
            }
            (_, Packet::Pingresp) => {
                self.keep_alive.answered();
                Ok(())
            }
            (_, packet) => Err(Violation::Unexpected(name(&packet))),
        }
    }

    fn answered(&mut self, connack: Connack) {
        let Connack { session_present, code } = connack;
        if let Some(refusal) = refusal(code) {
            self.phase = Phase::Over;
            self.happenings.push_back(Happening::Refused(refusal));
            return;
        }
        self.phase = Phase::Open;
        let session_present = session_present && !self.clean;
        if session_present {
            for (id, packet) in self.window.unacknowledged() {
                self.send(&packet, Some(Mark::Awaits(id)));
            }
        } else {
            self.window = Window::default();
            self.receiving = Receiving::default();
        }
        self.happenings.push_back(Happening::Accepted { session_present });
    }

    fn receive(&mut self, publish: mqtt_proto::v3::Publish) {
        let (is_new, answer) = match publish.qos_pid {
            QosPid::Level0 => (true, None),
            QosPid::Level1(id) => (true, Some(Packet::Puback(id))),
            QosPid::Level2(id) => (self.receiving.is_new(id), Some(Packet::Pubrec(id))),
        };
        if let Some(answer) = answer {
            self.send(&answer, Some(Mark::Answer));
        }
        if is_new {
            self.happenings.push_back(Happening::Message(receiving::message(publish)));
        }
    }

    fn acknowledged(&mut self, id: mqtt_proto::Pid, awaited: &Awaited) {
        let done = self.window.done(id, awaited);
        self.done(done.flatten(), Outcome::Acknowledged);
    }

    /// Nobody waits any more for what was given up.
    fn done(&mut self, ticket: Option<Ticket>, outcome: Outcome) {
        if let Some(ticket) = ticket {
            self.happenings.push_back(Happening::Done(ticket, outcome));
        }
    }

    /// Sends what is always short enough, or was written down once.
    fn send(&mut self, packet: &Packet, mark: Option<Mark>) {
        if let Err(error) = self.outbox.push(packet, mark) {
            tracing::warn!(?error, "a packet could not be written down");
        }
    }

    fn violated(&mut self, violation: &Violation) -> LossReason {
        tracing::warn!(?violation, "the broker breaks the rules of MQTT");
        self.phase = Phase::Over;
        match violation {
            Violation::TooLarge(size) => LossReason::PacketTooLarge(*size),
            Violation::Malformed(_) | Violation::Unexpected(_) => LossReason::ProtocolViolated,
        }
    }

    fn ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }
}

fn refusal(code: ConnectReturnCode) -> Option<Refusal> {
    match code {
        ConnectReturnCode::Accepted => None,
        ConnectReturnCode::UnacceptableProtocolVersion => Some(Refusal::Protocol),
        ConnectReturnCode::IdentifierRejected => Some(Refusal::Identifier),
        ConnectReturnCode::ServerUnavailable => Some(Refusal::ServerUnavailable),
        ConnectReturnCode::BadUserNameOrPassword => Some(Refusal::Credentials),
        ConnectReturnCode::NotAuthorized => Some(Refusal::NotAuthorised),
    }
}

fn name(packet: &Packet) -> &'static str {
    match packet {
        Packet::Connack(_) => "a second answer to the login",
        _ => "a packet that only clients send",
    }
}

fn codec_qos(qos: QoS) -> mqtt_proto::QoS {
    match qos {
        QoS::AtMostOnce => mqtt_proto::QoS::Level0,
        QoS::AtLeastOnce => mqtt_proto::QoS::Level1,
        QoS::ExactlyOnce => mqtt_proto::QoS::Level2,
    }
}
