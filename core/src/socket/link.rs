//! What it takes to drive one connection, and what becomes of it at its end.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::buffers::Buffers;
use super::ending::{Closure, SocketEnding};
use super::error::SocketError;
use super::limits::SocketLimits;
use super::loss;
use super::options::SocketOptions;
use super::slot::OpenSlot;
use crate::at::StreamEnding;
use crate::driver::Unsolicited;
use crate::modem::{Basis, Modem};

/// One connection, whoever drives it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) modem: Modem,
    pub(super) slot: OpenSlot,
    /// What its set-up and the connection stand on.
    pub(super) basis: Basis,
    /// Everything that the module has said since before the connection was dialled.
    pub(super) lines: Unsolicited,
    pub(super) buffers: Arc<Buffers>,
    pub(super) limits: Arc<SocketLimits>,
    pub(super) options: SocketOptions,
    /// How the data stream of online mode ends.
    pub(super) end: StreamEnding,
    /// The escape sequence does not reach the peer.
    pub(super) hides_escape: bool,
    /// Where the session is kept, if it is.
    pub(super) keep: Option<Keep>,
}

/// Told when a connection is closed and its number given back.
pub(super) type Done = oneshot::Sender<Result<(), SocketError>>;

/// A session that waits for the next connection to the same server.
#[derive(Debug)]
pub(super) struct KeptSession {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) slot: OpenSlot,
    /// What its set-up stands on.
    pub(super) basis: Basis,
}

/// The place of the one session that a connector keeps.
pub(super) type Shelf = Mutex<Option<KeptSession>>;

/// Where a session goes when its connection has ended.
#[derive(Debug)]
pub(super) struct Keep {
    pub(super) shelf: std::sync::Weak<Shelf>,
    pub(super) host: String,
    pub(super) port: u16,
}

impl Link {
    pub(super) fn socket(&self) -> u8 {
        self.slot.id()
    }

    /// Hangs up and gives the number back, or keeps the session. Tells of a restart that only this has shown.
    pub(super) async fn finish(self) -> Result<(), SocketError> {
        let basis = self.basis.clone();
        let known = basis.loss();
        self.hang_up().await?;
        if known.is_some() { Ok(()) } else { loss::check(&basis) }
    }

    async fn hang_up(self) -> Result<(), SocketError> {
        let Self { slot, basis, keep, .. } = self;
        // A module that has restarted keeps no session.
        let keep = keep.filter(|_| basis.loss().is_none());
        match keep.and_then(|keep| Some((keep.shelf.upgrade()?, keep.host, keep.port))) {
            None => slot.hang_up().await?,
            Some((shelf, host, port)) => {
                slot.park().await?;
                let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
                let kept = shelf.insert(KeptSession { host, port, slot, basis });
                // Whoever waits for the number finds it here.
                kept.slot.stays();
            }
        }
        Ok(())
    }

    /// Tells the application that the connection has ended. It may want to connect again at once.
    pub(super) fn ended(&self, ending: SocketEnding) {
        self.slot.leaving().soon();
        self.buffers.ended(ending);
    }

    /// Tells the application why nothing more can be said about the connection.
    pub(super) fn failed(&self, error: SocketError) {
        self.slot.leaving().soon();
        self.buffers.failed(error);
    }

    /// How a line says that this connection has ended; `None` if it may be another one, or is about something else.
    pub(super) fn closure(&self, line: &str) -> Option<Closed> {
        match Closure::parse(line)? {
            Closure::Socket(socket, ending) if socket == self.socket() => Some(Closed::This(ending)),
            Closure::Socket(..) => None,
            Closure::Somewhere => Some(Closed::Perhaps),
        }
    }
}

/// What a `NO CARRIER` means for one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// It has ended.
    This(SocketEnding),
    /// It or another one has.
    Perhaps,
}
