//! The SDK as its users have it: the task that owns the port, and tasks that wait for answers and for unsolicited codes.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use telit_core::at::{Exchange, Settings};
use telit_core::driver::{AtChannel, AtPort, DriverOptions};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{Notify, mpsc};

use crate::callgrind::counted;
use crate::text::Turn;
use crate::value::Value;
use crate::{Error, Found, Sink};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// From the first byte of an answer until the tasks have its values, and those of the codes around it.
    Receiving,
    /// Also how the command gets from the task that asks to the transport.
    Everything,
}

/// Lets a module say `turns` to a port that reads `read_size` bytes at most at once, and gives `sink` what the tasks
/// that wait have understood.
pub(crate) fn deliver(turns: &[Turn], read_size: usize, span: Span, sink: Sink) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let module = Module::new(read_size);
    let progress = Arc::new(Progress::default());
    let commands = runtime.block_on(async { start(module.clone(), &progress, &sink) });
    for turn in turns {
        match span {
            Span::Receiving => {
                runtime.block_on(ask(turn, &commands, &module))?;
                // The port has to fall asleep again.
                runtime.block_on(settle());
                counted(|| runtime.block_on(answer(turn, &module, &progress)));
            }
            Span::Everything => counted(|| {
                runtime.block_on(async {
                    ask(turn, &commands, &module).await?;
                    answer(turn, &module, &progress).await;
                    Ok::<(), Error>(())
                })
            })?,
        }
    }
    Ok(())
}

/// The port, a task that asks and a task that listens.
fn start(module: Module, progress: &Arc<Progress>, sink: &Sink) -> mpsc::UnboundedSender<Exchange> {
    let mut settings = Settings::default();
    settings.pause = Duration::ZERO;
    let port = AtPort::start(module, DriverOptions { settings, ..DriverOptions::default() });
    let (commands, mut next) = mpsc::unbounded_channel::<Exchange>();
    let mut unsolicited = port.unsolicited();
    let (progress_of_codes, sink_of_codes) = (Arc::clone(progress), Arc::clone(sink));
    tokio::spawn(async move {
        while let Some(code) = unsolicited.next().await {
            match &code {
                Ok(line) => sink_of_codes(Found::Code(Value::of(line))),
                Err(_) => sink_of_codes(Found::Code(None)),
            }
            progress_of_codes.one();
        }
    });
    let (progress, sink) = (Arc::clone(progress), Arc::clone(sink));
    tokio::spawn(async move {
        while let Some(exchange) = next.recv().await {
            match port.execute(exchange).await {
                Ok(reply) => {
                    reply.lines().iter().for_each(|line| sink(Found::Answer(Value::of(line))));
                }
                Err(_) => sink(Found::Answer(None)),
            }
            progress.one();
        }
    });
    commands
}

async fn ask(turn: &Turn, commands: &mpsc::UnboundedSender<Exchange>, module: &Module) -> Result<(), Error> {
    if let Some(exchange) = turn.exchange() {
        commands.send(exchange)?;
        module.asked().await;
    }
    Ok(())
}

async fn answer(turn: &Turn, module: &Module, progress: &Progress) {
    progress.expect(turn.unsolicited.len() + usize::from(turn.query.is_some()));
    module.say(&turn.bytes);
    progress.done().await;
}

/// Lets every task run until it waits.
async fn settle() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

/// How many things the tasks have still to understand.
#[derive(Debug, Default)]
struct Progress {
    missing: AtomicUsize,
    all: Notify,
}

impl Progress {
    fn expect(&self, count: usize) {
        self.missing.store(count, Ordering::Relaxed);
    }

    fn one(&self) {
        if self.missing.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.all.notify_one();
        }
    }

    async fn done(&self) {
        self.all.notified().await;
    }
}

/// A transport without a system below it: what the module says is there at once.
#[derive(Debug, Clone)]
struct Module(Arc<Mutex<Line>>, Arc<Notify>);

#[derive(Debug)]
struct Line {
    read_size: usize,
    said: Vec<u8>,
    taken: usize,
    reader: Option<Waker>,
}

impl Module {
    fn new(read_size: usize) -> Self {
        let line = Line { read_size, said: Vec::new(), taken: 0, reader: None };
        Self(Arc::new(Mutex::new(line)), Arc::default())
    }

    fn say(&self, bytes: &[u8]) {
        let mut line = self.line();
        line.said.clear();
        line.said.extend_from_slice(bytes);
        line.taken = 0;
        if let Some(reader) = line.reader.take() {
            reader.wake();
        }
    }

    /// A whole command has come.
    async fn asked(&self) {
        self.1.notified().await;
    }

    fn line(&self) -> std::sync::MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for Module {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut line = self.line();
        let rest = line.said.get(line.taken..).unwrap_or_default();
        if rest.is_empty() {
            line.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = rest.len().min(line.read_size).min(buffer.remaining());
        buffer.put_slice(rest.get(..count).unwrap_or_default());
        line.taken += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Module {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if bytes.ends_with(b"\r") {
            self.1.notify_one();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
