//! The bytes that arrived and were not yet understood: lines out of any chunks, raw bytes by count.

use bytes::{Buf, Bytes, BytesMut};
use memchr::{memchr2, memrchr2};

use super::front::{Front, Place, front};
use super::portion::{CR, LF, Portion, Shown};

/// Room behind a body that is still to come, for the read that brings its end.
const READ_AHEAD: usize = 2048;
/// Lines are taken together from so many bytes on.
const SEVERAL: usize = 128;

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
    /// What was consumed since the last call of `take_consumed`, if somebody wants to know.
    consumed: Option<Vec<u8>>,
}

/// What stands where a line begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    /// A line with its line end that can be nothing else, and the line ends before it.
    Line(Bytes),
    /// Nothing, or the beginning of such a line.
    Unfinished,
    /// Something else, perhaps: it is to be shown portion by portion.
    Other,
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
            consumed: trace.then(Vec::new),
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

    /// Takes the next line that is not empty without showing it before, in one pass: for lines that mean nothing before
    /// they are whole. `together`: nothing but lines is expected, so all that are here can leave the buffer at once.
    pub(crate) fn take_whole_line(&mut self, together: bool) -> Whole {
        if self.shown > 0 || self.discarding {
            return Whole::Other;
        }
        if self.lines.is_empty() && !self.find_lines(together) {
            return Whole::Unfinished;
        }
        let here = if self.lines.is_empty() { &self.buffer } else { &self.lines[..] };
        match front(here, self.searched, self.line_limit) {
            Front::Line(place) => Whole::Line(self.cut(place)),
            Front::Beginning(_) if !self.lines.is_empty() => self.skip_lines(),
            Front::Beginning(line_ends) => self.begin(line_ends),
            Front::Other => Whole::Other,
        }
    }

    /// Whether there is anything in the buffer. Takes the lines off it if they are to be taken together.
    fn find_lines(&mut self, together: bool) -> bool {
        if self.buffer.is_empty() {
            self.one_by_one = false;
            return false;
        }
        if together
            && !self.one_by_one
            && self.buffer.len() >= SEVERAL
            && let Some(last) = memrchr2(CR, LF, &self.buffer)
        {
            self.lines = self.buffer.split_to(last + 1).freeze();
        }
        true
    }

    /// Waits for the rest of a line. Line ends before it are dropped where there might be ever more of them.
    fn begin(&mut self, line_ends: usize) -> Whole {
        if self.line_feed_due || line_ends == self.buffer.len() {
            self.drop_hidden(line_ends);
        }
        self.searched = self.buffer.len();
        Whole::Unfinished
    }

    /// Drops what is left of lines that were taken together: line ends.
    #[cold]
    fn skip_lines(&mut self) -> Whole {
        self.note_consumed(self.lines.len());
        self.lines.clear();
        self.line_feed_due = false;
        self.take_whole_line(false)
    }

    /// Puts whole lines back into the buffer that were taken off it together, because the next one may be none.
    pub(crate) fn put_back(&mut self) {
        if !self.lines.is_empty() {
            let lines = std::mem::take(&mut self.lines);
            let mut buffer = BytesMut::with_capacity(lines.len() + self.buffer.len());
            buffer.extend_from_slice(&lines);
            buffer.extend_from_slice(&self.buffer);
            (self.buffer, self.one_by_one) = (buffer, true);
        }
    }

    /// The line without the line ends around it.
    fn cut(&mut self, Place { start, end, next, line_feed_due }: Place) -> Bytes {
        self.note_consumed(next);
        (self.searched, self.line_feed_due) = (0, line_feed_due);
        if self.lines.len() > next {
            let line = self.lines.slice(start..end);
            self.lines.advance(next);
            return line;
        }
        let mut line = match self.lines.is_empty() {
            true => self.buffer.split_to(next).freeze(),
            false => std::mem::take(&mut self.lines),
        };
        line.truncate(end);
        line.advance(start);
        line
    }

    /// Drops bytes that are not shown: line ends and marks in front of something else.
    pub(crate) fn drop_hidden(&mut self, count: usize) {
        self.note_consumed(count);
        self.buffer.advance(count);
        self.line_feed_due = false;
    }

    /// Takes exactly `count` raw bytes, without copying them.
    pub(crate) fn take_raw(&mut self, count: usize) -> Option<Bytes> {
        if self.shown < count {
            let missing = count.saturating_sub(self.buffer.len());
            if missing > 0 {
                // Whoever reads makes room for as much as may come, and what is here would move when most of it is.
                self.buffer.reserve(missing.saturating_add(READ_AHEAD));
            }
            return None;
        }
        Some(self.split_front(count))
    }

    /// Drops bytes that are neither line nor body: prompts, marks, echoes.
    pub(crate) fn drop_front(&mut self, count: usize) {
        let count = count.min(self.shown);
        self.note_consumed(count);
        self.buffer.advance(count);
        self.shown -= count;
        self.searched = self.searched.saturating_sub(count);
    }

    pub(crate) fn take_consumed(&mut self) -> Option<Vec<u8>> {
        self.consumed.as_mut().filter(|consumed| !consumed.is_empty()).map(std::mem::take)
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

    fn note_consumed(&mut self, count: usize) {
        let here = if self.lines.is_empty() { &self.buffer } else { &self.lines[..] };
        if let (Some(consumed), Some(front)) = (&mut self.consumed, here.get(..count)) {
            consumed.extend_from_slice(front);
        }
    }
}

/// Makes room for a read of so many bytes, unless there is room for half of them: while lines are in use their memory is
/// not free, and a new piece of it is work.
#[inline]
pub(crate) fn make_room(buffer: &mut BytesMut, size: usize) {
    if buffer.capacity() - buffer.len() < size.div_ceil(2) {
        buffer.reserve(size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bytes: &[u8]) -> Reader {
        let mut reader = Reader::new(16, true);
        arrive(&mut reader, bytes);
        reader
    }

    /// Everything is shown at once.
    fn arrive(reader: &mut Reader, bytes: &[u8]) {
        reader.buffer().extend_from_slice(bytes);
        while reader.show(Portion::Raw(usize::MAX)) != Shown::Nothing {}
    }

    fn line(text: &'static [u8]) -> Found {
        Found::Line(Bytes::from_static(text))
    }

    #[test]
    fn any_mixture_of_line_ends() {
        let mut reader = reader(b"\r\n\r\nA\r\n\nB\nC\r\r\nD\r");
        for expected in [b"A", b"B", b"C", b"D"] {
            assert_eq!(reader.take_line(), line(expected));
        }
        assert_eq!(reader.take_line(), Found::Nothing);
    }

    #[test]
    fn whole_lines_are_taken_without_being_shown() {
        for together in [true, false] {
            let mut reader = Reader::new(16, true);
            let whole = |text: &'static [u8]| Whole::Line(Bytes::from_static(text));
            reader.buffer().extend_from_slice(b"\r\nA\r\n\n\tB\nSRING: 1\r\r\n\nC");
            for expected in [&b"A"[..], b"\tB", b"SRING: 1"] {
                assert_eq!(reader.take_whole_line(together), whole(expected));
            }
            assert!(reader.is_line_end_open());
            assert_eq!(reader.take_whole_line(together), Whole::Unfinished);
            assert!(!reader.is_line_end_open());
            assert_eq!(reader.take_consumed().unwrap(), b"\r\nA\r\n\n\tB\nSRING: 1\r\r\n\n");
            reader.buffer().extend_from_slice(b"D\r");
            assert_eq!(reader.take_whole_line(together), whole(b"CD"));
            assert!(reader.is_line_end_open());
        }
    }

    #[test]
    fn there_is_room_for_half_of_a_read_and_for_something_at_least() {
        for (size, least) in [(0, 0), (1, 1), (2, 1), (3, 2), (1024, 512)] {
            let mut buffer = BytesMut::new();
            make_room(&mut buffer, size);
            assert!(buffer.capacity() >= size);
            let filled = buffer.capacity() - least;
            buffer.resize(filled, b'x');
            let start = buffer.as_ptr();
            make_room(&mut buffer, size);
            assert_eq!((buffer.as_ptr(), buffer.capacity() - buffer.len()), (start, least), "{size}");
            buffer.resize(buffer.capacity(), b'x');
            make_room(&mut buffer, size);
            assert!(buffer.capacity() - buffer.len() >= size);
        }
    }

    #[test]
    fn what_may_be_no_line_is_left_to_be_shown() {
        for other in [&b"> "[..], b"\r\n<<<", b"SSLSRING: 1,3,abc", b"0123456789abcdef0"] {
            for together in [true, false] {
                let mut reader = Reader::new(16, false);
                reader.buffer().extend_from_slice(other);
                assert_eq!(reader.take_whole_line(together), Whole::Other, "{}", other.escape_ascii());
                reader.put_back();
                // Line ends before it may be gone.
                assert_eq!(reader.buffer().trim_ascii_start(), other.trim_ascii_start());
            }
        }
        assert_eq!(reader(b"shown").take_whole_line(true), Whole::Other);
    }

    #[test]
    fn lines_are_taken_together_up_to_what_may_be_none() {
        let whole = |text: &'static [u8]| Whole::Line(Bytes::from_static(text));
        let mut reader = Reader::new(16, true);
        reader.buffer().extend_from_slice(b"A\r\n\r\nB\r\n> \r\n\r\nC\r\n");
        let lines = b"0123456789\r\n".repeat(SEVERAL / 12 + 1);
        reader.buffer().extend_from_slice(&[&lines[..], b"D"].concat());
        assert_eq!(reader.take_whole_line(true), whole(b"A"));
        assert_eq!(reader.take_whole_line(true), whole(b"B"));
        assert_eq!(reader.buffer()[..], b"D"[..], "all but the last were taken");
        assert_eq!(reader.take_whole_line(true), Whole::Other);
        reader.put_back();
        assert_eq!(reader.take_consumed().unwrap(), b"A\r\n\r\nB\r\n");
        assert_eq!(reader.buffer()[..], [b"> \r\n\r\nC\r\n", &lines[..], b"D"].concat());
        reader.drop_hidden(2);
        assert_eq!(reader.take_whole_line(true), whole(b"C"));
        assert_eq!(reader.buffer()[..], [&lines[..], b"D"].concat(), "it was taken alone");
        while reader.take_whole_line(true) != Whole::Unfinished {}
        reader.buffer().extend_from_slice(b"\r\n");
        assert_eq!(reader.take_whole_line(true), whole(b"D"));
        assert_eq!(reader.take_whole_line(true), Whole::Unfinished);
        reader.buffer().extend_from_slice(b"\r\n\r");
        assert_eq!(reader.take_whole_line(true), Whole::Unfinished);
        assert!(reader.buffer().is_empty(), "line ends do not gather");
        reader.buffer().extend_from_slice(&lines);
        assert_eq!(reader.take_whole_line(true), whole(b"0123456789"));
        assert!(reader.buffer().is_empty(), "they are taken together again");
    }

    #[test]
    fn line_ends_behind_lines_that_were_taken_together_are_dropped() {
        let line = [b'A'; SEVERAL];
        let mut reader = Reader::new(SEVERAL, true);
        reader.buffer().extend_from_slice(&[&line[..], b"\r\n\r\n\r"].concat());
        assert_eq!(reader.take_whole_line(true), Whole::Line(Bytes::copy_from_slice(&line)));
        assert_eq!(reader.take_whole_line(true), Whole::Unfinished);
        assert_eq!(reader.take_consumed().unwrap().len(), SEVERAL + 5);
    }

    #[test]
    fn a_body_behind_a_header_may_start_with_a_line_feed() {
        let mut reader = reader(b"#X: 2\r");
        assert_eq!(reader.take_line(), line(b"#X: 2"));
        assert!(!reader.settle());
        arrive(&mut reader, b"\n\nB\r\n");
        assert!(reader.settle());
        assert_eq!(reader.take_raw(2).unwrap(), &b"\nB"[..]);
    }

    #[test]
    fn a_body_may_begin_right_behind_the_end_of_its_header() {
        for (header, body) in [(&b"#X: 2\r"[..], b"AB"), (b"#X: 2\n", b"\nB"), (b"#X: 2\r\n", b"\r\n")] {
            let mut reader = reader(&[header, body].concat());
            assert_eq!(reader.take_line(), line(b"#X: 2"));
            assert!(reader.settle());
            assert_eq!(reader.take_raw(2).unwrap(), &body[..]);
        }
    }

    #[test]
    fn an_overlong_line_is_thrown_away_and_the_next_one_found() {
        let mut reader = reader(b"0123456789abcdef0");
        assert_eq!(reader.take_line(), Found::Overlong);
        assert!(reader.is_empty());
        for rest in [&b"rest"[..], b""] {
            arrive(&mut reader, rest);
            assert!(!reader.settle());
        }
        assert_eq!(reader.take_discarded(), 21);
        arrive(&mut reader, b"\r\nOK\r\n");
        assert!(reader.settle());
        assert_eq!(reader.take_line(), line(b"OK"));
        assert_eq!(reader.take_discarded(), 0);
    }

    #[test]
    fn an_overlong_line_that_comes_in_one_piece_is_thrown_away_too() {
        let mut reader = reader(b"0123456789abcdef\r\n0123456789abcdef0\r\nOK\r\n");
        assert_eq!(reader.take_line(), line(b"0123456789abcdef"));
        assert_eq!(reader.take_line(), Found::Overlong);
        assert_eq!(reader.take_discarded(), 17);
        assert!(reader.settle());
        assert_eq!(reader.take_line(), line(b"OK"));
    }

    #[test]
    fn consumed_bytes_are_reported_once() {
        let mut reader = reader(b"\r\nOK\r\n");
        assert_eq!(reader.take_line(), line(b"OK"));
        assert!(reader.settle());
        assert_eq!(reader.take_consumed().unwrap(), b"\r\nOK\r\n");
        assert_eq!(reader.take_consumed(), None);
    }
}
