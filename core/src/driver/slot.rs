//! Where the stream of a port is put in and taken out while its handles stay.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};

/// A byte stream to a module: a serial port, a socket, or one half of an in-memory pair.
pub trait ByteStream: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> ByteStream for T {}

/// Any [`ByteStream`].
pub type BoxedStream = Pin<Box<dyn ByteStream>>;

/// What is done to the stream of a port.
pub(crate) enum Change {
    /// Close it and tell.
    TakeOut(oneshot::Sender<()>),
    /// Use this one from now on, and tell.
    PutIn(BoxedStream, oneshot::Sender<()>),
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TakeOut(_) => "TakeOut",
            Self::PutIn(..) => "PutIn",
        })
    }
}

/// The right to change the stream of a port. While it exists the port outlives the loss of its stream: commands fail
/// with [`LinkLost`](crate::CommandError::LinkLost) until the next one is put in.
#[derive(Debug)]
pub(crate) struct PortSlot {
    changes: mpsc::Sender<Change>,
    occupied: Occupied,
}

/// Whether there is a stream.
pub(crate) type Occupied = Arc<AtomicBool>;

impl PortSlot {
    /// The slot of a port that has a stream.
    pub(crate) fn new(occupied: Occupied) -> (Self, mpsc::Receiver<Change>) {
        let (changes, receiver) = mpsc::channel(1);
        (Self { changes, occupied }, receiver)
    }

    /// Whether there is a stream that is not lost yet.
    pub(crate) fn is_occupied(&self) -> bool {
        self.occupied.load(Ordering::Relaxed)
    }

    /// Closes the stream, so that the port can be opened again. Everything under way fails as if it had been lost.
    pub(crate) async fn take_out(&self) {
        let (taken, told) = oneshot::channel();
        // A task that is gone has closed it.
        if self.changes.send(Change::TakeOut(taken)).await.is_ok() {
            drop(told.await);
        }
    }

    /// Goes on with another stream to the module, which may be in any state. Commands that are handed over later
    /// go there.
    pub(crate) async fn put_in(&self, stream: BoxedStream) {
        self.occupied.store(true, Ordering::Relaxed);
        let (taken, told) = oneshot::channel();
        // A task that is gone needs none.
        if self.changes.send(Change::PutIn(stream, taken)).await.is_ok() {
            drop(told.await);
        }
    }
}
