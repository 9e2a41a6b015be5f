//! Downloads to a file that are verified before the file gets its name.

mod digest;
mod disk;
mod part_file;
mod part_state;
mod retry;
mod writing;

use std::fmt;
use std::future::{Future, IntoFuture};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep};

pub use digest::{InvalidDigest, Sha256Digest};
pub(crate) use disk::Disk;
use disk::stopped;
use part_file::{PartFile, PartWriter};
use part_state::Identity;
use retry::Attempts;
pub use retry::{Retry, Retrying};
use writing::Writing;

use crate::download::{TransferMode, file_size, open};
use crate::error::{DownloadError, TransferError};
use crate::session::Session;

/// A download to a file that is about to begin; awaiting it runs it.
///
/// The bytes go to `<name>.part` beside the target, with a small file `<name>.part.state` that tells what
/// they belong to and how many of them are on the disk for sure. When all have come, size and SHA-256 of what
/// is *on the disk* are checked, the file is flushed to the disk, renamed to its final name in one step, and
/// the directory is flushed. So the final name never belongs to a damaged or incomplete file, whenever the
/// power goes.
///
/// - After a cut, a stall, failed TLS, a lost line or a restarted module it goes on by itself behind what has
///   come, as often as [`retry`](Self::retry) says: it waits until the module can be used
///   ([`Modem::health`](telit_core::Modem::health)), waits a little more, opens the session again with TLS and login,
///   and goes on. A [supervisor](telit_core::supervisor) gets the module back; without one a lost port is lost for
///   good, and a restarted module has no packet data context. What cannot get better by itself ends it at once: a
///   refused login, no such file, a wrong size or hash, the disk.
/// - After an error or a dropped future the part file stays, and all that has come is recorded. With
///   [`resume(true)`](Self::resume) the next call goes on behind it, if the server's file still has the size it had,
///   and the same hash is wanted.
/// - After a power cut or a killed process it goes on behind what was recorded last: all but the last 64 KiB
///   or the last second.
/// - A part file that belongs to another file, or has lost its state file, is thrown away.
/// - Two downloads to the same target at the same time are not supported.
/// - A wrong hash removes the part file: nothing in it can be trusted. If it was a resumed download, the
///   whole file is downloaded once more first, because the file may have changed on the server, or the
///   server may have ignored where to begin; neither can be seen in another way.
/// - Without [`sha256`](Self::sha256) only the size is verified: name a hash whenever there is one.
///
/// ```no_run
/// # async fn example(client: &mut telit_ftps::FtpsClient) -> Result<(), Box<dyn std::error::Error>> {
/// let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".parse()?;
/// let report = client
///     .download_to_file("fw.bin", "/var/lib/device/fw.bin")
///     .resume(true)
///     .sha256(hash)
///     .progress(|progress| println!("{} of {}", progress.bytes, progress.total))
///     .on_retry(|retrying| println!("attempt {}: {}", retrying.attempt, retrying.because))
///     .await?;
/// println!("{} bytes, {}", report.bytes, report.sha256);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing happens until it is awaited"]
pub struct FirmwareDownload<'a> {
    session: &'a mut Session,
    path: String,
    target: PathBuf,
    resume: bool,
    sha256: Option<Sha256Digest>,
    expected_size: Option<u64>,
    mode: TransferMode,
    retry: Retry,
    progress: Option<Box<dyn FnMut(Progress) + Send + 'a>>,
    on_retry: Option<OnRetry<'a>>,
    course: Course,
}

type OnRetry<'a> = Box<dyn FnMut(&Retrying) + Send + 'a>;

/// What the attempts of one download have in common.
#[derive(Debug, Default)]
struct Course {
    /// What earlier calls had left.
    resumed_from: u64,
    /// The part file is this call's: it was begun or taken over.
    owned: bool,
    /// Its length.
    bytes: u64,
    /// It was not fetched in one piece.
    pieced: bool,
    /// A wrong hash has led to a second try from the first byte on.
    repeated: bool,
}

/// How far a download to a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes in the part file, those of earlier attempts included.
    pub bytes: u64,
    /// The size of the file.
    pub total: u64,
}

/// A verified download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DownloadReport {
    /// The size of the file.
    pub bytes: u64,
    /// Its hash, computed from the disk.
    pub sha256: Sha256Digest,
    /// How many bytes an earlier call had left; 0 if everything was downloaded now.
    pub resumed_from: u64,
    /// How many attempts it took; 1 if nothing went wrong.
    pub attempts: u32,
    /// How long it took.
    pub took: Duration,
}

impl<'a> FirmwareDownload<'a> {
    pub(crate) fn new(session: &'a mut Session, path: String, target: &Path) -> Self {
        Self {
            session,
            path,
            target: target.to_owned(),
            resume: false,
            sha256: None,
            expected_size: None,
            mode: TransferMode::Auto,
            retry: Retry::default(),
            progress: None,
            on_retry: None,
            course: Course::default(),
        }
    }

    /// Whether to go on behind a part file of an earlier attempt. Default false: it is thrown away.
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// The hash that the whole file must have.
    pub fn sha256(mut self, hash: Sha256Digest) -> Self {
        self.sha256 = Some(hash);
        self
    }

    /// The size that the file must have. If the server tells another one, nothing is downloaded.
    pub fn expected_size(mut self, size: u64) -> Self {
        self.expected_size = Some(size);
        self
    }

    /// How the bytes come over the port.
    pub fn mode(mut self, mode: TransferMode) -> Self {
        self.mode = mode;
        self
    }

    /// How often it goes on by itself after a cut. Default [`Retry::default`]: ten attempts in a row that bring nothing.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Called before it waits to go on after a cut.
    pub fn on_retry(mut self, on_retry: impl FnMut(&Retrying) + Send + 'a) -> Self {
        self.on_retry = Some(Box::new(on_retry));
        self
    }

    /// Called after every piece that was written.
    pub fn progress(mut self, progress: impl FnMut(Progress) + Send + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    async fn run(mut self) -> Result<DownloadReport, DownloadError> {
        let started = Instant::now();
        let part = PartFile::beside(&self.target)?;
        let mut attempts = Attempts::first(self.retry);
        loop {
            match self.attempt(&part, &mut attempts).await {
                Ok((bytes, sha256)) => {
                    let (resumed_from, attempts) = (self.course.resumed_from, attempts.made());
                    return Ok(DownloadReport {
                        bytes,
                        sha256,
                        resumed_from,
                        attempts,
                        took: started.elapsed(),
                    });
                }
                Err(DownloadError::Transfer(error)) if error.is_resumable() => {
                    self.wait(error, &mut attempts).await?;
                }
                Err(error) => return Err(self.give_up(error)),
            }
        }
    }

    /// One attempt, from asking for the size to the final name.
    async fn attempt(
        &mut self,
        part: &PartFile,
        attempts: &mut Attempts,
    ) -> Result<(u64, Sha256Digest), DownloadError> {
        let size = file_size(self.session, &self.path).await?;
        if let Some(expected) = self.expected_size.filter(|expected| *expected != size) {
            return Err(DownloadError::SizeMismatch { expected, got: size });
        }
        let identity = self.identity(size);
        let disk = self.session.disk().clone();
        let mut offset = 0;
        if self.resume || self.course.owned {
            let wanted = identity.clone();
            offset = disk.run(part, move |part, _| part.resumable(&wanted)).await?;
        }
        let mut hash = self.fetch(&disk, part, &identity, offset).await?;
        if self.is_wrong(hash) && self.course.pieced && !self.course.repeated {
            tracing::warn!("the resumed file has a wrong hash, downloading all of it");
            self.course.repeated = true;
            attempts.begin_again();
            hash = self.fetch(&disk, part, &identity, 0).await?;
        }
        if let Some(expected) = self.sha256.filter(|_| self.is_wrong(hash)) {
            disk.run(part, |part, _| part.discard()).await?;
            return Err(DownloadError::HashMismatch { expected, got: hash });
        }
        disk.run(part, |part, _| part.publish()).await?;
        Ok((size, hash))
    }

    fn is_wrong(&self, hash: Sha256Digest) -> bool {
        self.sha256.is_some_and(|expected| expected != hash)
    }

    /// Until the module can be used and the next attempt may begin, if there is one.
    async fn wait(&mut self, because: TransferError, attempts: &mut Attempts) -> Result<(), DownloadError> {
        let bytes = self.course.bytes;
        self.session.outage().begin(because.to_string());
        let Some(wait) = attempts.next(bytes) else {
            return Err(self.give_up(because.into()));
        };
        let retrying = Retrying { attempt: attempts.made(), because, bytes, wait };
        tracing::info!(?retrying, "the download was cut and will go on");
        if let Some(on_retry) = &mut self.on_retry {
            on_retry(&retrying);
        }
        let mut health = self.session.modem().health();
        if health.up().await.is_err() {
            return Err(self.give_up(DownloadError::ModuleDown { error: retrying.because }));
        }
        sleep(wait).await;
        Ok(())
    }

    fn give_up(&mut self, error: DownloadError) -> DownloadError {
        self.session.outage().give_up(error.to_string());
        error
    }

    fn identity(&self, size: u64) -> Identity {
        let server = self.session.options().server();
        let directories = self.session.directories().join("/");
        Identity { source: format!("{server} {directories} {}", self.path), size, sha256: self.sha256 }
    }

    /// Completes the part file and gives the hash of what is on the disk.
    async fn fetch(
        &mut self,
        disk: &Disk,
        part: &PartFile,
        identity: &Identity,
        offset: u64,
    ) -> Result<Sha256Digest, DownloadError> {
        let owner = identity.clone();
        let opening = move |part: PartFile, turn| match offset {
            0 => part.begin(owner, turn),
            _ => part.go_on(owner, offset, turn),
        };
        let writer = disk.run(part, opening).await?;
        self.course.begin(offset);
        self.transfer(writer, identity.size, offset).await?;
        let (hash, length) = disk.run(part, |part, _| part.hash()).await?;
        if length != identity.size {
            return Err(DownloadError::SizeMismatch { expected: identity.size, got: length });
        }
        Ok(hash)
    }

    /// Receives while it writes: a port without flow control loses bytes when a slow disk holds up its
    /// reader. Whatever happens, what has come is recorded afterwards.
    async fn transfer(&mut self, writer: PartWriter, size: u64, offset: u64) -> Result<(), DownloadError> {
        let Self { session, path, target, mode, progress, course, .. } = self;
        let mut download = open(session, path, size, offset, *mode).await?;
        let Writing { chunks, mut length, task } = Writing::start(writer);
        let receiving = async move {
            while let Some(chunk) = download.next().await {
                // Nobody takes it any more once writing has failed.
                if chunks.send(chunk?).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        let reporting = async {
            while length.changed().await.is_ok() {
                let bytes = *length.borrow_and_update();
                course.bytes = bytes;
                if let Some(progress) = progress {
                    progress(Progress { bytes, total: size });
                }
            }
        };
        let (received, ()) = tokio::join!(receiving, reporting);
        task.await.unwrap_or_else(|error| Err(stopped(target, error)))?;
        received.map_err(DownloadError::Transfer)
    }
}

impl Course {
    /// The part file is open, to be written on behind so many bytes.
    fn begin(&mut self, offset: u64) {
        self.pieced = offset > 0;
        if !self.owned || offset == 0 {
            self.resumed_from = offset;
        }
        self.owned = true;
        self.bytes = offset;
    }
}

impl<'a> IntoFuture for FirmwareDownload<'a> {
    type Output = Result<DownloadReport, DownloadError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for FirmwareDownload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, target, resume, sha256, expected_size, mode, retry, .. } = self;
        f.debug_struct("FirmwareDownload")
            .field("path", path)
            .field("target", target)
            .field("resume", resume)
            .field("sha256", sha256)
            .field("expected_size", expected_size)
            .field("mode", mode)
            .field("retry", retry)
            .finish_non_exhaustive()
    }
}
