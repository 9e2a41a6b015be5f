//! The task that writes a download to its part file.
//!
//! It is a task of its own so that all that has come is recorded also when the download is dropped.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout_at};

use super::disk::stopped;
use super::disk_error::DiskError;
use super::part_file::PartWriter;

/// So many bytes at most have to be downloaded again after a power cut.
const RECORD_EVERY: u64 = 64 * 1024;
/// For so long at most a byte stays unrecorded.
const RECORD_WITHIN: Duration = Duration::from_secs(1);
/// Pieces of a download that may wait for the disk.
const WAITING_CHUNKS: usize = 1024;

/// A running task.
#[derive(Debug)]
pub(super) struct Writing {
    /// Takes the pieces; the task ends when this is dropped.
    pub(super) chunks: mpsc::Sender<Bytes>,
    /// The length of the part file; ends with the task.
    pub(super) length: watch::Receiver<u64>,
    /// Ends when all pieces are recorded.
    pub(super) task: JoinHandle<Result<(), DiskError>>,
}

impl Writing {
    pub(super) fn start(writer: PartWriter) -> Self {
        let (chunks, receiver) = mpsc::channel(WAITING_CHUNKS);
        let (sender, length) = watch::channel(writer.written());
        Self { chunks, length, task: tokio::spawn(write_all(writer, receiver, sender)) }
    }
}

async fn write_all(
    mut writer: PartWriter,
    mut chunks: mpsc::Receiver<Bytes>,
    length: watch::Sender<u64>,
) -> Result<(), DiskError> {
    let mut due = None;
    loop {
        let chunk = match due {
            Some(due) => timeout_at(due, chunks.recv()).await,
            None => Ok(chunks.recv().await),
        };
        match chunk {
            Ok(Some(chunk)) => {
                writer = step(writer, move |writer| writer.write(&chunk)).await?;
                length.send_replace(writer.written());
            }
            Ok(None) => break,
            Err(_) => {}
        }
        let now = Instant::now();
        let recorded_by = *due.get_or_insert(now + RECORD_WITHIN);
        if writer.unrecorded() >= RECORD_EVERY || recorded_by <= now {
            writer = step(writer, PartWriter::record).await?;
            due = None;
        }
    }
    step(writer, PartWriter::record).await.map(drop)
}

/// Does one step off the threads of the runtime.
async fn step(
    mut writer: PartWriter,
    step: impl FnOnce(&mut PartWriter) -> Result<(), DiskError> + Send + 'static,
) -> Result<PartWriter, DiskError> {
    let path = writer.path().to_owned();
    let done = spawn_blocking(move || step(&mut writer).map(|()| writer)).await;
    done.unwrap_or_else(|error| Err(stopped(&path, error)))
}

#[cfg(test)]
mod tests {
    use super::super::disk::Disk;
    use super::super::part_file::PartFile;
    use super::super::part_state::Identity;
    use super::*;

    const SIZE: u64 = 1024 * 1024;

    struct Bench {
        // Removed last.
        part: PartFile,
        writing: Writing,
        _directory: tempfile::TempDir,
    }

    fn identity() -> Identity {
        Identity { source: "h:21  fw.bin".into(), size: SIZE, version: None, sha256: None }
    }

    impl Bench {
        async fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let part = PartFile::beside(&directory.path().join("fw.bin")).unwrap();
            let writer = Disk::default().run(&part, |part, turn| part.begin(identity(), turn)).await.unwrap();
            Self { part, writing: Writing::start(writer), _directory: directory }
        }

        async fn write(&mut self, count: usize) -> u64 {
            self.writing.chunks.send(vec![b'x'; count].into()).await.unwrap();
            self.writing.length.changed().await.unwrap();
            *self.writing.length.borrow_and_update()
        }

        /// What a process that starts now would find, while the task holds its turn.
        fn recorded(&self) -> u64 {
            self.part.held().unwrap().map_or(0, |state| state.safe)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_is_recorded_within_a_second() {
        let mut bench = Bench::new().await;
        assert_eq!(bench.write(100).await, 100);
        tokio::time::sleep(Duration::from_millis(900)).await;
        assert_eq!(bench.recorded(), 0);
        // A steady stream does not put it off.
        assert_eq!(bench.write(1).await, 101);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(bench.recorded(), 101);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_download_is_recorded_by_size() {
        let mut bench = Bench::new().await;
        for _ in 0..3 {
            bench.write(40 * 1024).await;
        }
        // Two pieces were recorded before the third one was written.
        assert_eq!(bench.recorded(), 80 * 1024);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_records_all_and_the_next_one_waits_for_it() {
        let Bench { part, writing, _directory } = Bench::new().await;
        for _ in 0..100 {
            writing.chunks.send(Bytes::from_static(b"0123456789")).await.unwrap();
        }
        // As when the download is dropped, and its client too.
        drop(writing);
        let found = Disk::default().run(&part, |part, _| part.held()).await.unwrap();
        assert_eq!(found.unwrap().safe, 1000);
    }
}
