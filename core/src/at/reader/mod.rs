//! The bytes that arrived and were not yet understood: lines out of any chunks, raw bytes by count.

mod room;
mod run;
mod whole;

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr2;

pub(crate) use room::make_room;
pub(crate) use run::Run;
pub(crate) use whole::Whole;

use super::front::Place;
use super::portion::{CR, LF, Portion, Shown};

/// Input buffer with bounded line length, which shows what has arrived [portion](super::portion) by portion: all that
/// reads sees only what is shown.
///
/// The number of line ends around answers differs between commands and firmware, so lines are split
/// at CR or LF and empty ones are dropped. Source: M37 p31-32.
pub(crate) struct Reader {
    /// Whole lines that were taken off the buffer together, and stand before it.
    lines: Bytes,
    buffer: BytesMut,
    /// Lines were put back, so that those in the buffer are taken one by one.
    one_by_one: bool,
    /// How much of the buffer is shown.
    shown: usize,
    /// How much of that was already searched for a line end.
    searched: usize,
    /// The last line ended in CR; an LF right behind it belongs to it.
    line_feed_due: bool,
    /// The rest of an overlong line is being thrown away.
    discarding: bool,
    /// How much was thrown away since the last call of `take_discarded`.
    discarded: usize,
    line_limit: usize,
    /// Somebody wants to know what is consumed.
    traced: bool,
    /// What was consumed since the last call of `take_consumed`.
    consumed: Vec<u8>,
}

/// What the reader found at the front of its buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Line(Bytes),
    /// The beginning of a line that is longer than the limit was thrown away, and its rest will be.
    Overlong,
    /// More bytes are needed.
    Nothing,
}

impl Reader {
    pub(crate) fn new(line_limit: usize, trace: bool) -> Self {
        Self {
            lines: Bytes::new(),
            buffer: BytesMut::new(),
            one_by_one: false,
            shown: 0,
            searched: 0,
            line_feed_due: false,
            discarding: false,
            discarded: 0,
            line_limit,
            traced: trace,
            consumed: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Shows the next portion of what has arrived.
    pub(crate) fn show(&mut self, portion: Portion) -> Shown {
        let (shown, hidden) = self.buffer.split_at(self.shown);
        let Some(first) = hidden.first() else {
            return Shown::Nothing;
        };
        if self.line_feed_due && shown.is_empty() && *first == LF {
            self.shown = 1;
            return Shown::LineFeed;
        }
        self.shown += portion.length(shown, hidden, self.discarding);
        Shown::Bytes
    }

    /// What is here, if nothing of it is shown.
    pub(crate) fn hidden(&self) -> &[u8] {
        if self.shown == 0 && !self.discarding { &self.buffer } else { &[] }
    }

    /// Whether a line is not longer than lines may be.
    pub(crate) fn allows(&self, place: Place) -> bool {
        place.end - place.start <= self.line_limit
    }

    /// Shows everything, if that is more of so many raw bytes, which are not complete yet and of which some were shown before.
    pub(crate) fn show_more_of(&mut self, length: usize) -> bool {
        let is_more = self.shown > 0 && self.buffer.len() < length;
        if is_more {
            self.shown = self.buffer.len();
        }
        is_more
    }

    /// Whether what is here begins right behind the end of a line.
    pub(crate) fn is_behind_line(&self) -> bool {
        !self.line_feed_due && !self.discarding
    }

    /// Shows everything. Whether something of it was not shown before.
    pub(crate) fn show_all(&mut self) -> bool {
        std::mem::replace(&mut self.shown, self.buffer.len()) < self.buffer.len()
    }

    /// Shows nothing any more: whoever reads next begins from the beginning.
    pub(crate) fn hide(&mut self) {
        self.shown = 0;
        self.searched = 0;
    }

    pub(crate) fn peek(&self) -> &[u8] {
        self.buffer.get(..self.shown).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.shown == 0
    }

    /// Whether the end of the previous line may still be incomplete.
    pub(crate) fn is_line_end_open(&self) -> bool {
        self.line_feed_due
    }

    /// Whether something else follows where the line feed of the previous line should stand.
    pub(crate) fn is_line_end_damaged(&self) -> bool {
        self.line_feed_due && self.peek().first().is_some_and(|&byte| byte != LF)
    }

    /// Whether the rest of an overlong line is being thrown away.
    pub(crate) fn is_discarding(&self) -> bool {
        self.discarding
    }

    /// Completes the end of the previous line. False: what decides is not here yet.
    pub(crate) fn settle(&mut self) -> bool {
        if self.discarding {
            let rest = memchr2(CR, LF, self.peek());
            self.discard(rest.unwrap_or(self.shown));
            self.discarding = rest.is_none();
            return !self.discarding;
        }
        if !self.line_feed_due {
            return true;
        }
        match self.peek().first() {
            None => return false,
            Some(&LF) => self.drop_front(1),
            Some(_) => {}
        }
        self.line_feed_due = false;
        true
    }

    /// Drops the line ends at the front.
    pub(crate) fn skip_line_ends(&mut self) {
        let ends = self.peek().iter().take_while(|&&byte| byte == CR || byte == LF).count();
        self.drop_front(ends);
    }

    /// The next line that is not empty, or what is too long for one. It stays where it is.
    pub(crate) fn peek_line(&mut self) -> Option<&[u8]> {
        self.skip_line_ends();
        let too_long = (self.shown > self.line_limit).then_some(self.shown);
        let end = memchr2(CR, LF, self.peek()).or(too_long)?;
        self.peek().get(..end)
    }

    /// Takes the next line that is not empty.
    pub(crate) fn take_line(&mut self) -> Found {
        self.skip_line_ends();
        let unsearched = self.peek().get(self.searched..).unwrap_or_default();
        let Some(offset) = memchr2(CR, LF, unsearched) else {
            return self.without_line_end();
        };
        let end = self.searched + offset;
        if end > self.line_limit {
            return self.overlong();
        }
        let ended_in_cr = self.peek().get(end) == Some(&CR);
        let line_feed_follows = self.peek().get(end + 1) == Some(&LF);
        let line = self.take_front(end);
        self.drop_front(if ended_in_cr && line_feed_follows { 2 } else { 1 });
        self.line_feed_due = ended_in_cr && !line_feed_follows;
        Found::Line(line)
    }

    /// Drops bytes that are not shown: line ends and marks in front of something else.
    pub(crate) fn drop_hidden(&mut self, count: usize) {
        self.note_consumed(count);
        self.advance(count);
        self.line_feed_due = false;
    }

    /// Takes exactly `count` raw bytes, without copying them.
    pub(crate) fn take_raw(&mut self, count: usize) -> Option<Bytes> {
        if self.shown < count {
            self.make_room_for_rest(count);
            return None;
        }
        Some(self.split_front(count))
    }

    /// Drops bytes that are neither line nor body: prompts, marks, echoes.
    pub(crate) fn drop_front(&mut self, count: usize) {
        let count = count.min(self.shown);
        self.note_consumed(count);
        self.advance(count);
        self.shown -= count;
        self.searched = self.searched.saturating_sub(count);
    }

    /// Whether somebody wants to know what is consumed.
    #[inline]
    pub(crate) fn is_traced(&self) -> bool {
        self.traced
    }

    #[inline]
    pub(crate) fn take_consumed(&mut self) -> Option<Vec<u8>> {
        (self.traced && !self.consumed.is_empty()).then(|| std::mem::take(&mut self.consumed))
    }

    /// How many bytes of overlong lines were thrown away.
    pub(crate) fn take_discarded(&mut self) -> usize {
        std::mem::take(&mut self.discarded)
    }

    fn without_line_end(&mut self) -> Found {
        self.searched = self.shown;
        if self.shown <= self.line_limit {
            return Found::Nothing;
        }
        self.overlong()
    }

    /// Throws away as much as tells that the line is too long; the rest follows in [`settle`](Self::settle).
    fn overlong(&mut self) -> Found {
        self.discard(self.line_limit + 1);
        self.discarding = true;
        Found::Overlong
    }

    fn discard(&mut self, count: usize) {
        self.discarded += count;
        self.drop_front(count);
    }

    fn take_front(&mut self, count: usize) -> Bytes {
        self.note_consumed(count);
        self.split_front(count)
    }

    fn split_front(&mut self, count: usize) -> Bytes {
        self.shown -= count;
        self.searched = 0;
        self.buffer.split_to(count).freeze()
    }

    /// Drops so many bytes. Where nothing is left, their room is free at once.
    #[inline]
    fn advance(&mut self, count: usize) {
        if count == self.buffer.len() {
            self.buffer.clear();
        } else {
            self.buffer.advance(count);
        }
    }

    #[inline]
    fn note_consumed(&mut self, count: usize) {
        if self.traced {
            self.consumed.extend_from_slice(self.buffer.get(..count).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests;
