//! What wakes the task.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};

use super::request::Request;
use super::{READ_SIZE, Task, now};
use crate::driver::slot::{BoxedStream, Change};
use crate::driver::stream::Control;
use crate::driver::timer::{Deadline, due};
use crate::driver::waiting::Waiting;
use crate::fan_in;

/// What woke the task.
pub(super) enum Wake {
    Read(io::Result<usize>),
    Written(io::Result<Written>),
    Flushed(io::Result<()>),
    Change(Option<Box<Change>>),
    Request(Option<Box<Request>>),
    /// What waited for the end of the pause.
    Next(Option<Box<Request>>),
    StreamControl(Option<Control>),
    StreamRoom,
    Restore,
    Abandoned,
    Timer,
}

/// What a write did.
pub(super) struct Written {
    pub(super) count: usize,
    /// Whether the transport holds none of it any more.
    pub(super) flushed: io::Result<bool>,
}

impl Task {
    pub(super) async fn wait(&mut self, stream: &mut BoxedStream, timer: Pin<&mut Option<Sleep>>) -> Wake {
        let free = self.all_taken() && self.waiting.is_none();
        let ready = free && self.engine.is_ready(now());
        let restore = ready && self.restoring.is_due();
        if ready
            && !restore
            && let Some(request) = self.next.take()
        {
            return Wake::Next(request);
        }
        let open =
            self.stream.as_ref().is_some_and(|stream| !stream.closing) && self.engine.is_stream_writable();
        let unsent = self.engine.is_exchange_unsent();
        let gathering = self.gathering_until();
        let deadline = self.deadline(gathering);
        (**stream).set_gathering(gathering.is_some());
        let backlog = self.has_backlog();
        let quiet = self.is_quiet();
        let reading = !backlog && gathering.is_none();
        let writing = !self.output.is_empty() || self.unflushed;
        let asking = (ready || free && self.engine.is_idle()) && !restore && self.next.is_none();
        let (stream_data, stream_control) = match &mut self.stream {
            Some(stream) => (Some(&stream.peer.data), Some(&mut stream.peer.control)),
            None => (None, None),
        };
        self.writes_first = !self.writes_first;
        let mut ends = Ends {
            stream,
            output: writing.then_some(self.output.front().map_or(&[], |output| output)),
            is_last: self.output.len() <= 1,
            input: reading.then_some(self.engine.input()),
            quiet,
            writes_first: self.writes_first,
        };
        tokio::select! {
            wake = poll_fn(|context| ends.poll(context)), if reading || writing => wake,
            change = next_change(self.changes.as_mut()) => Wake::Change(change),
            () = room(stream_data), if backlog => Wake::StreamRoom,
            control = next_control(stream_control), if open && !writing => Wake::StreamControl(control),
            () = std::future::ready(()), if restore => Wake::Restore,
            request = self.requests.receive(), if asking => Wake::Request(request),
            () = abandoned(self.waiting.as_mut()), if unsent => Wake::Abandoned,
            () = due(timer, deadline) => Wake::Timer,
        }
    }

    /// Until when the port is left alone, so that bytes gather.
    fn gathering_until(&self) -> Option<std::time::Instant> {
        self.gathering.until().filter(|_| !self.has_backlog())
    }

    /// When time has to be looked at. The end of the pause matters to who waits for it, and to nobody else.
    fn deadline(&self, gathering: Option<std::time::Instant>) -> Option<Deadline> {
        let nobody_asks = self.engine.is_idle() && self.next.is_none() && !self.restoring.is_due();
        let engine = self.engine.poll_timeout().filter(|_| !nobody_asks);
        let engine = engine.map(|at| Deadline::exact(Instant::from_std(at)));
        let gathering = gathering.map(|at| Deadline::rough(Instant::from_std(at)));
        [engine, gathering].into_iter().flatten().min()
    }
}

/// Both ends of the port's stream.
struct Ends<'a> {
    stream: &'a mut BoxedStream,
    /// What to write; flushes if there is nothing.
    output: Option<&'a [u8]>,
    /// Nothing is to be written behind that.
    is_last: bool,
    /// Where to read to.
    input: Option<&'a mut BytesMut>,
    /// Nothing is under way.
    quiet: bool,
    /// They take turns, so that neither keeps the other from its work.
    writes_first: bool,
}

impl Ends<'_> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Wake> {
        let first = if self.writes_first { self.push(context) } else { self.pull(context) };
        match first {
            Poll::Ready(wake) => Poll::Ready(wake),
            Poll::Pending if self.writes_first => self.pull(context),
            Poll::Pending => self.push(context),
        }
    }

    fn push(&mut self, context: &mut Context<'_>) -> Poll<Wake> {
        match self.output {
            None => Poll::Pending,
            Some([]) => self.stream.as_mut().poll_flush(context).map(Wake::Flushed),
            Some(output) => {
                let written = ready!(self.stream.as_mut().poll_write(context, output));
                Poll::Ready(Wake::Written(written.map(|count| self.written(context, count, output.len()))))
            }
        }
    }

    /// Most streams hold nothing back, which is found out at once.
    fn written(&mut self, context: &mut Context<'_>, count: usize, of: usize) -> Written {
        let all = self.is_last && count == of;
        let flushed = match all.then(|| self.stream.as_mut().poll_flush(context)) {
            Some(Poll::Ready(flushed)) => flushed.map(|()| true),
            Some(Poll::Pending) | None => Ok(false),
        };
        Written { count, flushed }
    }

    fn pull(&mut self, context: &mut Context<'_>) -> Poll<Wake> {
        match &mut self.input {
            None => Poll::Pending,
            Some(input) => poll_read(self.stream, input, self.quiet, context).map(Wake::Read),
        }
    }
}

/// Reads what is there. A quiet port holds no memory while nothing is.
pub(super) fn poll_read(
    stream: &mut BoxedStream,
    input: &mut BytesMut,
    quiet: bool,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    input.reserve(READ_SIZE);
    let read = pin!(stream.read_buf(input)).poll(context);
    if quiet && read.is_pending() && input.is_empty() {
        *input = BytesMut::new();
    }
    read
}

async fn room(data: Option<&mpsc::Sender<Bytes>>) {
    if let Some(data) = data {
        // An error means that the reader is gone, which is room as well.
        drop(data.reserve().await);
    }
}

async fn next_change(changes: Option<&mut fan_in::Receiver<Box<Change>>>) -> Option<Box<Change>> {
    match changes {
        Some(changes) => changes.receive().await,
        None => std::future::pending().await,
    }
}

async fn abandoned(waiting: Option<&mut Waiting>) {
    match waiting {
        Some(waiting) => waiting.answer.abandoned().await,
        None => std::future::pending().await,
    }
}

async fn next_control(control: Option<&mut mpsc::Receiver<Control>>) -> Option<Control> {
    match control {
        Some(control) => control.recv().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn a_quiet_port_holds_no_memory_and_loses_no_byte() {
        let (host, mut module) = duplex(2 * READ_SIZE);
        let mut stream: BoxedStream = Box::pin(host);
        let mut context = Context::from_waker(Waker::noop());
        let mut input = BytesMut::new();
        assert!(poll_read(&mut stream, &mut input, true, &mut context).is_pending());
        assert_eq!(input.capacity(), 0);
        assert!(poll_read(&mut stream, &mut input, false, &mut context).is_pending());
        assert!(input.capacity() >= READ_SIZE, "an answer is expected");
        module.write_all(b"RI").await.unwrap();
        assert!(matches!(poll_read(&mut stream, &mut input, true, &mut context), Poll::Ready(Ok(2))));
        assert!(poll_read(&mut stream, &mut input, true, &mut context).is_pending());
        assert_eq!(input, "RI", "half a line stays");
    }
}
