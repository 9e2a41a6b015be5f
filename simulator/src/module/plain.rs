//! Plain TCP sockets in command mode, and the one query for a name. Source: M37 p726-748, p782; IPE28 8.2, 10.
//!
//! The choices here: `#SCFGEXT` does not exist, so `SRING` is in its normal mode; data that wait to be read outlive the
//! end that the peer has made, and `NO CARRIER` comes behind them.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::{InstanceId, Module, Timer};
use crate::command::{Flow, Outcome};
use crate::error::{AtError, cme};
use crate::net::NetError;
use crate::service::{Event, LinkId, OpenFailure, Order, Start};

/// `<connTo>` 0 leaves the time to the stack, whose patience the manual does not tell.
const DEFAULT_CONNECT: Duration = Duration::from_secs(75);

/// All plain sockets, and the query for a name.
#[derive(Debug, Default)]
pub(crate) struct PlainSockets {
    sockets: Vec<PlainSocket>,
    query: Option<NameQuery>,
}

/// One plain socket.
#[derive(Debug, Default)]
pub(crate) struct PlainSocket {
    link: Option<LinkId>,
    owner: Option<InstanceId>,
    open: bool,
    waiting: Option<InstanceId>,
    in_flight: usize,
    inbox: BytesMut,
    /// `SRING` has told of what waits.
    announced: bool,
    /// The peer or the network has ended it.
    ended: bool,
}

/// A pending `#QDNS`.
#[derive(Debug)]
struct NameQuery {
    link: LinkId,
    instance: InstanceId,
    host: String,
}

impl PlainSockets {
    pub(crate) fn new(count: usize) -> Self {
        Self { sockets: (0..count).map(|_| PlainSocket::default()).collect(), query: None }
    }

    pub(super) fn links(&self) -> impl Iterator<Item = LinkId> {
        let query = self.query.as_ref().map(|query| query.link);
        self.sockets.iter().filter_map(|socket| socket.link).chain(query)
    }

    pub(super) fn socket_of(&self, link: LinkId) -> Option<u8> {
        let index = self.sockets.iter().position(|socket| socket.link == Some(link))?;
        u8::try_from(index + 1).ok()
    }

    pub(super) fn is_query(&self, link: LinkId) -> bool {
        self.query.as_ref().is_some_and(|query| query.link == link)
    }

    /// Socket 1 is the first.
    fn get(&mut self, id: u8) -> &mut PlainSocket {
        self.sockets.get_mut(usize::from(id).wrapping_sub(1)).expect("the range of connId has been checked")
    }
}

impl Module {
    /// `#SD` to a TCP server, in command mode.
    pub(crate) fn dial_plain(&mut self, instance: InstanceId, id: u8, host: String, port: u16) -> Outcome {
        let index = usize::from(id).wrapping_sub(1);
        let settings = self.nvm.sockets.get(index).ok_or(AtError::Plain)?;
        let (context, [.., connect, _]) = (settings.context, settings.values);
        if self.plain.get(id).link.is_some() {
            return Err(AtError::Cme(cme::OPERATION_NOT_ALLOWED));
        }
        if !self.radio.active.contains(&context) {
            return Err(AtError::Cme(cme::CONTEXT_NOT_OPENED));
        }
        let limit = match connect {
            0 => DEFAULT_CONNECT,
            tenths => Duration::from_millis(100 * u64::from(tenths)),
        };
        let link = self.start_link(Start::Plain { host, port, limit });
        *self.plain.get(id) = PlainSocket {
            link: Some(link),
            owner: Some(instance),
            waiting: Some(instance),
            ..PlainSocket::default()
        };
        Ok(Flow::Waiting)
    }

    /// `#SH`: `OK` on a closed socket too. Source: IPE28 8.5.
    pub(crate) fn close_plain(&mut self, id: u8) -> Outcome {
        if self.plain.get(id).waiting.is_some() {
            return Err(AtError::Cme(cme::OPERATION_NOT_ALLOWED));
        }
        if let Some(link) = self.plain.get(id).link {
            self.order(link, Order::Close);
            self.release(link);
        }
        self.forget_plain(id);
        Ok(Flow::Done)
    }

    /// Whether `#SSENDEXT` may ask for data.
    pub(crate) fn plain_is_writable(&mut self, id: u8) -> bool {
        let socket = self.plain.get(id);
        socket.open && !socket.ended && socket.waiting.is_none()
    }

    /// What was entered behind the prompt of `#SSENDEXT`.
    pub(super) fn send_plain(&mut self, instance: InstanceId, id: u8, data: Bytes) -> Outcome {
        let socket = self.plain.get(id);
        let (Some(link), true, false) = (socket.link, socket.open, socket.ended) else {
            return Err(AtError::Cme(cme::OPERATION_NOT_ALLOWED));
        };
        socket.in_flight += data.len();
        socket.waiting = Some(instance);
        self.order(link, Order::Write(data));
        Ok(Flow::Waiting)
    }

    /// `#SRECV`: an error if nothing has come. Source: M37 p747.
    pub(crate) fn receive_plain(&mut self, instance: InstanceId, id: u8, most: usize) -> Outcome {
        let socket = self.plain.get(id);
        if socket.inbox.is_empty() {
            return Err(AtError::Cme(cme::OPERATION_NOT_ALLOWED));
        }
        let data = socket.inbox.split_to(most.min(socket.inbox.len())).freeze();
        socket.announced = false;
        if let Some(link) = socket.link {
            self.order(link, Order::Credit(data.len()));
        }
        self.restart_plain_inactivity(id);
        self.answer(instance, format!("\r\n#SRECV: {id},{}\r\n", data.len()).as_bytes());
        self.answer(instance, &data);
        self.answer(instance, b"\r\n");
        Ok(Flow::Done)
    }

    /// `#QDNS`
    pub(crate) fn query_name(&mut self, instance: InstanceId, host: String) -> Outcome {
        if self.plain.query.is_some() {
            return Err(AtError::Cme(cme::OPERATION_NOT_ALLOWED));
        }
        if !self.is_registered() {
            return Err(AtError::Cme(cme::NO_NETWORK_SERVICE));
        }
        let link = self.start_link(Start::Name { host: host.clone() });
        self.plain.query = Some(NameQuery { link, instance, host });
        Ok(Flow::Waiting)
    }

    /// An unsuccessful query is no error: its address is empty. Source: M37 p782.
    pub(super) fn name_event(&mut self, event: &Event) {
        let Some(NameQuery { link, instance, host }) = self.plain.query.take() else { return };
        self.release(link);
        let address = if let Event::Address(address) = event { address.to_string() } else { String::new() };
        self.info(instance, format!("#QDNS: \"{host}\",\"{address}\""));
        self.complete(instance, Ok(()));
    }

    pub(super) fn plain_event(&mut self, id: u8, event: Event) {
        match event {
            Event::Opened { .. } => {
                let socket = self.plain.get(id);
                socket.open = true;
                let waiting = socket.waiting.take();
                self.restart_plain_inactivity(id);
                waiting.into_iter().for_each(|instance| self.complete(instance, Ok(())));
            }
            Event::OpenFailed(failure) => self.plain_failed(id, &failure),
            Event::Data(bytes) => {
                self.plain.get(id).inbox.extend_from_slice(&bytes);
                self.restart_plain_inactivity(id);
            }
            Event::Written(count) => self.plain_written(id, count),
            Event::Ended(_) => self.plain_ended(id),
            _ => {}
        }
    }

    fn plain_failed(&mut self, id: u8, failure: &OpenFailure) {
        let waiting = self.plain.get(id).waiting.take();
        self.plain.get(id).link.into_iter().for_each(|link| self.release(link));
        self.forget_plain(id);
        let error = match failure {
            OpenFailure::Network(NetError::Name { .. }) => cme::CANNOT_RESOLVE,
            OpenFailure::Network(NetError::Timeout) => cme::TIMEOUT_OPENING_SOCKET,
            OpenFailure::Network(NetError::NetworkDown) => cme::CONTEXT_NOT_OPENED,
            _ => cme::CANNOT_OPEN_SOCKET,
        };
        waiting.into_iter().for_each(|instance| self.complete(instance, Err(AtError::Cme(error))));
    }

    fn plain_written(&mut self, id: u8, count: usize) {
        let socket = self.plain.get(id);
        socket.in_flight = socket.in_flight.saturating_sub(count);
        if socket.in_flight == 0
            && let Some(instance) = socket.waiting.take()
        {
            self.complete(instance, Ok(()));
        }
        self.restart_plain_inactivity(id);
    }

    fn plain_ended(&mut self, id: u8) {
        let socket = self.plain.get(id);
        socket.ended = true;
        let (link, waiting) = (socket.link, socket.waiting.take());
        link.into_iter().for_each(|link| self.release(link));
        self.cancel_timer(Timer::PlainInactivity(id));
        waiting.into_iter().for_each(|instance| {
            self.complete(instance, Err(AtError::Cme(cme::CANNOT_OPEN_SOCKET)));
        });
        if !self.plain.get(id).open {
            self.forget_plain(id);
        }
    }

    /// `<maxTo>` of `#SCFG`. Source: M37 p712.
    fn restart_plain_inactivity(&mut self, id: u8) {
        let settings = self.nvm.sockets.get(usize::from(id).wrapping_sub(1));
        match settings.map_or(0, |settings| settings.values[1]) {
            0 => {}
            seconds => {
                self.set_timer(Timer::PlainInactivity(id), Duration::from_secs(u64::from(seconds)));
            }
        }
    }

    pub(super) fn close_inactive_plain(&mut self, id: u8) {
        if let Some(link) = self.plain.get(id).link {
            self.order(link, Order::Close);
            self.release(link);
        }
        self.plain.get(id).ended = true;
    }

    /// Tells what the host has to know: data that wait, and the end behind them.
    pub(super) fn settle_plain(&mut self) {
        for id in 1..=u8::try_from(self.plain.sockets.len()).unwrap_or(u8::MAX) {
            let socket = self.plain.get(id);
            let Some(owner) = socket.owner.filter(|_| socket.open && socket.waiting.is_none()) else {
                continue;
            };
            if !socket.inbox.is_empty() && !socket.announced {
                socket.announced = true;
                self.unsolicited(owner, &format!("SRING: {id}"));
            } else if socket.inbox.is_empty() && socket.ended {
                self.forget_plain(id);
                self.unsolicited(owner, "NO CARRIER");
            }
        }
    }

    fn forget_plain(&mut self, id: u8) {
        *self.plain.get(id) = PlainSocket::default();
        self.cancel_timer(Timer::PlainInactivity(id));
    }
}
