//! The TLS block: who owns it, and its sockets in command mode.
//!
//! Source: at-core 8 and 9, M37 p874-929.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::{InstanceId, Module, Timer};
use crate::command::{Flow, Outcome};
use crate::error::{AtError, cme};
use crate::net::{NetError, StreamEnd, TlsFailure};
use crate::profile::{TlsProfile, TlsScope};
use crate::service::{Event, LinkId, OpenFailure, Order};

/// The overhead that a record adds, for [`crate::Quirk::RingCountsRecords`].
const RECORD_OVERHEAD: usize = 29;

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
    /// How the connection ended, until the host has been told.
    pub(super) end: Option<Cause>,
    inbox: VecDeque<Bytes>,
    available: usize,
    announced: usize,
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
            ram_authorities: vec![None; usize::from(profile.certificate_slots)],
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

    fn push(&mut self, bytes: Bytes) {
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

    /// Forgets the connection, keeps the ownership.
    pub(crate) fn close(&mut self, state: SocketState) {
        let (owner, certificate_format) = (self.owner, self.certificate_format);
        *self = Self { owner, certificate_format, state, ..Self::default() };
    }
}

impl Module {
    /// Which services hold TLS now, on which secure socket.
    fn holders(&self) -> Vec<(Service, u8)> {
        let sockets = self.nvm.tls_sockets.iter().zip(1..).filter(|(socket, _)| socket.enabled);
        let mut holders: Vec<_> = sockets.map(|(_, id)| (Service::Sockets, id)).collect();
        if self.nvm.http.iter().any(|profile| profile.tls) {
            holders.push((Service::Http, 1));
        }
        if self.ftp.tls {
            holders.push((Service::Ftp, 1));
        }
        holders.extend(self.mqtt.tls_sockets().map(|id| (Service::Mqtt, id)));
        holders
    }

    /// The strict rule: a service may take TLS only if no other service holds it.
    pub(crate) fn claim_tls(
        &mut self,
        service: Service,
        socket: u8,
        instance: InstanceId,
    ) -> Result<(), AtError> {
        let scope = self.profile.tls.scope;
        let taken = self
            .holders()
            .into_iter()
            .any(|(holder, held)| holder != service && (scope == TlsScope::Module || held == socket));
        self.check_owner(socket, instance)?;
        if taken {
            return Err(AtError::Cme(cme::SSL_ALREADY_ACTIVATED));
        }
        self.tls.socket_mut(socket).owner = Some(instance);
        Ok(())
    }

    /// A service gives TLS back.
    pub(crate) fn release_tls(&mut self, socket: u8) {
        if !self.is_tls_active(socket) {
            self.tls.socket_mut(socket).owner = None;
        }
    }

    /// Whether any service has switched this secure socket on.
    pub(crate) fn is_tls_active(&self, socket: u8) -> bool {
        self.holders().iter().any(|(_, held)| *held == socket)
    }

    /// Whether any secure socket is on.
    pub(crate) fn is_any_tls_active(&self) -> bool {
        !self.holders().is_empty()
    }

    /// Another instance must not touch a socket that has an owner.
    pub(crate) fn check_owner(&self, socket: u8, instance: InstanceId) -> Result<(), AtError> {
        match self.tls.socket(socket).owner {
            Some(owner) if owner != instance && self.is_tls_active(socket) => {
                Err(AtError::Cme(cme::RESOURCE_USED))
            }
            _ => Ok(()),
        }
    }

    /// The socket is enabled by `#SSLEN`, and for this instance.
    pub(crate) fn usable_socket(&self, socket: u8, instance: InstanceId) -> Result<(), AtError> {
        if !self.tls_settings(socket).enabled {
            return Err(AtError::Cme(cme::SSL_NOT_ACTIVATED));
        }
        self.check_owner(socket, instance)
    }

    pub(crate) fn tls_settings(&self, socket: u8) -> &crate::nvm::TlsSocket {
        let index = usize::from(socket).wrapping_sub(1);
        self.nvm.tls_sockets.get(index).expect("the range of SSId has been checked")
    }

    pub(crate) fn tls_settings_mut(&mut self, socket: u8) -> &mut crate::nvm::TlsSocket {
        let index = usize::from(socket).wrapping_sub(1);
        self.nvm_mut().tls_sockets.get_mut(index).expect("the range of SSId has been checked")
    }

    /// Data entered behind the prompt of `#SSLSEND` or `#SSLSENDEXT`.
    pub(super) fn send_on_socket(&mut self, instance: InstanceId, id: u8, data: Bytes) -> Outcome {
        let socket = self.tls.socket_mut(id);
        let (Some(link), SocketState::Open, None) = (socket.link, socket.state, socket.end) else {
            return Err(AtError::Cme(cme::SSL_NOT_CONNECTED));
        };
        if data.is_empty() {
            return Ok(Flow::Done);
        }
        socket.in_flight += data.len();
        socket.waiting = Some((instance, TlsWait::Send));
        let timeout = socket.send_timeout;
        self.set_timer(Timer::TlsCommand(id), timeout);
        self.order(link, Order::Write(data));
        Ok(Flow::Waiting)
    }

    /// `#SSLRECV`
    pub(crate) fn receive_from_socket(&mut self, instance: InstanceId, id: u8, most: usize) -> Outcome {
        let socket = self.tls.socket_mut(id);
        match socket.state {
            SocketState::Open => {
                socket.waiting = Some((instance, TlsWait::Receive { most }));
                Ok(Flow::Waiting)
            }
            SocketState::ClosedByPeer => {
                self.answer(instance, b"\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n");
                Ok(Flow::Done)
            }
            _ => Err(AtError::Cme(cme::SSL_NOT_CONNECTED)),
        }
    }

    pub(super) fn tls_event(&mut self, id: u8, event: Event) {
        match event {
            Event::Opened { suite } => self.tls_opened(id, suite),
            Event::OpenFailed(failure) => self.tls_failed(id, &failure),
            Event::Data(bytes) => {
                self.tls.socket_mut(id).push(bytes);
                self.restart_inactivity(id);
            }
            Event::Written(count) => self.tls_written(id, count),
            Event::Ended(end) => self.tls_ended(id, Cause::from(end)),
            _ => {}
        }
    }

    fn tls_opened(&mut self, id: u8, suite: Option<u16>) {
        let socket = self.tls.socket_mut(id);
        socket.state = SocketState::Open;
        socket.suite = suite;
        let Some((instance, TlsWait::Dial { online })) = socket.waiting.take() else { return };
        if !online {
            return self.complete(instance, Ok(()));
        }
        if self.quirks.ok_before_connect {
            self.result_code(instance, "OK", Some(0));
        }
        self.join_socket(instance, id);
    }

    fn tls_failed(&mut self, id: u8, failure: &OpenFailure) {
        let socket = self.tls.socket_mut(id);
        let waiting = socket.waiting.take();
        let link = socket.link;
        socket.close(SocketState::Closed);
        link.into_iter().for_each(|link| self.release(link));
        let error = match failure {
            OpenFailure::Network(error) => dial_error(error),
            _ => AtError::Cme(cme::SSL_GENERIC),
        };
        if let Some((instance, _)) = waiting {
            self.complete(instance, Err(error));
        }
    }

    fn tls_written(&mut self, id: u8, count: usize) {
        let socket = self.tls.socket_mut(id);
        socket.in_flight = socket.in_flight.saturating_sub(count);
        socket.sent += count as u64;
        let done = socket.in_flight == 0;
        if done && let Some((instance, TlsWait::Send)) = socket.waiting {
            socket.waiting = None;
            self.cancel_timer(Timer::TlsCommand(id));
            self.complete(instance, Ok(()));
        }
        self.online_written(id, count);
    }

    pub(super) fn tls_ended(&mut self, id: u8, cause: Cause) {
        let socket = self.tls.socket_mut(id);
        socket.end.get_or_insert(cause);
        if let Some(link) = socket.link.take() {
            self.release(link);
        }
        if self.tls.socket(id).state == SocketState::Dialling {
            self.tls_failed(id, &OpenFailure::Network(NetError::NetworkDown));
        }
    }

    /// `#SSLRECV` or `#SSLSEND` has waited for its timeout.
    pub(super) fn tls_command_timed_out(&mut self, id: u8) {
        match self.tls.socket_mut(id).waiting.take() {
            Some((instance, TlsWait::Receive { .. })) => {
                self.answer(instance, b"\r\n#SSLRECV: 0\r\nTIMEOUT\r\n");
                self.complete(instance, Ok(()));
            }
            Some((instance, TlsWait::Send)) => self.complete(instance, Err(AtError::Cme(cme::SSL_SOCKET))),
            waiting => self.tls.socket_mut(id).waiting = waiting,
        }
    }

    pub(super) fn settle_sockets(&mut self) {
        for id in self.tls.ids() {
            if self.tls.socket(id).state == SocketState::Open {
                self.settle_socket(id);
            }
        }
    }

    fn settle_socket(&mut self, id: u8) {
        self.serve_waiting(id);
        let socket = self.tls.socket(id);
        if socket.online.is_some() || socket.waiting.is_some() {
            return;
        }
        self.ring(id);
        let socket = self.tls.socket(id);
        if let Some(cause) = socket.end
            && socket.available == 0
        {
            let line = self.no_carrier_line(id, cause);
            let owner = socket.owner;
            self.forget_connection(id, SocketState::ClosedByPeer);
            owner.into_iter().for_each(|owner| self.unsolicited(owner, &line));
        }
    }

    fn serve_waiting(&mut self, id: u8) {
        let socket = self.tls.socket_mut(id);
        let ended = socket.end.is_some();
        match socket.waiting {
            Some((instance, TlsWait::Receive { most })) if socket.available > 0 => {
                socket.waiting = None;
                let data = socket.take(most);
                socket.announced = if socket.available == 0 { 0 } else { socket.announced };
                self.credit_socket(id, data.len());
                self.cancel_timer(Timer::TlsCommand(id));
                self.answer(instance, format!("\r\n#SSLRECV: {}\r\n", data.len()).as_bytes());
                self.answer(instance, &data);
                self.answer(instance, b"\r\n");
                self.complete(instance, Ok(()));
            }
            Some((instance, TlsWait::Receive { .. })) if ended => {
                socket.waiting = None;
                self.cancel_timer(Timer::TlsCommand(id));
                self.answer(instance, b"\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n");
                self.complete(instance, Ok(()));
            }
            Some((instance, TlsWait::Send)) if ended => {
                socket.waiting = None;
                self.cancel_timer(Timer::TlsCommand(id));
                self.complete(instance, Err(AtError::Cme(cme::SSL_NOT_CONNECTED)));
            }
            _ => {}
        }
    }

    /// `SSLSRING`. Source: M37 p877-879, SSL guide 7.4.4.
    fn ring(&mut self, id: u8) {
        let mode = self.tls_settings(id).ring_mode;
        let socket = self.tls.socket(id);
        let Some(owner) = socket.owner.filter(|_| mode > 0) else { return };
        if mode == 2 {
            return self.ring_with_data(id, owner);
        }
        let available = socket.available;
        if available == socket.announced {
            return;
        }
        self.tls.socket_mut(id).announced = available;
        if available > 0 {
            let shown = if self.quirks.ring_counts_records { available + RECORD_OVERHEAD } else { available };
            self.unsolicited(owner, &format!("SSLSRING: {id},{shown}"));
        }
    }

    fn ring_with_data(&mut self, id: u8, owner: InstanceId) {
        let limit = self.profile.tls.ring_limit;
        let free = |module: &Self| {
            use crate::instance::Mode::{Busy, Command};
            matches!(module.peek(owner).mode, Command | Busy) && module.room(owner) > 0
        };
        while self.tls.socket(id).available > 0 && free(self) {
            let data = self.tls.socket_mut(id).take(limit);
            self.credit_socket(id, data.len());
            let line = [format!("SSLSRING: {id},{},", data.len()).as_bytes(), &data].concat();
            self.unsolicited_bytes(owner, &line);
        }
    }

    pub(super) fn credit_socket(&mut self, id: u8, count: usize) {
        if let Some(link) = self.tls.socket(id).link {
            self.order(link, Order::Credit(count));
        }
    }

    /// `NO CARRIER`, as `<noCarrierMode>` asks.
    pub(super) fn no_carrier_line(&self, id: u8, cause: Cause) -> String {
        match self.tls_settings(id).no_carrier_mode {
            0 => "NO CARRIER".to_owned(),
            1 => format!("NO CARRIER:SSL,{id}"),
            _ => format!("NO CARRIER:SSL,{id},{}", cause as u8),
        }
    }

    /// The connection is over, for the module as well.
    pub(crate) fn forget_connection(&mut self, id: u8, state: SocketState) {
        let link = self.tls.socket(id).link;
        self.tls.socket_mut(id).close(state);
        link.into_iter().for_each(|link| self.release(link));
        for timer in [Timer::Flush(id), Timer::Inactivity(id), Timer::TlsCommand(id)] {
            self.cancel_timer(timer);
        }
    }
}

/// What a failed dial is called.
pub(crate) fn dial_error(error: &NetError) -> AtError {
    AtError::Cme(match error {
        NetError::Name { .. } => cme::CANNOT_RESOLVE,
        NetError::Timeout => cme::TIMEOUT_OPENING_SOCKET,
        NetError::NetworkDown => cme::CONTEXT_NOT_OPENED,
        NetError::Tls { reason: TlsFailure::Credentials, .. } => cme::SSL_CERTIFICATES,
        NetError::Tls { .. } => cme::SSL_HANDSHAKE,
        _ => cme::CANNOT_OPEN_SOCKET,
    })
}
