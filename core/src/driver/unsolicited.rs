//! Fan-out of unsolicited lines: bounded, and never waiting for a slow reader.

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
    /// `None` when the port is closed.
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

    pub(crate) fn downgrade(&self) -> WeakUnsolicitedSender {
        WeakUnsolicitedSender { sender: self.sender.downgrade() }
    }
}

/// What the handles of a port hold, so that subscriptions end when the port's task does.
#[derive(Clone, Debug)]
pub(crate) struct WeakUnsolicitedSender {
    sender: broadcast::WeakSender<Line>,
}

impl WeakUnsolicitedSender {
    /// A new subscription; one that has ended if the port is closed.
    pub(crate) fn subscribe(&self) -> Unsolicited {
        let receiver = match self.sender.upgrade() {
            Some(sender) => sender.subscribe(),
            None => broadcast::channel(1).1,
        };
        Unsolicited { receiver }
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
    }
    #[tokio::test]
    async fn a_subscription_ends_with_the_port() {
        let sender = UnsolicitedSender::default();
        let weak = sender.downgrade();
        let mut early = weak.subscribe();
        sender.send(Line::new(&b"RING"[..]));
        drop(sender);
        assert_eq!(early.next().await.unwrap().unwrap().text(), "RING");
        assert_eq!(early.next().await, None);
        assert_eq!(weak.subscribe().next().await, None);
    }
}
