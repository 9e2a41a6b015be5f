//! The state of the cellular network, as everything that hangs on it sees it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::sync::watch;

/// Whether the network is up, and what crossed it. Shared by a network and its connections.
#[derive(Debug, Clone)]
pub(super) struct Link {
    state: Arc<watch::Sender<State>>,
    sent: Arc<AtomicU64>,
    received: Arc<AtomicU64>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    up: bool,
    /// How often the network was lost: a connection dies of a loss that is over before anybody looked.
    losses: u64,
}

impl Link {
    pub(super) fn new() -> Self {
        Self {
            state: Arc::new(watch::Sender::new(State { up: true, losses: 0 })),
            sent: Arc::default(),
            received: Arc::default(),
        }
    }

    pub(super) fn set_up(&self, up: bool) {
        self.state.send_if_modified(|state| {
            let changed = state.up != up;
            if changed && !up {
                state.losses += 1;
            }
            state.up = up;
            changed
        });
    }

    pub(super) fn is_up(&self) -> bool {
        self.state.borrow().up
    }

    pub(super) fn count_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn count_received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn traffic(&self) -> (u64, u64) {
        (self.sent.load(Ordering::Relaxed), self.received.load(Ordering::Relaxed))
    }

    /// What hangs on the network as it is now.
    pub(super) fn carrier(&self) -> Carrier {
        Carrier { losses_before: self.state.borrow().losses, link: self.clone() }
    }

    /// Resolves when the network is lost, at once if it is down.
    pub(super) fn loss(&self) -> LinkLoss {
        let mut states = self.state.subscribe();
        let losses_before = states.borrow().losses;
        LinkLoss(Box::pin(async move {
            let lost = states.wait_for(|state| !state.up || state.losses != losses_before).await;
            // An error would mean that the network itself is gone, which is no less a loss.
            drop(lost);
        }))
    }
}

/// Tells afterwards whether the network was lost.
#[derive(Debug)]
pub(super) struct Carrier {
    link: Link,
    losses_before: u64,
}

impl Carrier {
    pub(super) fn is_lost(&self) -> bool {
        let state = *self.link.state.borrow();
        !state.up || state.losses != self.losses_before
    }
}

/// The future of the network's loss. Pends for ever while the network stays.
pub(super) struct LinkLoss(Pin<Box<dyn Future<Output = ()> + Send + Sync>>);

impl Future for LinkLoss {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}

impl std::fmt::Debug for LinkLoss {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LinkLoss")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_loss_that_is_already_over_is_still_a_loss() {
        let link = Link::new();
        let loss = link.loss();
        link.set_up(false);
        link.set_up(true);
        loss.await;
        assert!(link.is_up());
    }

    #[tokio::test]
    async fn an_earlier_loss_is_not_ours() {
        let link = Link::new();
        link.set_up(false);
        link.set_up(true);
        let mut loss = link.loss();
        let polled = std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut loss).poll(context))).await;
        assert!(polled.is_pending());
    }
}
