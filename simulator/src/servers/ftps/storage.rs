//! The served folder, with a log of transfers and a fault to switch on.

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use async_trait::async_trait;
use tokio::io::{AsyncRead, ReadBuf};
use unftp_core::auth::DefaultUser;
use unftp_core::storage::{Fileinfo, Result, StorageBackend};
use unftp_sbe_fs::{Filesystem, Meta};

use crate::journal::Journal;

/// In `cut_after`: let downloads run.
pub(super) const NO_CUT: u64 = u64::MAX;

/// Which way a file went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// From the server to the client: `RETR`.
    Download,
    /// From the client to the server: `STOR` or `APPE`.
    Upload,
}

/// One ended transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transfer {
    /// Which way.
    pub direction: Direction,
    /// The file, from the root of the served folder: `/folder/file`.
    pub path: String,
    /// Where it began: what `REST` said, or the file's length before an `APPE`.
    pub offset: u64,
    /// How many bytes were read from the file or from the client. After an aborted download some of them may not
    /// have arrived.
    pub bytes: u64,
    /// Whether the end of the file or of the client's data was reached.
    pub completed: bool,
}

/// A folder that writes down what is read and written. Clones share everything.
#[derive(Debug, Clone)]
pub(super) struct Recording {
    files: Arc<Filesystem>,
    pub(super) transfers: Journal<Transfer>,
    /// The next download fails after so many bytes.
    pub(super) cut_after: Arc<AtomicU64>,
}

impl Recording {
    pub(super) fn new(files: Filesystem) -> Self {
        Self {
            files: Arc::new(files),
            transfers: Journal::new(),
            cut_after: Arc::new(AtomicU64::new(NO_CUT)),
        }
    }

    fn watch<R>(
        &self,
        reader: R,
        direction: Direction,
        path: &Path,
        offset: u64,
        cut_after: u64,
    ) -> Watched<R> {
        let path = Path::new("/").join(path).to_string_lossy().into_owned();
        let transfer = Transfer { direction, path, offset, bytes: 0, completed: false };
        Watched { reader, transfer, transfers: self.transfers.clone(), cut_after }
    }
}

#[async_trait]
impl StorageBackend<DefaultUser> for Recording {
    type Metadata = Meta;

    fn supported_features(&self) -> u32 {
        StorageBackend::<DefaultUser>::supported_features(self.files.as_ref())
    }

    async fn metadata<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<Meta> {
        self.files.metadata(user, path).await
    }

    async fn list<P: AsRef<Path> + Send + Debug>(
        &self,
        user: &DefaultUser,
        path: P,
    ) -> Result<Vec<Fileinfo<PathBuf, Meta>>> {
        self.files.list(user, path).await
    }

    async fn get<P: AsRef<Path> + Send + Debug>(
        &self,
        user: &DefaultUser,
        path: P,
        start: u64,
    ) -> Result<Box<dyn AsyncRead + Send + Sync + Unpin>> {
        let reader = self.files.get(user, path.as_ref(), start).await?;
        let cut_after = self.cut_after.swap(NO_CUT, Ordering::SeqCst);
        Ok(Box::new(self.watch(reader, Direction::Download, path.as_ref(), start, cut_after)))
    }

    async fn put<P: AsRef<Path> + Send + Debug, R: AsyncRead + Send + Sync + Unpin + 'static>(
        &self,
        user: &DefaultUser,
        input: R,
        path: P,
        start: u64,
    ) -> Result<u64> {
        let input = self.watch(input, Direction::Upload, path.as_ref(), start, NO_CUT);
        self.files.put(user, input, path, start).await
    }

    async fn del<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        self.files.del(user, path).await
    }

    async fn mkd<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        self.files.mkd(user, path).await
    }

    async fn rename<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, from: P, to: P) -> Result<()> {
        self.files.rename(user, from, to).await
    }

    async fn rmd<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        self.files.rmd(user, path).await
    }

    async fn cwd<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        self.files.cwd(user, path).await
    }
}

/// Counts what passes, and writes the transfer down when dropped: also when the client went away.
struct Watched<R> {
    reader: R,
    transfer: Transfer,
    transfers: Journal<Transfer>,
    cut_after: u64,
}

impl<R: AsyncRead + Unpin> AsyncRead for Watched<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let allowed = self.cut_after.saturating_sub(self.transfer.bytes);
        if allowed == 0 {
            return Poll::Ready(Err(io::Error::from(io::ErrorKind::ConnectionReset)));
        }
        let allowed = usize::try_from(allowed).unwrap_or(usize::MAX);
        let mut piece = buffer.take(allowed);
        match Pin::new(&mut self.reader).poll_read(context, &mut piece) {
            Poll::Ready(Ok(())) => {}
            other => return other,
        }
        let read = piece.filled().len();
        let filled = buffer.filled().len();
        buffer.set_filled(filled + read);
        self.transfer.bytes += read as u64;
        // No room is no end.
        self.transfer.completed |= read == 0 && buffer.remaining() > 0;
        Poll::Ready(Ok(()))
    }
}

impl<R> Drop for Watched<R> {
    fn drop(&mut self) {
        self.transfers.push(self.transfer.clone());
    }
}
