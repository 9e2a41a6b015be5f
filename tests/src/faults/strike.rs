//! Where a fault strikes, and what it can explain.

use bytes::Bytes;

use super::fault::Fault;
use super::point::Kind;
use super::tape::Speaker;

/// One fault at one byte of one piece: `at` bytes of `speaker` pass before it.
#[derive(Clone, Debug)]
pub(super) struct Strike {
    pub(super) speaker: Speaker,
    pub(super) at: usize,
    pub(super) kind: Kind,
    /// The piece as it should be.
    pub(super) piece: Bytes,
    /// The byte of the piece that is hit, or before which something is said.
    pub(super) within: usize,
    pub(super) fault: Fault,
}

impl Strike {
    /// How much of the piece is still to come at the byte that is hit.
    pub(super) fn length(&self) -> usize {
        self.piece.len() - self.within
    }

    /// The piece as it gets there, where a byte is hit.
    pub(super) fn spoilt(&self) -> Option<Vec<u8>> {
        let mut piece = self.piece.to_vec();
        match self.fault {
            Fault::Drop => drop(piece.remove(self.within)),
            Fault::Damage(bits) => piece[self.within] ^= bits,
            _ => return None,
        }
        Some(piece)
    }

    /// Whether a byte of this line is hit.
    pub(super) fn hits_line(&self, line: &str) -> bool {
        self.fault.hits_a_byte() && self.piece.trim_ascii() == line.as_bytes()
    }

    /// Whether `wanted` becomes `got` by the byte that is hit, and by nothing else: `wanted` stands in the piece, or
    /// the piece is a part of it.
    pub(super) fn makes(&self, wanted: &[u8], got: &[u8]) -> bool {
        let Some(spoilt) = self.spoilt() else {
            return false;
        };
        is_part(&self.piece, &spoilt, wanted, got) || is_whole(&self.piece, &spoilt, self.within, wanted, got)
    }

    /// Whether a module that has been asked to take counted bytes may not get them all: one or all of them get lost, or
    /// the host is not told that it may send them.
    pub(super) fn leaves_waiting(&self) -> bool {
        match self.fault {
            Fault::Drop | Fault::Damage(_) => self.kind != Kind::Line,
            Fault::TooLate | Fault::Overdue | Fault::Mute => {
                matches!(self.kind, Kind::Command | Kind::Prompt)
            }
            Fault::Swallow => self.kind == Kind::Payload,
            _ => false,
        }
    }
}

/// The piece is a part of what is wanted.
fn is_part(piece: &[u8], spoilt: &[u8], wanted: &[u8], got: &[u8]) -> bool {
    places(wanted, piece).any(|at| got == [&wanted[..at], spoilt, &wanted[at + piece.len()..]].concat())
}

/// What is wanted stands in the piece, and the byte that is hit in it.
fn is_whole(piece: &[u8], spoilt: &[u8], hit: usize, wanted: &[u8], got: &[u8]) -> bool {
    places(piece, wanted).any(|at| {
        let behind = piece.len() - at - wanted.len();
        (at..at + wanted.len()).contains(&hit) && spoilt.get(at..spoilt.len() - behind) == Some(got)
    })
}

/// Where `part` stands in `all`.
fn places(all: &[u8], part: &[u8]) -> impl Iterator<Item = usize> {
    let length = part.len().max(1);
    all.windows(length).enumerate().filter(move |(_, window)| *window == part).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strike(piece: &'static [u8], within: usize, fault: Fault) -> Strike {
        let piece = Bytes::from_static(piece);
        Strike { speaker: Speaker::Host, at: 0, kind: Kind::Payload, piece, within, fault }
    }

    #[test]
    fn only_the_byte_that_was_hit_may_differ() {
        let damage = strike(b"abc", 1, Fault::Damage(0x01));
        assert!(damage.makes(b"abc", b"acc"));
        for got in [&b"abc"[..], b"cbc", b"abb", b"ac", b"abcd", b"adc"] {
            assert!(!damage.makes(b"abc", got), "{got:?}");
        }
        let drop = strike(b"abb", 2, Fault::Drop);
        assert!(drop.makes(b"abb", b"ab"));
        for got in [&b"abb"[..], b"bb", b"a", b""] {
            assert!(!drop.makes(b"abb", got), "{got:?}");
        }
        assert!(!strike(b"abc", 1, Fault::Mute).makes(b"abc", b"acc"));
    }

    #[test]
    fn a_piece_of_another_place_explains_nothing() {
        let ok = strike(b"\r\nOK\r\n", 2, Fault::Damage(0x01));
        assert!(!ok.makes(b"payload", b"qayload"));
        let block = strike(b"def", 0, Fault::Damage(0x01));
        assert!(block.makes(b"abcdefghi", b"abceefghi"));
        assert!(!block.makes(b"abcdefghi", b"abcdefghh"));
    }

    #[test]
    fn what_stands_in_a_line_may_differ_where_the_line_was_hit() {
        let topic = strike(b"AT#MQPUBS=1,\"ab\",0\r", 14, Fault::Damage(0x01));
        assert!(topic.makes(b"ab", b"ac"));
        assert!(!topic.makes(b"ab", b"cb"));
        let number = strike(b"AT#MQPUBS=1,\"ab\",0\r", 17, Fault::Damage(0x01));
        assert!(!number.makes(b"ab", b"ac"));
    }
}
