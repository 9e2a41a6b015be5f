//! Fan-out of unsolicited lines: bounded, and never waiting for a slow reader.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::at::Line;

/// How many lines a subscriber may fall behind before it loses the oldest.
const CAPACITY: usize = 256;

/// A subscription to the unsolicited lines of a module.
///
/// It never holds up the port: a subscriber that falls 256 lines behind loses the oldest ones and is
/// told how many.
#[derive(Debug)]
pub struct Unsolicited {
    receiver: broadcast::Receiver<Line>,
}

impl Unsolicited {
    /// The next line: `Ok(line)`, or `Err(n)` when n lines were lost because nobody read.
    /// `None` when the port is closed or lost; after it was opened again a new subscription is needed.
    ///
    /// # Cancel safety
    /// No line is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Line, u64>> {
        match self.receiver.recv().await {
            Ok(line) => Some(Ok(line)),
            Err(RecvError::Lagged(missed)) => Some(Err(missed)),
            Err(RecvError::Closed) => None,
        }
    }

    /// What is there without waiting.
    pub fn try_next(&mut self) -> Option<Result<Line, u64>> {
        match self.receiver.try_recv() {
            Ok(line) => Some(Ok(line)),
            Err(broadcast::error::TryRecvError::Lagged(missed)) => Some(Err(missed)),
            Err(_) => None,
        }
    }
}

/// The sending side, for the port and for tests with a mocked channel.
#[derive(Clone, Debug)]
pub struct UnsolicitedSender {
    sender: broadcast::Sender<Line>,
}

impl Default for UnsolicitedSender {
    fn default() -> Self {
        Self { sender: broadcast::channel(CAPACITY).0 }
    }
}

impl UnsolicitedSender {
    /// Hands a line to every subscriber.
    pub fn send(&self, line: Line) {
        // No subscriber is no error.
        drop(self.sender.send(line));
    }

    /// A new subscription.
    #[must_use]
    pub fn subscribe(&self) -> Unsolicited {
        Unsolicited { receiver: self.sender.subscribe() }
    }
}

/// What the handles of a port share, so that subscriptions end when its stream does.
#[derive(Clone, Debug)]
pub(crate) struct SharedUnsolicited {
    sender: Arc<Mutex<broadcast::WeakSender<Line>>>,
}

impl Default for SharedUnsolicited {
    fn default() -> Self {
        Self { sender: Arc::new(Mutex::new(broadcast::channel(1).0.downgrade())) }
    }
}

impl SharedUnsolicited {
    /// A new subscription; one that has ended if the port is lost.
    pub(crate) fn subscribe(&self) -> Unsolicited {
        let receiver = match self.lock().upgrade() {
            Some(sender) => sender.subscribe(),
            None => broadcast::channel(1).1,
        };
        Unsolicited { receiver }
    }

    /// A sender for a new stream.
    pub(crate) fn renew(&self) -> UnsolicitedSender {
        let sender = UnsolicitedSender::default();
        *self.lock() = sender.sender.downgrade();
        sender
    }

    /// There is no stream: nobody can subscribe, and nobody is heard. It takes the place of the last sender, whose
    /// subscriptions end with it.
    pub(crate) fn end(&self) -> UnsolicitedSender {
        *self.lock() = broadcast::channel(1).0.downgrade();
        UnsolicitedSender::default()
    }

    fn lock(&self) -> MutexGuard<'_, broadcast::WeakSender<Line>> {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_reader_is_told_what_it_missed() {
        let sender = UnsolicitedSender::default();
        let mut subscription = sender.subscribe();
        for number in 0..300 {
            sender.send(Line::new(format!("#MQRING: {number}").into_bytes()));
        }
        assert_eq!(subscription.next().await, Some(Err(44)));
        assert_eq!(subscription.next().await.unwrap().unwrap().text(), "#MQRING: 44");
        let mut other = sender.subscribe();
        (0..257).for_each(|_| sender.send(Line::new(&b"RING"[..])));
        assert_eq!(other.try_next(), Some(Err(1)));
        assert_eq!(other.try_next().unwrap().unwrap().text(), "RING");
    }

    #[tokio::test]
    async fn a_subscription_ends_with_the_stream() {
        let shared = SharedUnsolicited::default();
        assert_eq!(shared.subscribe().next().await, None);
        let mut sender = shared.renew();
        let mut early = shared.subscribe();
        sender.send(Line::new(&b"RING"[..]));
        sender = shared.end();
        assert_eq!(early.next().await.unwrap().unwrap().text(), "RING");
        assert_eq!(early.next().await, None);
        assert_eq!(shared.subscribe().next().await, None);
        drop(sender);
        sender = shared.renew();
        let mut late = shared.subscribe();
        sender.send(Line::new(&b"SRING: 1"[..]));
        assert_eq!(late.next().await.unwrap().unwrap().text(), "SRING: 1");
    }
}
