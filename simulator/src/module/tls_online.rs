//! Data mode: joining a port to a connection, and leaving it. Source: M37 p895-899, SSL guide 7.1.1.

use std::time::Duration;

use bytes::Bytes;

use super::tls::{Cause, SocketState};
use super::{InstanceId, Module, OUTPUT_LIMIT, Timer};
use crate::error::AtError;
use crate::instance::Mode;
use crate::online::{self, Escape, Joined, Online};
use crate::service::Order;

/// `<pktSz>` 0. Source: M37 p875.
const DEFAULT_PACKET: usize = 300;

impl Module {
    /// The instance goes into data mode on a TLS socket.
    pub(crate) fn join_socket(&mut self, instance: InstanceId, id: u8) {
        self.tls.socket_mut(id).online = Some(instance);
        self.join(instance, Joined::TlsSocket(id));
        self.restart_inactivity(id);
    }

    /// `CONNECT`, and data mode.
    pub(super) fn join(&mut self, id: InstanceId, joined: Joined) {
        self.connect_result(id);
        let settings = &self.peek(id).settings;
        let guard = match self.nvm.escape_guard {
            0 => Duration::from_millis(20 * u64::from(settings.escape_guard)),
            seconds => Duration::from_secs(u64::from(seconds)),
        };
        // FTP never forwards the sequence. Source: M37 p165.
        let swallow = settings.skip_escape || !matches!(joined, Joined::TlsSocket(_));
        let escape = Escape::new(settings.escape_character, guard, swallow, self.now);
        self.instance(id).mode = Mode::Online(Online::new(joined, escape));
        // What the host sent behind the command belongs to the connection.
        let early = self.instance(id).input.split();
        self.online(id).into_iter().for_each(|online| online.unsent.extend_from_slice(&early));
    }

    pub(super) fn online(&mut self, id: InstanceId) -> Option<&mut Online> {
        match &mut self.instance(id).mode {
            Mode::Online(online) => Some(online),
            _ => None,
        }
    }

    /// Moves data in both directions as far as they go.
    pub(super) fn pump_online(&mut self, id: InstanceId) {
        match self.online(id).map(|online| online.joined) {
            Some(Joined::TlsSocket(socket)) => self.pump_socket(id, socket),
            Some(Joined::FtpDownload) => self.pump_download(id),
            Some(Joined::FtpUpload) => self.pump_upload(id),
            None => {}
        }
    }

    fn pump_socket(&mut self, id: InstanceId, socket: u8) {
        self.send_packets(id, socket);
        self.deliver(id, socket);
        let state = self.tls.socket(socket);
        if let Some(cause) = state.end
            && state.available() == 0
        {
            return self.carrier_lost(id, socket, cause);
        }
        let left = self
            .online(id)
            .is_some_and(|online| online.leaving && online.unsent.is_empty() && online.in_flight == 0);
        if left {
            self.tls.socket_mut(socket).online = None;
            self.cancel_timer(Timer::Inactivity(socket));
            self.cancel_timer(Timer::Flush(socket));
            self.finish(id, Ok(()));
        }
    }

    fn send_packets(&mut self, id: InstanceId, socket: u8) {
        let settings = self.tls_settings(socket);
        let packet = match usize::try_from(settings.packet_size) {
            Ok(0) | Err(_) => DEFAULT_PACKET,
            Ok(size) => size,
        };
        let flush = Duration::from_millis(100 * u64::from(settings.flush));
        let Some(online) = self.online(id) else { return };
        if online.in_flight >= OUTPUT_LIMIT {
            return;
        }
        let bytes = if online.leaving {
            online.unsent.split().freeze()
        } else {
            online::full_packets(&mut online.unsent, packet)
        };
        let rest = !online.unsent.is_empty();
        if !bytes.is_empty() {
            self.cancel_timer(Timer::Flush(socket));
        }
        self.send_online(id, socket, bytes);
        if rest && !flush.is_zero() && !self.timers.is_set(Timer::Flush(socket)) {
            self.set_timer(Timer::Flush(socket), flush);
        }
    }

    fn send_online(&mut self, id: InstanceId, socket: u8, bytes: Bytes) {
        let link = self.tls.socket(socket).link;
        let (Some(link), false) = (link, bytes.is_empty()) else { return };
        if let Some(online) = self.online(id) {
            online.in_flight += bytes.len();
        }
        self.tls.socket_mut(socket).in_flight += bytes.len();
        self.order(link, Order::Write(bytes));
        self.restart_inactivity(socket);
    }

    /// `<txTo>` is over: what there is goes.
    pub(super) fn flush_packet(&mut self, socket: u8) {
        let Some(id) = self.tls.socket(socket).online else { return };
        let bytes = self.online(id).map(|online| online.unsent.split().freeze());
        self.send_online(id, socket, bytes.unwrap_or_default());
    }

    pub(super) fn online_written(&mut self, socket: u8, count: usize) {
        if let Some(id) = self.tls.socket(socket).online
            && let Some(online) = self.online(id)
        {
            online.in_flight = online.in_flight.saturating_sub(count);
        }
    }

    fn deliver(&mut self, id: InstanceId, socket: u8) {
        let room = self.room(id);
        if room == 0 || self.tls.socket(socket).available() == 0 {
            return;
        }
        let data = self.tls.socket_mut(socket).take(room);
        self.credit_socket(socket, data.len());
        self.answer(id, &data);
    }

    fn carrier_lost(&mut self, id: InstanceId, socket: u8, cause: Cause) {
        let line = self.no_carrier_line(socket, cause);
        self.forget_connection(socket, SocketState::ClosedByPeer);
        let digit = (line == "NO CARRIER").then_some(3);
        self.result_code(id, &line, digit);
        self.ready(id);
    }

    pub(super) fn watch_escape(&mut self, id: InstanceId) {
        match self.online(id).and_then(|online| online.escape_due()) {
            Some(due) => self.set_timer_at(Timer::Escape(id), due),
            None => self.cancel_timer(Timer::Escape(id)),
        }
    }

    /// The silence behind a possible escape sequence is over.
    pub(super) fn escape_silence(&mut self, id: InstanceId) {
        let now = self.now;
        let Some(online) = self.online(id) else { return };
        if !online.is_escaped(now) {
            return self.watch_escape(id);
        }
        self.leave_data_mode(id);
    }

    /// The host wants to be in command mode; what it has sent still goes.
    pub(super) fn leave_data_mode(&mut self, id: InstanceId) {
        let Some(online) = self.online(id) else { return };
        online.leaving = true;
        match online.joined {
            Joined::TlsSocket(_) => {}
            Joined::FtpDownload => self.abandon_download(id),
            Joined::FtpUpload => {}
        }
    }

    /// The host wants the connection to be closed as well.
    pub(super) fn hang_up(&mut self, id: InstanceId) {
        let Some(Joined::TlsSocket(socket)) = self.online(id).map(|online| online.joined) else {
            return self.leave_data_mode(id);
        };
        self.flush_packet(socket);
        if let Some(link) = self.tls.socket(socket).link {
            self.order(link, Order::Close);
        }
        self.forget_connection(socket, SocketState::Closed);
        self.no_carrier(id);
    }

    /// `<maxTo>` counts in data mode only. Source: M37 p875, p897.
    pub(super) fn restart_inactivity(&mut self, socket: u8) {
        let seconds = self.tls_settings(socket).inactivity;
        if seconds > 0 && self.tls.socket(socket).online.is_some() {
            self.set_timer(Timer::Inactivity(socket), Duration::from_secs(u64::from(seconds)));
        }
    }

    pub(super) fn close_inactive(&mut self, socket: u8) {
        if let Some(link) = self.tls.socket(socket).link {
            self.order(link, Order::Close);
            self.tls_ended(socket, Cause::Inactivity);
        }
    }

    /// Data mode could not be entered, or is over: the final result of the command that dialled.
    pub(super) fn no_carrier(&mut self, id: InstanceId) {
        self.finish(id, Err(AtError::NoCarrier));
    }
}
