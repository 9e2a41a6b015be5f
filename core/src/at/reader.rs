//! The bytes that arrived and were not yet understood: lines out of any chunks, raw bytes by count.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr2;

use super::eight::first_at_most;
use super::portion::{self, CR, LF, Portion, Shown};

/// Room behind a body that is still to come, for the read that brings its end.
const READ_AHEAD: usize = 4096;

/// Input buffer with bounded line length, which shows what has arrived [portion](super::portion) by portion: all that
/// reads sees only what is shown.
///
/// The number of line ends around answers differs between commands and firmware, so lines are split
/// at CR or LF and empty ones are dropped. Source: M37 p31-32.
pub(crate) struct Reader {
    buffer: BytesMut,
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
    /// The beginning of such a line.
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
            buffer: BytesMut::new(),
            shown: 0,
            searched: 0,
            line_feed_due: false,
            discarding: false,
            discarded: 0,
            line_limit,
            consumed: trace.then(Vec::new),
        }
    }

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
        if self.shown == 0 { &self.buffer } else { &[] }
    }

    /// Whether what is here, all of it, is less than so many raw bytes.
    pub(crate) fn is_within(&self, length: usize) -> bool {
        self.buffer.len() < length && !self.line_feed_due && !self.discarding
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
    /// they are whole.
    pub(crate) fn take_whole_line(&mut self) -> Whole {
        if self.shown > 0 || self.discarding {
            return Whole::Other;
        }
        let start = match self.buffer[..] {
            [CR, LF, byte, ..] if byte > CR => 2,
            _ => match self.buffer.iter().position(|&byte| byte != CR && byte != LF) {
                Some(start) => start,
                None => return Whole::Other,
            },
        };
        let here = self.buffer.get(start..).unwrap_or_default();
        if portion::may_be_sign_or_code(here) {
            return Whole::Other;
        }
        let from = self.searched.saturating_sub(start);
        match find_line_end(here, from) {
            Some(end) if end <= self.line_limit => {
                let line_end = here.get(end..).unwrap_or_default();
                let (width, line_feed_due) = match line_end {
                    [CR, LF, ..] => (2, false),
                    [CR, ..] => (1, true),
                    _ => (1, false),
                };
                self.line_feed_due = line_feed_due;
                Whole::Line(self.cut(start, end, width))
            }
            None if here.len() <= self.line_limit => {
                let searched = here.len();
                self.drop_line_ends(start);
                self.searched = searched;
                Whole::Unfinished
            }
            Some(_) | None => Whole::Other,
        }
    }

    /// The line between the line ends before it and the one behind it.
    fn cut(&mut self, start: usize, length: usize, line_end: usize) -> Bytes {
        let all = start + length + line_end;
        self.note_consumed(all);
        self.searched = 0;
        let mut line = self.buffer.split_to(all).freeze();
        line.advance(start);
        line.truncate(length);
        line
    }

    /// Drops hidden line ends in front of something else.
    fn drop_line_ends(&mut self, count: usize) {
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
        if let (Some(consumed), Some(front)) = (&mut self.consumed, self.buffer.get(..count)) {
            consumed.extend_from_slice(front);
        }
    }
}

/// Lines are short: most ends are among so many bytes, where looking at eight at once is fastest.
const SHORT: usize = 64;

/// Where the line ends, if it does not end before `from`.
fn find_line_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut from = from;
    let (near, _) = bytes.split_at(bytes.len().min(from + SHORT));
    while let Some(control) = first_at_most::<CR>(near.get(from..)?) {
        from += control;
        if matches!(near.get(from), Some(&(CR | LF))) {
            return Some(from);
        }
        from += 1;
    }
    memchr2(CR, LF, bytes.get(near.len()..)?).map(|end| near.len() + end)
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
        let mut reader = Reader::new(16, true);
        let whole = |text: &'static [u8]| Whole::Line(Bytes::from_static(text));
        reader.buffer().extend_from_slice(b"\r\nA\r\n\n\tB\nSRING: 1\r\r\n\nC");
        for expected in [&b"A"[..], b"\tB", b"SRING: 1"] {
            assert_eq!(reader.take_whole_line(), whole(expected));
        }
        assert!(reader.is_line_end_open());
        assert_eq!(reader.take_whole_line(), Whole::Unfinished);
        assert!(!reader.is_line_end_open());
        assert_eq!(reader.take_consumed().unwrap(), b"\r\nA\r\n\n\tB\nSRING: 1\r\r\n\n");
        reader.buffer().extend_from_slice(b"D\r");
        assert_eq!(reader.take_whole_line(), whole(b"CD"));
        assert!(reader.is_line_end_open());
    }

    #[test]
    fn what_may_be_no_line_is_left_to_be_shown() {
        for other in
            [&b"> "[..], b"\r\n<<<", b"SSLSRING: 1,3,abc", b"SSL", b"\r\n", b"", b"0123456789abcdef0"]
        {
            let mut reader = Reader::new(16, false);
            reader.buffer().extend_from_slice(other);
            assert_eq!(reader.take_whole_line(), Whole::Other, "{}", other.escape_ascii());
            assert_eq!(reader.buffer()[..], *other);
        }
        assert_eq!(reader(b"shown").take_whole_line(), Whole::Other);
    }

    #[test]
    fn the_end_of_a_line_is_found_near_and_far() {
        for length in [0, 7, 8, SHORT - 1, SHORT, SHORT + 1, 300] {
            for end in [CR, LF] {
                let bytes = [&vec![b'\t'; length][..], &[end, b'x']].concat();
                for from in [0, length / 2, length] {
                    assert_eq!(find_line_end(&bytes, from), Some(length));
                }
                assert_eq!(find_line_end(&bytes[..length], length / 2), None);
            }
        }
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
