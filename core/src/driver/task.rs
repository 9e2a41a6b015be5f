//! The loop that owns transport and engine.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep};

use super::line::Line;
use super::port::{Counters, DriverOptions};
use super::recorder::Recorder;
use super::stream::{Control, DataStream, DataStreamPeer, tell};
use super::unsolicited::UnsolicitedSender;
use crate::at::{Effect, Engine, Event, Exchange, Failure, Reply, StreamEnd};
use crate::error::CommandError;

/// Free space in the input buffer before every read.
const READ_SIZE: usize = 4096;

/// What a handle asks the task to do.
#[derive(Debug)]
pub(crate) enum Request {
    Execute {
        exchange: Exchange,
        answer: oneshot::Sender<Result<Reply, CommandError>>,
    },
    OpenStream {
        exchange: Exchange,
        answer: oneshot::Sender<Result<DataStream, CommandError>>,
    },
    /// The module's guard time around the escape sequence.
    EscapeGuard(Duration),
    /// Belongs to the settings that are sent again after a restart from now on.
    Remember(Exchange),
}

/// Who waits for the exchange that is under way.
#[derive(Debug)]
struct Waiting {
    command: String,
    effect: Effect,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    Reply(oneshot::Sender<Result<Reply, CommandError>>),
    Stream(oneshot::Sender<Result<DataStream, CommandError>>),
    /// The task itself sent the command.
    Nobody,
}

/// The open data stream as the task sees it.
#[derive(Debug)]
struct OpenStream {
    peer: DataStreamPeer,
    /// Data that the reader had no room for. While there are any, the port is not read.
    backlog: VecDeque<Bytes>,
    /// Who waits until everything was written.
    flushing: Vec<oneshot::Sender<()>>,
    closing: bool,
}

pub(crate) struct Task {
    engine: Engine,
    recorder: Option<Recorder>,
    requests: mpsc::Receiver<Request>,
    unsolicited: UnsolicitedSender,
    counters: Arc<Counters>,
    waiting: Option<Waiting>,
    stream: Option<OpenStream>,
    output: VecDeque<Bytes>,
    /// The transport may still hold bytes that it has taken.
    unflushed: bool,
    /// The engine waits to hear that its output has left.
    leaving: bool,
    line: Line,
    /// Settings that the module forgets when it restarts.
    settings: Vec<Exchange>,
    /// Those that still have to be sent again.
    restoring: VecDeque<Exchange>,
    started: Instant,
}

/// What woke the task.
enum Wake {
    Read(io::Result<usize>),
    Written(io::Result<usize>),
    Flushed(io::Result<()>),
    Request(Option<Request>),
    StreamControl(Option<Control>),
    StreamRoom,
    Restore,
    Abandoned,
    Timer,
}

impl Task {
    pub(crate) fn new(
        options: DriverOptions,
        requests: mpsc::Receiver<Request>,
        unsolicited: UnsolicitedSender,
        counters: Arc<Counters>,
    ) -> Self {
        let mut settings = options.settings;
        settings.trace = options.recorder.is_some();
        Self {
            engine: Engine::new(settings),
            recorder: options.recorder,
            requests,
            unsolicited,
            counters,
            waiting: None,
            stream: None,
            output: VecDeque::new(),
            unflushed: false,
            leaving: false,
            line: Line::new(options.line_rate),
            settings: options.restored,
            restoring: VecDeque::new(),
            started: Instant::now(),
        }
    }

    pub(crate) async fn run<T: AsyncRead + AsyncWrite>(mut self, transport: T) {
        let (mut reader, mut writer) = tokio::io::split(transport);
        let reason = self.serve(&mut reader, &mut writer).await;
        if let Err(error) = &reason {
            tracing::debug!(%error, "the port is lost");
        }
        self.fail_everything(&reason);
        // The port is closed anyway; what the operating system says about it helps nobody.
        drop(writer.shutdown().await);
    }

    async fn serve<T: AsyncRead + AsyncWrite>(
        &mut self,
        reader: &mut ReadHalf<T>,
        writer: &mut WriteHalf<T>,
    ) -> io::Result<()> {
        let mut timer: Pin<Box<Sleep>> = Box::pin(tokio::time::sleep_until(Instant::now()));
        loop {
            self.drain_engine();
            match self.wait(reader, writer, timer.as_mut()).await {
                Wake::Read(read) => self.input_arrived(read?)?,
                Wake::Written(written) => self.written(written?)?,
                Wake::Flushed(flushed) => {
                    flushed?;
                    self.unflushed = false;
                }
                Wake::Request(Some(request)) => self.begin(request),
                Wake::Request(None) => return Ok(()),
                Wake::StreamControl(control) => self.control_stream(control),
                Wake::StreamRoom => self.engine.input_resumed(now()),
                Wake::Restore => self.begin_restoring(),
                Wake::Abandoned => self.forget_unsent(),
                Wake::Timer => self.timer_fired(reader).await?,
            }
        }
    }

    async fn wait<T: AsyncRead + AsyncWrite>(
        &mut self,
        reader: &mut ReadHalf<T>,
        writer: &mut WriteHalf<T>,
        mut timer: Pin<&mut Sleep>,
    ) -> Wake {
        let ready = self.all_taken() && self.waiting.is_none() && self.engine.is_ready(now());
        let restore = ready && !self.restoring.is_empty();
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
            () = room(stream_data), if backlog => Wake::StreamRoom,
            control = next_control(stream_control), if open && !writing && !flushing => Wake::StreamControl(control),
            () = std::future::ready(()), if restore => Wake::Restore,
            request = self.requests.recv(), if ready && !restore => Wake::Request(request),
            () = abandoned(self.waiting.as_mut()), if unsent => Wake::Abandoned,
            () = timer, if deadline.is_some() => Wake::Timer,
        }
    }

    fn input_arrived(&mut self, count: usize) -> io::Result<()> {
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        add(&self.counters.bytes_read, count);
        self.engine.handle_input(now());
        Ok(())
    }

    fn written(&mut self, count: usize) -> io::Result<()> {
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        add(&self.counters.bytes_written, count);
        self.line.carry(now(), count);
        self.unflushed = true;
        if let Some(front) = self.output.front_mut() {
            front.advance(count);
            if front.is_empty() {
                self.output.pop_front();
            }
        }
        Ok(())
    }

    /// While nobody makes room for the data of the stream, the port is not read.
    fn has_backlog(&self) -> bool {
        self.stream.as_ref().is_some_and(|stream| !stream.backlog.is_empty())
    }

    /// The transport has taken everything that the engine has given out.
    fn all_taken(&self) -> bool {
        self.output.is_empty() && !self.unflushed
    }

    /// Bytes that are there count before a deadline that has passed, however late this task is.
    async fn timer_fired<T: AsyncRead + AsyncWrite>(&mut self, reader: &mut ReadHalf<T>) -> io::Result<()> {
        let backlog = self.has_backlog();
        let input = self.engine.input();
        input.reserve(READ_SIZE);
        let read = tokio::select! {
            biased;
            read = reader.read_buf(input), if !backlog => Some(read),
            () = std::future::ready(()) => None,
        };
        if let Some(count) = read {
            self.input_arrived(count?)?;
        }
        self.engine.handle_timeout(now());
        Ok(())
    }

    /// The module has forgotten its settings: they go before the next request.
    fn restore(&mut self) {
        // A module that goes on echoing must not keep the task busy with nothing but its settings.
        let restores = matches!(&self.waiting, Some(Waiting { answer: Answer::Nobody, .. }));
        if !restores && self.restoring.is_empty() && !self.settings.is_empty() {
            tracing::warn!("the module echoes: it has probably restarted, its settings are sent again");
            self.restoring.extend(self.settings.iter().cloned());
        }
    }

    fn begin_restoring(&mut self) {
        if let Some(exchange) = self.restoring.pop_front() {
            self.send(exchange, Answer::Nobody);
        }
    }

    /// A command whose caller is gone is not sent once the line is found.
    fn forget_unsent(&mut self) {
        self.waiting = None;
        self.engine.forget_unsent();
    }

    fn begin(&mut self, request: Request) {
        let (exchange, answer) = match request {
            Request::Execute { exchange, answer } => (exchange, Answer::Reply(answer)),
            Request::OpenStream { exchange, answer } => (exchange, Answer::Stream(answer)),
            Request::EscapeGuard(guard) => return self.engine.set_escape_guard(guard),
            Request::Remember(exchange) => return self.settings.push(exchange),
        };
        if !answer.is_abandoned() {
            self.send(exchange, answer);
        }
    }

    fn send(&mut self, exchange: Exchange, answer: Answer) {
        add(&self.counters.exchanges, 1);
        tracing::trace!(command = %exchange.line(), "begin");
        self.waiting =
            Some(Waiting { command: exchange.line().name().to_owned(), effect: exchange.effect, answer });
        self.engine.begin(now(), exchange);
    }

    fn control_stream(&mut self, control: Option<Control>) {
        match control {
            Some(Control::Write(bytes, taken)) => {
                self.engine.stream_write(now(), bytes);
                tell(taken);
            }
            Some(Control::Flush(written)) => {
                if let Some(stream) = &mut self.stream {
                    stream.flushing.push(written);
                }
            }
            Some(Control::SendTimeout(timeout)) => self.engine.stream_send_timeout(timeout),
            Some(Control::Close) | None => {
                if let Some(stream) = &mut self.stream {
                    stream.closing = true;
                }
                self.engine.stream_close();
            }
        }
    }

    /// Takes out everything the engine produced.
    fn drain_engine(&mut self) {
        // First, so that a transcript is complete when somebody acts on an answer.
        while let Some(trace) = self.engine.poll_trace() {
            if let Some(recorder) = &mut self.recorder {
                recorder.record(self.started.elapsed(), &trace);
            }
        }
        while let Some(event) = self.engine.poll_event() {
            self.handle(event);
        }
        while let Some(bytes) = self.engine.poll_output() {
            self.output.push_back(bytes);
            self.leaving = true;
        }
        if self.leaving && self.all_taken() {
            self.leaving = false;
            self.engine.output_left(now(), self.line.free_at(now()));
        }
        let all_written = self.all_taken() && !self.engine.stream_holds_back();
        if let Some(stream) = &mut self.stream {
            stream.flush();
            if all_written {
                stream.flushing.drain(..).for_each(|waiter| tell(Some(waiter)));
            }
        }
        if self.has_backlog() {
            self.engine.input_paused();
        }
        self.counters.resyncs.store(self.engine.resync_count(), Ordering::Relaxed);
        self.counters.dropped_bytes.store(self.engine.dropped_bytes(), Ordering::Relaxed);
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Completed(result) => self.complete(result),
            Event::Unsolicited(line) => {
                tracing::debug!(%line, "unsolicited");
                self.unsolicited.send(line);
            }
            Event::StreamData(data) => {
                if let Some(stream) = &mut self.stream {
                    stream.backlog.push_back(data);
                }
            }
            Event::StreamEnded(end) => {
                if let Some(stream) = self.stream.take() {
                    tracing::debug!(?end, "stream ended");
                    stream.finish(end);
                }
            }
            Event::EchoSeen => {
                add(&self.counters.echoes, 1);
                self.restore();
            }
            Event::OutputAbandoned => {
                self.output.clear();
                if let Some(stream) = &mut self.stream {
                    stream.stop_writing();
                }
            }
        }
    }

    fn complete(&mut self, result: Result<Reply, Failure>) {
        let Some(Waiting { command, effect, answer }) = self.waiting.take() else {
            return;
        };
        if let (Answer::Nobody, Err(failure)) = (&answer, &result) {
            tracing::warn!(%command, ?failure, "a setting that was lost could not be restored");
        }
        let result = result.map_err(|failure| command_error(command, effect, failure));
        match answer {
            // A caller that is gone does not care.
            Answer::Reply(answer) => drop(answer.send(result)),
            Answer::Nobody => {}
            Answer::Stream(answer) => {
                let opened = result.map(|_| {
                    let (stream, peer) = DataStream::pair();
                    self.stream = Some(OpenStream {
                        peer,
                        backlog: VecDeque::new(),
                        flushing: Vec::new(),
                        closing: false,
                    });
                    stream
                });
                // A dropped stream handle makes the task leave online mode.
                drop(answer.send(opened));
            }
        }
    }

    fn fail_everything(&mut self, reason: &io::Result<()>) {
        let reason = match reason {
            Ok(()) => "the port was closed".to_owned(),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => "the port hung up".to_owned(),
            Err(error) => error.to_string(),
        };
        if let Some(Waiting { command, answer, .. }) = self.waiting.take() {
            answer.fail(CommandError::LinkLost { command, reason: reason.clone(), sent: true });
        }
        if let Some(stream) = self.stream.take() {
            stream.finish(StreamEnd::LinkLost { reason: reason.clone() });
        }
        self.requests.close();
        while let Ok(request) = self.requests.try_recv() {
            let (exchange, answer) = match request {
                Request::Execute { exchange, answer } => (exchange, Answer::Reply(answer)),
                Request::OpenStream { exchange, answer } => (exchange, Answer::Stream(answer)),
                Request::EscapeGuard(_) | Request::Remember(_) => continue,
            };
            let command = exchange.line().name().to_owned();
            answer.fail(CommandError::LinkLost { command, reason: reason.clone(), sent: false });
        }
    }
}

impl Answer {
    fn is_abandoned(&self) -> bool {
        match self {
            Self::Reply(answer) => answer.is_closed(),
            Self::Stream(answer) => answer.is_closed(),
            Self::Nobody => false,
        }
    }

    /// Until nobody waits for the answer any more.
    async fn abandoned(&mut self) {
        match self {
            Self::Reply(answer) => answer.closed().await,
            Self::Stream(answer) => answer.closed().await,
            Self::Nobody => std::future::pending().await,
        }
    }

    fn fail(self, error: CommandError) {
        match self {
            Self::Reply(answer) => drop(answer.send(Err(error))),
            Self::Stream(answer) => drop(answer.send(Err(error))),
            Self::Nobody => {}
        }
    }
}

impl OpenStream {
    /// Hands on as much as the reader has room for; a reader that is gone wants nothing.
    fn flush(&mut self) {
        while let Some(data) = self.backlog.pop_front() {
            match self.peer.data.try_send(data) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(data)) => return self.backlog.push_front(data),
                Err(mpsc::error::TrySendError::Closed(_)) => self.backlog.clear(),
            }
        }
    }

    /// Nothing more is written, and whoever waits for that hears it at once.
    fn stop_writing(&mut self) {
        self.closing = true;
        self.flushing.clear();
        self.peer.control.close();
        while self.peer.control.try_recv().is_ok() {}
    }

    /// The reader gets the rest of the data at its own pace, then the end.
    fn finish(mut self, end: StreamEnd) {
        self.flush();
        if self.backlog.is_empty() {
            return self.peer.finish(end);
        }
        tokio::spawn(async move {
            let Self { peer, backlog, .. } = self;
            for data in backlog {
                if !peer.send(data).await {
                    break;
                }
            }
            peer.finish(end);
        });
    }
}

fn command_error(command: String, effect: Effect, failure: Failure) -> CommandError {
    match failure {
        Failure::Refused(error) => CommandError::Refused { command, error },
        Failure::TimedOut { waited } => CommandError::TimedOut { command, waited, effect },
        Failure::Unexpected(detail) => {
            CommandError::Unexpected { command, detail: detail.to_owned(), effect }
        }
        Failure::NotResponding => CommandError::NotResponding { command },
    }
}

/// Writes what is next, or flushes if nothing is.
async fn push<T: AsyncRead + AsyncWrite>(writer: &mut WriteHalf<T>, next: &[u8]) -> Wake {
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

fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(count as u64, Ordering::Relaxed);
}

/// The clock of the runtime, so that a paused test clock moves the engine too.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}
