//! What wakes the task.

use std::io;
use std::pin::Pin;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};

use super::request::Request;
use super::{READ_SIZE, Reader, Task, Writer, now};
use crate::driver::slot::Change;
use crate::driver::stream::Control;
use crate::driver::waiting::Waiting;

/// What woke the task.
pub(super) enum Wake {
    Read(io::Result<usize>),
    Written(io::Result<usize>),
    Flushed(io::Result<()>),
    Change(Option<Change>),
    Request(Option<Request>),
    StreamControl(Option<Control>),
    StreamRoom,
    Restore,
    Abandoned,
    Timer,
}

impl Task {
    pub(super) async fn wait(
        &mut self,
        reader: &mut Reader,
        writer: &mut Writer,
        mut timer: Pin<&mut Sleep>,
    ) -> Wake {
        let ready = self.all_taken() && self.waiting.is_none() && self.engine.is_ready(now());
        let restore = ready && self.restoring.is_due();
        let unsent = self.engine.is_exchange_unsent();
        let deadline = self.engine.poll_timeout().map(Instant::from_std);
        if let Some(deadline) = deadline
            && timer.deadline() != deadline
        {
            timer.as_mut().reset(deadline);
        }
        let backlog = self.has_backlog();
        let open =
            self.stream.as_ref().is_some_and(|stream| !stream.closing) && self.engine.is_stream_writable();
        let writing = !self.output.is_empty();
        let flushing = !writing && self.unflushed;
        let next = self.output.front().cloned().unwrap_or_default();
        let (stream_data, stream_control) = match &mut self.stream {
            Some(stream) => (Some(stream.peer.data.clone()), Some(&mut stream.peer.control)),
            None => (None, None),
        };
        let input = self.engine.input();
        input.reserve(READ_SIZE);
        tokio::select! {
            wake = push(writer, &next), if writing || flushing => wake,
            read = reader.read_buf(input), if !backlog => Wake::Read(read),
            change = next_change(self.changes.as_mut()) => Wake::Change(change),
            () = room(stream_data), if backlog => Wake::StreamRoom,
            control = next_control(stream_control), if open && !writing && !flushing => Wake::StreamControl(control),
            () = std::future::ready(()), if restore => Wake::Restore,
            request = self.requests.recv(), if ready && !restore => Wake::Request(request),
            () = abandoned(self.waiting.as_mut()), if unsent => Wake::Abandoned,
            () = timer, if deadline.is_some() => Wake::Timer,
        }
    }
}

/// Writes what is next, or flushes if nothing is.
async fn push(writer: &mut Writer, next: &[u8]) -> Wake {
    match next.is_empty() {
        true => Wake::Flushed(writer.flush().await),
        false => Wake::Written(writer.write(next).await),
    }
}

async fn room(data: Option<mpsc::Sender<Bytes>>) {
    if let Some(data) = data {
        // An error means that the reader is gone, which is room as well.
        drop(data.reserve().await);
    }
}

async fn next_change(changes: Option<&mut mpsc::Receiver<Change>>) -> Option<Change> {
    match changes {
        Some(changes) => changes.recv().await,
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
