//! Data connections: opened, ended.

use super::errors::command_error;
use super::{FtpWait, Inbox, Packets, Transfer, Wanted};
use crate::command::Outcome;
use crate::error::{AtError, cme};
use crate::module::{InstanceId, Module};
use crate::net::ftp::FtpError;
use crate::online::Joined;
use crate::service::{FtpOrder, Order};

impl Module {
    /// Opens a data connection, if none is open.
    pub(crate) fn ftp_transfer(&mut self, instance: InstanceId, order: FtpOrder, wanted: Wanted) -> Outcome {
        let session = self.ftp_session(instance)?;
        if !matches!(session.transfer, Transfer::None) {
            return Err(AtError::Cme(cme::FTP_DATA_SOCKET_OPEN));
        }
        self.ftp_order(instance, Order::Ftp(order), FtpWait::Transfer(wanted))
    }

    pub(super) fn transfer_opened(&mut self, result: &Result<(), FtpError>) {
        let Some((instance, FtpWait::Transfer(wanted))) = self.ftp_waiting() else { return };
        let online = matches!(wanted, Wanted::Download | Wanted::Upload);
        if let Err(error) = result {
            // The data connection is refused: `NO CARRIER` instead of `CONNECT`. Source: IPE15 p44.
            let code = if online { AtError::NoCarrier } else { command_error(error) };
            if matches!(error, FtpError::Closed | FtpError::Malformed(_)) {
                self.drop_session();
            }
            return self.complete(instance, Err(code));
        }
        let Some(session) = self.ftp.session.as_mut() else { return };
        session.has_fetched |= matches!(wanted, Wanted::Packets { .. });
        let (transfer, joined) = match wanted {
            Wanted::Download => (Transfer::Download(Inbox::default()), Some(Joined::FtpDownload)),
            Wanted::Packets { name, hexadecimal } => {
                (Transfer::Packets(Packets { name, hexadecimal, inbox: Inbox::default() }), None)
            }
            Wanted::File(file) => (Transfer::File(file), None),
            Wanted::Upload => (Transfer::Upload { finishing: false }, Some(Joined::FtpUpload)),
            Wanted::Blocks => (Transfer::Blocks { broken: false }, None),
        };
        // Back to 0 once a transfer has been started. Source: M37 p833.
        session.restart = 0;
        session.transfer = transfer;
        match joined {
            Some(joined) => self.join(instance, joined),
            // The command lasts until the file is stored.
            None if matches!(session.transfer, Transfer::File(_)) => {
                session.waiting = Some((instance, FtpWait::File));
            }
            None => self.complete(instance, Ok(())),
        }
    }

    pub(super) fn transfer_ended(&mut self, result: Result<(), FtpError>) {
        let lost = matches!(result, Err(FtpError::Closed | FtpError::Malformed(_)));
        let Some(session) = self.ftp.session.as_mut() else { return };
        let owner = session.owner;
        match &mut session.transfer {
            Transfer::Download(inbox) | Transfer::Packets(Packets { inbox, .. }) => {
                inbox.ended.get_or_insert(result);
                return;
            }
            Transfer::File(_) => self.stored(&result),
            Transfer::Upload { .. } => {
                session.transfer = Transfer::None;
                self.no_carrier(owner);
            }
            Transfer::Blocks { .. } => match (&session.waiting, result) {
                (Some((_, FtpWait::Block { .. })), Ok(())) => {
                    session.transfer = Transfer::None;
                    self.block_sent();
                }
                (Some((_, FtpWait::Block { .. })), Err(_)) => {
                    session.transfer = Transfer::None;
                    self.end_ftp_wait(Err(AtError::Cme(cme::FTP_DATA_SOCKET_CLOSED)));
                }
                _ => session.transfer = Transfer::Blocks { broken: true },
            },
            Transfer::None => {}
        }
        if lost {
            self.drop_session();
        }
    }
}
