//! A thread with a runtime of its own, for servers that start tasks nobody can stop.

use std::fmt;
use std::future::Future;
use std::thread::{self, JoinHandle};

use tokio::runtime;
use tokio::sync::oneshot;

use super::ServerError;

/// Ends the future, and every task it started, when dropped.
///
/// rumqttd and libunftp spawn a task for each connection and keep no handle of it. Dropping the whole runtime
/// is the only way to close those connections and free the ports.
pub(super) struct Background {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Runs the future that `make` returns until it ends or this value is dropped.
    pub(super) fn spawn<F, T>(name: &str, make: F) -> Result<Self, ServerError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Future<Output = ()>,
    {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ServerError::io("start a runtime"))?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = make() => {}
                        _ = stopped => {}
                    }
                });
                // Not the plain drop: that would wait for blocking file work.
                runtime.shutdown_background();
            })
            .map_err(ServerError::io("start a thread"))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Dropping the sender is the signal.
        self.stop = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a server thread panicked");
        }
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Background").finish_non_exhaustive()
    }
}
