//! Why a file did not get onto the disk.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::digest::Sha256Digest;
use super::disk_error::DiskError;
use crate::Category;

/// What ends a transfer, as far as a download to a file needs to know.
pub trait SourceError: Error + Clone + Send + Sync + 'static {
    /// Whose turn it is.
    fn category(&self) -> Category;

    /// What to try.
    fn hint(&self) -> Option<&'static str>;

    /// Whether trying again from where it stopped can help, without anybody changing anything.
    fn is_resumable(&self) -> bool;

    /// Whether a transfer that was under way ended early, and there is nothing to try but to go on.
    fn is_cut(&self) -> bool;

    /// How long the server asked to be left alone, at least. Default: it did not.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// Whether it shows that what came before may belong to another place in the file, or to another file. Then nothing
    /// of it is kept. Default false.
    fn spoils_what_came(&self) -> bool {
        false
    }
}

/// A download to a file failed. The final name was not touched, unless it is a `File` error that came behind renaming: then
/// the whole verified file has it, and what failed is flushing the folder or removing the state file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError<E> {
    /// The transfer. What has come so far is kept in the part file, unless more came than was announced.
    #[error(transparent)]
    Transfer(#[from] E),
    /// The module is out of reach, and nobody is at work on it any more. What has come so far is kept in the part file.
    #[error("the module is out of reach, and nothing more is tried; before that: {error}")]
    ModuleDown {
        /// What went wrong at last.
        #[source]
        error: E,
    },
    /// The file on the server, or what came of it, has another size than expected. If too much came, the part file was
    /// removed.
    #[error("the file has {got} bytes, expected {expected}")]
    SizeMismatch {
        /// The size that was asked for.
        expected: u64,
        /// The size that was found.
        got: u64,
    },
    /// The server does not tell how large the file is, and nobody else has. Nothing was downloaded.
    #[error("the server does not tell how large the file is")]
    SizeUnknown,
    /// The whole file came and has another hash than expected. The part file was removed.
    #[error("the file has the SHA-256 {got}, expected {expected}")]
    HashMismatch {
        /// The hash that was asked for.
        expected: Sha256Digest,
        /// The hash of what came.
        got: Sha256Digest,
    },
    /// The rest of the file does not fit on the disk. Nothing was downloaded.
    #[error("{needed} bytes are needed in {}, and {free} are free", folder.display())]
    NoSpace {
        /// The folder of the target.
        folder: PathBuf,
        /// So many bytes are still to come.
        needed: u64,
        /// So many can be stored there.
        free: u64,
    },
    /// A file on this computer.
    #[error("cannot {action} {}: {text}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What kind of failure it was.
        kind: io::ErrorKind,
        /// In words.
        text: String,
    },
}

impl<E> DownloadError<E> {
    /// There is no `From`: it would be another one for every `E`.
    pub(super) fn disk(error: DiskError) -> Self {
        match error {
            DiskError::File { action, path, kind, text } => Self::File { action, path, kind, text },
            DiskError::NoSpace { folder, needed, free } => Self::NoSpace { folder, needed, free },
        }
    }
}

impl<E: SourceError> DownloadError<E> {
    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Transfer(error) => error.category(),
            Self::ModuleDown { .. } => Category::Link,
            Self::SizeMismatch { .. } | Self::HashMismatch { .. } => Category::Verification,
            Self::SizeUnknown | Self::File { kind: io::ErrorKind::InvalidInput, .. } => Category::Usage,
            Self::NoSpace { .. } | Self::File { .. } => Category::Other,
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Transfer(error) if error.is_cut() => {
                Some("call it again with resume(true): what has come so far is kept in the part file")
            }
            Self::Transfer(error) => error.hint(),
            Self::ModuleDown { .. } => Some(
                "get the module back, then call it again with resume(true): what has come so far is kept",
            ),
            Self::SizeMismatch { .. } | Self::HashMismatch { .. } => {
                Some("compare what the server offers with what the manifest promises")
            }
            Self::SizeUnknown => Some("tell it with expected_size(), or give a manifest"),
            Self::NoSpace { .. } => Some("make room, then call it again"),
            Self::File { .. } => None,
        }
    }

    /// Whether calling again with `resume(true)` can help, without anybody changing anything.
    #[must_use]
    pub fn is_resumable(&self) -> bool {
        matches!(self, Self::Transfer(error) if error.is_resumable())
    }
}
