//! FTP transfers in data mode, and what leaves them.

use super::{Inbox, Transfer};
use crate::module::{InstanceId, Module};
use crate::service::{FtpOrder, Order};

impl Module {
    pub(in crate::module) fn pump_download(&mut self, id: InstanceId) {
        let room = self.room(id);
        let Some(session) = self.ftp.session.as_mut() else { return };
        let link = session.link;
        let Transfer::Download(inbox) = &mut session.transfer else { return };
        let data = inbox.take(room);
        let over = inbox.is_over();
        if over {
            session.transfer = Transfer::None;
        }
        if !data.is_empty() {
            self.answer(id, &data);
            self.order(link, Order::Credit(data.len()));
        }
        // What the host types meanwhile goes nowhere.
        self.online(id).into_iter().for_each(|online| online.unsent.clear());
        if over {
            self.no_carrier(id);
        }
    }

    pub(in crate::module) fn abandon_download(&mut self, id: InstanceId) {
        let Some(session) = self.ftp.session.as_mut() else { return };
        let link = session.link;
        if let Transfer::Download(inbox) = &mut session.transfer {
            *inbox = Inbox::closed();
        }
        self.order(link, Order::Ftp(FtpOrder::Abandon));
        self.pump_download(id);
    }

    pub(in crate::module) fn pump_upload(&mut self, id: InstanceId) {
        let Some(online) = self.online(id) else { return };
        let bytes = online.unsent.split().freeze();
        online.in_flight += bytes.len();
        let leaving = online.leaving && online.in_flight == 0;
        let Some(session) = self.ftp.session.as_mut() else { return };
        let link = session.link;
        let finish = leaving && matches!(session.transfer, Transfer::Upload { finishing: false });
        if finish {
            session.transfer = Transfer::Upload { finishing: true };
        }
        if !bytes.is_empty() {
            self.order(link, Order::Write(bytes));
        }
        if finish {
            self.order(link, Order::Ftp(FtpOrder::Finish));
        }
    }
}
