//! An engine, a clock that only operations move, and the checks of every step.

use std::time::{Duration, Instant};

use bytes::Bytes;
use telit_core::at::{CommandLine, Engine, Event, Exchange, Expect, Failure, Reply, Settings};

use super::exchanges::{BODY_LIMIT, exchange};
use super::module::Module;
use super::operation::Operation;

/// The most that the engine may keep of what arrived: the largest counted code, with its head.
const HELD_LIMIT: usize = 4096 + 32;
/// How often the engine may want to be called at one point in time.
const CALLS_AT_ONE_TIME: usize = 20;
/// Longer than every way back in step, and shorter than the longest deadline of the exchanges.
const LONG: Duration = Duration::from_secs(300);
/// For so long the engine does not complete a counted payload that the module may wait for, see `ShortPayload::Waits`.
const KEPT: Duration = Duration::from_secs(300);

/// How the module's bytes arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feeding {
    Whole,
    SingleBytes,
}

/// Everything that an engine did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// Before and after each time that output was abandoned.
    written: Vec<Vec<u8>>,
    /// The pieces of a stream are joined: how data are cut is no event.
    events: Vec<Event>,
    dropped_bytes: u64,
    resyncs: u64,
}

#[derive(Debug)]
pub(super) struct Rig {
    engine: Engine,
    settings: Settings,
    feeding: Feeding,
    now: Instant,
    record: Record,
    /// What the module sent while the input was paused.
    unread: Vec<u8>,
    paused: bool,
    holding: bool,
    leaving: bool,
    /// The exchange under way, and whether it opens a stream.
    begun: Option<bool>,
    /// A counted payload was announced.
    announced: bool,
    streaming: bool,
    /// What was written since the module answered last.
    unanswered: Vec<u8>,
}

impl Rig {
    pub(super) fn new(settings: Settings, feeding: Feeding) -> Self {
        Self {
            engine: Engine::new(settings.clone()),
            settings,
            feeding,
            now: Instant::now(),
            record: Record { written: vec![Vec::new()], ..Record::default() },
            unread: Vec::new(),
            paused: false,
            holding: false,
            leaving: false,
            begun: None,
            announced: false,
            streaming: false,
            unanswered: Vec::new(),
        }
    }

    pub(super) fn take_record(&mut self) -> Record {
        self.record.dropped_bytes = self.engine.dropped_bytes();
        self.record.resyncs = self.engine.resync_count();
        std::mem::take(&mut self.record)
    }

    pub(super) fn perform(&mut self, operation: &Operation) {
        match operation {
            Operation::Begin(number) => self.begin(exchange(*number)),
            Operation::Feed(bytes) => self.feed(bytes),
            Operation::Pass(time) => self.pass(*time),
            Operation::PassUntilDue => {
                let due = self.engine.poll_timeout();
                self.pass(
                    due.map_or(Duration::ZERO, |due| due.saturating_duration_since(self.now).min(LONG)),
                );
            }
            Operation::Write(bytes) => self.engine.stream_write(self.now, bytes.clone()),
            Operation::Close => self.engine.stream_close(),
            Operation::PauseInput => self.pause_input(),
            Operation::ResumeInput => self.resume_input(),
            Operation::HoldOutput => self.holding = true,
            Operation::ReleaseOutput => self.holding = false,
            Operation::ForgetUnsent => self.forget_unsent(),
        }
        self.drain();
    }

    /// A module that behaves from now on, and has been silent for a moment, gets the next command answered.
    pub(super) fn recover(&mut self) {
        self.resume_input();
        self.holding = false;
        self.forget_unsent();
        self.engine.stream_close();
        self.drain();
        self.unanswered.clear();
        let mut module = Module::new(self.streaming);
        self.give_up_the_longest_deadline();
        self.until_ready(&mut module);
        self.feed(b"\r\n");
        self.pass(Duration::from_secs(1));
        self.until_ready(&mut module);
        if self.announced {
            self.pass(KEPT);
        }
        self.assert_answered(&mut module);
    }

    /// An exchange may wait for ever if that is what its owner asked for, and what was announced must come first.
    fn give_up_the_longest_deadline(&mut self) {
        for _ in 0..HELD_LIMIT {
            let due = self.engine.poll_timeout();
            if self.begun.is_none() || due.is_none_or(|due| due <= self.now + LONG) {
                break;
            }
            self.feed(b"\r\n\r\nERROR\r\n");
            self.pass(Duration::from_millis(300));
        }
    }

    fn assert_answered(&mut self, module: &mut Module) {
        let from = self.record.events.len();
        self.begin(Exchange::new(CommandLine::read("#SSLEN"), Expect::lines("#SSLEN")));
        self.until_ready(module);
        let events = self.record.events.get(from..).unwrap_or_default();
        let reply = events.iter().find_map(|event| match event {
            Event::Completed(result) => Some(result),
            _ => None,
        });
        let values = reply.map(|result| result.as_ref().map(|reply| reply.values("#SSLEN")));
        assert_eq!(values, Some(Ok(vec!["1,0".to_owned()])), "a module that behaves is not understood");
    }

    fn until_ready(&mut self, module: &mut Module) {
        let at_most = self.now + LONG;
        loop {
            let answer = module.answer(&std::mem::take(&mut self.unanswered));
            self.feed(&answer);
            if !self.unanswered.is_empty() {
                continue;
            }
            if self.engine.is_ready(self.now) {
                break;
            }
            let due = self.engine.poll_timeout().expect("an engine that is not ready waits for something");
            assert!(due <= at_most, "the engine does not become ready: {:?}", self.engine);
            self.fire(due);
        }
        assert_eq!((self.begun, self.streaming), (None, false), "something was begun and never ended");
    }

    fn begin(&mut self, exchange: Exchange) {
        let shape = format!("{:?}", exchange.expected());
        let opens_stream = shape.contains("Stream(");
        if !self.engine.is_ready(self.now) {
            return self.begin_too_early(exchange);
        }
        assert_eq!(
            (self.begun, self.streaming),
            (None, false),
            "the engine is ready while something is under way"
        );
        self.begun = Some(opens_stream);
        self.announced |= shape.contains("Prompt(Counted");
        self.engine.begin(self.now, exchange);
        self.drain();
    }

    /// It ends at once, without any effect.
    fn begin_too_early(&mut self, exchange: Exchange) {
        if self.begun.is_some() || self.streaming {
            self.engine.begin(self.now, exchange);
            assert_eq!(self.engine.poll_event(), Some(Event::Completed(Err(Failure::NotResponding))));
            assert_eq!(self.engine.poll_output(), None);
        }
    }

    fn forget_unsent(&mut self) {
        if self.engine.is_exchange_unsent() {
            assert!(self.begun.take().is_some(), "an exchange that nobody has begun is not sent");
        }
        self.engine.forget_unsent();
    }

    fn pause_input(&mut self) {
        if self.streaming {
            self.paused = true;
            self.engine.input_paused();
        }
    }

    fn resume_input(&mut self) {
        self.paused = false;
        self.engine.input_resumed(self.now);
        let unread = std::mem::take(&mut self.unread);
        self.feed(&unread);
    }

    fn feed(&mut self, bytes: &[u8]) {
        if self.paused {
            return self.unread.extend_from_slice(bytes);
        }
        let size = match self.feeding {
            Feeding::Whole => bytes.len().max(1),
            Feeding::SingleBytes => 1,
        };
        for piece in bytes.chunks(size) {
            self.engine.input().extend_from_slice(piece);
            self.engine.handle_input(self.now);
            self.drain();
            self.check_memory();
        }
    }

    fn check_memory(&mut self) {
        let limit = HELD_LIMIT.max(self.settings.line_limit);
        let input = self.engine.input();
        assert!(input.len() <= limit, "the engine keeps {} bytes", input.len());
        assert!(input.capacity() <= 16 * limit, "the engine has taken memory for {} bytes", input.capacity());
    }

    /// Moves the clock, and fires everything on the way at its time.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.engine.poll_timeout().filter(|due| *due <= until) {
            self.fire(due);
        }
        self.now = until;
    }

    /// Fires what is due at a point in time until nothing is any more.
    fn fire(&mut self, due: Instant) {
        self.now = self.now.max(due);
        for _ in 0..CALLS_AT_ONE_TIME {
            self.engine.handle_timeout(self.now);
            self.drain();
            if self.engine.poll_timeout().is_none_or(|due| due > self.now) {
                return;
            }
        }
        panic!("the engine wants to be called at the same time for ever: {:?}", self.engine);
    }

    fn drain(&mut self) {
        while self.engine.poll_trace().is_some() {}
        while let Some(event) = self.engine.poll_event() {
            self.take_note(&event);
            self.record.push(event);
        }
        while let Some(bytes) = self.engine.poll_output() {
            assert!(!bytes.is_empty(), "nothing is no output");
            self.record.write(&bytes);
            self.unanswered.extend_from_slice(&bytes);
            self.leaving = true;
        }
        if self.leaving && !self.holding {
            self.leaving = false;
            self.engine.output_left(self.now, self.now);
        }
    }

    fn take_note(&mut self, event: &Event) {
        match event {
            Event::Completed(result) => {
                let opens_stream = self.begun.take().expect("one end of every exchange, and only one");
                if let Ok(reply) = result {
                    self.check_reply(reply);
                }
                self.streaming = opens_stream && result.is_ok();
            }
            Event::StreamData(data) => {
                assert!(self.streaming, "data of no stream");
                assert!(!data.is_empty(), "no data are no event");
            }
            Event::StreamEnded(_) => {
                assert!(
                    std::mem::replace(&mut self.streaming, false),
                    "one end of every stream, and only one"
                );
                self.paused = false;
            }
            Event::Unsolicited(line) | Event::UnsolicitedSecret(line) => {
                let length = line.as_bytes().len();
                assert!(length > 0 && length <= HELD_LIMIT.max(self.settings.line_limit), "{length} bytes");
            }
            // What was not written yet is forgotten, so nothing is on its way any more.
            Event::OutputAbandoned if self.leaving => {
                self.leaving = false;
                self.engine.output_left(self.now, self.now);
            }
            _ => {}
        }
    }

    fn check_reply(&self, reply: &Reply) {
        let lines: usize = reply.lines().iter().map(|line| line.as_bytes().len()).sum();
        assert!(lines <= self.settings.reply_limit, "{lines} bytes of lines");
        assert!(reply.lines().iter().all(|line| line.as_bytes().len() <= self.settings.line_limit));
        assert!(reply.body().len() <= BODY_LIMIT, "{} bytes of a body", reply.body().len());
    }
}

impl Record {
    pub(super) fn assert_same_as(&self, single_bytes: &Self) {
        assert_eq!(self.events, single_bytes.events, "the same bytes, cut otherwise, gave something else");
        let counts = |record: &Self| (record.dropped_bytes, record.resyncs, record.written.len());
        assert_eq!(counts(self), counts(single_bytes), "the same bytes, cut otherwise, count otherwise");
        let mut written = self.written.iter().zip(&single_bytes.written).rev();
        let last = written.next();
        assert!(last.is_some_and(|(one, other)| one == other), "cut otherwise, they led to something else");
        // What was abandoned before anybody took it was written by none, and how much that is depends on the cut.
        for (one, other) in written {
            assert!(other.starts_with(one), "cut otherwise, they led to something else");
        }
    }

    fn push(&mut self, event: Event) {
        match (self.events.last_mut(), event) {
            (Some(Event::StreamData(data)), Event::StreamData(more)) => {
                *data = Bytes::from([&data[..], &more].concat());
            }
            (_, event) => {
                if event == Event::OutputAbandoned {
                    self.written.push(Vec::new());
                }
                self.events.push(event);
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(written) = self.written.last_mut() {
            written.extend_from_slice(bytes);
        }
    }
}
