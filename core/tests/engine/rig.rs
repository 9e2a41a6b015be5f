//! An engine, a clock that only the test moves, and everything that came out.

use std::time::{Duration, Instant};

use telit_core::at::{CommandLine, Engine, Event, Exchange, Expect, Failure, Reply, Settings, Trace};

pub(crate) struct Rig {
    pub(crate) engine: Engine,
    pub(crate) now: Instant,
    pub(crate) written: Vec<u8>,
    pub(crate) events: Vec<Event>,
    /// Stays empty unless the settings ask for it.
    pub(crate) traces: Vec<Trace>,
    /// How often the engine gave up what was not written yet.
    pub(crate) abandoned: usize,
    /// The port takes nothing: the test itself tells when the output has left.
    pub(crate) holds_output: bool,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        Self {
            engine: Engine::new(settings),
            now: Instant::now(),
            written: Vec::new(),
            events: Vec::new(),
            traces: Vec::new(),
            abandoned: 0,
            holds_output: false,
        }
    }

    pub(crate) fn begin(&mut self, exchange: Exchange) {
        assert!(self.engine.is_ready(self.now), "the engine is not ready");
        self.engine.begin(self.now, exchange);
        self.drain();
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.engine.input().extend_from_slice(bytes);
        self.engine.handle_input(self.now);
        self.drain();
    }

    /// Moves the clock, firing every deadline on the way at its time.
    pub(crate) fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.engine.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.engine.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    /// Lets the engine find the line again: it asks, the module answers, nothing follows.
    pub(crate) fn answer_probe(&mut self) {
        self.pass(Duration::from_millis(200));
        assert!(self.take_written().ends_with("AT+CMEE?\r"), "no probe was sent");
        self.feed(b"\r\n+CMEE: 2\r\n\r\nOK\r\n");
        self.pass(Duration::from_millis(220));
    }

    pub(crate) fn drain(&mut self) {
        self.traces.extend(std::iter::from_fn(|| self.engine.poll_trace()));
        while let Some(bytes) = self.engine.poll_output() {
            self.written.extend_from_slice(&bytes);
            if !self.holds_output {
                self.engine.output_left(self.now, self.now);
            }
        }
        while let Some(event) = self.engine.poll_event() {
            match event {
                Event::OutputAbandoned => self.abandoned += 1,
                event => self.events.push(event),
            }
        }
    }

    pub(crate) fn take_written(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.written)).into_owned()
    }

    /// The result of the exchange, if it has ended; all other events stay.
    pub(crate) fn result(&mut self) -> Option<Result<Reply, Failure>> {
        let position = self.events.iter().position(|event| matches!(event, Event::Completed(_)))?;
        match self.events.remove(position) {
            Event::Completed(result) => Some(result),
            _ => None,
        }
    }

    pub(crate) fn reply(&mut self) -> Reply {
        self.result().expect("the exchange has ended").expect("it succeeded")
    }

    pub(crate) fn unsolicited(&self) -> Vec<String> {
        let line = |event: &Event| match event {
            Event::Unsolicited(line) | Event::UnsolicitedSecret(line) => Some(line.text().into_owned()),
            _ => None,
        };
        self.events.iter().filter_map(line).collect()
    }

    pub(crate) fn stream_data(&self) -> Vec<u8> {
        let mut data = Vec::new();
        for event in &self.events {
            if let Event::StreamData(bytes) = event {
                data.extend_from_slice(bytes);
            }
        }
        data
    }
}

pub(crate) fn read(name: &'static str) -> Exchange {
    Exchange::new(CommandLine::read(name), Expect::lines(name))
}

pub(crate) fn set(name: &'static str, expect: Expect) -> Exchange {
    Exchange::new(CommandLine::set(name).number(1_u8).build().expect("it encodes"), expect)
}

pub(crate) fn lines(reply: &Reply) -> Vec<String> {
    reply.lines().iter().map(|line| line.text().into_owned()).collect()
}
