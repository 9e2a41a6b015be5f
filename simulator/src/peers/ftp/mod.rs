//! An FTP server in memory.

mod address;
mod files;
mod session;
mod transfer;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use self::files::Files;
use crate::journal::Journal;
use crate::net::memory::{Fabric, MemoryStream};

/// An FTP server (RFC 959, 2228, 2428, 3659, 4217) with its files. Clones are the same server. Made by
/// [`super::Peers::ftp`].
///
/// It speaks plain FTP, and TLS after `AUTH TLS`; data connections are the client's in passive mode and its own in
/// active mode, and are taken with and without TLS. Type A, which must be asked for, makes line ends of CR LF out of LF
/// and back, and has no `SIZE`. An upload that breaks leaves what has come.
#[derive(Clone)]
pub struct FtpServer {
    fabric: Fabric,
    address: IpAddr,
    files: Arc<Mutex<Files>>,
    commands: Journal<String>,
    transfers: Journal<FtpTransfer>,
}

/// A transfer that has ended, whole or not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FtpTransfer {
    /// `RETR`, `STOR`, `APPE`, `LIST` or `NLST`.
    pub command: String,
    /// The whole path.
    pub path: String,
    /// Where it began (`REST`).
    pub start: u64,
    /// How many bytes crossed the data connection.
    pub bytes: u64,
    /// Whether it ended in order.
    pub complete: bool,
    /// Whether the data connection was over TLS.
    pub secured: bool,
}

impl FtpServer {
    pub(super) fn new(fabric: Fabric, address: IpAddr) -> Self {
        Self { fabric, address, files: Arc::default(), commands: Journal::new(), transfers: Journal::new() }
    }

    /// Lets a user in. There are none at first; another password replaces the first.
    pub fn add_user(&self, name: &str, password: &str) {
        self.files().users.insert(name.to_owned(), password.to_owned());
    }

    /// Stores a file, and the directories above it. `path` counts from the root.
    pub fn put(&self, path: &str, content: impl Into<Vec<u8>>) {
        self.files().put(&files::resolved("/", path), content.into());
    }

    /// The content of a file; `None` if there is none.
    pub fn get(&self, path: &str) -> Option<Bytes> {
        let files = self.files();
        files.get(&files::resolved("/", path)).map(|content| Bytes::copy_from_slice(content))
    }

    /// Removes a file. `false`: there was none.
    pub fn remove(&self, path: &str) -> bool {
        self.files().remove(&files::resolved("/", path))
    }

    /// The whole paths of all files, in their order.
    pub fn paths(&self) -> Vec<String> {
        self.files().paths()
    }

    /// The next upload or download breaks after `bytes` bytes: the data connection is reset, and the reply is 426.
    pub fn cut_next_transfer_after(&self, bytes: u64) {
        self.files().cut = Some(bytes);
    }

    /// Refuses `REST` from now on.
    pub fn refuse_restart(&self) {
        self.files().refuses_restart = true;
    }

    /// Takes `REST` from now on, and begins downloads at the start nevertheless.
    pub fn ignore_restart(&self) {
        self.files().ignores_restart = true;
    }

    /// The next command of this name, such as `SIZE` or `RETR`, gets this reply and is not obeyed. Several wait for their
    /// turns.
    pub fn answer_next(&self, command: &str, reply: &str) {
        self.files().answers.push((command.to_owned(), Some(reply.to_owned())));
    }

    /// The next command of this name gets no reply and is not obeyed.
    pub fn ignore_next(&self, command: &str) {
        self.files().answers.push((command.to_owned(), None));
    }

    /// The next upload is taken, and refused in the end with this reply: the file stays as it was.
    pub fn reject_next_upload(&self, reply: &str) {
        self.files().rejection = Some(reply.to_owned());
    }

    /// Every command line so far, in order. Passwords are left out.
    pub fn commands(&self) -> Vec<String> {
        self.commands.all()
    }

    /// Every ended transfer, in the order they ended.
    pub fn transfers(&self) -> Vec<FtpTransfer> {
        self.transfers.all()
    }

    /// Forgets the commands and transfers so far. Files stay.
    pub fn clear_log(&self) {
        self.commands.clear();
        self.transfers.clear();
    }

    /// Waits until `count` transfers have been noted and returns all of them.
    ///
    /// # Cancel safety
    /// Nothing is lost when dropped.
    pub async fn wait_for_transfers(&self, count: usize) -> Vec<FtpTransfer> {
        self.transfers.at_least(count).await
    }

    pub(super) fn accept(&self, stream: MemoryStream) {
        tokio::spawn(session::serve(self.clone(), stream));
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FtpServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FtpServer")
            .field("address", &self.address)
            .field("paths", &self.paths())
            .finish_non_exhaustive()
    }
}
