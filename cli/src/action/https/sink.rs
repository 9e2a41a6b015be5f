//! Where the body of an answer goes.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::output::{self, Output};
use crate::transfer::OutputFile;

/// Where the body goes.
pub(super) enum Sink {
    File(OutputFile, PathBuf),
    Stdout,
    Nowhere,
}

impl Sink {
    pub(super) fn new(path: Option<&Path>, output: &Output) -> Result<Self, Failure> {
        match path {
            Some(path) => Ok(Self::File(OutputFile::create(path)?, path.to_owned())),
            None if output.is_json() => Ok(Self::Nowhere),
            None => Ok(Self::Stdout),
        }
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::File(..))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::File(file, _) => file.write(bytes),
            Self::Stdout => output::raw(bytes),
            Self::Nowhere => Ok(()),
        }
    }

    /// The file, if there is one.
    pub(super) fn finish(self) -> Result<Option<PathBuf>, Failure> {
        match self {
            Self::File(file, path) => file.finish().map(|()| Some(path)),
            Self::Stdout | Self::Nowhere => Ok(None),
        }
    }
}
