//! A line that keeps what crosses it, in both directions.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// What has crossed a line so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Crossed {
    /// Command lines that were sent, each of which is a round trip to its final result.
    pub(crate) commands: u64,
    /// How often the module had to answer before the host could go on: a prompt is an answer of its own.
    pub(crate) turns: u64,
    /// Bytes in both directions.
    pub(crate) bytes: u64,
}

impl Crossed {
    /// What has crossed since `earlier`.
    pub(crate) const fn since(self, earlier: Self) -> Self {
        Self {
            commands: self.commands - earlier.commands,
            turns: self.turns - earlier.turns,
            bytes: self.bytes - earlier.bytes,
        }
    }
}

/// Tells what has crossed the line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    crossed: Crossed,
    /// The host wrote last.
    asking: bool,
    /// The last command line of each name, and what had crossed before it.
    commands: Vec<(String, Crossed)>,
}

impl Meter {
    /// What has crossed so far.
    pub(crate) fn now(&self) -> Crossed {
        self.with(|log| log.crossed)
    }

    /// What had crossed before the last command line that contains `part`.
    pub(crate) fn before_last(&self, part: &str) -> Option<Crossed> {
        self.with(|log| log.commands.iter().rev().find(|(line, _)| line.contains(part)).map(|(_, at)| *at))
    }

    /// The command lines since `earlier`.
    pub(crate) fn lines_since(&self, earlier: Crossed) -> Vec<String> {
        let is_later = |at: &Crossed| at.bytes >= earlier.bytes;
        self.with(|log| {
            log.commands.iter().filter(|(_, at)| is_later(at)).map(|(line, _)| line.clone()).collect()
        })
    }

    fn with<R>(&self, work: impl FnOnce(&mut Log) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Log {
    fn sent(&mut self, bytes: &[u8]) {
        if bytes.starts_with(b"AT") && bytes.ends_with(b"\r") {
            self.commands.push((String::from_utf8_lossy(bytes).trim_end().to_owned(), self.crossed));
            self.crossed.commands += 1;
        }
        self.crossed.turns += u64::from(!std::mem::replace(&mut self.asking, true));
        self.crossed.bytes += bytes.len() as u64;
    }

    fn received(&mut self, bytes: usize) {
        self.asking &= bytes == 0;
        self.crossed.bytes += bytes as u64;
    }
}

/// The host's end of a line, with its meter.
#[derive(Debug)]
pub(crate) struct Tap {
    line: DuplexStream,
    meter: Meter,
}

impl Tap {
    pub(crate) fn new(line: DuplexStream, meter: &Meter) -> Self {
        Self { line, meter: meter.clone() }
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled = buf.filled().len();
        ready!(Pin::new(&mut self.line).poll_read(cx, buf))?;
        self.meter.with(|log| log.received(buf.filled().len() - filled));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.line).poll_write(cx, bytes))?;
        self.meter.with(|log| log.sent(bytes.get(..written).unwrap_or_default()));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_shutdown(cx)
    }
}
