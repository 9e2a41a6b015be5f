//! Following what happens to a client.

use telit_core::fan_out;

use crate::state::Event;

/// What happens to a client, in order. It never holds up the client: a reader that falls 64 events behind loses the
/// oldest ones and is told how many by [`Event::Missed`].
#[derive(Debug)]
pub struct Events {
    receiver: fan_out::Receiver<Event>,
}

/// How many events wait for a slow reader.
const CAPACITY: usize = 64;

pub(super) fn channel() -> fan_out::Sender<Event> {
    fan_out::channel(CAPACITY).0
}

impl Events {
    /// From now on; nothing if the client is closed already.
    pub(super) fn of(sender: &fan_out::WeakSender<Event>) -> Self {
        Self { receiver: sender.upgrade().unwrap_or_else(channel).subscribe() }
    }

    /// The next event; `None` when the client is closed.
    ///
    /// # Cancel safety
    /// No event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        let event = self.receiver.receive().await?;
        Some(event.unwrap_or_else(Event::Missed))
    }
}
