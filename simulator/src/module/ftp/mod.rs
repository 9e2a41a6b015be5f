//! The FTP client. Source: IPE28 p119-135, M37 p806-839.

mod answers;
mod blocks;
mod errors;
mod inbox;
mod online;
mod own_file;
mod packets;
mod transfer;

use std::collections::VecDeque;

use super::{InstanceId, Module};
use crate::command::{Flow, Outcome};
use crate::error::{AtError, cme};
use crate::online::Joined;
use crate::profile::Extension;
use crate::service::{Event, LinkId, OpenFailure, Order};
use errors::{last_words, open_error};
use inbox::Inbox;
pub(crate) use own_file::OwnFile;

/// Settings (none is kept over a restart) and the one session.
#[derive(Debug)]
pub(crate) struct Ftp {
    /// In 100 ms.
    pub(crate) timeout: u32,
    pub(crate) ignore_passive_address: bool,
    pub(crate) tls: bool,
    /// `<FTPext>`, see [`Extension`].
    pub(crate) extension: u8,
    pub(crate) session: Option<Session>,
    /// What the server said when `#FTPOPEN` failed.
    pub(crate) last_words: Vec<String>,
}

impl Default for Ftp {
    fn default() -> Self {
        Self {
            timeout: 100,
            ignore_passive_address: false,
            tls: false,
            extension: Extension::CLASSIC_COMMANDS,
            session: None,
            last_words: Vec::new(),
        }
    }
}

/// A control connection.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) owner: InstanceId,
    pub(crate) ascii: bool,
    pub(crate) restart: u64,
    /// It has had a download in command mode.
    pub(crate) has_fetched: bool,
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
    /// `#FTPGETF`
    File(OwnFile),
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
    /// The end of a file that is stored.
    File,
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
    File(OwnFile),
    Upload,
    Blocks,
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
            has_fetched: false,
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

    pub(super) fn ftp_event(&mut self, event: Event) {
        match event {
            Event::Opened { .. } => self.end_ftp_wait(Ok(())),
            Event::OpenFailed(failure) => {
                let error = match failure {
                    OpenFailure::Ftp(error) => {
                        self.ftp.last_words = last_words(&error);
                        open_error(&error)
                    }
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
                self.store(&bytes);
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

    /// The network is gone.
    pub(super) fn break_ftp(&mut self) {
        if let Some(link) = self.ftp.link() {
            self.abandon(link);
            self.session_lost();
        }
    }
}
