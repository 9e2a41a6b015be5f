//! The loop that owns transport and engine.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep};

use super::health::{HealthRecord, ModuleState};
use super::line::Line;
use super::open_stream::OpenStream;
use super::port::{Counters, DriverOptions};
use super::recorder::Recorder;
use super::restoring::Restoring;
use super::slot::{BoxedStream, Change, Occupied};
use super::stream::{Control, DataStream, tell};
use super::unsolicited::{SharedUnsolicited, UnsolicitedSender};
use super::waiting::{Answer, Waiting, command_error};
use crate::at::{Engine, Event, Exchange, Failure, Reply, StreamEnd, Trace};
use crate::error::CommandError;

/// Free space in the input buffer before every read.
const READ_SIZE: usize = 4096;

/// A module is silent for 20 seconds or more when it starts, and then it echoes. Source: M37 p34.
const SAME_RESTART: Duration = Duration::from_secs(60);
/// How long a stream that is lost may take to close.
const CLOSING: Duration = Duration::from_secs(1);

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
    /// Something has shown that the module has restarted: its settings go again.
    Restore,
}

type Reader = ReadHalf<BoxedStream>;
type Writer = WriteHalf<BoxedStream>;

pub(crate) struct Task {
    engine: Engine,
    recorder: Option<Recorder>,
    requests: mpsc::Receiver<Request>,
    /// What is done to the stream; `None` when nobody can put in another one.
    changes: Option<mpsc::Receiver<Change>>,
    occupied: Occupied,
    unsolicited: UnsolicitedSender,
    subscriptions: SharedUnsolicited,
    counters: Arc<Counters>,
    health: HealthRecord,
    waiting: Option<Waiting>,
    stream: Option<OpenStream>,
    output: VecDeque<Bytes>,
    /// The transport may still hold bytes that it has taken.
    unflushed: bool,
    /// The engine waits to hear that its output has left.
    leaving: bool,
    line: Line,
    restoring: Restoring,
    /// When something else than an echo has told that the module has restarted, or is about to.
    announced: Option<Instant>,
    started: Instant,
}

/// What woke the task.
enum Wake {
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

/// Why a stream is not used any more.
enum End {
    HandlesGone,
    Lost(io::Error),
    Changed(Change),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

/// What a task shares with its handles.
pub(crate) struct Shared {
    pub(crate) requests: mpsc::Receiver<Request>,
    pub(crate) changes: Option<mpsc::Receiver<Change>>,
    pub(crate) occupied: Occupied,
    pub(crate) subscriptions: SharedUnsolicited,
    pub(crate) counters: Arc<Counters>,
    pub(crate) health: HealthRecord,
}

impl Task {
    pub(crate) fn new(options: DriverOptions, shared: Shared) -> Self {
        let Shared { requests, changes, occupied, subscriptions, counters, health } = shared;
        let mut settings = options.settings;
        settings.trace = options.recorder.is_some();
        Self {
            engine: Engine::new(settings),
            recorder: options.recorder,
            requests,
            changes,
            occupied,
            unsolicited: subscriptions.renew(),
            subscriptions,
            counters,
            health,
            waiting: None,
            stream: None,
            output: VecDeque::new(),
            unflushed: false,
            leaving: false,
            line: Line::new(options.line_rate),
            restoring: Restoring::new(options.restored),
            announced: None,
            started: Instant::now(),
        }
    }

    pub(crate) async fn run(mut self, stream: BoxedStream) {
        let mut next = Some(stream);
        while let Some(stream) = next {
            let (mut reader, mut writer) = tokio::io::split(stream);
            let end = self.serve(&mut reader, &mut writer).await;
            let reason = end.reason();
            tracing::debug!(reason, "the stream of the port is not used any more");
            self.lose_stream(&reason);
            // The port is closed anyway; what the operating system says about it helps nobody.
            drop(tokio::time::timeout(CLOSING, writer.shutdown()).await);
            drop((reader, writer));
            next = self.next_stream(end, &reason).await;
            if next.is_some() {
                self.begin_on_new_stream();
            }
        }
        self.close();
    }

    /// Until the stream ends.
    async fn serve(&mut self, reader: &mut Reader, writer: &mut Writer) -> End {
        let mut timer: Pin<Box<Sleep>> = Box::pin(tokio::time::sleep_until(Instant::now()));
        loop {
            self.drain_engine();
            let wake = self.wait(reader, writer, timer.as_mut()).await;
            if let Err(end) = self.act(wake, reader).await {
                return end;
            }
        }
    }

    async fn act(&mut self, wake: Wake, reader: &mut Reader) -> Result<(), End> {
        match wake {
            Wake::Read(read) => self.input_arrived(read?)?,
            Wake::Written(written) => self.written(written?)?,
            Wake::Flushed(flushed) => {
                flushed?;
                self.unflushed = false;
            }
            Wake::Change(Some(change)) => return Err(End::Changed(change)),
            Wake::Change(None) => {
                self.changes = None;
                // A restart may have been counted just before: nobody is at work on it.
                self.health.gave_up();
            }
            Wake::Request(Some(request)) => self.begin(request),
            Wake::Request(None) => return Err(End::HandlesGone),
            Wake::StreamControl(control) => self.control_stream(control),
            // Draining the engine hands on what waits.
            Wake::StreamRoom => {}
            Wake::Restore => self.begin_restoring(),
            Wake::Abandoned => self.forget_unsent(),
            Wake::Timer => self.timer_fired(reader).await?,
        }
        Ok(())
    }

    async fn wait(&mut self, reader: &mut Reader, writer: &mut Writer, mut timer: Pin<&mut Sleep>) -> Wake {
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
    async fn timer_fired(&mut self, reader: &mut Reader) -> io::Result<()> {
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

    fn echo_seen(&mut self) {
        if self.restoring.echo_seen(self.is_own()) {
            tracing::warn!("the module echoes: it has probably restarted, its settings are sent again");
            self.count_restart();
        }
    }

    /// An echo soon after a restart that was announced is the same restart.
    fn count_restart(&mut self) {
        if self.announced.take().is_none_or(|at| at.elapsed() > SAME_RESTART) {
            self.health.module_restarted(self.changes.is_some());
        }
    }

    /// Whether the exchange under way is one of the settings.
    fn is_own(&self) -> bool {
        matches!(&self.waiting, Some(Waiting { answer: Answer::Nobody, .. }))
    }

    fn begin_restoring(&mut self) {
        if let Some(exchange) = self.restoring.next() {
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
            Request::Remember(exchange) => return self.restoring.remember(exchange),
            Request::Restore => return self.restore(),
        };
        if !answer.is_abandoned() {
            self.send(exchange, answer);
        }
    }

    /// What the module does not keep goes before the next request.
    fn restore(&mut self) {
        self.restoring.begin();
        self.announced = Some(Instant::now());
        self.health.module_restarted(self.changes.is_some());
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
        self.pause_or_resume();
        self.counters.resyncs.store(self.engine.resync_count(), Ordering::Relaxed);
        self.counters.dropped_bytes.store(self.engine.dropped_bytes(), Ordering::Relaxed);
    }

    /// Tells the engine whether its input is read, however the backlog came and went.
    fn pause_or_resume(&mut self) {
        let backlog = self.has_backlog();
        if let Some(stream) = self.stream.as_mut().filter(|stream| stream.paused != backlog) {
            stream.paused = backlog;
            match backlog {
                true => self.engine.input_paused(),
                false => self.engine.input_resumed(now()),
            }
        }
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
                    if matches!(end, StreamEnd::Lost | StreamEnd::Stalled { .. }) {
                        self.health.trouble();
                    }
                    stream.finish(end);
                }
            }
            Event::EchoSeen => {
                add(&self.counters.echoes, 1);
                self.echo_seen();
            }
            Event::EchoWasOn if self.is_own() => self.echo_seen(),
            Event::EchoWasOn => {}
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
        self.judge(matches!(answer, Answer::Nobody), &command, result.as_ref().err());
        let result = result.map_err(|failure| command_error(command, effect, failure));
        match answer {
            // A caller that is gone does not care.
            Answer::Reply(answer) => drop(answer.send(result)),
            Answer::Nobody => {}
            Answer::Stream(answer) => {
                let opened = result.map(|_| {
                    let (open, stream) = OpenStream::new();
                    self.stream = Some(open);
                    stream
                });
                // A dropped stream handle makes the task leave online mode.
                drop(answer.send(opened));
            }
        }
    }

    /// What the end of an exchange says about the module.
    fn judge(&mut self, own: bool, command: &str, failure: Option<&Failure>) {
        self.restoring.completed(own, failure);
        match failure {
            None | Some(Failure::Refused(_)) => {}
            Some(_) => self.health.trouble(),
        }
        if let (true, Some(failure)) = (own, failure) {
            tracing::warn!(%command, ?failure, "a setting that was lost could not be restored");
        }
    }

    /// Everything under way fails, and whoever listens hears that the port is lost.
    fn lose_stream(&mut self, reason: &str) {
        let reason = reason.to_owned();
        if let Some(recorder) = &mut self.recorder {
            recorder.record(self.started.elapsed(), &Trace::Remark("the port is lost"));
        }
        // Whoever hears of the loss can see what it means, and whoever sees it can subscribe to nothing that has ended.
        let nobody = self.subscriptions.end();
        self.occupied.store(false, Ordering::Relaxed);
        let state = if self.changes.is_some() { ModuleState::Recovering } else { ModuleState::Down };
        self.health.port_lost(state);
        if let Some(Waiting { command, answer, .. }) = self.waiting.take() {
            let sent = !self.engine.is_exchange_unsent();
            answer.fail(CommandError::LinkLost { command, reason: reason.clone(), sent });
        }
        if let Some(stream) = self.stream.take() {
            stream.finish(StreamEnd::LinkLost { reason });
        }
        self.unsolicited = nobody;
    }

    /// Waits for another stream; `None` if there will be none.
    async fn next_stream(&mut self, end: End, reason: &str) -> Option<BoxedStream> {
        match end {
            End::HandlesGone => return None,
            End::Lost(_) => {}
            End::Changed(Change::PutIn(stream, taken)) => return self.take_in(stream, taken),
            End::Changed(Change::TakeOut(taken)) => tell(Some(taken)),
        }
        loop {
            let changes = self.changes.as_mut()?;
            tokio::select! {
                change = changes.recv() => match change? {
                    Change::PutIn(stream, taken) => return self.take_in(stream, taken),
                    Change::TakeOut(taken) => tell(Some(taken)),
                },
                request = self.requests.recv() => self.refuse(request?, reason),
            }
        }
    }

    fn take_in(&self, stream: BoxedStream, taken: oneshot::Sender<()>) -> Option<BoxedStream> {
        self.occupied.store(true, Ordering::Relaxed);
        tell(Some(taken));
        Some(stream)
    }

    /// Nothing is known about the module behind a new stream.
    fn begin_on_new_stream(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.record(self.started.elapsed(), &Trace::Remark("the port is open again"));
        }
        self.engine.begin_on_new_stream();
        self.output.clear();
        (self.unflushed, self.leaving) = (false, false);
        self.restoring.begin_on_new_stream();
        self.unsolicited = self.subscriptions.renew();
    }

    /// Nothing more can be asked of the port.
    fn close(mut self) {
        self.health.set_state(ModuleState::Down);
        self.requests.close();
        while let Ok(request) = self.requests.try_recv() {
            self.refuse(request, "the port is closed");
        }
    }

    /// There is no stream to send it to.
    fn refuse(&mut self, request: Request, reason: &str) {
        let (exchange, answer) = match request {
            Request::Execute { exchange, answer } => (exchange, Answer::Reply(answer)),
            Request::OpenStream { exchange, answer } => (exchange, Answer::Stream(answer)),
            Request::EscapeGuard(guard) => return self.engine.set_escape_guard(guard),
            Request::Remember(exchange) => return self.restoring.remember(exchange),
            Request::Restore => return self.restore(),
        };
        let command = exchange.line().name().to_owned();
        answer.fail(CommandError::LinkLost { command, reason: reason.to_owned(), sent: false });
    }
}

impl End {
    fn reason(&self) -> String {
        match self {
            Self::HandlesGone => "the port was closed".to_owned(),
            Self::Lost(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                "the port hung up".to_owned()
            }
            Self::Lost(error) => error.to_string(),
            Self::Changed(_) => "the port is opened again".to_owned(),
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

fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(count as u64, Ordering::Relaxed);
}

/// The clock of the runtime, so that a paused test clock moves the engine too.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}
