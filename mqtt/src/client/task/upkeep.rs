//! What the session asks for between requests: reading message slots and looking after the connection.

use std::collections::VecDeque;

use telit_core::CommandError;
use telit_core::at::Line;
use telit_core::driver::Unsolicited;

use super::{Task, now};
use crate::backend::{Connection, Trouble};
use crate::message::Message;
use crate::session::{Polled, Work};
use crate::state::{Event, LossReason};

/// Pieces of work between two requests.
const ROUND: usize = 32;
/// Rounds until the slots count as drained even if more keeps arriving.
const DRAIN_ROUNDS: usize = 4;

impl Task {
    /// Looks after the connection because a command failed.
    pub(super) async fn still_connected(&mut self, error: &Trouble) -> bool {
        self.notice_loss(error).await;
        if self.session.is_connected() {
            self.poll().await;
        }
        self.session.is_connected()
    }

    /// Reads everything that waits.
    pub(super) async fn drain(&mut self) {
        for _ in 0..DRAIN_ROUNDS {
            self.work().await;
            if !self.session.has_work(now()) {
                break;
            }
        }
    }

    pub(super) async fn work(&mut self) {
        for _ in 0..ROUND {
            self.look_at_module().await;
            self.take_lines();
            self.take_arrived();
            match self.session.next_work(now()) {
                None => break,
                Some(Work::Poll) => self.poll().await,
                Some(Work::CountUnread) => self.count_unread().await,
                Some(Work::Read { slot, announced }) => self.read(slot, announced).await,
            }
        }
    }

    pub(super) async fn poll(&mut self) {
        let Some(connection) = &self.connection else { return };
        let polled = match self.backend.poll(connection).await {
            Ok(Polled::Lost(LossReason::LinkLost)) => return self.link_lost().await,
            Ok(polled) => polled,
            Err(error) => {
                self.notice_loss(&error).await;
                Polled::Unknown
            }
        };
        self.look_at_module().await;
        if self.session.is_connected()
            && let Some(reason) = self.session.polled(now(), polled)
        {
            self.lost(reason).await;
        }
    }

    pub(super) async fn count_unread(&mut self) {
        let Some(connection) = &self.connection else { return };
        match self.backend.unread(connection).await {
            Ok(unread) => self.session.unread_counted(unread),
            Err(error) => {
                self.notice_loss(&error).await;
                self.session.look_at_once(now());
            }
        }
    }

    pub(super) async fn read(&mut self, slot: u8, announced: bool) {
        let Some(connection) = &self.connection else { return };
        match self.backend.read(connection, slot).await {
            Ok(Some(message)) => {
                self.session.slot_read();
                self.take(message);
            }
            Ok(None) => {}
            Err(CommandError::Refused { .. }) => self.session.slot_not_read(now(), announced),
            Err(error) => {
                tracing::warn!(%error, slot, "a message could not be read");
                // Otherwise it is still in its slot.
                if error.may_have_taken_effect() {
                    self.tell(Event::Unreadable);
                }
                if error.is_link_lost() {
                    self.link_lost().await;
                } else {
                    self.session.look_at_once(now());
                }
            }
        }
    }

    /// Reads what was announced before the client is freed, and every slot with it.
    pub(super) async fn read_announced(&mut self, connection: &mut Connection) {
        while let Some(message) = connection.try_next_message() {
            self.deliver(message);
        }
        self.take_lines();
        while let Some(slot) = self.session.next_announced() {
            match self.backend.read(connection, slot).await {
                Ok(Some(message)) => self.deliver(message),
                Ok(None) | Err(CommandError::Refused { .. }) => {}
                Err(error) => {
                    tracing::warn!(%error, slot, "the last messages could not be read");
                    self.tell(Event::Unreadable);
                }
            }
        }
    }

    /// Messages that came by themselves.
    pub(super) fn take_arrived(&mut self) {
        for _ in 0..ROUND {
            match self.connection.as_mut().and_then(Connection::try_next_message) {
                Some(message) => self.deliver(message),
                None => break,
            }
        }
    }

    fn take(&mut self, message: Message) {
        if self.discarding {
            tracing::info!(topic = message.topic, "a message of an earlier session was thrown away");
        } else {
            self.deliver(message);
        }
    }

    pub(super) fn deliver_all(&mut self, messages: VecDeque<Message>) {
        messages.into_iter().for_each(|message| self.deliver(message));
    }

    pub(super) fn deliver(&mut self, message: Message) {
        if let Some(lost) = self.registry.deliver(message) {
            tracing::warn!(
                topic = lost.topic,
                "too many messages wait for a subscription, the oldest is lost"
            );
            self.tell(Event::EarlyMessageLost);
        }
    }

    pub(super) fn take_lines(&mut self) {
        while let Some(line) = self.lines.as_mut().and_then(Unsolicited::try_next) {
            self.line_arrived(line);
        }
    }

    pub(super) fn line_arrived(&mut self, line: Result<Line, u64>) {
        match line {
            Ok(line) => {
                if self.session.line_arrived(now(), &line.text()) {
                    tracing::warn!("all message slots of the module are taken, messages are lost");
                    self.tell(Event::SlotsFull);
                }
            }
            Err(missed) => {
                tracing::debug!(missed, "unsolicited lines were missed, looking into all message slots");
                self.session.lines_lost();
            }
        }
    }
}
