//! What the engine wants to happen: bytes to write, events to hand on, a trace of both directions.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::event::Event;
use super::events::{Events, next};
use super::reader::Reader;
use super::reply::Line;

/// One step of the conversation for a transcript, secrets already removed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trace {
    /// Text to the module.
    Sent(Vec<u8>),
    /// Payload to the module.
    SentPayload(Bytes),
    /// Text from the module, line ends included.
    Received(Vec<u8>),
    /// Payload from the module.
    ReceivedPayload(Bytes),
    /// Something that was left out because it is secret.
    Redacted {
        /// To the module, not from it.
        sent: bool,
        /// How many bytes.
        length: usize,
    },
    /// A remark of the engine.
    Remark(&'static str),
}

pub(crate) struct Output {
    bytes: VecDeque<Bytes>,
    /// When the last bytes that the port took have crossed the line.
    left_at: Option<Instant>,
    events: Events,
    traces: VecDeque<Trace>,
    tracing: bool,
}

impl Output {
    pub(crate) fn new(tracing: bool) -> Self {
        Self {
            // Most of the time one waits.
            bytes: VecDeque::with_capacity(1),
            left_at: None,
            events: Events::new(),
            traces: VecDeque::new(),
            tracing,
        }
    }

    pub(crate) fn write(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.bytes.push_back(bytes);
        }
    }

    pub(crate) fn left(&mut self, left_at: Instant) {
        self.left_at = Some(left_at);
    }

    /// When the last bytes that the port took have crossed the line; `None` if it took none yet.
    pub(crate) fn left_at(&self) -> Option<Instant> {
        self.left_at
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Hands on a line that no command asked for.
    #[inline]
    pub(crate) fn code(&mut self, line: Line) {
        self.events.push_code(line);
    }

    pub(crate) fn trace(&mut self, trace: impl FnOnce() -> Trace) {
        if self.tracing {
            self.traces.push_back(trace());
        }
    }

    /// Forgets what was not handed out yet.
    pub(crate) fn drop_bytes(&mut self) {
        self.bytes.clear();
    }

    pub(crate) fn next_bytes(&mut self) -> Option<Bytes> {
        next(&mut self.bytes)
    }

    #[inline]
    pub(crate) fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    pub(crate) fn next_event(&mut self) -> Option<Event> {
        self.events.next()
    }

    pub(crate) fn next_trace(&mut self) -> Option<Trace> {
        next(&mut self.traces)
    }
}

/// Tells what was taken of the input.
#[inline]
pub(crate) fn flush_trace(reader: &mut Reader, output: &mut Output) {
    if let Some(consumed) = reader.take_consumed() {
        output.trace(|| Trace::Received(consumed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_leaves_no_memory_behind() {
        let mut output = Output::new(false);
        (0..1000).for_each(|_| output.write(Bytes::from_static(b"x")));
        assert_eq!(std::iter::from_fn(|| output.next_bytes()).count(), 1000);
        assert!(output.bytes.capacity() <= 1);
    }
}
