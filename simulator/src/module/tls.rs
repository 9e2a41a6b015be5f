//! The volatile state of the TLS block: its sockets and what they are doing.
//!
//! Source: SSL guide 6 and 7, M37 p874-929.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::InstanceId;
use crate::net::{Resumption, StreamEnd};
use crate::profile::TlsProfile;
use crate::service::LinkId;

/// A service that may hold TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Sockets,
    Http,
    Ftp,
    Mqtt,
}

/// The volatile state of TLS.
#[derive(Debug)]
pub(crate) struct TlsBlock {
    sockets: Vec<Socket>,
    /// `#SSLSECDATA` with action 3, for each slot.
    pub(crate) ram_authorities: Vec<Option<Vec<u8>>>,
    /// `#CPUMODE`
    pub(crate) cpu_mode: u8,
}

/// One secure socket.
#[derive(Debug, Default)]
pub(crate) struct Socket {
    /// The instance that enabled it.
    pub(crate) owner: Option<InstanceId>,
    /// `<cert_format>`, once it has been given: PEM is `true`.
    pub(crate) certificate_format: Option<bool>,
    pub(crate) link: Option<LinkId>,
    pub(crate) state: SocketState,
    pub(crate) waiting: Option<(InstanceId, TlsWait)>,
    /// The instance that is in data mode on it.
    pub(crate) online: Option<InstanceId>,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) in_flight: usize,
    /// Of the `#SSLSEND` that is going on.
    pub(crate) send_timeout: Duration,
    pub(crate) suite: Option<u16>,
    /// What `#SSLFASTD` would resume.
    pub(crate) session: Option<Session>,
    /// How the connection ended, until the host has been told.
    pub(super) end: Option<Cause>,
    inbox: VecDeque<Bytes>,
    pub(super) available: usize,
    /// What the last `SSLSRING` of mode 1 said.
    pub(super) announced: usize,
}

/// The session of a connection, and where it leads. Source: SSL guide 7.3.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) resumption: Resumption,
    /// It outlives the connection: `<ClosureType>` 1.
    pub(crate) kept: bool,
    /// There has been a handshake.
    pub(crate) established: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SocketState {
    #[default]
    Closed,
    Dialling,
    Open,
    /// Closed by the peer, and the host knows.
    ClosedByPeer,
}

/// What a command waits for on a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsWait {
    Dial { online: bool },
    Send,
    Receive { most: usize },
}

/// `<cause>` of `NO CARRIER`. Source: M37 p878-879.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Reset = 1,
    Inactivity = 2,
    ContextClosed = 3,
    CloseNotify = 4,
    Fin = 5,
    Alert = 6,
}

impl From<StreamEnd> for Cause {
    fn from(end: StreamEnd) -> Self {
        match end {
            StreamEnd::CloseNotify => Self::CloseNotify,
            StreamEnd::Fin => Self::Fin,
            StreamEnd::Reset => Self::Reset,
            StreamEnd::Alert(_) => Self::Alert,
            StreamEnd::NetworkDown => Self::ContextClosed,
        }
    }
}

impl TlsBlock {
    pub(crate) fn new(profile: &TlsProfile) -> Self {
        Self {
            sockets: (0..profile.sockets).map(|_| Socket::default()).collect(),
            ram_authorities: vec![None; usize::from(profile.certificate_slots())],
            cpu_mode: 0,
        }
    }

    /// Socket 1 is the first.
    pub(crate) fn socket(&self, id: u8) -> &Socket {
        self.sockets.get(usize::from(id).wrapping_sub(1)).expect("the range of SSId has been checked")
    }

    pub(crate) fn socket_mut(&mut self, id: u8) -> &mut Socket {
        self.sockets.get_mut(usize::from(id).wrapping_sub(1)).expect("the range of SSId has been checked")
    }

    pub(crate) fn links(&self) -> impl Iterator<Item = LinkId> {
        self.sockets.iter().filter_map(|socket| socket.link)
    }

    pub(super) fn socket_of(&self, link: LinkId) -> Option<u8> {
        let index = self.sockets.iter().position(|socket| socket.link == Some(link))?;
        u8::try_from(index + 1).ok()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = u8> + use<> {
        1..=u8::try_from(self.sockets.len()).unwrap_or(u8::MAX)
    }

    /// Whether any socket is connected.
    pub(crate) fn any_open(&self) -> bool {
        self.sockets.iter().any(Socket::is_connected)
    }
}

impl Socket {
    /// Connected, or closed by the peer with data that have not been read.
    pub(crate) fn is_connected(&self) -> bool {
        self.state == SocketState::Open
    }

    pub(crate) fn available(&self) -> usize {
        self.available
    }

    pub(super) fn push(&mut self, bytes: Bytes) {
        self.available += bytes.len();
        self.received += bytes.len() as u64;
        self.inbox.push_back(bytes);
    }

    /// Takes up to `most` received bytes.
    pub(super) fn take(&mut self, most: usize) -> Vec<u8> {
        let mut taken = Vec::with_capacity(most.min(self.available));
        while taken.len() < most {
            let Some(mut first) = self.inbox.pop_front() else { break };
            let count = first.len().min(most - taken.len());
            taken.extend_from_slice(&first.split_to(count));
            if !first.is_empty() {
                self.inbox.push_front(first);
            }
        }
        self.available -= taken.len();
        taken
    }

    /// Forgets the connection, keeps the ownership and a session that is to be kept.
    pub(crate) fn close(&mut self, state: SocketState) {
        let (owner, certificate_format) = (self.owner, self.certificate_format);
        let session = self.session.take().filter(|session| session.kept && session.established);
        *self = Self { owner, certificate_format, session, state, ..Self::default() };
    }
}
