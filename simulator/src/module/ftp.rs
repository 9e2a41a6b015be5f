//! The FTP client. Source: at-http-and-ftp B, M37 p806-839.

use std::collections::VecDeque;

use bytes::Bytes;

use super::tls_events::dial_error;
use super::{InstanceId, Module};
use crate::command::{Flow, Outcome};
use crate::error::{AtError, cme};
use crate::net::ftp::{FtpError, Reply};
use crate::net::{NetError, TlsFailure};
use crate::online::Joined;
use crate::service::{Event, FtpAnswer, FtpOrder, LinkId, OpenFailure, Order};

/// Settings (none is kept over a restart) and the one session.
#[derive(Debug)]
pub(crate) struct Ftp {
    /// In 100 ms.
    pub(crate) timeout: u32,
    pub(crate) ignore_passive_address: bool,
    pub(crate) tls: bool,
    /// `<FTPext>` 1: `PORT` and `PASV` when both sides are IPv4.
    pub(crate) classic_commands: bool,
    pub(crate) session: Option<Session>,
}

impl Default for Ftp {
    fn default() -> Self {
        Self {
            timeout: 100,
            ignore_passive_address: false,
            tls: false,
            classic_commands: true,
            session: None,
        }
    }
}

/// A control connection.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) owner: InstanceId,
    pub(crate) ascii: bool,
    pub(crate) restart: u64,
    pub(crate) transfer: Transfer,
    link: LinkId,
    waiting: Option<(InstanceId, FtpWait)>,
}

/// The data connection.
#[derive(Debug, Default)]
pub(crate) enum Transfer {
    #[default]
    None,
    /// `#FTPGET`, `#FTPLIST`
    Download(Inbox),
    /// `#FTPGETPKT`
    Packets(Packets),
    /// `#FTPPUT`, `#FTPAPP` in data mode.
    Upload { finishing: bool },
    /// The same in command mode. Broken: the server closed it.
    Blocks { broken: bool },
}

/// What `#FTPGETPKT` buffers.
#[derive(Debug)]
pub(crate) struct Packets {
    pub(crate) name: String,
    pub(crate) hexadecimal: bool,
    inbox: Inbox,
}

/// Received data.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    pieces: VecDeque<Bytes>,
    available: usize,
    ended: Option<Result<(), FtpError>>,
}

/// What a command waits for.
#[derive(Debug)]
pub(crate) enum FtpWait {
    Open,
    Close,
    /// A command whose success is `OK`.
    Plain,
    Size,
    WorkingDirectory,
    Message,
    /// `#FTPCMD`: the commands that follow.
    Lines(VecDeque<(String, u8)>),
    /// A data connection.
    Transfer(Wanted),
    /// A block of `#FTPAPPEXT`.
    Block {
        total: usize,
        left: usize,
        last: bool,
    },
}

/// What the data connection is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    Download,
    Packets { name: String, hexadecimal: bool },
    Upload,
    Blocks,
}

impl Inbox {
    fn push(&mut self, bytes: Bytes) {
        self.available += bytes.len();
        self.pieces.push_back(bytes);
    }

    fn take(&mut self, most: usize) -> Vec<u8> {
        let mut taken = Vec::with_capacity(most.min(self.available));
        while taken.len() < most {
            let Some(mut first) = self.pieces.pop_front() else { break };
            let count = first.len().min(most - taken.len());
            taken.extend_from_slice(&first.split_to(count));
            if !first.is_empty() {
                self.pieces.push_front(first);
            }
        }
        self.available -= taken.len();
        taken
    }

    fn is_over(&self) -> bool {
        self.ended.is_some() && self.available == 0
    }
}

impl Ftp {
    pub(super) fn link(&self) -> Option<LinkId> {
        self.session.as_ref().map(|session| session.link)
    }
}

impl Session {
    fn inbox(&mut self) -> Option<&mut Inbox> {
        match &mut self.transfer {
            Transfer::Download(inbox) | Transfer::Packets(Packets { inbox, .. }) => Some(inbox),
            _ => None,
        }
    }
}

impl Module {
    /// The session, for this instance.
    pub(crate) fn ftp_session(&mut self, instance: InstanceId) -> Result<&mut Session, AtError> {
        let session = self.ftp.session.as_mut().ok_or(AtError::Cme(cme::FTP_NOT_CONNECTED))?;
        if session.owner != instance {
            return Err(AtError::Cme(cme::RESOURCE_USED));
        }
        Ok(session)
    }

    /// A session is being opened over `link`.
    pub(crate) fn begin_ftp_session(&mut self, owner: InstanceId, link: LinkId) -> Flow {
        self.ftp.session = Some(Session {
            owner,
            ascii: false,
            restart: 0,
            transfer: Transfer::None,
            link,
            waiting: Some((owner, FtpWait::Open)),
        });
        Flow::Waiting
    }

    /// Gives the session an order and waits.
    pub(crate) fn ftp_order(&mut self, instance: InstanceId, order: Order, wait: FtpWait) -> Outcome {
        let session = self.ftp_session(instance)?;
        session.waiting = Some((instance, wait));
        let link = session.link;
        self.order(link, order);
        Ok(Flow::Waiting)
    }

    /// Opens a data connection, if none is open.
    pub(crate) fn ftp_transfer(&mut self, instance: InstanceId, order: FtpOrder, wanted: Wanted) -> Outcome {
        let session = self.ftp_session(instance)?;
        if !matches!(session.transfer, Transfer::None) {
            return Err(AtError::Cme(cme::FTP_DATA_SOCKET_OPEN));
        }
        self.ftp_order(instance, Order::Ftp(order), FtpWait::Transfer(wanted))
    }

    pub(super) fn ftp_event(&mut self, event: Event) {
        match event {
            Event::Opened { .. } => self.end_ftp_wait(Ok(())),
            Event::OpenFailed(failure) => {
                let error = match failure {
                    OpenFailure::Ftp(error) => open_error(&error),
                    _ => AtError::Cme(cme::FTP_CANNOT_CONNECT),
                };
                let waiting = self.drop_session();
                waiting.into_iter().for_each(|(instance, _)| self.complete(instance, Err(error)));
            }
            Event::FtpDone(Ok(answer)) => self.ftp_answered(answer),
            Event::FtpDone(Err(error)) => self.ftp_failed(&error),
            Event::FtpTransfer(result) => self.transfer_opened(&result),
            Event::Data(bytes) => {
                let inbox = self.ftp.session.as_mut().and_then(Session::inbox);
                inbox.into_iter().for_each(|inbox| inbox.push(bytes.clone()));
            }
            Event::Written(count) => self.ftp_written(count),
            Event::FtpTransferEnded(result) => self.transfer_ended(result),
            _ => {}
        }
    }

    fn ftp_waiting(&mut self) -> Option<(InstanceId, FtpWait)> {
        self.ftp.session.as_mut().and_then(|session| session.waiting.take())
    }

    fn end_ftp_wait(&mut self, result: Result<(), AtError>) {
        if let Some((instance, _)) = self.ftp_waiting() {
            self.complete(instance, result);
        }
    }

    /// Forgets the session. Gives back what was waited for.
    fn drop_session(&mut self) -> Option<(InstanceId, FtpWait)> {
        let session = self.ftp.session.take()?;
        self.release(session.link);
        session.waiting
    }

    fn ftp_answered(&mut self, answer: FtpAnswer) {
        let Some((instance, wait)) = self.ftp_waiting() else { return };
        match (wait, answer) {
            (FtpWait::Close, _) => {
                self.drop_session();
            }
            (FtpWait::Size, FtpAnswer::Size(size)) => self.info(instance, format!("#FTPFSIZE: {size}")),
            (FtpWait::WorkingDirectory, FtpAnswer::Lines(lines)) => {
                self.prefixed_lines(instance, "#FTPPWD: ", lines)
            }
            (FtpWait::Message, FtpAnswer::Lines(lines)) => self.prefixed_lines(instance, "#FTPMSG: ", lines),
            (FtpWait::Lines(mut next), FtpAnswer::Lines(lines)) => {
                self.info_lines(instance, &lines);
                if let Some((line, expected)) = next.pop_front() {
                    let order = Order::Ftp(FtpOrder::Command { line, expected });
                    let outcome = self.ftp_order(instance, order, FtpWait::Lines(next));
                    return outcome.err().into_iter().for_each(|error| self.complete(instance, Err(error)));
                }
            }
            _ => {}
        }
        self.complete(instance, Ok(()));
    }

    fn prefixed_lines(&mut self, instance: InstanceId, prefix: &str, mut lines: Vec<String>) {
        match lines.first_mut() {
            Some(first) => first.insert_str(0, prefix),
            None => lines.push(prefix.trim_end().to_owned()),
        }
        self.info_lines(instance, &lines);
    }

    fn ftp_failed(&mut self, error: &FtpError) {
        if let Some((instance, FtpWait::Close)) = self
            .ftp
            .session
            .as_ref()
            .and_then(|session| session.waiting.as_ref().map(|(instance, wait)| (*instance, wait)))
        {
            self.drop_session();
            return self.complete(instance, Ok(()));
        }
        match error {
            FtpError::Closed | FtpError::Malformed(_) => self.session_lost(),
            _ => self.end_ftp_wait(Err(command_error(error))),
        }
    }

    /// The control connection is gone.
    fn session_lost(&mut self) {
        let owner = self.ftp.session.as_ref().map(|session| session.owner);
        let online = owner.and_then(|owner| self.online(owner).map(|online| online.joined));
        let joined = matches!(online, Some(Joined::FtpDownload | Joined::FtpUpload));
        let waiting = self.drop_session();
        if let Some((instance, wait)) = waiting {
            let error = match wait {
                FtpWait::Transfer(Wanted::Download | Wanted::Upload) => AtError::NoCarrier,
                _ => AtError::Cme(cme::FTP_DISCONNECTED),
            };
            self.complete(instance, Err(error));
        }
        if let Some(owner) = owner.filter(|_| joined) {
            self.no_carrier(owner);
        }
    }

    fn transfer_opened(&mut self, result: &Result<(), FtpError>) {
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
        let (transfer, joined) = match wanted {
            Wanted::Download => (Transfer::Download(Inbox::default()), Some(Joined::FtpDownload)),
            Wanted::Packets { name, hexadecimal } => {
                (Transfer::Packets(Packets { name, hexadecimal, inbox: Inbox::default() }), None)
            }
            Wanted::Upload => (Transfer::Upload { finishing: false }, Some(Joined::FtpUpload)),
            Wanted::Blocks => (Transfer::Blocks { broken: false }, None),
        };
        // Back to 0 once a transfer has been started. Source: M37 p833.
        session.restart = 0;
        session.transfer = transfer;
        match joined {
            Some(joined) => self.join(instance, joined),
            None => self.complete(instance, Ok(())),
        }
    }

    pub(super) fn pump_download(&mut self, id: InstanceId) {
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

    pub(super) fn abandon_download(&mut self, id: InstanceId) {
        let Some(session) = self.ftp.session.as_mut() else { return };
        let link = session.link;
        if let Transfer::Download(inbox) = &mut session.transfer {
            *inbox = Inbox { ended: Some(Ok(())), ..Inbox::default() };
        }
        self.order(link, Order::Ftp(FtpOrder::Abandon));
        self.pump_download(id);
    }

    pub(super) fn pump_upload(&mut self, id: InstanceId) {
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

    fn ftp_written(&mut self, count: usize) {
        let Some(session) = self.ftp.session.as_mut() else { return };
        let (owner, link) = (session.owner, session.link);
        match &mut session.waiting {
            Some((_, FtpWait::Block { left, last, .. })) => {
                *left = left.saturating_sub(count);
                match (*left, *last) {
                    (0, true) => self.order(link, Order::Ftp(FtpOrder::Finish)),
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

    fn block_sent(&mut self) {
        if let Some((instance, FtpWait::Block { total, .. })) = self.ftp_waiting() {
            self.info(instance, format!("#FTPAPPEXT: {total}"));
            self.complete(instance, Ok(()));
        }
    }

    fn transfer_ended(&mut self, result: Result<(), FtpError>) {
        let lost = matches!(result, Err(FtpError::Closed | FtpError::Malformed(_)));
        let Some(session) = self.ftp.session.as_mut() else { return };
        let owner = session.owner;
        match &mut session.transfer {
            Transfer::Download(inbox) | Transfer::Packets(Packets { inbox, .. }) => {
                inbox.ended.get_or_insert(result);
                return;
            }
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

    /// A block of `#FTPAPPEXT` has been entered.
    pub(super) fn append_block(&mut self, instance: InstanceId, mut data: Bytes, last: bool) -> Outcome {
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

    /// The network is gone.
    pub(super) fn break_ftp(&mut self) {
        if let Some(link) = self.ftp.link() {
            self.abandon(link);
            self.session_lost();
        }
    }
}

/// What a failed `#FTPOPEN` is called.
fn open_error(error: &FtpError) -> AtError {
    AtError::Cme(match error {
        FtpError::Connect(NetError::Name { .. } | NetError::NetworkDown) => cme::FTP_CANNOT_RESOLVE,
        FtpError::Connect(error @ NetError::Tls { .. }) | FtpError::Tls(error @ NetError::Tls { .. }) => {
            match error.tls_failure() {
                Some(TlsFailure::Credentials) => cme::SSL_CERTIFICATES,
                _ => return dial_error(error),
            }
        }
        FtpError::Connect(_) => cme::FTP_CANNOT_CONNECT,
        FtpError::Login(_) => cme::FTP_LOGIN_INCORRECT,
        FtpError::Invalid => return AtError::Plain,
        _ => cme::FTP_BAD_RESPONSE,
    })
}

/// What a failed command is called.
fn command_error(error: &FtpError) -> AtError {
    AtError::Cme(match error {
        FtpError::Refused(Reply { code: 550, .. }) => cme::FTP_FILE_NOT_FOUND,
        FtpError::Refused(Reply { code: 530, .. }) | FtpError::Login(_) => cme::FTP_LOGIN_INCORRECT,
        FtpError::Refused(Reply { code: 425 | 426 | 450 | 522, .. }) | FtpError::Data(_) => {
            cme::FTP_OPEN_CHANNEL_TIMEOUT
        }
        FtpError::Busy => cme::FTP_DATA_SOCKET_OPEN,
        FtpError::Closed => cme::FTP_DISCONNECTED,
        FtpError::Timeout => cme::FTP_TIMED_OUT,
        FtpError::Invalid => return AtError::Plain,
        _ => cme::FTP_BAD_RESPONSE,
    })
}
