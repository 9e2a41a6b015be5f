//! How much of the input is looked at next, so that it makes no difference in which pieces it arrived.
//!
//! Input is shown byte by byte to what reads it, and what reads it acts on the first byte that tells enough. Several
//! bytes are shown at once only where no byte but the last of them can tell anything.

use memchr::memchr2;

use super::counted_code;

pub(super) const CR: u8 = b'\r';
pub(super) const LF: u8 = b'\n';
/// The longest prompt or mark, `>>>` and `<<<`.
const LONGEST_SIGN: usize = 3;

/// What is looked at next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Portion {
    /// A line, or what else begins where lines begin.
    Line,
    /// So many bytes, and at least one.
    Raw(usize),
}

/// What became visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Bytes,
    /// The rest of the line end behind a line that was already taken. It says nothing.
    LineFeed,
    Nothing,
}

impl Portion {
    /// How many of the hidden bytes it is. Some bytes are hidden.
    pub(crate) fn length(self, shown: &[u8], hidden: &[u8], discarding: bool) -> usize {
        let length = match self {
            Self::Raw(length) => return length.clamp(1, hidden.len()),
            Self::Line if discarding => rest_of_line(hidden),
            Self::Line => next_of_line(shown, hidden),
        };
        match hidden.get(length.saturating_sub(1)..=length) {
            // A line end, and a prompt with its blank, read better in one piece.
            Some([CR, LF] | b"> ") => length + 1,
            _ => length,
        }
    }
}

/// What begins with these bytes can end, or turn out to be something else, at any of them; an ordinary line ends at
/// its end.
fn next_of_line(shown: &[u8], hidden: &[u8]) -> usize {
    let next = match shown.first().or_else(|| hidden.first()) {
        Some(&(CR | LF)) => Some(1),
        Some(b'>' | b'<') if shown.len() < LONGEST_SIGN => Some(1),
        Some(b'S') if shown.is_empty() => Some(1),
        Some(b'S') => counted_code::missing(shown),
        _ => None,
    };
    next.map_or_else(|| rest_of_line(hidden), |next| next.clamp(1, hidden.len()))
}

fn rest_of_line(hidden: &[u8]) -> usize {
    memchr2(CR, LF, hidden).map_or(hidden.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The input as it is shown to somebody who takes whole lines, empty ones too.
    fn portions(mut hidden: &[u8]) -> Vec<&[u8]> {
        let mut portions = Vec::new();
        let mut shown = Vec::new();
        while !hidden.is_empty() {
            let (portion, rest) = hidden.split_at(Portion::Line.length(&shown, hidden, false));
            portions.push(portion);
            shown.extend_from_slice(portion);
            hidden = rest;
            if shown.ends_with(b"\n") {
                shown.clear();
            }
        }
        portions
    }

    #[test]
    fn lines_are_shown_whole() {
        let [empty, line, rest] = portions(b"\r\nRING\r\nRI")[..] else { panic!("three") };
        assert_eq!((empty, line, rest), (&b"\r\n"[..], &b"RING\r\n"[..], &b"RI"[..]));
        assert_eq!(portions(b"a\nb\rc"), [&b"a\n"[..], b"b\r", b"c"]);
    }

    #[test]
    fn what_may_be_a_prompt_or_a_mark_is_shown_byte_by_byte() {
        assert_eq!(portions(b">>>abc\r\n"), [&b">"[..], b">", b">", b"abc\r\n"]);
        assert_eq!(portions(b"<<<abc\r\n"), [&b"<"[..], b"<", b"<", b"abc\r\n"]);
        assert_eq!(portions(b"> abc\r\n"), [&b"> "[..], b"a", b"bc\r\n"]);
    }

    #[test]
    fn what_may_be_a_counted_code_is_shown_byte_by_byte_and_its_data_at_once() {
        assert_eq!(portions(b"SRING: 1\r\n"), [&b"S"[..], b"R", b"ING: 1\r\n"]);
        let code = portions(b"SSLSRING: 1,3,\r\nx");
        assert_eq!(code.len(), 15);
        assert_eq!(code.last(), Some(&&b"\r\nx"[..]));
    }

    #[test]
    fn raw_bytes_are_shown_as_far_as_they_are_here() {
        let length = |length| Portion::Raw(length).length(b"", b"a\r\nb", false);
        assert_eq!([0, 1, 2, 4, 5].map(length), [1, 1, 2, 4, 4]);
    }

    #[test]
    fn the_rest_of_an_overlong_line_is_shown_whatever_it_begins_with() {
        assert_eq!(Portion::Line.length(b"", b">>> SSL\r\nOK\r\n", true), 9);
    }
}
