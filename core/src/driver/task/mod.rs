//! The loop that owns transport and engine.

mod event;
mod input_output;
mod request;
mod transport;
mod wake;

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;

use super::gathering::Gathering;
use super::health::HealthRecord;
use super::line::Line;
use super::open_stream::OpenStream;
use super::port::{Counters, DriverOptions};
use super::recorder::Recorder;
use super::restart::{LastRestart, RestartSign};
use super::restoring::Restoring;
use super::slot::{BoxedStream, Change, Occupied};
use super::unsolicited::{SharedUnsolicited, UnsolicitedSender};
use super::waiting::Waiting;
use crate::at::Engine;
use crate::fan_in;
pub(super) use request::Request;
use transport::End;
use wake::Wake;

/// Free space in the input buffer before a read, when many bytes come.
const READ_SIZE: usize = 4096;
/// The same, when an answer is expected or nothing: it holds most, and costs little to have and to give back.
const ANSWER_SIZE: usize = 1024;
/// How long a stream that is lost may take to close.
const CLOSING: Duration = Duration::from_secs(1);

pub(crate) struct Task {
    engine: Engine,
    recorder: Option<Recorder>,
    requests: fan_in::Receiver<Box<Request>>,
    /// What is done to the stream; `None` when nobody can put in another one.
    changes: Option<fan_in::Receiver<Box<Change>>>,
    occupied: Occupied,
    unsolicited: UnsolicitedSender,
    subscriptions: SharedUnsolicited,
    counters: Arc<Counters>,
    health: HealthRecord,
    /// What was asked within the pause behind an answer: a request, or to close.
    next: Option<Option<Box<Request>>>,
    waiting: Option<Waiting>,
    stream: Option<Box<OpenStream>>,
    output: VecDeque<Bytes>,
    /// The transport may still hold bytes that it has taken.
    unflushed: bool,
    /// The engine waits to hear that its output has left.
    leaving: bool,
    /// Counts waits, so that whoever is ready gets a turn.
    turn: u32,
    /// Free space in the input buffer before the next read.
    read_size: usize,
    gathering: Gathering,
    line: Line,
    restoring: Restoring,
    start_up_lines: Vec<String>,
    restart: LastRestart,
    started: Instant,
}

/// What a task shares with its handles.
pub(crate) struct Shared {
    pub(crate) requests: fan_in::Receiver<Box<Request>>,
    pub(crate) changes: Option<fan_in::Receiver<Box<Change>>>,
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
        let start_up_lines = settings.start_up_lines.clone();
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
            next: None,
            waiting: None,
            stream: None,
            output: VecDeque::with_capacity(1),
            unflushed: false,
            leaving: false,
            turn: 0,
            read_size: ANSWER_SIZE,
            gathering: Gathering::new(options.line_rate),
            line: Line::new(options.line_rate),
            restoring: Restoring::new(options.restored),
            start_up_lines,
            restart: LastRestart::default(),
            started: Instant::now(),
        }
    }

    /// Boxed, because a future holds what it is given twice: as it came, and where it is used.
    pub(crate) async fn run(mut self: Box<Self>, stream: BoxedStream) {
        let mut next = Some(stream);
        while let Some(mut stream) = next {
            let end = self.serve(&mut stream).await;
            let reason = end.reason();
            tracing::debug!(reason, "the stream of the port is not used any more");
            self.lose_stream(&reason);
            // The port is closed anyway; what the operating system says about it helps nobody.
            drop(tokio::time::timeout(CLOSING, stream.shutdown()).await);
            drop(stream);
            next = self.next_stream(end, &reason).await;
            if next.is_some() {
                self.begin_on_new_stream();
            }
        }
        self.close();
    }

    /// Until the stream ends.
    async fn serve(&mut self, stream: &mut BoxedStream) -> End {
        let mut timer = pin!(None);
        loop {
            self.drain_engine();
            let wake = self.wait(stream, timer.as_mut()).await;
            if let Err(end) = self.act(wake, stream).await {
                return end;
            }
        }
    }

    async fn act(&mut self, wake: Wake, stream: &mut BoxedStream) -> Result<(), End> {
        match wake {
            Wake::Read(read) => self.input_arrived(read?)?,
            Wake::Written(written) => self.written(written?)?,
            Wake::Flushed(flushed) => {
                flushed?;
                self.unflushed = false;
            }
            Wake::Change(Some(change)) => match *change {
                Change::Restarted(known) => self.restore(RestartSign::Settings, known),
                Change::TakeOut(taken) => return Err(End::TakenOut(taken)),
                Change::PutIn(stream, taken) => return Err(End::Replaced(stream, taken)),
            },
            Wake::Change(None) => {
                self.changes = None;
                // A restart may have been counted just before: nobody is at work on it.
                self.health.gave_up();
            }
            Wake::Request(request) => self.next = Some(request),
            Wake::Next(Some(request)) => self.begin(*request),
            Wake::Next(None) => return Err(End::HandlesGone),
            Wake::StreamControl(control) => self.control_stream(control),
            // Draining the engine hands on what waits.
            Wake::StreamRoom => {}
            Wake::Restore => self.begin_restoring(),
            Wake::Abandoned => self.forget_unsent(),
            Wake::Timer => self.timer_fired(stream).await?,
        }
        Ok(())
    }
}

fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(count as u64, Ordering::Relaxed);
}

/// The clock of the runtime, so that a paused test clock moves the engine too.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}
