//! One job at a time with the files of a target.
//!
//! Work with files goes on in its thread when the future that waits for it is dropped. A later attempt must
//! not begin before that work has ended: what it does late would count for the files of the later one.

use std::collections::HashMap;
use std::io;
use std::path::{self, Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tokio::sync::{Mutex as TurnMutex, OwnedMutexGuard};
use tokio::task::{JoinError, spawn_blocking};

use super::disk_error::DiskError;
use super::part_file::PartFile;

/// Whose turn it is with the files of which target. All of a process are the same: a later client, too, must wait for
/// what an earlier one has left to write.
#[derive(Clone, Debug)]
pub struct Disk(Arc<Mutex<HashMap<PathBuf, Arc<TurnMutex<()>>>>>);

/// The files are the holder's until this is dropped.
#[derive(Debug)]
pub(super) struct Turn(#[expect(dead_code, reason = "it is held, not used")] OwnedMutexGuard<()>);

impl Default for Disk {
    fn default() -> Self {
        static OF_THE_PROCESS: LazyLock<Disk> = LazyLock::new(|| Disk(Arc::default()));
        OF_THE_PROCESS.clone()
    }
}

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
        let target = path::absolute(target).unwrap_or_else(|_| target.to_owned());
        Arc::clone(turns.entry(target).or_default())
    }
}

/// The job panicked, or the runtime stopped before it.
pub(super) fn stopped(path: &Path, error: JoinError) -> DiskError {
    DiskError::file("work with", path, &io::Error::other(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_have_the_same_turns_however_the_target_is_named() {
        let relative = Path::new("folder/fw.bin");
        let turn = Disk::default().of(relative);
        assert!(Arc::ptr_eq(&turn, &Disk::default().of(&path::absolute(relative).unwrap())));
        assert!(!Arc::ptr_eq(&turn, &Disk::default().of(Path::new("folder/other.bin"))));
    }
}
