//! What can go wrong with the files on this computer.

use std::io;
use std::path::{Path, PathBuf};

/// A file cannot be worked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DiskError {
    pub(super) action: &'static str,
    pub(super) path: PathBuf,
    pub(super) kind: io::ErrorKind,
    pub(super) text: String,
}

impl DiskError {
    pub(super) fn file(action: &'static str, path: &Path, error: &io::Error) -> Self {
        Self { action, path: path.to_owned(), kind: error.kind(), text: error.to_string() }
    }
}
