//! Peers for sockets: echo, sink, source.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use openssl::sha::Sha256;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::wire::{Progress, Wire};
use crate::journal::Journal;
use crate::net::StreamEnd;
use crate::net::memory::{Handshake, MemoryEnd, MemoryStream};
use crate::pattern::pattern_byte;

/// What a peer has ready to go before it waits.
const READY: usize = 16 * 1024;

/// A peer that plain bytes are exchanged with. Clones are the same peer.
///
/// Made by [`super::Peers::echo`], [`super::Peers::sink`] and [`super::Peers::source`].
#[derive(Clone)]
pub struct SocketServer {
    behaviour: Behaviour,
    connections: Journal<Entry>,
    open: Arc<Mutex<Vec<UnboundedSender<Order>>>>,
    dialled: Arc<AtomicU64>,
}

/// One connection to a [`SocketServer`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketRecord {
    /// Whether it was over TLS.
    pub secured: bool,
    /// How many bytes came.
    pub received: u64,
    /// SHA-256 of all bytes that came.
    pub sha256: [u8; 32],
    /// How many bytes are on their way to the module.
    pub sent: u64,
    /// How the module ended it; `None` while it has not.
    pub end: Option<SocketEnd>,
}

/// A record, and where its [`SocketRecord::secured`] comes from.
#[derive(Clone)]
struct Entry {
    /// Tells it from all others, also when some were forgotten.
    number: u64,
    record: SocketRecord,
    handshake: Arc<Handshake>,
}

/// How the other side ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketEnd {
    /// With a TLS `close_notify`.
    CloseNotify,
    /// With a FIN alone.
    Fin,
    /// With a reset. A lost network looks like this, too.
    Reset,
}

#[derive(Debug, Clone, Copy)]
enum Behaviour {
    Echo,
    Sink,
    Source(u64),
}

#[derive(Debug)]
enum Order {
    Send(Bytes),
    Finish(MemoryEnd),
    Reset,
}

impl SocketServer {
    pub(super) fn echo() -> Self {
        Self::new(Behaviour::Echo)
    }

    pub(super) fn sink() -> Self {
        Self::new(Behaviour::Sink)
    }

    pub(super) fn source(count: u64) -> Self {
        Self::new(Behaviour::Source(count))
    }

    fn new(behaviour: Behaviour) -> Self {
        Self { behaviour, connections: Journal::new(), open: Arc::default(), dialled: Arc::default() }
    }

    /// Every connection so far, in the order they were dialled.
    pub fn connections(&self) -> Vec<SocketRecord> {
        current(self.connections.all())
    }

    /// Forgets the connections so far. What open ones do from now on is not noted.
    pub fn clear_log(&self) {
        self.connections.clear();
    }

    /// Waits until `count` connections have been noted and returns all of them.
    ///
    /// # Cancel safety
    /// Nothing is lost when dropped.
    pub async fn wait_for_connections(&self, count: usize) -> Vec<SocketRecord> {
        current(self.connections.at_least(count).await)
    }

    /// Sends `bytes` on every open connection.
    pub fn send(&self, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        self.order(|| Order::Send(bytes.clone()));
    }

    /// Closes every open connection in an orderly way, after what is still to go: `close_notify` with TLS, else FIN.
    pub fn close(&self) {
        self.order(|| Order::Finish(MemoryEnd::Orderly));
    }

    /// Closes every open connection with a FIN alone, which with TLS leaves open whether the data are whole.
    pub fn finish_without_notice(&self) {
        self.order(|| Order::Finish(MemoryEnd::Fin));
    }

    /// Resets every open connection.
    pub fn reset(&self) {
        self.order(|| Order::Reset);
    }

    fn order(&self, order: impl Fn() -> Order) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|connection| connection.send(order()).is_ok());
    }

    pub(super) fn accept(&self, stream: MemoryStream) {
        let (sender, orders) = unbounded_channel();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|connection| !connection.is_closed());
        open.push(sender);
        drop(open);
        let number = self.dialled.fetch_add(1, Ordering::Relaxed);
        let sha256 = Sha256::new().finish();
        let record = SocketRecord { secured: false, received: 0, sha256, sent: 0, end: None };
        self.connections.push(Entry { number, record, handshake: stream.handshake() });
        let connection = Connection {
            wire: Wire::new(stream),
            behaviour: self.behaviour,
            records: self.connections.clone(),
            number,
            hash: Sha256::new(),
            position: 0,
            closing: None,
            finished: false,
        };
        tokio::spawn(connection.serve(orders));
    }
}

struct Connection {
    wire: Wire,
    behaviour: Behaviour,
    records: Journal<Entry>,
    number: u64,
    hash: Sha256,
    /// Of the source.
    position: u64,
    closing: Option<MemoryEnd>,
    finished: bool,
}

impl Connection {
    async fn serve(mut self, mut orders: UnboundedReceiver<Order>) {
        loop {
            self.prepare();
            let reading = self.wire.output.len() < READY;
            tokio::select! {
                biased;
                Some(order) = orders.recv() => match order {
                    Order::Send(bytes) => self.wire.output.extend_from_slice(&bytes),
                    Order::Finish(end) => self.closing = Some(end),
                    Order::Reset => return self.wire.reset(),
                },
                progress = self.wire.next(reading) => match progress {
                    Progress::Received(count) => self.received(count),
                    Progress::Sent(count) => self.note(|record| record.sent += count as u64),
                    Progress::Ended(end) => return self.ended(end),
                },
            }
        }
    }

    /// Makes what a source sends, and closes when nothing is left to send.
    fn prepare(&mut self) {
        if let Behaviour::Source(count) = self.behaviour {
            while self.position < count && self.wire.output.len() < READY {
                self.wire.output.extend_from_slice(&[pattern_byte(self.position)]);
                self.position += 1;
            }
            if self.position == count {
                self.closing.get_or_insert(MemoryEnd::Orderly);
            }
        }
        if let Some(end) = self.closing.filter(|_| self.wire.output.is_empty() && !self.finished) {
            self.finished = true;
            self.wire.finish(end);
        }
    }

    fn received(&mut self, count: usize) {
        let bytes = self.wire.input.split();
        self.hash.update(&bytes);
        let sha256 = self.hash.clone().finish();
        self.note(|record| {
            record.received += count as u64;
            record.sha256 = sha256;
        });
        if let Behaviour::Echo = self.behaviour {
            self.wire.output.extend_from_slice(&bytes);
        }
    }

    fn ended(self, end: StreamEnd) {
        let end = match end {
            StreamEnd::CloseNotify => SocketEnd::CloseNotify,
            StreamEnd::Fin => SocketEnd::Fin,
            StreamEnd::Reset | StreamEnd::Alert(_) | StreamEnd::NetworkDown => SocketEnd::Reset,
        };
        self.note(|record| record.end = Some(end));
        if end == SocketEnd::CloseNotify && !self.finished {
            self.wire.finish(MemoryEnd::Orderly);
        }
    }

    fn note(&self, change: impl FnOnce(&mut SocketRecord)) {
        self.records.change(|entries| {
            if let Some(entry) = entries.iter_mut().rfind(|entry| entry.number == self.number) {
                change(&mut entry.record);
            }
        });
    }
}

fn current(entries: Vec<Entry>) -> Vec<SocketRecord> {
    let secured = |entry: Entry| SocketRecord { secured: entry.handshake.is_secured(), ..entry.record };
    entries.into_iter().map(secured).collect()
}

impl fmt::Debug for SocketServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SocketServer")
            .field("behaviour", &self.behaviour)
            .field("connections", &self.connections.len())
            .finish_non_exhaustive()
    }
}
