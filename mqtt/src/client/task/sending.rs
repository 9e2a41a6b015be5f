//! Sending the messages that wait, one at a time and in order.

use std::time::{Duration, Instant};

use super::{Task, now};
use crate::backend::{NotSubscribed, Trouble, Unpublished};
use crate::delivery::Outcome;
use crate::drops::{self, Operation};
use crate::error::PublishError;
use crate::message::{Publish, QoS};
use crate::state::{Event, LossReason};

/// How long the end of a connection is put off for messages whose turn comes before it; the last one may take its own
/// time on top.
const IN_TURN: Duration = Duration::from_secs(60);

impl Task {
    /// Whether a message is to be sent now.
    pub(super) fn may_send(&self) -> bool {
        self.session.is_connected() && !self.post.is_empty() && self.send_at(now()).is_none()
    }

    /// When something about the messages is due although nothing happens.
    pub(super) fn post_deadline(&self) -> Option<Instant> {
        let sending = self.session.is_connected() && !self.post.is_empty();
        let send_at = if sending { self.send_at(now()) } else { None };
        [self.post.next_expiry(), send_at].into_iter().flatten().min()
    }

    /// `None`: now.
    fn send_at(&self, now: Instant) -> Option<Instant> {
        let paced = self.pace.as_ref().and_then(|pace| pace.next_at(now));
        [paced, self.retry.next_at(now), self.apart_at(now)].into_iter().flatten().max()
    }

    /// Messages of which the broker hangs up on one go apart from each other, until it shows which.
    fn apart_at(&self, now: Instant) -> Option<Instant> {
        if !self.drops.is_unclear() {
            return None;
        }
        let topic = self.post.next_topic()?;
        self.drops.not_before(&Operation::Publish { topic }).filter(|at| *at > now)
    }

    pub(super) fn expire_messages(&self) {
        let messages = self.post.expire(now());
        if messages > 0 {
            self.tell(Event::QueueExpired { messages });
        }
    }

    /// What waits goes before the connection is ended. Not what is published from now on, and not for ever.
    pub(super) async fn send_what_waits(&mut self) {
        let (end, until) = (self.post.next_id(), now() + IN_TURN);
        while self.session.is_connected() && self.post.oldest() < end {
            // Between two messages, what has arrived is read.
            self.work().await;
            match self.send_at(now()) {
                None if now() < until => self.send_next().await,
                Some(at) if at < until => tokio::time::sleep_until(at.into()).await,
                _ => break,
            }
        }
    }

    pub(super) async fn send_next(&mut self) {
        self.look_at_module().await;
        if !self.session.is_connected() {
            return;
        }
        let Some(entry) = self.post.take() else {
            return;
        };
        if let Some(pace) = &mut self.pace {
            pace.passed(now());
        }
        let outcome = match self.send(&entry.publish).await {
            Ok(()) => Outcome::Over(Ok(())),
            Err(error) => self.post.judge(entry.publish.qos, error),
        };
        match &outcome {
            Outcome::Again(error) if self.session.is_connected() => {
                tracing::info!(%error, "a message is sent again");
                self.retry.failed(now());
            }
            _ => self.retry.begin_anew(),
        }
        self.post.ended(entry, outcome);
    }

    async fn send(&mut self, publish: &Publish) -> Result<(), PublishError> {
        let operation = Operation::Publish { topic: publish.topic.clone() };
        self.refuse_forbidden(&operation, &publish.topic, false)?;
        let state = self.session.state();
        let connection = self.connection.as_mut().ok_or(PublishError::NotConnected { state })?;
        self.drops.began(now(), operation.clone());
        let error = match self.backend.publish(connection, publish).await {
            Ok(()) if publish.qos == QoS::AtMostOnce => {
                self.drops.sent(now());
                return Ok(());
            }
            Ok(()) => {
                self.drops.acknowledged();
                return Ok(());
            }
            Err(Unpublished::Unusable(error)) => {
                self.drops.failed();
                return Err(error);
            }
            Err(Unpublished::Failed(error)) => error,
        };
        let answered_by_another_run = self.has_restarted();
        let connected = self.still_connected(&error).await;
        self.drops.failed();
        self.refuse_forbidden(&operation, &publish.topic, true)?;
        Err(match (error, self.has_restarted()) {
            (Trouble::Host(failure), _) => failure.of_publish(self.session.state()),
            (Trouble::Command(error), true) => PublishError::judge_restarted(error, answered_by_another_run),
            (Trouble::Command(error), false) => PublishError::judge(error, publish.qos, connected),
        })
    }

    fn refuse_forbidden(
        &mut self,
        operation: &Operation,
        topic: &str,
        in_doubt: bool,
    ) -> Result<(), PublishError> {
        match self.drops.is_forbidden(now(), operation) {
            true => {
                let (topic, times) = (topic.to_owned(), drops::LIMIT);
                Err(PublishError::ProbablyForbidden { topic, times, in_doubt })
            }
            false => Ok(()),
        }
    }

    /// Finds out whether the broker has hung up on one operation too often.
    pub(super) fn blame(&mut self, reason: LossReason) {
        if let Some(operation) = self.drops.lost(now(), reason.is_by_broker()) {
            self.forbid(operation);
        }
    }

    /// A subscription could not be made again: one on which the broker hangs up each time is given up.
    pub(super) fn blame_subscription(&mut self, failed: &NotSubscribed) {
        if !failed.by_broker {
            return;
        }
        self.drops.began(now(), Operation::Subscribe { filter: failed.filter.as_str().to_owned() });
        if let Some(operation) = self.drops.lost(now(), true) {
            self.registry.remove(&failed.filter);
            self.forbid(operation);
        }
    }

    fn forbid(&self, operation: Operation) {
        tracing::warn!(%operation, "the broker hangs up each time, probably it is not allowed");
        self.tell(Event::ProbablyForbidden { operation, times: drops::LIMIT });
    }
}
