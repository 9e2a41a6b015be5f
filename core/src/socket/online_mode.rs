//! The task of a socket in online mode: the port itself carries the bytes.

use std::pin::Pin;

use tokio::sync::oneshot;

use super::ending::SocketEnding;
use super::error::SocketError;
use super::link::{Closed, Done, Link};
use crate::at::{Line, StreamEnd};
use crate::driver::{DataStream, DataStreamWriter, StreamClosed};

/// Most bytes on their way to the port at once.
const BLOCK: usize = 4096;

/// Asks the task to leave online mode and to give the connection out of its hands.
pub(super) type Suspend = oneshot::Sender<Result<Box<Link>, SocketError>>;

type Writing = Pin<Box<dyn Future<Output = Result<(), StreamClosed>> + Send>>;

pub(super) struct OnlineMode {
    link: Link,
    stream: DataStream,
    writer: DataStreamWriter,
    /// Bytes on their way to the port.
    writing: Option<Writing>,
    suspend: Option<oneshot::Receiver<Suspend>>,
    /// Who waits until online mode is left.
    suspending: Option<Suspend>,
}

/// Why the connection is not driven any more.
enum Stop {
    /// The module ended the stream.
    Ended,
    /// Everything was written; online mode is to be left.
    Leave,
}

impl OnlineMode {
    /// Drives the connection to its end, then closes it. The sender that is given asks for suspension.
    pub(super) fn start(link: Link, stream: DataStream, done: Done) -> oneshot::Sender<Suspend> {
        let (orders, suspend) = oneshot::channel();
        let writer = stream.writer();
        let task = Self { link, stream, writer, writing: None, suspend: Some(suspend), suspending: None };
        tokio::spawn(task.run(done));
        orders
    }

    async fn run(mut self, done: Done) {
        if matches!(self.serve().await, Stop::Leave) {
            self.stream.close().await;
            while let Some(data) = self.stream.next().await {
                self.link.buffers.push(data);
            }
        }
        let Self { link, stream, suspending, .. } = self;
        match (ended(&link, stream.end().await), suspending) {
            (Ok(None), Some(suspending)) => {
                // If nobody waits any more, the connection is closed as if it had been dropped.
                drop(suspending.send(Ok(Box::new(link))));
                return;
            }
            (Ok(ending), suspending) => {
                let ending = ending.unwrap_or(SocketEnding::Local);
                link.buffers.ended(ending);
                fail(suspending, &link);
            }
            (Err(error), suspending) => {
                link.buffers.failed(error.clone());
                fail_with(suspending, error);
            }
        }
        let written = link.buffers.write_outcome();
        let finished = link.finish().await;
        // Nobody has to wait for the end.
        drop(done.send(written.and(finished)));
    }

    async fn serve(&mut self) -> Stop {
        loop {
            let demand = self.link.buffers.demand();
            if self.writing.is_none() && demand.outgoing > 0 {
                self.begin_writing();
            }
            if self.writing.is_none() && (demand.closing || self.suspending.is_some()) {
                return Stop::Leave;
            }
            tokio::select! {
                data = self.stream.next(), if demand.room > 0 => match data {
                    Some(data) => self.link.buffers.push(data),
                    None => return Stop::Ended,
                },
                written = written(self.writing.as_mut()) => {
                    self.writing = None;
                    if written.is_err() {
                        // What became of the stream is told by its reading side.
                        self.drain().await;
                        return Stop::Ended;
                    }
                    self.link.buffers.accepted();
                }
                suspending = asked(self.suspend.as_mut()) => {
                    self.suspend = None;
                    self.suspending = suspending;
                }
                () = self.link.buffers.changed() => {}
            }
        }
    }

    fn begin_writing(&mut self) {
        let (writer, data) = (self.writer.clone(), self.link.buffers.take(BLOCK));
        self.writing = Some(Box::pin(async move {
            writer.write(data).await?;
            writer.flush().await
        }));
    }

    async fn drain(&mut self) {
        while let Some(data) = self.stream.next().await {
            self.link.buffers.push(data);
        }
    }
}

/// Without somebody who waits, the bytes that were not read stay with the socket.
fn fail(suspending: Option<Suspend>, link: &Link) {
    if suspending.is_some() {
        fail_with(suspending, link.buffers.ended_while_suspended());
    }
}

fn fail_with(suspending: Option<Suspend>, error: SocketError) {
    if let Some(suspending) = suspending {
        drop(suspending.send(Err(error)));
    }
}

/// How the connection ended; `None` if it was only left.
fn ended(link: &Link, end: StreamEnd) -> Result<Option<SocketEnding>, SocketError> {
    match end {
        StreamEnd::Suspended => Ok(None),
        StreamEnd::Closed { line } => Ok(Some(ending(link, &line))),
        StreamEnd::Lost => Err(SocketError::Stuck),
    }
}

fn ending(link: &Link, line: &Line) -> SocketEnding {
    match link.closure(&line.text()) {
        Some(Closed::This(ending)) => ending,
        Some(Closed::Perhaps) | None => SocketEnding::Unknown,
    }
}

async fn written(writing: Option<&mut Writing>) -> Result<(), StreamClosed> {
    match writing {
        Some(writing) => writing.await,
        None => std::future::pending().await,
    }
}

/// The wish to suspend; `None` if nobody can wish it any more.
async fn asked(suspend: Option<&mut oneshot::Receiver<Suspend>>) -> Option<Suspend> {
    match suspend {
        Some(suspend) => suspend.await.ok(),
        None => std::future::pending().await,
    }
}
