//! What comes next that need not be shown portion by portion.

use super::block::{Tail, unannounced_mark, whole_head, whole_mark};
use super::{Pending, Phase};
use crate::at::exchange::Shape;
use crate::at::front::Place;
use crate::at::reader::Reader;

/// What is expected next, if it means the same wherever reads have cut it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// So many raw bytes.
    Body { length: usize },
    /// A line. `together`: and nothing but lines behind it.
    Line { together: bool },
    /// The line that announces a body, which is here, and how long that is.
    Head { place: Place, length: usize },
    /// A mark that is here, so many bytes with the line ends around it.
    Mark { width: usize },
    /// The final result, `OK`, that is here.
    Ok { place: Place },
    /// More of what has begun, which is the final result or something else.
    More,
    /// Something else.
    Other,
}

impl Pending {
    /// What is expected next that need not be shown portion by portion; the reader tells what is here.
    #[inline]
    pub(crate) fn expected(&mut self, reader: &Reader) -> Expected {
        match &self.phase {
            Phase::Body { length } => Expected::Body { length: *length },
            Phase::Lines if self.watches_for_prompt() => Expected::Other,
            Phase::Lines => match self.exchange.expect.0 {
                Shape::Final | Shape::Lines { .. } | Shape::Text { .. } => Expected::Line { together: true },
                Shape::Unannounced { .. } => match unannounced_mark(reader.hidden()) {
                    Some(width) => Expected::Mark { width },
                    None => Expected::Line { together: false },
                },
                Shape::Block { prefix, field: 0, .. } if !reader.is_traced() => {
                    match whole_head(reader.hidden(), prefix) {
                        Some((place, length)) if reader.allows(place) => Expected::Head { place, length },
                        _ => Expected::Line { together: false },
                    }
                }
                _ => Expected::Line { together: false },
            },
            Phase::Mark { .. } => match whole_mark(reader.hidden()) {
                Some(width) => Expected::Mark { width },
                None => Expected::Other,
            },
            Phase::Tail => self.expected_tail(reader.hidden()),
            Phase::PayloadEcho(_) | Phase::Unannounced { .. } => Expected::Other,
        }
    }

    /// Wherever reads have cut it, the result is taken whole: how many line ends it has may matter.
    #[inline]
    fn expected_tail(&mut self, here: &[u8]) -> Expected {
        self.tail_begun |= here.starts_with(b"\r\n");
        match Tail::of(here) {
            Tail::Ok(place) => Expected::Ok { place },
            Tail::Begun => Expected::More,
            Tail::Other => {
                self.tail_is_next &= here.is_empty();
                if self.tail_begun { Expected::Line { together: false } } else { Expected::Other }
            }
        }
    }

    /// Whether something that is no line shows before its end.
    fn watches_for_prompt(&self) -> bool {
        let awaits_prompt = matches!(self.exchange.expect.0, Shape::Prompt { .. }) && !self.payload_sent;
        awaits_prompt || self.exchange.refuse_prompt
    }
}
