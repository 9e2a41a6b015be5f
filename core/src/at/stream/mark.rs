//! The words with which a module ends a stream, among its data.

use crate::at::unsolicited;

/// How far from the end of the input a mark can start: the mark itself and a few unsolicited lines.
const TAIL_WINDOW: usize = 256;
/// The longest mark: `NO CARRIER:SSL,10,6` and its line ends.
const LONGEST_MARK: usize = 40;

/// A complete mark in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) start: usize,
    pub(super) is_ok: bool,
    /// It says which connection ended.
    pub(super) is_named: bool,
}

/// The last mark in the input, with nothing but unsolicited lines behind it.
pub(super) fn last_mark(bytes: &[u8], ok_counts: bool) -> Option<Mark> {
    let from = bytes.len().saturating_sub(TAIL_WINDOW);
    let window = bytes.get(from..).unwrap_or_default();
    memchr::memrchr_iter(b'\r', window).find_map(|start| {
        match Tail::of(window.get(start..).unwrap_or_default(), ok_counts) {
            Tail::Mark { is_ok } => {
                let text = window.get(start..).unwrap_or_default();
                Some(Mark { start: from + start, is_ok, is_named: is_named(text) })
            }
            Tail::Partial | Tail::No => None,
        }
    })
}

/// How many bytes at the end of the input could be the end of the stream.
pub(super) fn possible_end(bytes: &[u8], ok_counts: bool) -> usize {
    let from = bytes.len().saturating_sub(TAIL_WINDOW);
    let window = bytes.get(from..).unwrap_or_default();
    let starts = memchr::memchr_iter(b'\r', window);
    let mut candidates =
        starts.filter(|&start| Tail::of(window.get(start..).unwrap_or_default(), ok_counts) != Tail::No);
    candidates.next().map_or(0, |start| window.len() - start)
}

/// What a tail of the input could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    No,
    /// The beginning of a mark.
    Partial,
    /// A mark, perhaps with unsolicited lines behind it.
    Mark {
        is_ok: bool,
    },
}

impl Tail {
    pub(super) fn of(bytes: &[u8], ok_counts: bool) -> Self {
        const START: &[u8] = b"\r\n";
        const WORDS: [&[u8]; 3] = [b"NO CARRIER", b"NOCARRIER", b"OK\r\n"];
        let Some(text) = bytes.strip_prefix(START) else {
            return if START.starts_with(bytes) { Self::Partial } else { Self::No };
        };
        let words = WORDS.iter().take(if ok_counts { 3 } else { 2 });
        for word in words {
            if word.starts_with(text) {
                let whole_ok = text == *word && text.starts_with(b"OK");
                return if whole_ok { Self::Mark { is_ok: true } } else { Self::Partial };
            }
            if text.starts_with(word) {
                return Self::behind_word(text, text.starts_with(b"OK"));
            }
        }
        Self::No
    }

    fn behind_word(text: &[u8], is_ok: bool) -> Self {
        let Some(end) = memchr::memmem::find(text, b"\r\n") else {
            return if text.len() < LONGEST_MARK { Self::Partial } else { Self::No };
        };
        let detail_is_printable = text.iter().take(end).all(|byte| (b' '..=b'~').contains(byte));
        let behind = text.get(end + 2..).unwrap_or_default();
        if end >= LONGEST_MARK || !detail_is_printable || !only_unsolicited(behind) {
            return Self::No;
        }
        Self::Mark { is_ok }
    }
}

/// Complete lines must be known unsolicited codes; an incomplete last one may still become one. They begin with a
/// line end.
fn only_unsolicited(text: &[u8]) -> bool {
    let complete = memchr::memrchr2(b'\r', b'\n', text).map_or(0, |end| end + 1);
    let mut lines = text.get(..complete).unwrap_or_default().split(|byte| matches!(byte, b'\r' | b'\n'));
    matches!(text, [] | [b'\r' | b'\n', ..])
        && lines.all(|line| line.is_empty() || unsolicited::is_known(line))
}

/// `NO CARRIER:SSL,<SSId>...`. Source: M37 p878.
fn is_named(mark: &[u8]) -> bool {
    let line = mark.trim_ascii_start().split(|byte| *byte == b'\r').next().unwrap_or_default();
    let detail = line.splitn(2, |byte| *byte == b':').nth(1).unwrap_or_default();
    detail.trim_ascii_start().starts_with(b"SSL,")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_behind_data_and_before_unsolicited_lines() {
        let found = |bytes: &[u8]| last_mark(bytes, false);
        let named = Some(Mark { start: 4, is_ok: false, is_named: true });
        assert_eq!(found(b"data\r\nNO CARRIER:SSL,1,4\r\n"), named);
        assert_eq!(found(b"data\r\nNO CARRIER: SSL,1\r\n\r\n+CREG: 5\r\n"), named);
        assert_eq!(found(b"\r\nNO CARRIER\r\n"), Some(Mark { start: 0, is_ok: false, is_named: false }));
        for data in
            [&b"\r\nNO CARRIER"[..], b"\r\nNO CARRIER\r\nmore\r\n", b"NO CARRIER\r\n", b"\r\nOK\r\n", b""]
        {
            assert_eq!(found(data), None, "{}", data.escape_ascii());
        }
    }

    #[test]
    fn ok_counts_when_it_was_asked_for() {
        assert_eq!(last_mark(b"a\r\nOK\r\n", true), Some(Mark { start: 1, is_ok: true, is_named: false }));
        assert_eq!((possible_end(b"a\r\nOK\r\n", true), possible_end(b"a\r\nOKAY", false)), (6, 0));
    }

    #[test]
    fn every_beginning_of_a_mark_is_kept_back() {
        let mark = b"\r\nNO CARRIER:SSL,10,6\r\n";
        for length in 0..=mark.len() {
            let input = [b"data", &mark[..length]].concat();
            assert_eq!(possible_end(&input, false), length);
        }
        let printable = [b"\r\nNO CARRIER", &[b' '; LONGEST_MARK][..]].concat();
        assert_eq!(possible_end(&printable, false), 0, "no mark is that long");
        assert_eq!(possible_end(b"\r\nNO CARRIER:\xff\r\n?", false), 0);
    }
}
