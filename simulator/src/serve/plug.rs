//! One plug: a task that reads the host and one that writes to it.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::pacing::{Cutter, Line, Split};
use crate::timing::wait_until;

/// Input that the module may have and not yet have used.
const INPUT_WINDOW: usize = 64 * 1024;
const PIECE: usize = 16 * 1024;

/// What a plug reports.
#[derive(Debug)]
pub(crate) enum PlugEvent {
    /// Bytes, and when the last of them had crossed the line.
    Input(Bytes, Instant),
    /// So many bytes have been written, and when the last of them had crossed the line.
    Written(usize, Instant),
    /// The host has closed its end.
    Closed,
}

/// A plug that is in use. Dropping it closes the stream.
#[derive(Debug)]
pub(crate) struct Plug {
    output: UnboundedSender<(Bytes, Instant)>,
    input_credit: Arc<Semaphore>,
    reader: AbortHandle,
    writer: AbortHandle,
}

impl Plug {
    /// Puts `stream` to use. `report` is called for every event and must not block.
    pub(crate) fn new<S>(
        stream: S,
        baud: Option<u32>,
        split: Split,
        report: impl Fn(PlugEvent) + Clone + Send + Sync + 'static,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (reading, writing) = tokio::io::split(stream);
        let (output, outgoing) = unbounded_channel();
        let input_credit = Arc::new(Semaphore::new(INPUT_WINDOW));
        let reader = tokio::spawn(read(reading, Line::new(baud), Arc::clone(&input_credit), report.clone()));
        let writer = tokio::spawn(write(writing, Line::new(baud), Cutter::new(split), outgoing, report));
        Self { output, input_credit, reader: reader.abort_handle(), writer: writer.abort_handle() }
    }

    /// Sends bytes to the host, which are there to be sent since `ready`.
    pub(crate) fn send(&self, bytes: Bytes, ready: Instant) {
        // A writer that has ended has reported it.
        self.output.send((bytes, ready)).unwrap_or_default();
    }

    /// The module has used so many bytes of input.
    pub(crate) fn credit(&self, count: usize) {
        self.input_credit.add_permits(count);
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        self.reader.abort();
        self.writer.abort();
    }
}

async fn read(
    mut stream: impl AsyncRead + Unpin,
    mut line: Line,
    credit: Arc<Semaphore>,
    report: impl Fn(PlugEvent),
) {
    let mut buffer = BytesMut::new();
    loop {
        // Not more than the module takes: the host feels it as flow control.
        let Ok(first) = credit.acquire().await else { return };
        first.forget();
        line.held_until(Instant::now());
        let more = credit.available_permits().min(PIECE - 1);
        let more = match credit.try_acquire_many(u32::try_from(more).unwrap_or(0)) {
            Ok(permits) => {
                permits.forget();
                more
            }
            Err(_) => 0,
        };
        let granted = more + 1;
        buffer.reserve(granted);
        let mut limited = BufMut::limit(&mut buffer, granted);
        let at_once = tokio::select! {
            biased;
            read = stream.read_buf(&mut limited) => Some(read),
            () = std::future::ready(()) => None,
        };
        let (read, ready) = match at_once {
            // It has come while what is before it crossed the line.
            Some(read) => (read, line.free_at(Instant::now())),
            None => (stream.read_buf(&mut limited).await, Instant::now()),
        };
        let count = match read {
            Ok(0) | Err(_) => return report(PlugEvent::Closed),
            Ok(count) => count,
        };
        credit.add_permits(granted - count);
        cross(&mut line, buffer.split().freeze(), ready, &report).await;
    }
}

/// The bytes arrive as fast as the line carries them.
async fn cross(line: &mut Line, mut bytes: Bytes, ready: Instant, report: &impl Fn(PlugEvent)) {
    while !bytes.is_empty() {
        let (step, end) = line.next_step(bytes.len(), ready, Instant::now());
        wait_until(end).await;
        report(PlugEvent::Input(bytes.split_to(step), end));
    }
}

async fn write(
    mut stream: impl AsyncWrite + Unpin,
    mut line: Line,
    mut cutter: Cutter,
    mut outgoing: UnboundedReceiver<(Bytes, Instant)>,
    report: impl Fn(PlugEvent),
) {
    while let Some((mut bytes, ready)) = outgoing.recv().await {
        while !bytes.is_empty() {
            let (step, end) = line.next_step(bytes.len(), ready, Instant::now());
            wait_until(end).await;
            // The reader reports it when the host is gone.
            let Ok(count) = put(&mut stream, bytes.split_to(step), &mut cutter).await else { return };
            line.held_until(Instant::now());
            report(PlugEvent::Written(count, end));
        }
    }
}

async fn put(
    stream: &mut (impl AsyncWrite + Unpin),
    mut bytes: Bytes,
    cutter: &mut Cutter,
) -> std::io::Result<usize> {
    let count = bytes.len();
    while !bytes.is_empty() {
        let piece = bytes.split_to(cutter.piece(bytes.len()));
        stream.write_all(&piece).await?;
        stream.flush().await?;
        if cutter.cuts() {
            // Lets a reader in the same process see the piece by itself.
            tokio::task::yield_now().await;
        }
    }
    Ok(count)
}
