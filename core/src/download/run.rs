//! The attempts of a download, one after the other.

use tokio::time::{Instant, sleep};

use super::digest::Sha256Digest;
use super::disk::{Disk, stopped};
use super::disk_error::DiskError;
use super::error::{DownloadError, SourceError};
use super::file_download::{DownloadReport, FileDownload};
use super::part_file::{PartFile, PartWriter};
use super::part_state::{Identity, PartState};
use super::progress::Meter;
use super::retry::{Attempts, Retrying};
use super::source::{Held, Offer, RangeSource};
use super::writing::Writing;

/// What the attempts of one download have in common.
#[derive(Debug, Default)]
pub(super) struct Course {
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

impl<S: RangeSource> FileDownload<'_, S> {
    pub(super) async fn run(mut self) -> Result<DownloadReport, DownloadError<S::Error>> {
        let started = Instant::now();
        let part = PartFile::beside(&self.target).map_err(DownloadError::disk)?;
        let mut attempts = Attempts::first(self.retry);
        loop {
            match self.attempt(&part, &mut attempts).await {
                Ok((bytes, sha256)) => {
                    let (resumed_from, attempts) = (self.course.resumed_from, attempts.made());
                    let took = started.elapsed();
                    return Ok(DownloadReport { bytes, sha256, resumed_from, attempts, took });
                }
                Err(DownloadError::Transfer(error)) if error.is_resumable() => {
                    self.wait(error, &mut attempts).await?;
                }
                Err(error) => return Err(self.give_up(error)),
            }
        }
    }

    /// One attempt, from asking what the server has to the final name.
    async fn attempt(
        &mut self,
        part: &PartFile,
        attempts: &mut Attempts,
    ) -> Result<(u64, Sha256Digest), DownloadError<S::Error>> {
        let held = match self.resume || self.course.owned {
            true => on_disk(&self.disk, part, PartFile::held).await?,
            false => None,
        };
        let held = held.filter(|held| held.may_belong_to(&self.source.name(), self.sha256));
        let told = held.as_ref().map(|held| self.told_of(held));
        let offer = self.source.offer(told.as_ref()).await?;
        let identity = self.identity(&offer)?;
        let fitting = held.filter(|_| offer.resumes).and_then(|held| held.safe_for(&identity));
        let mut hash = self.fetch(part, &identity, fitting.unwrap_or(0)).await?;
        if self.is_wrong(hash) && self.course.pieced && !self.course.repeated {
            tracing::warn!("the resumed file has a wrong hash, downloading all of it");
            self.course.repeated = true;
            self.source.spoiled();
            attempts.begin_again();
            hash = self.fetch(part, &identity, 0).await?;
        }
        if let Some(expected) = self.sha256.filter(|_| self.is_wrong(hash)) {
            on_disk(&self.disk, part, PartFile::discard).await?;
            return Err(DownloadError::HashMismatch { expected, got: hash });
        }
        on_disk(&self.disk, part, PartFile::publish).await?;
        Ok((identity.size, hash))
    }

    fn told_of(&self, held: &PartState) -> Held {
        let PartState { identity, safe } = held;
        let (size, version, is_hash_known) = (identity.size, identity.version.clone(), self.sha256.is_some());
        Held::new(*safe, size, version, is_hash_known)
    }

    fn identity(&self, offer: &Offer) -> Result<Identity, DownloadError<S::Error>> {
        let size = match (offer.size, self.expected_size) {
            (Some(got), Some(expected)) if got != expected => {
                return Err(DownloadError::SizeMismatch { expected, got });
            }
            (offered, expected) => offered.or(expected).ok_or(DownloadError::SizeUnknown)?,
        };
        let (source, version) = (self.source.name(), offer.version.clone());
        Ok(Identity { source, size, version, sha256: self.sha256 })
    }

    fn is_wrong(&self, hash: Sha256Digest) -> bool {
        self.sha256.is_some_and(|expected| expected != hash)
    }

    /// Until the module can be used and the next attempt may begin, if there is one.
    async fn wait(
        &mut self,
        because: S::Error,
        attempts: &mut Attempts,
    ) -> Result<(), DownloadError<S::Error>> {
        let bytes = self.course.bytes;
        self.source.failed(&because);
        let Some(wait) = attempts.next(bytes) else {
            return Err(self.give_up(DownloadError::Transfer(because)));
        };
        let wait = wait.max(because.retry_after().unwrap_or_default());
        let retrying = Retrying { attempt: attempts.made(), because, bytes, wait };
        tracing::info!(?retrying, "the download was cut and will go on");
        if let Some(on_retry) = &mut self.on_retry {
            on_retry(&retrying);
        }
        if self.source.usable().await.is_err() {
            return Err(self.give_up(DownloadError::ModuleDown { error: retrying.because }));
        }
        sleep(wait).await;
        Ok(())
    }

    fn give_up(&mut self, error: DownloadError<S::Error>) -> DownloadError<S::Error> {
        self.source.gave_up(error.to_string());
        error
    }

    /// Completes the part file and gives the hash of what is on the disk.
    async fn fetch(
        &mut self,
        part: &PartFile,
        identity: &Identity,
        offset: u64,
    ) -> Result<Sha256Digest, DownloadError<S::Error>> {
        let owner = identity.clone();
        let opening = move |part: PartFile, turn| match offset {
            0 => part.begin(owner, turn),
            _ => part.go_on(owner, offset, turn),
        };
        let writer = self.disk.run(part, opening).await.map_err(DownloadError::disk)?;
        self.course.begin(offset);
        if let Err(error) = self.transfer(writer, identity.size, offset).await {
            if spoils_what_came(&error) {
                on_disk(&self.disk, part, PartFile::discard).await?;
                self.course.bytes = 0;
            }
            return Err(error);
        }
        let whole = identity.clone();
        on_disk(&self.disk, part, move |part| part.complete(&whole)).await?;
        let (hash, length) = on_disk(&self.disk, part, PartFile::hash).await?;
        if length != identity.size {
            return Err(DownloadError::SizeMismatch { expected: identity.size, got: length });
        }
        Ok(hash)
    }

    /// Receives while it writes: a port without flow control loses bytes when a slow disk holds up its
    /// reader. Whatever happens, what has come is recorded afterwards.
    async fn transfer(
        &mut self,
        writer: PartWriter,
        size: u64,
        offset: u64,
    ) -> Result<(), DownloadError<S::Error>> {
        let Self { source, target, progress, course, .. } = self;
        source.open(offset).await?;
        let mut meter = Meter::start(Instant::now(), offset, size);
        if let Some(progress) = progress {
            progress(meter.progress(Instant::now(), offset));
        }
        let Writing { chunks, mut length, task } = Writing::start(writer);
        let receiving = async {
            // Ends the writer when it is dropped.
            let chunks = chunks;
            let mut got = offset;
            while let Some(chunk) = source.next().await {
                let chunk = chunk?;
                got = got.saturating_add(chunk.len() as u64);
                // Whatever the server sends, it does not fill the disk.
                if got > size {
                    return Err(DownloadError::SizeMismatch { expected: size, got });
                }
                // Nobody takes it any more once writing has failed.
                if chunks.send(chunk).await.is_err() {
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
                    progress(meter.progress(Instant::now(), bytes));
                }
            }
        };
        let (received, ()) = tokio::join!(receiving, reporting);
        source.close();
        let written = task.await.unwrap_or_else(|error| Err(stopped(target, error)));
        written.map_err(DownloadError::disk)?;
        received
    }
}

/// Too much has come: what stands on the disk may be of another place in the file.
fn spoils_what_came<E: SourceError>(error: &DownloadError<E>) -> bool {
    match error {
        DownloadError::Transfer(error) => error.spoils_what_came(),
        DownloadError::SizeMismatch { .. } => true,
        _ => false,
    }
}

async fn on_disk<T: Send + 'static, E>(
    disk: &Disk,
    part: &PartFile,
    job: impl FnOnce(&PartFile) -> Result<T, DiskError> + Send + 'static,
) -> Result<T, DownloadError<E>> {
    disk.run(part, move |part, _turn| job(&part)).await.map_err(DownloadError::disk)
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
