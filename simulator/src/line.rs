//! The command-line reader: bytes typed by the host become command lines.
//!
//! Source: M37 p17-20 (prefix, terminator, 400 characters), p51-52 (`A/`), p132-136 (S3, S5).

/// What one typed byte led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// Nothing to do yet.
    More,
    /// The terminator came: the text behind `AT`.
    Line(Vec<u8>),
    /// The terminator came after more characters than the line can hold: nothing is executed.
    TooLong,
    /// `A/`: the last line again, without a terminator.
    Repeat(Vec<u8>),
    /// The last character was erased.
    Erased,
}

/// The characters that end and edit a line, as S3 and S5 say, and the length of the buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Editing {
    pub(crate) terminator: u8,
    pub(crate) erase: u8,
    pub(crate) limit: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Everything is ignored until an `A`.
    #[default]
    Searching,
    SawA,
    Collecting,
}

/// Collects one command line at a time; remembers the last one for `A/`.
#[derive(Debug, Default)]
pub(crate) struct LineReader {
    state: State,
    text: Vec<u8>,
    length: usize,
    last: Vec<u8>,
}

impl LineReader {
    /// Takes one byte.
    pub(crate) fn push(&mut self, byte: u8, editing: Editing) -> Typed {
        match self.state {
            State::Searching => self.search(byte),
            State::SawA => self.after_a(byte),
            State::Collecting => self.collect(byte, editing),
        }
    }

    /// Forgets a half-typed line.
    pub(crate) fn clear(&mut self) {
        self.state = State::Searching;
        self.text.clear();
        self.length = 0;
    }

    fn search(&mut self, byte: u8) -> Typed {
        if byte.eq_ignore_ascii_case(&b'A') {
            self.state = State::SawA;
        }
        Typed::More
    }

    fn after_a(&mut self, byte: u8) -> Typed {
        match byte {
            b'T' | b't' => {
                self.state = State::Collecting;
                self.text.clear();
                self.length = 2;
            }
            b'A' | b'a' => {}
            b'/' => {
                self.state = State::Searching;
                return Typed::Repeat(self.last.clone());
            }
            _ => self.state = State::Searching,
        }
        Typed::More
    }

    fn collect(&mut self, byte: u8, editing: Editing) -> Typed {
        if byte == editing.terminator {
            return self.finish(editing);
        }
        if byte == editing.erase {
            return self.erase_last();
        }
        self.length += 1;
        if self.length <= editing.limit && byte != b'\n' {
            self.text.push(byte);
        }
        Typed::More
    }

    fn erase_last(&mut self) -> Typed {
        if self.text.pop().is_none() {
            return Typed::More;
        }
        self.length -= 1;
        Typed::Erased
    }

    fn finish(&mut self, editing: Editing) -> Typed {
        let too_long = self.length > editing.limit;
        let text = std::mem::take(&mut self.text);
        self.clear();
        if too_long {
            return Typed::TooLong;
        }
        if text == b"#/" {
            return Typed::Repeat(self.last.clone());
        }
        self.last.clone_from(&text);
        Typed::Line(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDITING: Editing = Editing { terminator: 13, erase: 8, limit: 400 };

    fn type_all(reader: &mut LineReader, bytes: &[u8]) -> Vec<Typed> {
        bytes.iter().map(|byte| reader.push(*byte, EDITING)).filter(|typed| *typed != Typed::More).collect()
    }

    #[test]
    fn a_line_ends_at_the_terminator() {
        let mut reader = LineReader::default();
        assert_eq!(type_all(&mut reader, b"at+cmee=2\r"), [Typed::Line(b"+cmee=2".to_vec())]);
    }

    #[test]
    fn what_stands_before_the_prefix_is_ignored() {
        let mut reader = LineReader::default();
        assert_eq!(type_all(&mut reader, b"\x1a\0xAAAT\r"), [Typed::Line(Vec::new())]);
    }

    #[test]
    fn a_line_feed_behind_the_terminator_does_no_harm() {
        let mut reader = LineReader::default();
        assert_eq!(
            type_all(&mut reader, b"ATE0\r\nATE1\r\n"),
            [Typed::Line(b"E0".to_vec()), Typed::Line(b"E1".to_vec())]
        );
    }

    #[test]
    fn the_backspace_erases() {
        let mut reader = LineReader::default();
        assert_eq!(type_all(&mut reader, b"ATE9\x081\r"), [Typed::Erased, Typed::Line(b"E1".to_vec())]);
    }

    #[test]
    fn the_last_line_is_repeated_without_a_terminator() {
        let mut reader = LineReader::default();
        type_all(&mut reader, b"AT+CSQ\r");
        assert_eq!(type_all(&mut reader, b"A/"), [Typed::Repeat(b"+CSQ".to_vec())]);
        assert_eq!(type_all(&mut reader, b"AT#/\r"), [Typed::Repeat(b"+CSQ".to_vec())]);
    }

    #[test]
    fn four_hundred_characters_fit_and_one_more_does_not() {
        let mut reader = LineReader::default();
        let mut line = b"AT".to_vec();
        line.resize(400, b' ');
        line.push(b'\r');
        assert!(matches!(type_all(&mut reader, &line).as_slice(), [Typed::Line(_)]));
        line.insert(2, b' ');
        assert_eq!(type_all(&mut reader, &line), [Typed::TooLong]);
    }
}
