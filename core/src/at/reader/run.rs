//! Lines that leave the buffer together: to take each off it would be work.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memrchr2;

use super::Reader;
use crate::at::front::{Front, Place, front};
use crate::at::portion::{CR, LF};

/// Whole lines that left the buffer together.
pub(crate) struct Run {
    bytes: Bytes,
    /// Where the next line begins, with the line ends before it.
    at: usize,
}

impl Run {
    /// The line without the line ends around it.
    #[inline]
    pub(crate) fn line(&self, place: Place) -> &[u8] {
        self.bytes.get(place.start..place.end).unwrap_or_default()
    }

    /// The same, to keep.
    #[inline]
    pub(crate) fn cut(&self, place: Place) -> Bytes {
        self.bytes.slice(place.start..place.end)
    }

    #[inline]
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

impl Reader {
    /// Takes all whole lines that are here off the buffer, if there are several and nothing but lines is expected.
    pub(crate) fn take_run(&mut self) -> Option<Run> {
        if self.shown > 0 || self.discarding {
            return None;
        }
        if !self.lines.is_empty() {
            return Some(Run { bytes: std::mem::take(&mut self.lines), at: 0 });
        }
        if self.one_by_one || self.buffer.is_empty() {
            return None;
        }
        let length = self.searched + memrchr2(CR, LF, self.buffer.get(self.searched..)?)? + 1;
        let bytes = self.buffer.split_to(length).freeze();
        // No line ends behind them.
        self.searched = self.buffer.len();
        Some(Run { bytes, at: 0 })
    }

    /// Passes the next line of those that left the buffer together, and gives its place among them. `None`: there is none,
    /// or something else, perhaps.
    #[inline]
    pub(crate) fn next_line(&mut self, run: &mut Run) -> Option<Place> {
        let rest = run.bytes.get(run.at..)?;
        let Front::Line(place) = front(rest, 0, self.line_limit) else {
            return None;
        };
        if self.traced {
            self.consumed.extend_from_slice(rest.get(..place.next)?);
        }
        self.line_feed_due = place.line_feed_due;
        let place = place.behind(run.at);
        run.at = place.next;
        Some(place)
    }

    /// Keeps the lines that were not passed, until the next ones are taken.
    pub(crate) fn keep_run(&mut self, mut run: Run) {
        run.bytes.advance(run.at);
        // Nothing would still hold the memory of all that was read.
        if !run.bytes.is_empty() {
            self.lines = run.bytes;
        }
    }

    /// Puts what is no line back into the buffer; line ends are dropped.
    pub(crate) fn end_run(&mut self, run: Run) {
        if run.rest().iter().all(|byte| matches!(*byte, CR | LF)) {
            if self.traced {
                self.consumed.extend_from_slice(run.rest());
            }
            self.line_feed_due &= run.rest().is_empty();
        } else {
            self.keep_run(run);
            self.put_back();
        }
    }

    /// Puts lines back into the buffer that left it together, because the next one may be none.
    #[inline]
    pub(crate) fn put_back(&mut self) {
        if !self.lines.is_empty() {
            self.put_back_lines();
        }
    }

    fn put_back_lines(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let mut buffer = BytesMut::with_capacity(lines.len() + self.buffer.len());
        buffer.extend_from_slice(&lines);
        buffer.extend_from_slice(&self.buffer);
        (self.buffer, self.searched, self.one_by_one) = (buffer, 0, true);
    }
}
