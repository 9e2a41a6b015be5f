//! An open serial port.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};

use mio_serial::SerialStream;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio_serial::{Error, SerialPortBuilder};

/// An open serial port.
///
/// Flushing and closing do not wait until the bytes have crossed the line: the operating system offers
/// that only as a call that blocks the thread, without bound while flow control holds the line. How long the last bytes need
/// is reckoned from the line rate instead, see [`DriverOptions::line_rate`](crate::driver::DriverOptions::line_rate).
#[derive(Debug)]
pub struct SerialLine {
    port: Arc<SerialStream>,
    /// What wakes the thread. `None`: nothing, because bytes gather.
    watch: Option<AsyncFd<Arc<SerialStream>>>,
    /// Room to write wakes it too. There is some with each byte that leaves, and hardly ever does anybody wait for it.
    watches_room: bool,
    gathering: AtomicBool,
    /// Who waits for a watch, in case it is replaced.
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl SerialLine {
    /// Opens it on the current tokio runtime.
    pub(super) fn open(port: &SerialPortBuilder) -> Result<Self, Error> {
        let mut line = Self {
            port: Arc::new(SerialStream::open(port)?),
            watch: None,
            watches_room: false,
            gathering: AtomicBool::new(false),
            reader: None,
            writer: None,
        };
        line.watched(false)?;
        Ok(line)
    }

    /// Whether bytes are to gather: nobody asks for each piece, so pieces wake nobody.
    pub(crate) fn set_gathering(&self, gathering: bool) {
        self.gathering.store(gathering, Ordering::Relaxed);
    }

    /// What wakes whoever waits for input, and for room to write if that is wanted.
    fn watched(&mut self, room: bool) -> io::Result<&AsyncFd<Arc<SerialStream>>> {
        if self.watch.is_none() || room && !self.watches_room {
            self.unwatch();
            self.watches_room = room;
        }
        let watch = match self.watch.take() {
            Some(watch) => watch,
            None => watch(Arc::clone(&self.port), room)?,
        };
        Ok(self.watch.insert(watch))
    }

    /// Whoever waits asks again, and is waited for by another watch.
    fn unwatch(&mut self) {
        self.watch = None;
        for waiting in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waiting.wake();
        }
    }

    fn poll_input(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if *self.gathering.get_mut()
            && let Some(read) = at_once(self.port.as_ref().read(buffer.initialize_unfilled()))
        {
            self.unwatch();
            buffer.advance(read?);
            return Poll::Ready(Ok(()));
        }
        loop {
            let room = self.watches_room;
            let mut guard = ready!(self.watched(room)?.poll_read_ready(context))?;
            let free = buffer.remaining();
            if let Ok(read) = guard.try_io(|port| port.get_ref().as_ref().read(buffer.initialize_unfilled()))
            {
                let count = read?;
                // It gave less than it could, so nothing is left. Whatever comes makes it ready again, a hangup too.
                if (1..free).contains(&count) {
                    guard.clear_ready();
                }
                buffer.advance(count);
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn poll_room(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.watched(true)?.poll_write_ready(context))?;
            if let Ok(written) = guard.try_io(|port| port.get_ref().as_ref().write(bytes)) {
                return Poll::Ready(written);
            }
        }
    }
}

/// What was done without waiting.
fn at_once(result: io::Result<usize>) -> Option<io::Result<usize>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        done => Some(done),
    }
}

#[expect(
    deprecated,
    reason = "the successor is an unsafe function; a port that is shared stays open as long as its watch without it"
)]
fn watch(port: Arc<SerialStream>, room: bool) -> io::Result<AsyncFd<Arc<SerialStream>>> {
    let interest = if room { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
    AsyncFd::with_interest(port, interest)
}

impl AsyncRead for SerialLine {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.reader = None;
        let read = this.poll_input(context, buffer);
        if read.is_pending() {
            this.reader = Some(context.waker().clone());
        }
        read
    }
}

impl AsyncWrite for SerialLine {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let waited = this.writer.take().is_some();
        if let Some(written) = at_once(this.port.as_ref().write(bytes)) {
            if this.watches_room && !waited {
                this.unwatch();
                this.watches_room = false;
            }
            return Poll::Ready(written);
        }
        let written = this.poll_room(context, bytes);
        if written.is_pending() {
            this.writer = Some(context.waker().clone());
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use serialport::{SerialPort as _, TTYPort};
    use tokio::io::AsyncReadExt;

    use crate::transport::SerialPort;

    /// Pieces of every length up to what a terminal holds, written by another thread as fast as they are read.
    fn write_pieces(mut end: TTYPort, bytes: &[u8]) -> TTYPort {
        let mut rest = bytes;
        for length in (0..).map(|piece| 1 + piece * 37 % 4095) {
            let (piece, behind) = rest.split_at(length.min(rest.len()));
            io::Write::write_all(&mut end, piece).unwrap();
            rest = behind;
            if rest.is_empty() {
                break;
            }
            std::thread::yield_now();
        }
        end
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_byte_is_left_behind_however_they_come() {
        let (mut end, line) = TTYPort::pair().unwrap();
        end.set_timeout(Duration::from_secs(10)).unwrap();
        let mut line = SerialPort::new(line.name().unwrap().as_str()).open().unwrap();
        let bytes: Vec<u8> = (0..400_000u32).map(|place| (place % 251) as u8).collect();
        let expected = bytes.clone();
        let writing = std::thread::spawn(move || write_pieces(end, &bytes));
        let reading = async {
            let mut read = Vec::new();
            for room in (0..).map(|turn| [1, 64, 1000, 4096][turn % 4]) {
                let mut piece = vec![0; room];
                let count = line.read(&mut piece).await.unwrap();
                read.extend_from_slice(&piece[..count]);
                if read.len() >= expected.len() {
                    break;
                }
            }
            assert!(read == expected, "the bytes are not the same");
            drop(writing.join().unwrap());
            // The other end has hung up, which is heard although nothing was left to read.
            let end = line.read(&mut [0; 64]).await;
            assert!(!matches!(end, Ok(1..)), "{end:?}");
        };
        tokio::time::timeout(Duration::from_secs(30), reading).await.expect("something was left behind");
    }
}
