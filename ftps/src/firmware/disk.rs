//! One job at a time with the files of a client.
//!
//! Work with files goes on in its thread when the future that waits for it is dropped. A later attempt must
//! not begin before that work has ended: what it does late would count for the files of the later one.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::{JoinError, spawn_blocking};

use super::part_file::PartFile;
use crate::error::DownloadError;

/// Whose turn it is with the files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<()>>);

/// The files are the holder's until this is dropped.
#[derive(Debug)]
pub(super) struct Turn(#[expect(dead_code, reason = "it is held, not used")] OwnedMutexGuard<()>);

impl Disk {
    /// Waits for its turn, then does the job off the threads of the runtime.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        part: &PartFile,
        job: impl FnOnce(PartFile, Turn) -> Result<T, DownloadError> + Send + 'static,
    ) -> Result<T, DownloadError> {
        let turn = Turn(Arc::clone(&self.0).lock_owned().await);
        let files = part.clone();
        let done = spawn_blocking(move || job(files, turn)).await;
        done.unwrap_or_else(|error| Err(stopped(part.target(), error)))
    }
}

/// The job panicked, or the runtime stopped before it.
pub(super) fn stopped(path: &Path, error: JoinError) -> DownloadError {
    DownloadError::file("work with", path, &io::Error::other(error))
}
