//! Why a file did not get onto the disk.

use std::io;
use std::path::{Path, PathBuf};

use telit_core::Category;

use super::transfer::TransferError;
use crate::firmware::Sha256Digest;

/// A download to a file failed. The final name was not touched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The transfer. What has come so far is kept in the part file.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The module is out of reach, and nobody is at work on it any more. What has come so far is kept in the part file.
    #[error("the module is out of reach, and nothing more is tried; before that: {error}")]
    ModuleDown {
        /// What went wrong at last.
        #[source]
        error: TransferError,
    },
    /// The file on the server, or what came of it, has another size than expected.
    #[error("the file has {got} bytes, expected {expected}")]
    SizeMismatch {
        /// The size that was asked for.
        expected: u64,
        /// The size that was found.
        got: u64,
    },
    /// The whole file came and has another hash than expected. The part file was removed.
    #[error("the file has the SHA-256 {got}, expected {expected}")]
    HashMismatch {
        /// The hash that was asked for.
        expected: Sha256Digest,
        /// The hash of what came.
        got: Sha256Digest,
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

impl DownloadError {
    pub(crate) fn file(action: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::File { action, path: path.to_owned(), kind: error.kind(), text: error.to_string() }
    }

    /// Whose turn it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Transfer(error) => error.category(),
            Self::ModuleDown { .. } => Category::Link,
            Self::SizeMismatch { .. } | Self::HashMismatch { .. } => Category::Verification,
            Self::File { kind: io::ErrorKind::InvalidInput, .. } => Category::Usage,
            Self::File { .. } => Category::Other,
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Transfer(
                TransferError::Truncated { .. }
                | TransferError::Stalled { .. }
                | TransferError::LineLost { .. }
                | TransferError::ModuleRestarted { .. },
            ) => Some("call it again with resume(true): what has come so far is kept in the part file"),
            Self::Transfer(error) => error.hint(),
            Self::ModuleDown { .. } => Some(
                "get the module back, then call it again with resume(true): what has come so far is kept",
            ),
            Self::SizeMismatch { .. } | Self::HashMismatch { .. } => {
                Some("compare what the server offers with what the manifest promises")
            }
            Self::File { .. } => None,
        }
    }

    /// Whether calling again with `resume(true)` can help, without anybody changing anything.
    #[must_use]
    pub fn is_resumable(&self) -> bool {
        matches!(self, Self::Transfer(error) if error.is_resumable())
    }
}
