//! Downloads in command mode: `#FTPGETPKT`, `#FTPRECV`.

use super::Transfer;
use crate::error::{AtError, cme};
use crate::module::{InstanceId, Module};
use crate::net::ftp::FtpError;
use crate::service::Order;

impl Module {
    /// `#FTPRECV=n`: what has arrived, at most `most`.
    pub(crate) fn read_packets(
        &mut self,
        instance: InstanceId,
        most: usize,
    ) -> Result<(Vec<u8>, bool), AtError> {
        let session = self.ftp_session(instance)?;
        let link = session.link;
        let Transfer::Packets(packets) = &mut session.transfer else {
            return Err(AtError::Cme(cme::FTP_DATA_SOCKET_CLOSED));
        };
        if packets.inbox.is_over() {
            return Err(AtError::Cme(cme::FTP_DATA_SOCKET_CLOSED));
        }
        let data = packets.inbox.take(most);
        let hexadecimal = packets.hexadecimal;
        self.order(link, Order::Credit(data.len()));
        Ok((data, hexadecimal))
    }

    /// `#FTPRECV?`
    pub(crate) fn packets_available(&mut self, instance: InstanceId) -> Result<usize, AtError> {
        let session = self.ftp_session(instance)?;
        match &session.transfer {
            Transfer::Packets(packets) => Ok(packets.inbox.available),
            _ => Ok(0),
        }
    }

    /// `#FTPGETPKT?`: name, view and end of file. The last one closes the data connection. Source: IPE28 p132.
    pub(crate) fn packets_state(
        &mut self,
        instance: InstanceId,
    ) -> Result<Option<(String, bool, bool)>, AtError> {
        let silent_cuts = self.quirks.end_of_file_after_cut;
        let session = self.ftp_session(instance)?;
        let Transfer::Packets(packets) = &session.transfer else { return Ok(None) };
        let whole = match &packets.inbox.ended {
            Some(Ok(())) => true,
            Some(Err(_)) => silent_cuts,
            None => false,
        };
        let state = (packets.name.clone(), packets.hexadecimal, whole);
        let lost = matches!(packets.inbox.ended, Some(Err(FtpError::Closed | FtpError::Malformed(_))));
        if packets.inbox.is_over() {
            session.transfer = Transfer::None;
            if lost {
                self.drop_session();
            }
        }
        Ok(Some(state))
    }
}
