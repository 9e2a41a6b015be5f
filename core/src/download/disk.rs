//! One job at a time with the files of a target.
//!
//! Work with files goes on in its thread when the future that waits for it is dropped. A later attempt must
//! not begin before that work has ended: what it does late would count for the files of the later one.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as TurnMutex, OwnedMutexGuard};
use tokio::task::{JoinError, spawn_blocking};

use super::disk_error::DiskError;
use super::part_file::PartFile;

/// Whose turn it is with the files of which target. One for everything that may follow upon each other; clones are
/// the same.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<HashMap<PathBuf, Arc<TurnMutex<()>>>>>);

/// The files are the holder's until this is dropped.
#[derive(Debug)]
pub(super) struct Turn(#[expect(dead_code, reason = "it is held, not used")] OwnedMutexGuard<()>);

impl Disk {
    /// Waits for its turn, then does the job off the threads of the runtime.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        part: &PartFile,
        job: impl FnOnce(PartFile, Turn) -> Result<T, DiskError> + Send + 'static,
    ) -> Result<T, DiskError> {
        let turn = Turn(self.of(part.target()).lock_owned().await);
        let files = part.clone();
        let done = spawn_blocking(move || job(files, turn)).await;
        done.unwrap_or_else(|error| Err(stopped(part.target(), error)))
    }

    fn of(&self, target: &Path) -> Arc<TurnMutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(target.to_owned()).or_default())
    }
}

/// The job panicked, or the runtime stopped before it.
pub(super) fn stopped(path: &Path, error: JoinError) -> DiskError {
    DiskError::file("work with", path, &io::Error::other(error))
}
