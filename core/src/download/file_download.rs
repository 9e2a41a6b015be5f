//! A download to a file.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use super::digest::Sha256Digest;
use super::disk::Disk;
use super::error::DownloadError;
#[cfg(feature = "manifest")]
use super::manifest::Manifest;
use super::progress::Progress;
use super::retry::{Retry, Retrying};
use super::run::Course;
use super::source::RangeSource;

/// A download to a file that is about to begin; awaiting it runs it. See the [module](super).
#[must_use = "nothing happens until it is awaited"]
pub struct FileDownload<'a, S: RangeSource> {
    pub(super) source: S,
    pub(super) disk: Disk,
    pub(super) target: PathBuf,
    pub(super) resume: bool,
    pub(super) sha256: Option<Sha256Digest>,
    pub(super) expected_size: Option<u64>,
    pub(super) retry: Retry,
    pub(super) progress: Option<Box<dyn FnMut(Progress) + Send + 'a>>,
    pub(super) on_retry: Option<OnRetry<'a, S::Error>>,
    pub(super) course: Course,
}

type OnRetry<'a, E> = Box<dyn FnMut(&Retrying<E>) + Send + 'a>;

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

impl<'a, S: RangeSource> FileDownload<'a, S> {
    /// A download to this file. What is there is replaced if it is a file, or a link to one; the download is refused if it
    /// is anything else.
    pub fn new(source: S, disk: Disk, target: &Path) -> Self {
        Self {
            source,
            disk,
            target: target.to_owned(),
            resume: false,
            sha256: None,
            expected_size: None,
            retry: Retry::default(),
            progress: None,
            on_retry: None,
            course: Course::default(),
        }
    }

    /// Where it comes from.
    pub fn source_mut(&mut self) -> &mut S {
        &mut self.source
    }

    /// Whether to go on behind a part file of an earlier call. Default false: it is thrown away.
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

    /// Size and hash that the file must have, from a manifest whose signature was verified.
    #[cfg(feature = "manifest")]
    pub fn manifest(self, manifest: &Manifest) -> Self {
        self.expected_size(manifest.size()).sha256(manifest.sha256())
    }

    /// How often it goes on by itself after a cut. Default [`Retry::default`]: ten attempts in a row that bring nothing.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Called before it waits to go on after a cut.
    pub fn on_retry(mut self, on_retry: impl FnMut(&Retrying<S::Error>) + Send + 'a) -> Self {
        self.on_retry = Some(Box::new(on_retry));
        self
    }

    /// Called when a transfer has begun, with what is on the disk already, and after every piece that was written.
    pub fn progress(mut self, progress: impl FnMut(Progress) + Send + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }
}

impl<'a, S: RangeSource + 'a> IntoFuture for FileDownload<'a, S> {
    type Output = Result<DownloadReport, DownloadError<S::Error>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<S: RangeSource> fmt::Debug for FileDownload<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, resume, sha256, expected_size, retry, .. } = self;
        f.debug_struct("FileDownload")
            .field("source", &self.source.name())
            .field("target", target)
            .field("resume", resume)
            .field("sha256", sha256)
            .field("expected_size", expected_size)
            .field("retry", retry)
            .finish_non_exhaustive()
    }
}
