//! What stands where a line begins, for lines that mean nothing before they are whole.

use super::counted_code;
use super::eight::first_at_most;
use super::portion::{CR, LF};

/// What stands at the front of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Front {
    /// A line with its line end that can be nothing else.
    Line(Place),
    /// The beginning of such a line, or nothing of it yet, behind so many line ends.
    Beginning(usize),
    /// Something else, perhaps: it is to be shown portion by portion.
    Other,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Behind the line ends before it.
    pub(crate) start: usize,
    /// Before its own line end.
    pub(crate) end: usize,
    /// Where the next one can begin.
    pub(crate) next: usize,
    /// It ended in CR, and an LF right behind it would belong to it.
    pub(crate) line_feed_due: bool,
}

/// What the input begins with. No line ends among the first `searched` bytes.
#[inline]
pub(super) fn front(input: &[u8], searched: usize, limit: usize) -> Front {
    let (start, line) = match input {
        [CR, LF, line @ ..] if matches!(line, [byte, ..] if *byte > CR) => (2, line),
        _ => match input.iter().position(|byte| *byte != CR && *byte != LF) {
            Some(start) => (start, input.get(start..).unwrap_or_default()),
            None => return Front::Beginning(input.len()),
        },
    };
    if is_no_line(line) {
        return Front::Other;
    }
    match find_line_end(line, searched.saturating_sub(start)) {
        Some(end) if end <= limit => Front::Line(Place::new(line, start, end)),
        None if line.len() <= limit => Front::Beginning(start),
        Some(_) | None => Front::Other,
    }
}

/// Whether a prompt or a mark may begin so, or a code that carries data does.
#[inline]
fn is_no_line(bytes: &[u8]) -> bool {
    match bytes.first() {
        Some(b'>' | b'<') => true,
        Some(b'S') => counted_code::is_begun(bytes),
        _ => false,
    }
}

impl Place {
    /// So many bytes of what stands behind `start`.
    #[inline]
    fn new(behind: &[u8], start: usize, length: usize) -> Self {
        let (line_end, line_feed_due) = match behind.get(length..) {
            Some([CR, LF, ..]) => (2, false),
            Some([CR, ..]) => (1, true),
            _ => (1, false),
        };
        let end = start + length;
        Self { start, end, next: end + line_end, line_feed_due }
    }

    /// The same place where so many bytes stand before it.
    #[inline]
    pub(super) fn behind(self, before: usize) -> Self {
        let Self { start, end, next, line_feed_due } = self;
        Self { start: before + start, end: before + end, next: before + next, line_feed_due }
    }
}

/// Where the line ends, if it does not end before `from`.
#[inline]
fn find_line_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += first_at_most::<CR>(bytes.get(at..)?)?;
        if matches!(bytes.get(at), Some(&(CR | LF))) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(start: usize, end: usize, next: usize) -> Front {
        Front::Line(Place { start, end, next, line_feed_due: false })
    }

    #[test]
    fn a_line_stands_between_line_ends() {
        assert_eq!(front(b"\r\nA\r\n\r\n", 0, 16), line(2, 3, 5));
        assert_eq!(front(b"\n\tB\nC", 0, 16), line(1, 3, 4));
        assert_eq!(front(b"SRING: 1\r\n", 0, 16), line(0, 8, 10));
        for open in [&b"A\r"[..], b"A\r\r\n"] {
            let place = Place { start: 0, end: 1, next: 2, line_feed_due: true };
            assert_eq!(front(open, 0, 16), Front::Line(place));
        }
    }

    #[test]
    fn what_is_no_whole_line_is_told_apart() {
        for (input, expected) in [
            (&b"\r\nA"[..], Front::Beginning(2)),
            (b"0123456789abcdef", Front::Beginning(0)),
            (b"0123456789abcdef0", Front::Other),
            (b"0123456789abcdef0\r\n", Front::Other),
            (b"\r\n", Front::Beginning(2)),
            (b"", Front::Beginning(0)),
            (b"> ", Front::Other),
            (b"\r\n<<<", Front::Other),
            (b"SSLSRING: 1,3,abc", Front::Other),
            (b"SSLSRING: 1,", Front::Beginning(0)),
            (b"SSLSRING: 1,3\r", Front::Line(Place { start: 0, end: 13, next: 14, line_feed_due: true })),
        ] {
            assert_eq!(front(input, 0, 16), expected, "{}", input.escape_ascii());
        }
    }

    #[test]
    fn the_end_of_a_line_is_found_near_and_far() {
        for length in [0, 7, 8, 15, 16, 17, 300] {
            for end in [CR, LF] {
                let bytes = [&vec![b'\t'; length][..], &[end, b'x']].concat();
                for from in [0, length / 2, length] {
                    assert_eq!(find_line_end(&bytes, from), Some(length));
                }
                assert_eq!(find_line_end(&bytes[..length], length / 2), None);
            }
        }
    }
}
