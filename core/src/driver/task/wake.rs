//! What wakes the task.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, ReadBuf};
use tokio::sync::mpsc;
use tokio::task::coop;
use tokio::time::Sleep;

use super::request::Request;
use super::{ANSWER_SIZE, Task, now};
use crate::at::make_room;
use crate::driver::slot::{BoxedStream, Change};
use crate::driver::stream::Control;
use crate::driver::timer::{Deadline, poll_due};
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
    pub(super) async fn wait(
        &mut self,
        stream: &mut BoxedStream,
        mut timer: Pin<&mut Option<Sleep>>,
    ) -> Wake {
        let free = self.all_taken() && self.is_quiet();
        let ready = free && self.is_ready();
        if ready && self.restoring.is_due() {
            return Wake::Restore;
        }
        if ready && let Some(request) = self.next.take() {
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
        let asking = (ready || free && self.engine.is_idle()) && self.next.is_none();
        let (data, control) = match &mut self.stream {
            Some(stream) => (Some(&stream.peer.data), Some(&mut stream.peer.control)),
            None => (None, None),
        };
        self.turn = self.turn.wrapping_add(1);
        let mut ends = Ends {
            stream,
            output: writing.then_some(self.output.front().map_or(&[], |output| output)),
            is_last: self.output.len() <= 1,
            input: reading.then_some(self.engine.input()),
            room: self.read_size,
            quiet,
            writes_first: self.turn & 2 == 0,
        };
        let mut handles = Handles {
            changes: self.changes.as_mut(),
            control: control.filter(|_| open && !writing),
            requests: asking.then_some(&mut self.requests),
            is_next: ready,
            unsent: self.waiting.as_mut().filter(|_| unsent),
        };
        let mut room = pin!(room(data.filter(|_| backlog)));
        let (handles_first, time_first) = (self.turn & 1 == 0, self.turn & 15 == 0);
        poll_fn(|context| {
            // A line that never rests must not keep the thread from its other tasks, nor this one from the time.
            let budget = ready!(coop::poll_proceed(context));
            let wake = match time_first && deadline.is_some_and(Deadline::is_over) {
                true => Wake::Timer,
                false => match poll_in_turn(&mut handles, &mut ends, handles_first, context) {
                    Poll::Ready(wake) => wake,
                    Poll::Pending if backlog && room.as_mut().poll(context).is_ready() => Wake::StreamRoom,
                    // Last: setting a timer can cost a system call, and the module is at work by then.
                    Poll::Pending => {
                        ready!(poll_due(timer.as_mut(), deadline, context));
                        Wake::Timer
                    }
                },
            };
            budget.made_progress();
            Poll::Ready(wake)
        })
        .await
    }

    /// Whether the next command can go. The clock is looked at only where there is a pause.
    fn is_ready(&self) -> bool {
        match self.engine.is_idle() {
            true => self.engine.poll_timeout().is_none_or(|ready_at| ready_at <= now()),
            false => self.engine.is_ready(now()),
        }
    }

    /// Until when the port is left alone, so that bytes gather.
    fn gathering_until(&self) -> Option<std::time::Instant> {
        self.gathering.until().filter(|_| !self.has_backlog())
    }

    /// When time has to be looked at. The end of the pause matters to who waits for it, and to nobody else.
    fn deadline(&self, gathering: Option<std::time::Instant>) -> Option<Deadline> {
        let nobody_asks = self.engine.is_idle() && self.next.is_none() && !self.restoring.is_due();
        let engine = if nobody_asks { None } else { self.engine.poll_timeout() };
        match (engine, gathering) {
            (Some(engine), Some(gathering)) if gathering < engine => Some(Deadline::rough(gathering.into())),
            (Some(engine), _) => Some(Deadline::exact(engine.into())),
            (None, gathering) => gathering.map(|gathering| Deadline::rough(gathering.into())),
        }
    }
}

/// Neither keeps the other from its work.
fn poll_in_turn(
    handles: &mut Handles<'_>,
    ends: &mut Ends<'_>,
    handles_first: bool,
    context: &mut Context<'_>,
) -> Poll<Wake> {
    let first = if handles_first { handles.poll(context) } else { ends.poll(context) };
    match first {
        Poll::Ready(wake) => Poll::Ready(wake),
        Poll::Pending if handles_first => ends.poll(context),
        Poll::Pending => handles.poll(context),
    }
}

/// What handles may ask for.
struct Handles<'a> {
    changes: Option<&'a mut fan_in::Receiver<Box<Change>>>,
    control: Option<&'a mut mpsc::Receiver<Control>>,
    requests: Option<&'a mut fan_in::Receiver<Box<Request>>>,
    /// A request need not wait for the end of the pause.
    is_next: bool,
    /// Who waits for what is not sent yet.
    unsent: Option<&'a mut Waiting>,
}

impl Handles<'_> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Wake> {
        if let Some(Poll::Ready(change)) = self.changes.as_mut().map(|changes| changes.poll_receive(context))
        {
            return Poll::Ready(Wake::Change(change));
        }
        if let Some(Poll::Ready(control)) = self.control.as_mut().map(|control| control.poll_recv(context)) {
            return Poll::Ready(Wake::StreamControl(control));
        }
        if let Some(Poll::Ready(request)) =
            self.requests.as_mut().map(|requests| requests.poll_receive(context))
        {
            return Poll::Ready(if self.is_next { Wake::Next(request) } else { Wake::Request(request) });
        }
        if let Some(Poll::Ready(())) =
            self.unsent.as_mut().map(|waiting| waiting.answer.poll_abandoned(context))
        {
            return Poll::Ready(Wake::Abandoned);
        }
        Poll::Pending
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
    /// Free space before a read.
    room: usize,
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
            Some(input) => poll_read(self.stream, input, self.room, self.quiet, context).map(Wake::Read),
        }
    }
}

/// Reads what is there. A quiet port holds no memory while nothing is, and asks for none to find that out.
pub(super) fn poll_read(
    stream: &mut BoxedStream,
    input: &mut BytesMut,
    room: usize,
    quiet: bool,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    if quiet && input.capacity() == 0 {
        return poll_quiet(stream, input, room, context);
    }
    make_room(input, room);
    let read = pin!(stream.read_buf(input)).poll(context);
    if quiet && read.is_pending() && input.is_empty() {
        *input = BytesMut::new();
    }
    read
}

/// What comes first is read into the stack.
fn poll_quiet(
    stream: &mut BoxedStream,
    input: &mut BytesMut,
    room: usize,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut space = [MaybeUninit::uninit(); ANSWER_SIZE];
    let mut buffer = ReadBuf::uninit(&mut space);
    let read = stream.as_mut().poll_read(context, &mut buffer);
    let arrived = buffer.filled();
    if !arrived.is_empty() {
        make_room(input, room);
        input.extend_from_slice(arrived);
    }
    read.map_ok(|()| arrived.len())
}

async fn room(data: Option<&mpsc::Sender<Bytes>>) {
    if let Some(data) = data {
        // An error means that the reader is gone, which is room as well.
        drop(data.reserve().await);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    const ROOM: usize = 1024;

    #[tokio::test]
    async fn a_quiet_port_holds_no_memory_and_loses_no_byte() {
        let (host, mut module) = duplex(2 * ROOM);
        let mut stream: BoxedStream = Box::pin(host);
        let mut context = Context::from_waker(Waker::noop());
        let mut input = BytesMut::new();
        assert!(poll_read(&mut stream, &mut input, ROOM, true, &mut context).is_pending());
        assert_eq!(input.capacity(), 0);
        assert!(poll_read(&mut stream, &mut input, ROOM, false, &mut context).is_pending());
        assert!(input.capacity() >= ROOM, "an answer is expected");
        module.write_all(b"RI").await.unwrap();
        assert!(matches!(poll_read(&mut stream, &mut input, ROOM, true, &mut context), Poll::Ready(Ok(2))));
        assert!(poll_read(&mut stream, &mut input, ROOM, true, &mut context).is_pending());
        assert_eq!(input, "RI", "half a line stays");
    }

    #[tokio::test]
    async fn a_quiet_port_reads_on_where_more_comes_than_it_looks_for() {
        let (host, mut module) = duplex(4 * ROOM);
        let (mut stream, mut input): (BoxedStream, _) = (Box::pin(host), BytesMut::new());
        let mut context = Context::from_waker(Waker::noop());
        let bytes: Vec<u8> = (0..=250).cycle().take(3 * ROOM).collect();
        module.write_all(&bytes).await.unwrap();
        drop(module);
        let mut arrived = Vec::new();
        // Of each read nothing is left, or half of it.
        for left in [0, 512, 0, 0] {
            let read = poll_read(&mut stream, &mut input, ROOM, true, &mut context);
            assert!(matches!(read, Poll::Ready(Ok(_))), "{read:?}");
            arrived.extend_from_slice(&input.split_to(input.len().saturating_sub(left)));
        }
        assert!(arrived == bytes, "{} bytes", arrived.len());
        assert!(matches!(poll_read(&mut stream, &mut input, ROOM, true, &mut context), Poll::Ready(Ok(0))));
    }
}
