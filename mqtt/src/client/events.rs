//! Following what happens to a client.

use tokio::sync::broadcast;

use crate::state::Event;

/// What happens to a client, in order. A reader that falls far behind loses the oldest events.
#[derive(Debug)]
pub struct Events {
    receiver: broadcast::Receiver<Event>,
}

/// How many events wait for a slow reader.
const CAPACITY: usize = 64;

pub(super) fn channel() -> broadcast::Sender<Event> {
    broadcast::channel(CAPACITY).0
}

impl Events {
    /// From now on; nothing if the client is closed already.
    pub(super) fn of(sender: &broadcast::WeakSender<Event>) -> Self {
        Self { receiver: sender.upgrade().unwrap_or_else(channel).subscribe() }
    }

    /// The next event; `None` when the client is closed.
    ///
    /// # Cancel safety
    /// No event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match self.receiver.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
