//! The one unsolicited code that carries raw bytes: `SSLSRING: <SSId>,<len>,<len bytes>` of ring mode 2.
//!
//! The bytes may contain line ends and look like results, so they are taken by count.
//!
//! Source: SSL guide 7.1.2.2, 7.4.4; M37 p877-879.

use bytes::Bytes;

use super::output::{Output, Trace};
use super::reader::Reader;

const PREFIX: &[u8] = b"SSLSRING:";
/// Most data in one code: 1300 by the manuals, and some more for firmware that thinks otherwise.
const DATA_LIMIT: usize = 4096;
/// Longest number in the head.
const DIGITS: usize = 5;
/// Most blanks before a number; the manuals print one or none.
const BLANKS: usize = 4;

/// What stands at the front of the input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Front {
    /// Something else.
    Other,
    /// Perhaps such a code; more bytes are needed.
    Unfinished,
    /// A whole code, head and data.
    Code(Bytes),
}

/// Takes such a code off the front of the input, where a line begins.
pub(crate) fn take(reader: &mut Reader, output: &mut Output) -> Front {
    match head(reader.peek()) {
        Head::Other => Front::Other,
        Head::Unfinished => Front::Unfinished,
        Head::Counted { head, data } => match reader.take_raw(head + data) {
            None => Front::Unfinished,
            Some(code) => {
                output.trace(|| Trace::Received(code.slice(..head).to_vec()));
                output.trace(|| Trace::ReceivedPayload(code.slice(head..)));
                Front::Code(code)
            }
        },
    }
}

/// How many more bytes tell whether these are the beginning of such a code, or complete it. `None`: they are something
/// else.
pub(crate) fn missing(bytes: &[u8]) -> Option<usize> {
    match head(bytes) {
        Head::Other => None,
        Head::Unfinished => Some(1),
        Head::Counted { head, data } => Some((head + data).saturating_sub(bytes.len())),
    }
}

/// Whether these bytes begin with the head of such a code.
pub(crate) fn is_begun(bytes: &[u8]) -> bool {
    matches!(head(bytes), Head::Counted { .. })
}

/// Drops the head of a code whose data do not come: what follows is read as lines again. Gives its length.
pub(crate) fn give_up(reader: &mut Reader) -> usize {
    match head(reader.peek()) {
        Head::Counted { head, .. } => {
            reader.drop_front(head);
            head
        }
        Head::Unfinished | Head::Other => 0,
    }
}

enum Head {
    Other,
    Unfinished,
    Counted { head: usize, data: usize },
}

fn head(bytes: &[u8]) -> Head {
    if bytes.is_empty() {
        return Head::Other;
    }
    let Some(rest) = bytes.strip_prefix(PREFIX) else {
        return if PREFIX.starts_with(bytes) { Head::Unfinished } else { Head::Other };
    };
    let first = match number(without_blanks(rest)) {
        Number::Then { rest, .. } => rest,
        Number::Unfinished => return Head::Unfinished,
        Number::Other => return Head::Other,
    };
    match number(without_blanks(first)) {
        Number::Then { value: data, rest } if data <= DATA_LIMIT => {
            Head::Counted { head: bytes.len() - rest.len(), data }
        }
        Number::Unfinished => Head::Unfinished,
        // Without a third field it is the code of ring mode 1, an ordinary line.
        Number::Then { .. } | Number::Other => Head::Other,
    }
}

fn without_blanks(bytes: &[u8]) -> &[u8] {
    let blanks = bytes.iter().take(BLANKS).take_while(|byte| **byte == b' ').count();
    bytes.get(blanks..).unwrap_or_default()
}

enum Number<'a> {
    /// A number and a comma.
    Then {
        value: usize,
        rest: &'a [u8],
    },
    Unfinished,
    Other,
}

fn number(bytes: &[u8]) -> Number<'_> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match (bytes.get(digits), bytes.get(..digits).and_then(value)) {
        (None, _) if digits <= DIGITS => Number::Unfinished,
        (Some(b','), Some(value)) => {
            Number::Then { value, rest: bytes.get(digits + 1..).unwrap_or_default() }
        }
        _ => Number::Other,
    }
}

/// The value of some digits.
fn value(digits: &[u8]) -> Option<usize> {
    let add = |value: usize, digit: &u8| value.checked_mul(10)?.checked_add(usize::from(digit - b'0'));
    if digits.is_empty() { None } else { digits.iter().try_fold(0, add) }
}
