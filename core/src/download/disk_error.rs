//! What can go wrong with the files on this computer.

use std::io;
use std::path::{Path, PathBuf};

/// The files cannot be worked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DiskError {
    File { action: &'static str, path: PathBuf, kind: io::ErrorKind, text: String },
    NoSpace { folder: PathBuf, needed: u64, free: u64 },
}

impl DiskError {
    pub(super) fn file(action: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::File { action, path: path.to_owned(), kind: error.kind(), text: error.to_string() }
    }
}
