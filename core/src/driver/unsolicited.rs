//! Fan-out of unsolicited lines: bounded, and never waiting for a slow reader.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::at::Line;
use crate::fan_out::{self, TryReceiveError};

/// How many lines a subscriber may fall behind before it loses the oldest.
const CAPACITY: usize = 256;

/// A subscription to the unsolicited lines of a module.
///
/// It never holds up the port: a subscriber that falls 256 lines behind loses the oldest ones and is
/// told how many.
#[derive(Debug)]
pub struct Unsolicited {
    receiver: fan_out::Receiver<Line>,
}

impl Unsolicited {
    /// The next line: `Ok(line)`, or `Err(n)` when n lines were lost because nobody read.
    /// `None` when the port is closed or lost; after it was opened again a new subscription is needed.
    ///
    /// # Cancel safety
    /// No line is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Line, u64>> {
        self.receiver.receive().await
    }

    /// What is there without waiting.
    pub fn try_next(&mut self) -> Option<Result<Line, u64>> {
        match self.receiver.try_receive() {
            Ok(line) => Some(Ok(line)),
            Err(TryReceiveError::Missed(missed)) => Some(Err(missed)),
            Err(TryReceiveError::Empty | TryReceiveError::Closed) => None,
        }
    }
}

/// The sending side, for the port and for tests with a mocked channel.
#[derive(Clone, Debug)]
pub struct UnsolicitedSender {
    sender: fan_out::Sender<Line>,
}

impl Default for UnsolicitedSender {
    fn default() -> Self {
        Self { sender: fan_out::channel(CAPACITY).0 }
    }
}

impl UnsolicitedSender {
    /// Hands a line to every subscriber.
    pub fn send(&self, line: Line) {
        self.sender.send(line);
    }

    /// A new subscription.
    #[must_use]
    pub fn subscribe(&self) -> Unsolicited {
        Unsolicited { receiver: self.sender.subscribe() }
    }
}

/// What the handles of a port share, so that subscriptions end when its stream does.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedUnsolicited {
    /// `None`: there is no stream.
    sender: Arc<Mutex<Option<fan_out::WeakSender<Line>>>>,
}

impl SharedUnsolicited {
    /// A new subscription; one that has ended if the port is lost.
    pub(crate) fn subscribe(&self) -> Unsolicited {
        let receiver = match self.lock().as_ref().and_then(fan_out::WeakSender::upgrade) {
            Some(sender) => sender.subscribe(),
            None => fan_out::channel(1).1,
        };
        Unsolicited { receiver }
    }

    /// A sender for a new stream.
    pub(crate) fn renew(&self) -> UnsolicitedSender {
        let sender = UnsolicitedSender::default();
        *self.lock() = Some(sender.sender.downgrade());
        sender
    }

    /// There is no stream: nobody can subscribe, and nobody is heard. It takes the place of the last sender, whose
    /// subscriptions end with it.
    pub(crate) fn end(&self) -> UnsolicitedSender {
        *self.lock() = None;
        UnsolicitedSender::default()
    }

    fn lock(&self) -> MutexGuard<'_, Option<fan_out::WeakSender<Line>>> {
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
