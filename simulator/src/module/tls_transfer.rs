//! Data of TLS sockets in command mode. Source: SSL guide 7.1.2, M37 p877-879, p901-905.

use bytes::Bytes;

use super::tls::{SocketState, TlsWait};
use super::{InstanceId, Module, Timer};
use crate::command::{Flow, Outcome};
use crate::error::{AtError, cme};
use crate::service::Order;

/// The overhead that a record adds, for [`crate::Quirk::RingCountsRecords`].
const RECORD_OVERHEAD: usize = 29;

impl Module {
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
                self.answer_disconnected(instance);
                Ok(Flow::Done)
            }
            _ => Err(AtError::Cme(cme::SSL_NOT_CONNECTED)),
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
                self.answer_disconnected(instance);
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

    fn answer_disconnected(&mut self, instance: InstanceId) {
        let count: &[u8] = if self.quirks.bare_disconnected { b"" } else { b"#SSLRECV: 0\r\n" };
        self.answer(instance, &[b"\r\n", count, b"DISCONNECTED\r\n"].concat());
    }

    /// What stands between `SSLSRING:` and the socket.
    fn ring_blank(&self) -> &'static str {
        if self.quirks.ring_without_blank { "" } else { " " }
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
            let line = format!("SSLSRING:{}{id},{shown}", self.ring_blank());
            self.unsolicited(owner, &line);
        }
    }

    fn ring_with_data(&mut self, id: u8, owner: InstanceId) {
        let limit = self.profile.tls.transfer.ring;
        let free = |module: &Self| {
            use crate::instance::Mode::{Busy, Command};
            matches!(module.peek(owner).mode, Command | Busy) && module.room(owner) > 0
        };
        while self.tls.socket(id).available > 0 && free(self) {
            let data = self.tls.socket_mut(id).take(limit);
            self.credit_socket(id, data.len());
            let line =
                [format!("SSLSRING:{}{id},{},", self.ring_blank(), data.len()).as_bytes(), &data].concat();
            self.unsolicited_bytes(owner, &line);
        }
    }
}
