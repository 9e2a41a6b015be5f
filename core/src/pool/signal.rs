//! A word that is said once.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Raised once and for all; everybody who waits, now or later, hears it.
#[derive(Debug, Default)]
pub(super) struct Signal {
    raised: AtomicBool,
    news: Notify,
}

impl Signal {
    pub(super) fn raise(&self) {
        self.raised.store(true, Ordering::Release);
        self.news.notify_waiters();
    }

    pub(super) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Acquire)
    }

    pub(super) async fn raised(&self) {
        // Made first, so that a word in between is heard.
        let news = self.news.notified();
        if !self.is_raised() {
            news.await;
        }
    }
}
