//! The one task that owns the port of several channels.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};
use tracing::Instrument;

use super::line::{Line, now};
use super::lost::ChannelLost;
use crate::driver::{BoxedStream, SerialLine};

/// Most octets of one read.
const READ_SIZE: usize = 4096;
/// On a line of known rate no more is handed over than it carries in this time: what the operating system holds cannot
/// be overtaken by a short question.
const AHEAD: Duration = Duration::from_millis(20);
/// How long the last word of a session that is over may take. A port that takes nothing must not stay open for it.
const LAST_WORD: Duration = Duration::from_secs(1);

pub(super) struct Task {
    line: Arc<Line>,
    carried: SerialLine,
    chunk: Bytes,
    /// How many octets have been given out with this chunk.
    given: u64,
    unflushed: bool,
    /// When so many of them will have crossed the line.
    crossing: VecDeque<(std::time::Instant, u64)>,
    /// When a session that is over is left without its last word.
    leaving: Option<std::time::Instant>,
}

/// What to do next.
enum Look {
    Go {
        wants_input: bool,
        due: Option<std::time::Instant>,
    },
    /// Everything is done.
    Done,
    /// The port takes nothing.
    Stuck,
}

enum Wake {
    Read(io::Result<usize>),
    Written(io::Result<usize>),
    Flushed(io::Result<()>),
    Touched,
    Timer,
}

/// Starts the task. It gives the port back when the module is in plain AT mode again.
pub(super) fn start(
    line: Arc<Line>,
    port: BoxedStream,
    line_rate: Option<u32>,
) -> oneshot::Receiver<Option<BoxedStream>> {
    let (ended, returned) = oneshot::channel();
    let task = Task {
        line,
        carried: SerialLine::new(line_rate),
        chunk: Bytes::new(),
        given: 0,
        unflushed: false,
        crossing: VecDeque::new(),
        leaving: None,
    };
    let run = async move {
        // Nobody may want it back.
        drop(ended.send(task.run(port).await));
    };
    tokio::spawn(run.in_current_span());
    returned
}

impl Task {
    async fn run(mut self, port: BoxedStream) -> Option<BoxedStream> {
        let (mut reader, mut writer) = tokio::io::split(port);
        match self.serve(&mut reader, &mut writer).await {
            Ok(()) => Some(reader.unsplit(writer)),
            Err(error) => {
                let reason = match error.kind() {
                    io::ErrorKind::UnexpectedEof => "the port hung up".to_owned(),
                    _ => error.to_string(),
                };
                self.line.lose(ChannelLost::Port { reason });
                None
            }
        }
    }

    /// Until the session is over and its last word is said.
    async fn serve(
        &mut self,
        reader: &mut ReadHalf<BoxedStream>,
        writer: &mut WriteHalf<BoxedStream>,
    ) -> io::Result<()> {
        let mut buffer = vec![0; READ_SIZE];
        let mut timer: Pin<Box<Sleep>> = Box::pin(sleep_until(Instant::now()));
        loop {
            let (wants_input, due) = match self.look() {
                Look::Go { wants_input, due } => (wants_input, due),
                Look::Done => return Ok(()),
                Look::Stuck => return Err(io::ErrorKind::TimedOut.into()),
            };
            if let Some(due) = due.map(Instant::from_std)
                && timer.deadline() != due
            {
                timer.as_mut().reset(due);
            }
            let busy = !self.chunk.is_empty() || self.unflushed;
            let wake = tokio::select! {
                wake = push(writer, &self.chunk), if busy => wake,
                read = reader.read(&mut buffer), if wants_input => Wake::Read(read),
                () = self.line.touched.notified() => Wake::Touched,
                () = timer.as_mut(), if due.is_some() => Wake::Timer,
            };
            self.act(wake, &buffer)?;
        }
    }

    /// Takes the next output if the line has room, and tells whether to read and when to look again.
    fn look(&mut self) -> Look {
        let now = now();
        let free_at = self.carried.free_at(now);
        let Self { line, chunk, given, unflushed, crossing, leaving, .. } = self;
        line.with(|state| {
            while let Some((_, count)) = crossing.front().copied().filter(|(at, _)| *at <= now) {
                crossing.pop_front();
                state.left(count);
            }
            let written = chunk.is_empty() && !*unflushed;
            if written && free_at <= now + AHEAD {
                (*chunk, *given) = state.next_output().unwrap_or_default();
            }
            let idle = chunk.is_empty() && !*unflushed;
            if state.session.is_ended() {
                let until = *leaving.get_or_insert(now + LAST_WORD);
                if idle && !state.session.has_output() {
                    return Look::Done;
                }
                if until <= now {
                    return Look::Stuck;
                }
            }
            let room = (idle && state.session.has_output()).then(|| free_at.checked_sub(AHEAD)).flatten();
            let left = crossing.front().map(|(at, _)| *at).filter(|_| state.is_awaited());
            let timeouts = [state.session.poll_timeout(), room, left, *leaving];
            let due = timeouts.into_iter().flatten().min();
            Look::Go { wants_input: state.session.wants_input(), due }
        })
    }

    fn act(&mut self, wake: Wake, buffer: &[u8]) -> io::Result<()> {
        match wake {
            Wake::Read(count) => {
                let count = count?;
                if count == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                self.line.with(|state| {
                    state.session.input().extend_from_slice(buffer.get(..count).unwrap_or_default());
                    state.session.handle_input(now());
                });
            }
            Wake::Written(count) => {
                let count = count?;
                if count == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                self.chunk.advance(count);
                self.carried.carry(now(), count);
                self.unflushed = true;
            }
            Wake::Flushed(flushed) => {
                flushed?;
                self.unflushed = false;
                self.crossing.push_back((self.carried.free_at(now()), self.given));
                self.line.with(|state| state.session.output_left(now()));
            }
            Wake::Touched => {}
            Wake::Timer => self.line.with(|state| state.session.handle_timeout(now())),
        }
        Ok(())
    }
}

/// Writes what is next, or flushes if nothing is.
async fn push(writer: &mut WriteHalf<BoxedStream>, next: &[u8]) -> Wake {
    match next.is_empty() {
        true => Wake::Flushed(writer.flush().await),
        false => Wake::Written(writer.write(next).await),
    }
}
