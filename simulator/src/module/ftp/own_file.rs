//! Downloads into the module's own files: `#FTPGETF`. Source: M37 p819-820.

use bytes::{Bytes, BytesMut};

use super::errors::command_error;
use super::{FtpWait, Transfer};
use crate::module::Module;
use crate::net::ftp::FtpError;
use crate::service::Order;

/// For so many bytes that were written there is a mark.
const MARK_EVERY: usize = 4096;

/// A file that is being stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnFile {
    pub(crate) name: String,
    /// Marks are printed.
    pub(crate) verbose: bool,
    pub(crate) content: BytesMut,
}

impl Module {
    pub(super) fn store(&mut self, bytes: &Bytes) {
        let Some(session) = self.ftp.session.as_mut() else { return };
        let (link, owner) = (session.link, session.owner);
        let Transfer::File(file) = &mut session.transfer else { return };
        let before = file.content.len() / MARK_EVERY;
        file.content.extend_from_slice(bytes);
        let marks = if file.verbose { file.content.len() / MARK_EVERY - before } else { 0 };
        self.answer(owner, "#".repeat(marks).as_bytes());
        self.order(link, Order::Credit(bytes.len()));
    }

    /// Half a file is none.
    pub(super) fn stored(&mut self, result: &Result<(), FtpError>) {
        let Some(session) = self.ftp.session.as_mut() else { return };
        let Transfer::File(file) = std::mem::take(&mut session.transfer) else { return };
        if result.is_ok() {
            self.files.insert(file.name, file.content.freeze());
        }
        if let Some((instance, FtpWait::File)) = self.ftp_waiting() {
            self.complete(instance, result.clone().map_err(|error| command_error(&error)));
        }
    }
}
