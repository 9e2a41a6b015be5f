//! Raw bytes inside an answer: announced, marked, or neither.

use std::time::Instant;

use bytes::Bytes;

use super::{Pending, Phase, Step};
use crate::at::block_ends::BlockEnds;
use crate::at::event::Failure;
use crate::at::exchange::Shape;
use crate::at::front::Place;
use crate::at::output::{Output, Trace, flush_trace};
use crate::at::reader::Reader;
use crate::at::result_code::Final;
use crate::at::settings::Settings;
use crate::at::unsolicited;

pub(super) const MARK: &[u8] = b"<<<";
const BLOCK_TAIL: &[u8] = b"\r\nOK\r\n";
/// The tail of a block without its own line end.
const BLOCK_TAIL_LINE: &[u8] = b"\r\nOK";
/// Heads with a longer number are looked at in another way.
const DIGITS: usize = 5;
/// What is wrong with data that look like lines.
pub(crate) const MARK_MISSING: &str = "the mark <<< is missing";

impl Pending {
    /// The longest body that may come, if one is expected.
    pub(crate) fn longest_body(&self) -> Option<usize> {
        match self.exchange.expect.0 {
            Shape::Block { limit, .. } | Shape::Marked { limit, .. } => Some(limit),
            Shape::Unannounced { length, limit } => Some(length.unwrap_or(limit)),
            _ => None,
        }
    }

    pub(super) fn step_body(&mut self, length: usize, reader: &mut Reader, output: &mut Output) -> Step {
        let Some(body) = reader.take_raw(length) else {
            return Step::Wait;
        };
        self.complete_body(body, output);
        Step::Again
    }

    pub(super) fn step_mark(&mut self, length: usize, reader: &mut Reader, output: &mut Output) -> Step {
        reader.skip_line_ends();
        let here = reader.peek();
        if here.iter().zip(MARK).any(|(byte, expected)| byte != expected) {
            return mark_missing();
        }
        if here.len() < MARK.len() {
            return Step::Wait;
        }
        // Official firmware sends CR LF behind the mark, older firmware does not.
        // Source: M37 p1031.
        let behind = here.get(MARK.len()..).unwrap_or_default();
        let line_end = match behind {
            [b'\r', b'\n', ..] => 2,
            [] | [b'\r'] => return Step::Wait,
            _ => 0,
        };
        reader.drop_front(MARK.len() + line_end);
        flush_trace(reader, output);
        self.phase = Phase::Body { length };
        Step::Again
    }

    pub(super) fn step_unannounced_mark(
        &mut self,
        now: Instant,
        settings: &Settings,
        reader: &mut Reader,
        output: &mut Output,
    ) -> Option<Step> {
        let Shape::Unannounced { .. } = self.exchange.expect.0 else {
            return None;
        };
        if !reader.peek().starts_with(MARK) {
            return None;
        }
        reader.drop_front(MARK.len());
        flush_trace(reader, output);
        self.begin_marked(now, settings);
        Some(Step::Again)
    }

    /// The bytes behind a mark come next.
    pub(crate) fn begin_marked(&mut self, now: Instant, settings: &Settings) {
        if let Phase::Mark { length } = self.phase {
            self.phase = Phase::Body { length };
        } else if let Shape::Unannounced { length, limit } = self.exchange.expect.0 {
            self.extend(now);
            self.phase = length.map_or(Phase::Unannounced { limit }, |length| Phase::Body { length });
            self.quiet_at = Some(now + self.silence(settings));
        }
    }

    /// Without a length only the limit or silence tells the body's end from the same bytes inside it.
    pub(super) fn step_unannounced(
        &mut self,
        limit: usize,
        reader: &mut Reader,
        output: &mut Output,
    ) -> Step {
        let most = longest_unannounced(limit);
        // What comes behind is not looked at, so that it does not matter how much of it is here.
        let Some(certain) = reader.peek().get(..most) else {
            return Step::Wait;
        };
        if certain.ends_with(BLOCK_TAIL) {
            return self.step_body(limit, reader, output);
        }
        match block_end(certain) {
            Some(length) => self.end_unannounced(length, reader, output),
            None if reader.peek().len() == most => Step::Wait,
            None => Step::Lost(Failure::Unexpected("a block is longer than its limit")),
        }
    }

    pub(super) fn end_unannounced_by_silence(&mut self, reader: &mut Reader, output: &mut Output) -> Step {
        match block_end(reader.peek()) {
            Some(length) => self.end_unannounced(length, reader, output),
            None => Step::Wait,
        }
    }

    fn end_unannounced(&mut self, length: usize, reader: &mut Reader, output: &mut Output) -> Step {
        self.ended_by_silence = true;
        self.step_body(length, reader, output)
    }

    pub(crate) fn complete_body(&mut self, body: Bytes, output: &mut Output) {
        let secret = self.exchange.secret_answer;
        output.trace(|| match secret {
            true => Trace::Redacted { sent: false, length: body.len() },
            false => Trace::ReceivedPayload(body.clone()),
        });
        self.reply.body = body;
        self.phase = Phase::Tail;
        self.tail_is_next = true;
        // A block that is shorter than expected has its result in the place of its last bytes.
        self.quiet_at = self.quiet_at.filter(|_| self.swallowed_result().is_some());
    }

    /// The result `OK` stands right behind the body. A module ends all blocks of a command alike: where two bytes were lost, the
    /// body has swallowed the first of two line ends. That is asked of announced blocks alone: others may end in what is
    /// no part of them.
    pub(crate) fn finish_body(&mut self, place: Place, block_ends: &mut BlockEnds) -> Step {
        let fits = match self.exchange.expect.0 {
            Shape::Block { prefix, .. } | Shape::Marked { prefix, .. } if self.tail_is_next => {
                block_ends.fits(prefix, &self.reply.body, place.start)
            }
            _ => true,
        };
        if fits { self.finish(Final::Ok) } else { wrong_length() }
    }

    /// How many bytes the block has before what looks like its final result.
    fn swallowed_result(&self) -> Option<usize> {
        let Shape::Unannounced { length: Some(_), .. } = self.exchange.expect.0 else {
            return None;
        };
        let body = &self.reply.body;
        let before = body.strip_suffix(BLOCK_TAIL).or_else(|| body.strip_suffix(BLOCK_TAIL_LINE));
        before.map(<[u8]>::len)
    }

    /// Nothing but codes and the line end of a result followed, for long: the result stands in what was taken for data. Whether
    /// more follows the line has to prove.
    pub(super) fn end_by_swallowed_result(&mut self) -> Step {
        let is_whole = self.reply.body.ends_with(BLOCK_TAIL);
        match self.swallowed_result() {
            Some(length) if is_whole != self.tail_begun || self.code_in_tail => {
                self.reply.body.truncate(length);
                self.ended_by_silence = true;
                self.finish(Final::Ok)
            }
            _ => Step::Wait,
        }
    }
}

/// The line that announces a body, if it is here as nearly every module sends it, and how long the body is. It can be nothing
/// else but a start-up line: no command and no result is like it.
#[inline]
pub(super) fn whole_head(here: &[u8], prefix: &str) -> Option<(Place, usize)> {
    let line = here.strip_prefix(b"\r\n")?;
    let announced = line.strip_prefix(prefix.as_bytes())?.strip_prefix(b": ")?;
    let (mut length, mut rest) = (0, announced);
    while let [digit @ b'0'..=b'9', behind @ ..] = rest
        && announced.len() - behind.len() <= DIGITS
    {
        length = length * 10 + usize::from(digit - b'0');
        rest = behind;
    }
    let is_whole = rest.starts_with(b"\r\n") && rest.len() < announced.len() && line.starts_with(b"#");
    let end = here.len() - rest.len();
    is_whole.then_some((Place { start: 2, end, next: end + 2, line_feed_due: false }, length))
}

/// How many bytes the mark has with the line ends around it, if all that tells is here.
pub(super) fn whole_mark(here: &[u8]) -> Option<usize> {
    let width = unannounced_mark(here)?;
    // As in `step_mark`.
    match here.get(width..)? {
        [b'\r', b'\n', ..] => Some(width + 2),
        [] | [b'\r'] => None,
        _ => Some(width),
    }
}

/// What follows a body.
pub(super) enum Tail {
    /// The result, and it is `OK`: most are.
    Ok(Place),
    /// What can become that.
    Begun,
    Other,
}

impl Tail {
    /// Some modules send one line end, others two.
    #[inline]
    pub(super) fn of(here: &[u8]) -> Self {
        const TWICE: &[u8] = b"\r\n\r\nOK\r";
        const ONCE: &[u8] = b"\r\nOK\r";
        let start = match () {
            () if here.starts_with(TWICE) => 4,
            () if here.starts_with(ONCE) => 2,
            () if !here.is_empty() && (TWICE.starts_with(here) || ONCE.starts_with(here)) => {
                return Self::Begun;
            }
            () => return Self::Other,
        };
        let end = start + 2;
        let line_feed_due = here.get(end + 1) != Some(&b'\n');
        Self::Ok(Place { start, end, next: end + 2 - usize::from(line_feed_due), line_feed_due })
    }
}

/// How many bytes the mark has with the line ends before it, if it is here.
pub(super) fn unannounced_mark(here: &[u8]) -> Option<usize> {
    let line_ends = here.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    here.get(line_ends..)?.starts_with(MARK).then_some(line_ends + MARK.len())
}

/// A block with its tail.
pub(super) fn longest_unannounced(limit: usize) -> usize {
    limit.saturating_add(BLOCK_TAIL.len())
}

pub(super) fn wrong_length() -> Step {
    Step::Lost(Failure::Unexpected("a body is not as long as announced"))
}

fn mark_missing() -> Step {
    Step::Lost(Failure::Unexpected(MARK_MISSING))
}

/// The last field of a header, trailing commas tolerated. Source: M37 p1031.
pub(super) fn last_number(rest: &[u8]) -> Option<usize> {
    str::from_utf8(rest).ok()?.trim_end_matches(',').rsplit(',').next()?.trim().parse().ok()
}

/// Where a block of unknown length ends: before the last `OK` behind which only unsolicited lines stand, the last of
/// which may not be complete.
fn block_end(bytes: &[u8]) -> Option<usize> {
    let last = memchr::memmem::rfind(bytes, BLOCK_TAIL)?;
    let behind = bytes.get(last + BLOCK_TAIL.len()..).unwrap_or_default();
    let complete = behind.iter().rposition(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or_default();
    let mut lines = behind.get(..complete).unwrap_or_default().split(|byte| matches!(byte, b'\r' | b'\n'));
    lines.all(|line| line.is_empty() || unsolicited::is_known(line)).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_taken_at_once_if_it_is_whole_and_as_usual() {
        let place = |end| Place { start: 2, end, next: end + 2, line_feed_due: false };
        for (here, expected) in [
            (&b"\r\n#X: 3000\r\n\0"[..], Some((place(10), 3000))),
            (b"\r\n#X: 0\r\n", Some((place(7), 0))),
            (b"\r\n#X: 99999\r\n", Some((place(11), 99_999))),
            (b"\r\n#X: 100000\r\n", None),
            (b"\r\n#X: 000003\r\n", None),
            (b"\r\n#X: 3000\r", None),
            (b"\r\n#X: 3000", None),
            (b"\r\n#X: \r\n", None),
            (b"\r\n#X: 3,4\r\n", None),
            (b"\r\n#X:3\r\n", None),
            (b"\r\n#XY: 3\r\n", None),
            (b"#X: 3\r\n", None),
            (b"\n#X: 3\r\n", None),
            (b"", None),
        ] {
            assert_eq!(whole_head(here, "#X"), expected, "{}", here.escape_ascii());
        }
        assert_eq!(whole_head(b"\r\nOK: 3\r\n", "OK"), None, "it may be something else");
    }
}
