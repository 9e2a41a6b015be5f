//! The task of a socket in online mode: the port itself carries the bytes.

use std::pin::Pin;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::account::{Account, Count};
use super::ending::SocketEnding;
use super::error::SocketError;
use super::link::{Closed, Done, Link};
use super::{loss, status};
use crate::at::{Command, Line, StreamEnd};
use crate::commands::{ReadSocketState, ResumeSocket, SocketState};
use crate::driver::{DataStream, DataStreamWriter, StreamClosed};
use crate::error::CommandError;
use crate::task::spawn;

/// Most bytes on their way to the port at once.
const BLOCK: usize = 4096;

/// Asks the task to leave online mode and to give the connection out of its hands.
pub(super) type Suspend = oneshot::Sender<Result<Box<Link>, SocketError>>;

type Writing = Pin<Box<dyn Future<Output = Fate> + Send + Sync>>;

/// What became of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The port has taken all of it.
    Written,
    /// The stream ended while it was on its way.
    Taken,
    /// The stream ended before.
    NotTaken,
}

pub(super) struct OnlineMode {
    link: Link,
    writer: DataStreamWriter,
    /// Bytes on their way to the port.
    writing: Option<Writing>,
    /// The same bytes, to be sent again if the stream did not take them.
    block: Bytes,
    suspend: Option<oneshot::Receiver<Suspend>>,
    /// Who waits until online mode is left.
    suspending: Option<Suspend>,
    /// When the module was last known to be online: the peer was heard, or the module has answered.
    heard: Instant,
    account: Account,
}

/// Why the connection is not driven any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The module ended the stream.
    Ended,
    /// Everything was written; online mode is to be left.
    Leave,
    /// Nothing has come for a while: the module is to be asked whether the connection still stands.
    Check,
}

/// What became of a connection whose module was asked.
enum Standing {
    Online(DataStream),
    Ended(SocketEnding),
}

impl OnlineMode {
    /// Drives the connection to its end, then closes it. The sender that is given asks for suspension.
    pub(super) fn start(link: Link, stream: DataStream, done: Done) -> oneshot::Sender<Suspend> {
        let (orders, suspend) = oneshot::channel();
        let writer = stream.writer();
        let task = Self {
            link,
            writer,
            writing: None,
            block: Bytes::new(),
            suspend: Some(suspend),
            suspending: None,
            heard: Instant::now(),
            account: Account::default(),
        };
        spawn(Box::pin(task.run(stream, done)));
        orders
    }

    async fn run(mut self, mut stream: DataStream, done: Done) {
        let ended = loop {
            self.bound_writes(&stream).await;
            let stop = self.serve(&mut stream).await;
            if stop != Stop::Ended {
                stream.close().await;
                drain(&mut stream, &self.link).await;
            }
            let end = stream.end().await;
            if let Some(resumed) = self.go_on_if_open(&end).await {
                stream = resumed;
                continue;
            }
            match (ended(&self.link, end), stop) {
                // The module was asked whether it was still online, and it was.
                (Ok(None), Stop::Ended | Stop::Check) => match self.go_on_if_whole(stop).await {
                    Ok(Standing::Online(resumed)) => stream = resumed,
                    Ok(Standing::Ended(ending)) => break Ok(Some(ending)),
                    Err(error) => break Err(error),
                },
                (ended, _) => break ended,
            }
        };
        let ended = match ended {
            Err(error) => Err(loss::explain(&self.link.basis, error).await),
            Ok(ending) => loss::check(&self.link.basis).map(|()| ending),
        };
        self.finish(ended, done).await;
    }

    /// A peer can send the bytes with which the module tells the end. If the connection stands, they were data.
    async fn go_on_if_open(&mut self, end: &StreamEnd) -> Option<DataStream> {
        let StreamEnd::Closed { line } = end else {
            return None;
        };
        let report = self.link.modem.run(ReadSocketState { socket: self.link.socket() }).await.ok()?;
        if report.state != SocketState::Open {
            return None;
        }
        let resumed = self.go_on().await.ok()?;
        self.link.buffers.push(Bytes::from([b"\r\n", line.as_bytes(), b"\r\n"].concat()));
        Some(resumed)
    }

    /// A peer that does not read must not keep the port.
    async fn bound_writes(&self, stream: &DataStream) {
        stream.set_send_timeout(self.link.options.send_timeout).await;
    }

    /// Back to online mode, and on with what was being written.
    async fn go_on(&mut self) -> Result<DataStream, SocketError> {
        let resume = ResumeSocket { socket: self.link.socket(), end: self.link.end };
        let exchange = resume.exchange().map_err(CommandError::from)?;
        let stream = self.link.modem.channel().open_stream(exchange).await?;
        self.writer = stream.writer();
        self.heard = Instant::now();
        match self.last_fate().await {
            Some(Fate::Written | Fate::Taken) => self.link.buffers.accepted(),
            Some(Fate::NotTaken) => self.write_block(),
            None => {}
        }
        Ok(stream)
    }

    /// Back to online mode, if nothing got lost on the line.
    async fn go_on_if_whole(&mut self, stop: Stop) -> Result<Standing, SocketError> {
        if stop == Stop::Check && self.link.limits.counters {
            self.compare_counts().await?;
        }
        self.go_on_or_end().await
    }

    /// Nobody counts on the line itself.
    async fn compare_counts(&mut self) -> Result<(), SocketError> {
        let Some(module) = status::counters(&self.link.modem, self.link.socket()).await? else {
            return Ok(());
        };
        let (written, received) = self.link.buffers.totals();
        self.account.check(Count { module, written, received })
    }

    /// Back to online mode, unless the connection has ended meanwhile; then the module may still hold what came last.
    async fn go_on_or_end(&mut self) -> Result<Standing, SocketError> {
        match self.go_on().await {
            Ok(stream) => Ok(Standing::Online(stream)),
            Err(SocketError::Command(CommandError::Refused { error, .. })) => {
                loss::check(&self.link.basis)?;
                let ending = self.link.ending_by(&error).await?;
                self.link.fetch_rest().await?;
                Ok(Standing::Ended(ending))
            }
            Err(error) => Err(error),
        }
    }

    async fn finish(self, ended: Result<Option<SocketEnding>, SocketError>, done: Done) {
        let Self { link, suspending, .. } = self;
        match (ended, suspending) {
            (Ok(None), Some(suspending)) => {
                // If nobody waits any more, the connection is closed as if it had been dropped.
                drop(suspending.send(Ok(Box::new(link))));
                return;
            }
            (Ok(ending), suspending) => {
                link.ended(ending.unwrap_or(SocketEnding::Local));
                fail(suspending, &link);
            }
            (Err(error), suspending) => {
                link.failed(error.clone());
                fail_with(suspending, error);
            }
        }
        // Nobody has to wait for the end.
        drop(done.send(link.finish().await));
    }

    async fn serve(&mut self, stream: &mut DataStream) -> Stop {
        loop {
            let demand = self.link.buffers.demand();
            let check_at = self.check_at(demand.room > 0).filter(|_| self.writing.is_none());
            if check_at.is_some_and(|at| at <= Instant::now()) {
                return Stop::Check;
            }
            if self.writing.is_none() && demand.outgoing > 0 {
                self.begin_writing();
            }
            if self.writing.is_none() && (demand.closing || self.suspending.is_some()) {
                return Stop::Leave;
            }
            tokio::select! {
                data = stream.next(), if demand.room > 0 => match data {
                    Some(data) => {
                        self.heard = Instant::now();
                        self.link.buffers.push(data);
                    }
                    None => return Stop::Ended,
                },
                fate = fate(self.writing.as_mut()) => {
                    if fate != Fate::Written {
                        self.writing = Some(Box::pin(std::future::ready(fate)));
                        // What became of the stream is told by its reading side.
                        drain(stream, &self.link).await;
                        return Stop::Ended;
                    }
                    self.writing = None;
                    self.link.buffers.accepted();
                }
                suspending = asked(self.suspend.as_mut()) => {
                    self.suspend = None;
                    self.suspending = suspending;
                }
                () = self.link.buffers.changed() => {}
                () = sleep_until(check_at.unwrap_or(self.heard)), if check_at.is_some() => {}
            }
        }
    }

    /// When the module is to be asked whether the connection still stands. Of a peer that nobody listens to, silence
    /// means nothing.
    fn check_at(&mut self, listening: bool) -> Option<Instant> {
        let interval = self.link.options.idle_check.filter(|_| self.link.hides_escape)?;
        if !listening {
            self.heard = Instant::now();
        }
        self.heard.checked_add(interval)
    }

    fn begin_writing(&mut self) {
        self.block = self.link.buffers.take(BLOCK);
        self.write_block();
    }

    fn write_block(&mut self) {
        let (writer, block) = (self.writer.clone(), self.block.clone());
        self.writing = Some(Box::pin(async move {
            match writer.write(block).await {
                Err(StreamClosed) => Fate::NotTaken,
                Ok(()) => writer.flush().await.map_or(Fate::Taken, |()| Fate::Written),
            }
        }));
    }

    /// What became of the block that was being written when the stream ended.
    async fn last_fate(&mut self) -> Option<Fate> {
        Some(self.writing.take()?.await)
    }
}

async fn drain(stream: &mut DataStream, link: &Link) {
    while let Some(data) = stream.next().await {
        link.buffers.push(data);
    }
}

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
        StreamEnd::Stalled { waited } => Err(SocketError::Stalled { waited }),
        StreamEnd::LinkLost { reason } => {
            Err(CommandError::LinkLost { command: "#SSLD".to_owned(), reason, sent: true }.into())
        }
    }
}

fn ending(link: &Link, line: &Line) -> SocketEnding {
    match link.closure(&line.text()) {
        Some(Closed::This(ending)) => ending,
        Some(Closed::Perhaps) | None => SocketEnding::Unknown,
    }
}

async fn fate(writing: Option<&mut Writing>) -> Fate {
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
