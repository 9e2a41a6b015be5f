//! Messages on their way to the broker: who waits, in what order, for how long, and what came of it.

mod options;
mod outbox;
mod pace;
mod post;
mod receipt;

pub use options::{OfflineQueue, WhenFull};
pub use receipt::Receipt;

pub(crate) use pace::{Pace, RateLimit, Retry};
pub(crate) use post::{Outcome, Post, Posted};
