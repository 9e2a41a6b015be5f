//! An in-memory line with a fixed buffer in each direction, so that what a session holds is not mixed with what the
//! line holds.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that each direction holds before anything is read.
const CAPACITY: usize = 4096;

/// What is on its way on one line, and how far its module has got.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) to_module: Vec<u8>,
    pub(crate) to_host: Vec<u8>,
    pub(crate) reader: Option<Waker>,
    /// The next step of the script.
    pub(crate) cursor: usize,
    /// Messages that the module has taken.
    pub(crate) messages: u64,
    /// What the script does not have.
    pub(crate) unknown: u64,
    closed: bool,
    queued: bool,
}

/// All lines, and those of them that have something for their module.
#[derive(Debug)]
pub(crate) struct Lines {
    wires: Vec<Mutex<Wire>>,
    ready: Mutex<Vec<usize>>,
    some_ready: Condvar,
}

impl Lines {
    /// So many of them, with all the memory that they will ever have.
    pub(crate) fn new(count: usize) -> Arc<Self> {
        let wire = || Wire {
            to_module: Vec::with_capacity(CAPACITY),
            to_host: Vec::with_capacity(CAPACITY),
            reader: None,
            cursor: 0,
            messages: 0,
            unknown: 0,
            closed: false,
            queued: false,
        };
        let wires = std::iter::repeat_with(|| Mutex::new(wire())).take(count).collect();
        // One more: the sign to stop.
        let ready = Mutex::new(Vec::with_capacity(count + 1));
        Arc::new(Self { wires, ready, some_ready: Condvar::new() })
    }

    /// The host's end of a line.
    pub(crate) fn end(self: &Arc<Self>, index: usize) -> End {
        End { lines: Arc::clone(self), index }
    }

    pub(crate) fn wire(&self, index: usize) -> Option<MutexGuard<'_, Wire>> {
        Some(lock(self.wires.get(index)?))
    }

    /// Waits for lines with something for their module and swaps them in. A number beyond the lines: stop.
    pub(crate) fn wait_ready(&self, ready: &mut Vec<usize>) {
        ready.clear();
        let mut waiting = lock(&self.ready);
        while waiting.is_empty() {
            waiting = self.some_ready.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut *waiting, ready);
        drop(waiting);
        for index in ready {
            if let Some(mut wire) = self.wire(*index) {
                wire.queued = false;
            }
        }
    }

    /// Ends the thread that waits.
    pub(crate) fn stop(&self) {
        self.push(usize::MAX);
    }

    /// Messages that the modules have taken so far.
    pub(crate) fn messages(&self) -> u64 {
        self.wires.iter().map(|wire| lock(wire).messages).sum()
    }

    /// What the script did not have.
    pub(crate) fn unknown(&self) -> u64 {
        self.wires.iter().map(|wire| lock(wire).unknown).sum()
    }

    fn push(&self, index: usize) {
        lock(&self.ready).push(index);
        self.some_ready.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The host's end of a line: takes and gives bytes as a terminal device does.
#[derive(Debug)]
pub(crate) struct End {
    lines: Arc<Lines>,
    index: usize,
}

impl End {
    fn wire(&self) -> io::Result<MutexGuard<'_, Wire>> {
        self.lines.wire(self.index).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl AsyncRead for End {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut wire = self.wire()?;
        if wire.to_host.is_empty() {
            let is_known = wire.reader.as_ref().is_some_and(|reader| reader.will_wake(context.waker()));
            if !is_known {
                wire.reader = Some(context.waker().clone());
            }
            return Poll::Pending;
        }
        let count = wire.to_host.len().min(buffer.remaining());
        buffer.put_slice(wire.to_host.get(..count).unwrap_or_default());
        wire.to_host.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for End {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut wire = self.wire()?;
        if wire.closed || wire.to_module.len() + bytes.len() > CAPACITY {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        wire.to_module.extend_from_slice(bytes);
        let is_news = !std::mem::replace(&mut wire.queued, true);
        drop(wire);
        if is_news {
            self.lines.push(self.index);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire()?.closed = true;
        Poll::Ready(Ok(()))
    }
}
