//! Lines that are taken whole: nothing in them means anything before their end is here.

use bytes::{Buf, Bytes};

use super::Reader;
use crate::at::front::{Front, Place, front};

/// What stands where a line begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    /// A line with its line end that can be nothing else.
    Line(Place),
    /// Nothing, or the beginning of such a line.
    Unfinished,
    /// Something else, perhaps: it is to be shown portion by portion.
    Other,
}

impl Reader {
    /// Finds the next line that is not empty without showing it before. It stays where it is until it is
    /// [cut out](Self::cut) or [passed](Self::pass).
    #[inline]
    pub(crate) fn find_line(&mut self) -> Whole {
        self.put_back();
        if self.shown > 0 || self.discarding {
            return Whole::Other;
        }
        if self.buffer.is_empty() {
            self.one_by_one = false;
            return Whole::Unfinished;
        }
        self.find_in_buffer()
    }

    fn find_in_buffer(&mut self) -> Whole {
        match front(&self.buffer, self.searched, self.line_limit) {
            Front::Line(place) => Whole::Line(place),
            Front::Beginning(line_ends) => self.begin(line_ends),
            Front::Other => Whole::Other,
        }
    }

    /// The line without the line ends around it.
    pub(crate) fn line(&self, place: Place) -> &[u8] {
        self.buffer.get(place.start..place.end).unwrap_or_default()
    }

    /// The same, taken off with the line ends around it.
    pub(crate) fn cut(&mut self, place: Place) -> Bytes {
        self.leave(place);
        let mut line = self.buffer.split_to(place.next).freeze();
        line.truncate(place.end);
        line.advance(place.start);
        line
    }

    /// Drops the line with the line ends around it.
    pub(crate) fn pass(&mut self, place: Place) {
        self.leave(place);
        self.advance(place.next);
    }

    fn leave(&mut self, place: Place) {
        self.note_consumed(place.next);
        (self.searched, self.line_feed_due) = (0, place.line_feed_due);
    }

    /// Waits for the rest of a line. Line ends before it are dropped where there might be ever more of them.
    fn begin(&mut self, line_ends: usize) -> Whole {
        if self.line_feed_due || line_ends == self.buffer.len() {
            self.drop_hidden(line_ends);
        }
        self.searched = self.buffer.len();
        Whole::Unfinished
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes the next line: of those that are taken together, or alone.
    fn take(reader: &mut Reader, together: bool) -> Result<Bytes, Whole> {
        if together && let Some(mut run) = reader.take_run() {
            if let Some(place) = reader.next_line(&mut run) {
                let line = run.cut(place);
                reader.keep_run(run);
                return Ok(line);
            }
            reader.end_run(run);
        }
        match reader.find_line() {
            Whole::Line(place) => Ok(reader.cut(place)),
            other => Err(other),
        }
    }

    #[test]
    fn whole_lines_are_taken_without_being_shown() {
        for together in [true, false] {
            let mut reader = Reader::new(16, true);
            let whole = |text: &'static [u8]| Ok(Bytes::from_static(text));
            reader.buffer().extend_from_slice(b"\r\nA\r\n\n\tB\nSRING: 1\r\r\n\nC");
            for expected in [&b"A"[..], b"\tB", b"SRING: 1"] {
                assert_eq!(take(&mut reader, together), whole(expected));
            }
            assert!(reader.is_line_end_open());
            assert_eq!(take(&mut reader, together), Err(Whole::Unfinished));
            assert!(!reader.is_line_end_open());
            assert_eq!(reader.take_consumed().unwrap(), b"\r\nA\r\n\n\tB\nSRING: 1\r\r\n\n");
            reader.buffer().extend_from_slice(b"D\r");
            assert_eq!(take(&mut reader, together), whole(b"CD"));
            assert!(reader.is_line_end_open());
        }
    }

    #[test]
    fn what_may_be_no_line_is_left_to_be_shown() {
        for other in [&b"> "[..], b"\r\n<<<", b"SSLSRING: 1,3,abc", b"0123456789abcdef0"] {
            for together in [true, false] {
                let mut reader = Reader::new(16, false);
                reader.buffer().extend_from_slice(other);
                assert_eq!(take(&mut reader, together), Err(Whole::Other), "{}", other.escape_ascii());
                reader.put_back();
                // Line ends before it may be gone.
                assert_eq!(reader.buffer().trim_ascii_start(), other.trim_ascii_start());
            }
        }
        let mut reader = Reader::new(16, false);
        reader.buffer().extend_from_slice(b"shown");
        reader.show_all();
        assert_eq!(take(&mut reader, true), Err(Whole::Other));
    }

    #[test]
    fn lines_are_taken_together_up_to_what_may_be_none() {
        let whole = |text: &'static [u8]| Ok(Bytes::from_static(text));
        let mut reader = Reader::new(16, true);
        reader.buffer().extend_from_slice(b"A\r\n\r\nB\r\n> \r\n\r\nC\r\n");
        let lines = b"0123456789\r\n".repeat(11);
        reader.buffer().extend_from_slice(&[&lines[..], b"D"].concat());
        assert_eq!(take(&mut reader, true), whole(b"A"));
        assert_eq!(take(&mut reader, true), whole(b"B"));
        assert_eq!(reader.buffer()[..], b"D"[..], "all but the last were taken");
        assert_eq!(take(&mut reader, true), Err(Whole::Other));
        reader.put_back();
        assert_eq!(reader.take_consumed().unwrap(), b"A\r\n\r\nB\r\n");
        assert_eq!(reader.buffer()[..], [b"> \r\n\r\nC\r\n", &lines[..], b"D"].concat());
        reader.drop_hidden(2);
        assert_eq!(take(&mut reader, true), whole(b"C"));
        assert_eq!(reader.buffer()[..], [&lines[..], b"D"].concat(), "it was taken alone");
        while take(&mut reader, true) != Err(Whole::Unfinished) {}
        reader.buffer().extend_from_slice(b"\r\n");
        assert_eq!(take(&mut reader, true), whole(b"D"));
        assert_eq!(take(&mut reader, true), Err(Whole::Unfinished));
        reader.buffer().extend_from_slice(b"\r\n\r");
        assert_eq!(take(&mut reader, true), Err(Whole::Unfinished));
        assert!(reader.buffer().is_empty(), "line ends do not gather");
        reader.buffer().extend_from_slice(&lines);
        assert_eq!(take(&mut reader, true), whole(b"0123456789"));
        assert!(reader.buffer().is_empty(), "they are taken together again");
    }

    #[test]
    fn line_ends_behind_lines_that_were_taken_together_are_dropped() {
        let line = [b'A'; 128];
        let mut reader = Reader::new(128, true);
        reader.buffer().extend_from_slice(&[&line[..], b"\r\n\r\n\r"].concat());
        assert_eq!(take(&mut reader, true), Ok(Bytes::copy_from_slice(&line)));
        assert_eq!(take(&mut reader, true), Err(Whole::Unfinished));
        assert_eq!(reader.take_consumed().unwrap().len(), 128 + 5);
    }

    #[test]
    fn what_was_searched_of_a_line_is_searched_again_of_the_next() {
        let mut reader = Reader::new(16, false);
        reader.buffer().extend_from_slice(b"0123");
        assert_eq!(take(&mut reader, true), Err(Whole::Unfinished));
        reader.buffer().extend_from_slice(b"\r\nA");
        assert_eq!(take(&mut reader, true), Ok(Bytes::from_static(b"0123")));
        reader.buffer().extend_from_slice(b"\r\nB");
        assert_eq!(take(&mut reader, true), Ok(Bytes::from_static(b"A")));
        assert_eq!(take(&mut reader, true), Err(Whole::Unfinished));
    }

    #[test]
    fn what_is_passed_leaves_what_is_cut_leaves() {
        let lines = b"\r\n0123456789\r\n\nA\r".repeat(3);
        let [mut cut, mut passed] = [(); 2].map(|()| Reader::new(16, true));
        cut.buffer().extend_from_slice(&lines);
        passed.buffer().extend_from_slice(&lines);
        while let Whole::Line(place) = cut.find_line() {
            assert_eq!(passed.find_line(), Whole::Line(place));
            assert_eq!(passed.line(place), cut.line(place));
            passed.pass(place);
            assert!(!cut.cut(place).is_empty());
            assert_eq!(passed.is_line_end_open(), cut.is_line_end_open());
            assert_eq!(passed.take_consumed(), cut.take_consumed());
        }
        assert_eq!(passed.find_line(), Whole::Unfinished);
        assert!(passed.is_line_end_open() && passed.buffer().is_empty());
    }
}
