//! A pseudo-terminal: a serial line without a wire.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// A raw pseudo-terminal, whose one end is opened by its path like a serial port.
#[derive(Debug)]
pub struct Terminal {
    module: File,
    path: PathBuf,
    /// Held open, so that the module's end sees no hangup before somebody has opened the path.
    _host: OwnedFd,
}

impl Terminal {
    /// A new one.
    ///
    /// # Errors
    ///
    /// When the system has none.
    pub fn new() -> io::Result<Self> {
        let module = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&module)?;
        unlockpt(&module)?;
        let mut attributes = tcgetattr(&module)?;
        attributes.make_raw();
        tcsetattr(&module, OptionalActions::Now, &attributes)?;
        let name = ptsname(&module, Vec::new())?;
        let path = PathBuf::from(name.to_str().map_err(io::Error::other)?);
        let host = rustix::fs::open(&path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { module: File::from(module), path, _host: host })
    }

    /// What the host opens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The module's end, whose calls block.
    ///
    /// # Errors
    ///
    /// When the process has too many files open.
    pub fn module(&self) -> io::Result<File> {
        self.module.try_clone()
    }
}
