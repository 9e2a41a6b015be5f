//! Uploads in command mode: `#FTPAPPEXT`.

use bytes::Bytes;

use super::{FtpWait, Transfer};
use crate::command::Outcome;
use crate::error::{AtError, cme};
use crate::module::{InstanceId, Module};
use crate::service::{FtpOrder, Order};

impl Module {
    pub(super) fn ftp_written(&mut self, count: usize) {
        let early = self.quirks.appends_end_early;
        let Some(session) = self.ftp.session.as_mut() else { return };
        let (owner, link) = (session.owner, session.link);
        match &mut session.waiting {
            Some((_, FtpWait::Block { left, last, .. })) => {
                *left = left.saturating_sub(count);
                match (*left, *last) {
                    (0, true) => {
                        if early {
                            session.transfer = Transfer::None;
                        }
                        self.order(link, Order::Ftp(FtpOrder::Finish));
                        if early {
                            self.block_sent();
                        }
                    }
                    (0, false) => self.block_sent(),
                    _ => {}
                }
            }
            _ => {
                if let Some(online) = self.online(owner) {
                    online.in_flight = online.in_flight.saturating_sub(count);
                }
            }
        }
    }

    pub(super) fn block_sent(&mut self) {
        if let Some((instance, FtpWait::Block { total, .. })) = self.ftp_waiting() {
            self.info(instance, format!("#FTPAPPEXT: {total}"));
            self.complete(instance, Ok(()));
        }
    }

    /// A block of `#FTPAPPEXT` has been entered.
    pub(in crate::module) fn append_block(
        &mut self,
        instance: InstanceId,
        mut data: Bytes,
        last: bool,
    ) -> Outcome {
        let short = self.quirks.short_appends;
        self.appendable(instance)?;
        if short && data.len() > 1 {
            data.truncate(data.len().div_ceil(2));
        }
        let total = data.len();
        self.ftp_order(instance, Order::Write(data), FtpWait::Block { total, left: total, last })
    }

    /// Whether `#FTPAPPEXT` has a data connection.
    pub(crate) fn appendable(&mut self, instance: InstanceId) -> Result<(), AtError> {
        let session = self.ftp_session(instance)?;
        match session.transfer {
            Transfer::Blocks { broken: false } => Ok(()),
            Transfer::Blocks { broken: true } => {
                session.transfer = Transfer::None;
                Err(AtError::Cme(cme::FTP_DATA_SOCKET_CLOSED))
            }
            _ => Err(AtError::Cme(cme::FTP_DATA_SOCKET_CLOSED)),
        }
    }
}
