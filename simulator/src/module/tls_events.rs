//! What happens on the link of a TLS socket. Source: M37 p895-898.

use super::tls::{Cause, SocketState, TlsWait};
use super::{Module, Timer};
use crate::error::{AtError, cme};
use crate::net::{NetError, TlsFailure};
use crate::service::{Event, OpenFailure, Order};

impl Module {
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
        socket.session.iter_mut().for_each(|session| session.established = true);
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
