//! The outbox as handles and task share it: handles put messages in, the task takes them out one by one.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use telit_core::CommandError;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::WhenFull;
use super::options::OfflineQueue;
use super::outbox::{Entry, Limits, Outbox, Taken};
use super::receipt::{Reader, Receipt};
use crate::backend::Carries;
use crate::error::PublishError;
use crate::message::{Publish, QoS};
use crate::rules::BrokerRules;
use crate::state::ClientState;

/// Messages that may wait for their turn without an offline queue.
const IN_TURN: usize = 16;

pub(crate) struct Post {
    keeps_offline: bool,
    /// What module and broker take, since the first connection.
    checks: OnceLock<(Carries, Option<BrokerRules>)>,
    inner: Mutex<Inner>,
    /// Something was put in.
    news: Notify,
    /// The oldest message is another one.
    progress: Notify,
    /// Places in turn, without an offline queue.
    places: Arc<Semaphore>,
}

#[derive(Debug)]
struct Inner {
    outbox: Outbox<Reader>,
    /// Nothing is taken in this state.
    shut: Option<ClientState>,
    /// The oldest message when that was told last.
    told: u64,
}

/// What came of an attempt to send a message.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It has ended.
    Over(Result<(), PublishError>),
    /// It is sent again.
    Again(PublishError),
}

/// A message could be handed over; so many others were dropped for it.
pub(crate) struct Posted {
    pub(crate) receipt: Receipt,
    pub(crate) dropped: u64,
}

impl Post {
    /// Nothing is taken before the first [`set_state`](Self::set_state).
    pub(crate) fn new(queue: Option<OfflineQueue>) -> Self {
        let limits = match queue {
            Some(OfflineQueue { messages, bytes, when_full, expiry }) => {
                Limits { messages, bytes, when_full, expiry: Some(expiry) }
            }
            None => {
                Limits { messages: IN_TURN, bytes: usize::MAX, when_full: WhenFull::Refuse, expiry: None }
            }
        };
        let inner = Inner { outbox: Outbox::new(limits), shut: Some(ClientState::Connecting), told: 0 };
        Self {
            keeps_offline: queue.is_some(),
            checks: OnceLock::new(),
            inner: Mutex::new(inner),
            news: Notify::new(),
            progress: Notify::new(),
            places: Arc::new(Semaphore::new(IN_TURN)),
        }
    }

    /// What is taken from now on is known.
    pub(crate) fn learn(&self, carries: Carries, rules: Option<&BrokerRules>) {
        // It is the same after every reconnect.
        self.checks.get_or_init(|| (carries, rules.cloned()));
    }

    /// Whether messages wait for a connection.
    pub(crate) fn keeps_offline(&self) -> bool {
        self.keeps_offline
    }

    /// Hands a message over, which is sent whoever waits for it.
    pub(crate) fn enqueue(&self, now: Instant, publish: Publish) -> Result<Posted, PublishError> {
        self.check(&publish)?;
        let place = if self.keeps_offline { None } else { Some(self.place_at_once()?) };
        self.put(now, publish, Receipt::new(true, place))
    }

    /// Hands a message over that is not sent when its receipt is dropped before its turn. Without an offline queue it
    /// waits for a place first.
    pub(crate) async fn hand_over(
        &self,
        now: impl Fn() -> Instant,
        publish: Publish,
    ) -> Result<Posted, PublishError> {
        self.check(&publish)?;
        if self.keeps_offline {
            return self.put(now(), publish, Receipt::new(false, None));
        }
        self.refuse_if_shut(&self.lock())?;
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        self.put(now(), publish, Receipt::new(false, place))
    }

    /// Messages that nobody wants any more make room.
    fn place_at_once(&self) -> Result<OwnedSemaphorePermit, PublishError> {
        let mut inner = self.lock();
        self.refuse_if_shut(&inner)?;
        let free = || Arc::clone(&self.places).try_acquire_owned().ok();
        if let Some(place) = free() {
            return Ok(place);
        }
        inner.outbox.forget(|reader| !reader.is_there());
        let (messages, bytes) = inner.outbox.load();
        free().ok_or(PublishError::QueueFull { messages, bytes })
    }

    /// Nobody waits for what can never work.
    fn check(&self, publish: &Publish) -> Result<(), PublishError> {
        let Some((carries, rules)) = self.checks.get() else {
            return Ok(());
        };
        if let Some(rules) = rules {
            rules.check_publish(publish)?;
        }
        carries.check(publish)
    }

    fn put(
        &self,
        now: Instant,
        publish: Publish,
        (receipt, reader): (Receipt, Reader),
    ) -> Result<Posted, PublishError> {
        let mut inner = self.lock();
        self.refuse_if_shut(&inner)?;
        let dropped = match inner.outbox.push(now, publish, reader, Reader::is_there) {
            Taken::Waits(dropped) => dropped,
            Taken::Dropped(reader) => {
                reader.tell(Err(PublishError::Dropped { in_doubt: false }));
                return Ok(Posted { receipt, dropped: 1 });
            }
            Taken::Refused { messages, bytes } => return Err(PublishError::QueueFull { messages, bytes }),
        };
        self.news.notify_one();
        let count = dropped.len() as u64;
        self.end_all(inner, dropped, |in_doubt| PublishError::Dropped { in_doubt });
        Ok(Posted { receipt, dropped: count })
    }

    /// Waits until everything that has been put in so far has ended.
    pub(crate) async fn flush(&self) {
        let until = self.lock().outbox.next_id();
        loop {
            // Made first, so that no progress from here on is slept through.
            let progress = self.progress.notified();
            if self.oldest() >= until {
                return;
            }
            progress.await;
        }
    }

    /// Ends when something was put in.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }

    /// The client is in this state from now on. What cannot wait in it ends; tells how many messages that are.
    pub(crate) fn set_state(&self, state: ClientState) -> u64 {
        let takes = match state {
            ClientState::Connected => true,
            ClientState::Paused | ClientState::Reconnecting(_) => self.keeps_offline,
            ClientState::Connecting | ClientState::Lost(_) | ClientState::Closed => false,
        };
        let mut inner = self.lock();
        inner.shut = (!takes).then_some(state);
        if takes {
            return 0;
        }
        inner.outbox.forget(|reader| !reader.is_there());
        let entries = inner.outbox.drain();
        drop(inner);
        let count = entries.len() as u64;
        for Entry { reader, doubt, .. } in entries {
            reader.tell(Err(PublishError::NotConnected { state }.after(doubt)));
        }
        self.tell_progress();
        count
    }

    /// The message whose turn it is. Those that nobody wants any more are passed over.
    pub(crate) fn take(&self) -> Option<Entry<Reader>> {
        let mut inner = self.lock();
        while let Some(mut entry) = inner.outbox.take() {
            entry.reader.give_place_back();
            if entry.reader.is_there() {
                return Some(entry);
            }
            inner.outbox.settled();
        }
        drop(inner);
        self.tell_progress();
        None
    }

    /// What came of the message that was taken.
    pub(crate) fn ended(&self, entry: Entry<Reader>, outcome: Outcome) {
        match outcome {
            Outcome::Over(result) => {
                self.lock().outbox.settled();
                let Entry { reader, doubt, .. } = entry;
                reader.tell(result.map_err(|error| error.after(doubt)));
            }
            Outcome::Again(error) => self.give_back(entry, error),
        }
        self.tell_progress();
    }

    fn give_back(&self, mut entry: Entry<Reader>, error: PublishError) {
        if error.may_have_been_published() {
            entry.doubt = Some(error);
        }
        let mut inner = self.lock();
        match inner.shut {
            None => inner.outbox.give_back(entry),
            Some(state) => {
                inner.outbox.settled();
                drop(inner);
                entry.reader.tell(Err(PublishError::NotConnected { state }.after(entry.doubt)));
            }
        }
    }

    /// Ends what has waited too long; tells how many.
    pub(crate) fn expire(&self, now: Instant) -> u64 {
        let mut inner = self.lock();
        let expired = inner.outbox.expired(now);
        let count = expired.len() as u64;
        if count > 0 {
            self.end_all(inner, expired, |in_doubt| PublishError::Expired { in_doubt });
        }
        count
    }

    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.lock().outbox.next_expiry()
    }

    /// The number of the oldest message that has not ended.
    pub(crate) fn oldest(&self) -> u64 {
        self.lock().outbox.oldest()
    }

    /// The number that the next message gets.
    pub(crate) fn next_id(&self) -> u64 {
        self.lock().outbox.next_id()
    }

    /// The topic of the message whose turn it is.
    pub(crate) fn next_topic(&self) -> Option<String> {
        self.lock().outbox.first().map(|publish| publish.topic.clone())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().outbox.is_empty()
    }

    /// What a failed attempt means for the message.
    pub(crate) fn judge(&self, qos: QoS, error: PublishError) -> Outcome {
        if !self.keeps_offline {
            return Outcome::Over(Err(error));
        }
        match &error {
            PublishError::NotConnected { .. } => Outcome::Again(error),
            PublishError::ProbablyForbidden { .. } => Outcome::Over(Err(error)),
            PublishError::NotSent(command) if !is_hopeless(command) => Outcome::Again(error),
            PublishError::ModuleRestarted { in_doubt: false, .. } => Outcome::Again(error),
            _ if error.may_have_been_published() && qos == QoS::AtLeastOnce => Outcome::Again(error),
            _ => Outcome::Over(Err(error)),
        }
    }

    fn refuse_if_shut(&self, inner: &Inner) -> Result<(), PublishError> {
        inner.shut.map_or(Ok(()), |state| Err(PublishError::NotConnected { state }))
    }

    /// Nobody is told anything under the lock.
    fn end_all(
        &self,
        inner: MutexGuard<'_, Inner>,
        entries: Vec<Entry<Reader>>,
        error: impl Fn(bool) -> PublishError,
    ) {
        drop(inner);
        for Entry { reader, doubt, .. } in entries {
            reader.tell(Err(error(doubt.is_some())));
        }
        self.tell_progress();
    }

    fn tell_progress(&self) {
        let mut inner = self.lock();
        let oldest = inner.outbox.oldest();
        let is_another = std::mem::replace(&mut inner.told, oldest) != oldest;
        drop(inner);
        if is_another {
            self.progress.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post").field("keeps_offline", &self.keeps_offline).finish_non_exhaustive()
    }
}

/// Whether a command would fail in the same way for ever.
fn is_hopeless(error: &CommandError) -> bool {
    matches!(error, CommandError::Invalid(_))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use telit_core::at::{Effect, InvalidValue, ModuleError};

    use super::*;
    use crate::error::Doubt;

    fn goes_again(keeps_offline: bool, qos: QoS, error: PublishError) -> bool {
        let post = Post::new(keeps_offline.then(|| OfflineQueue::new(9)));
        matches!(post.judge(qos, error), Outcome::Again(_))
    }

    #[test]
    fn what_is_sent_again() {
        let command = || "#MQPUBSEXT".to_owned();
        let silent = CommandError::NotResponding { command: command() };
        let late = CommandError::TimedOut {
            command: command(),
            waited: Duration::from_secs(40),
            effect: Effect::Once,
        };
        let refused = CommandError::Refused { command: command(), error: ModuleError::plain() };
        let restarted = |in_doubt| PublishError::ModuleRestarted { error: refused.clone(), in_doubt };
        let invalid = CommandError::Invalid(InvalidValue::new("topic", "it is empty"));
        let state = ClientState::Paused;
        for (error, by_quality) in [
            (PublishError::NotConnected { state }, [true, true, true]),
            (PublishError::NotSent(silent), [true, true, true]),
            (restarted(false), [true, true, true]),
            (PublishError::InDoubt(Doubt::Command(late)), [false, true, false]),
            (restarted(true), [false, true, false]),
            (PublishError::Refused(refused.clone()), [false, false, false]),
            (PublishError::NotSent(invalid), [false, false, false]),
            (
                PublishError::ProbablyForbidden { topic: "t".into(), times: 3, in_doubt: true },
                [false, false, false],
            ),
        ] {
            let qualities = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];
            assert_eq!(qualities.map(|qos| goes_again(true, qos, error.clone())), by_quality, "{error}");
            assert_eq!(qualities.map(|qos| goes_again(false, qos, error.clone())), [false; 3], "{error}");
        }
    }
}
