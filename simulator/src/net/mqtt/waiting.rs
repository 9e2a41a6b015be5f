//! Requests that wait for the broker's answer.

use tokio::time::Instant;

use super::task::Done;
use super::{Qos, RequestError};

/// What a request waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// This many bytes of the session are written.
    OnTheWire(u64),
    Puback(u16),
    /// The first half of `QoS` 2.
    Pubrec(u16),
    Pubcomp(u16),
    Unsuback(u16),
}

impl Answer {
    fn id(self) -> Option<u16> {
        match self {
            Self::OnTheWire(_) => None,
            Self::Puback(id) | Self::Pubrec(id) | Self::Pubcomp(id) | Self::Unsuback(id) => Some(id),
        }
    }
}

#[derive(Debug)]
struct Waiter<K, T> {
    key: K,
    deadline: Instant,
    done: Done<T>,
}

/// All requests that wait. There are at most 65,535 by their ids, and a handful in fact.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    plain: Vec<Waiter<Answer, ()>>,
    subscriptions: Vec<Waiter<u16, Qos>>,
}

impl Waiting {
    pub(super) fn add(&mut self, answer: Answer, deadline: Instant, done: Done<()>) {
        self.plain.push(Waiter { key: answer, deadline, done });
    }

    pub(super) fn add_subscription(&mut self, id: u16, deadline: Instant, done: Done<Qos>) {
        self.subscriptions.push(Waiter { key: id, deadline, done });
    }

    pub(super) fn answered(&mut self, answer: Answer) {
        finish(&mut self.plain, |waiter| waiter.key == answer, &Ok(()));
    }

    pub(super) fn written(&mut self, bytes: u64) {
        let on_the_wire =
            |waiter: &Waiter<Answer, ()>| matches!(waiter.key, Answer::OnTheWire(end) if end <= bytes);
        finish(&mut self.plain, on_the_wire, &Ok(()));
    }

    /// PUBREC came: the request now waits for PUBCOMP, within the same deadline.
    pub(super) fn received(&mut self, id: u16) {
        for waiter in &mut self.plain {
            if waiter.key == Answer::Pubrec(id) {
                waiter.key = Answer::Pubcomp(id);
            }
        }
    }

    pub(super) fn subscribed(&mut self, id: u16, granted: Option<Qos>) {
        finish(&mut self.subscriptions, |waiter| waiter.key == id, &granted.ok_or(RequestError::Refused));
    }

    pub(super) fn expire(&mut self, now: Instant) {
        finish(&mut self.plain, |waiter| waiter.deadline <= now, &Err(RequestError::Timeout));
        finish(&mut self.subscriptions, |waiter| waiter.deadline <= now, &Err(RequestError::Timeout));
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let plain = self.plain.iter().map(|waiter| waiter.deadline);
        plain.chain(self.subscriptions.iter().map(|waiter| waiter.deadline)).min()
    }

    pub(super) fn uses(&self, id: u16) -> bool {
        self.plain.iter().any(|waiter| waiter.key.id() == Some(id))
            || self.subscriptions.iter().any(|waiter| waiter.key == id)
    }
}

fn finish<K, T: Clone>(
    waiters: &mut Vec<Waiter<K, T>>,
    which: impl Fn(&Waiter<K, T>) -> bool,
    result: &Result<T, RequestError>,
) {
    for waiter in waiters.extract_if(.., |waiter| which(waiter)) {
        if waiter.done.send(result.clone()).is_err() {
            tracing::trace!("nobody waits for this answer any more");
        }
    }
}
