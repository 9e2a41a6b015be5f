//! Tasks of the runtime.

use futures_core::future::BoxFuture;
use tokio::task::JoinHandle;
use tracing::Instrument;

/// Starts a task. Whoever opens several ports tells their lines in the log apart by a span: it goes on in the task.
///
/// The future is boxed because what the runtime does for a task is in the program once for each type of future.
pub(crate) fn spawn(task: BoxFuture<'static, ()>) -> JoinHandle<()> {
    tokio::spawn(task.in_current_span())
}
