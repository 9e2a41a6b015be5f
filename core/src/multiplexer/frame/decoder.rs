//! From octets to frames, whatever is between them.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

use super::check_sequence::check_sequence;
use super::{COMMAND_RESPONSE, Dlci, EXTENSION, FLAG, Frame, FrameKind, POLL_FINAL};

/// What was found on the line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decoded {
    /// A whole frame.
    Frame(Frame),
    /// Something that began like a frame and was none. Its octets are looked through again.
    Damaged(Damage),
    /// Octets that belong to no frame. How they are divided depends on the reads.
    Outside(Bytes),
}

/// Why something was no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Damage {
    /// The check sequence is another one.
    Check,
    /// It is longer than agreed.
    TooLong,
    /// It does not end with a flag.
    NoEnd,
    /// Its rest did not come.
    Unfinished,
}

/// Finds frames. It holds one frame at most, of the length that was agreed.
///
/// The same octets give the same frames however they are divided. After damage it goes on at the octet behind the flag
/// that had opened the damaged frame, so a length that was hit on the line costs no frame behind it.
#[derive(Debug)]
pub struct Decoder {
    input: BytesMut,
    limit: usize,
    /// The first octet of the input is a flag that may open a frame.
    opened: bool,
}

/// Address, control, length.
struct Head {
    frame: Frame,
    /// Octets of it, without the flag.
    size: usize,
    length: usize,
}

/// What the beginning of the input is.
enum Beginning {
    Head(Head),
    Unfinished,
    /// No frame begins like this.
    Other,
}

impl Decoder {
    /// Takes frames with at most `limit` octets of information.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { input: BytesMut::new(), limit, opened: false }
    }

    /// Where octets are appended. Call [`decode`](Self::decode) until it gives `None` afterwards.
    pub fn input(&mut self) -> &mut BytesMut {
        &mut self.input
    }

    /// Whether a frame has begun that is not whole.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.opened && self.input.len() > 1
    }

    /// The rest of a frame that has begun did not come: what is there of it is looked through again.
    pub fn give_up(&mut self) -> Option<Damage> {
        self.is_unfinished().then(|| {
            self.skip_flag();
            Damage::Unfinished
        })
    }

    /// What is found next.
    pub fn decode(&mut self) -> Option<Decoded> {
        loop {
            if !self.opened {
                match self.find_flag() {
                    Some(outside) => return Some(Decoded::Outside(outside)),
                    None if self.input.is_empty() => return None,
                    None => self.opened = true,
                }
            }
            // Flags may stand between frames as often as anybody likes.
            while let [FLAG, FLAG, ..] = self.input[..] {
                self.input.advance(1);
            }
            match self.beginning() {
                Beginning::Unfinished => return None,
                Beginning::Other => self.skip_flag(),
                Beginning::Head(head) if head.length > self.limit => {
                    return Some(self.damaged(Damage::TooLong));
                }
                Beginning::Head(head) => return self.finish(head),
            }
        }
    }

    /// Octets in front of the next flag, or all of them.
    fn find_flag(&mut self) -> Option<Bytes> {
        let outside = memchr(FLAG, &self.input).unwrap_or(self.input.len());
        (outside > 0).then(|| self.input.split_to(outside).freeze())
    }

    fn skip_flag(&mut self) {
        self.input.advance(1);
        self.opened = false;
    }

    fn damaged(&mut self, damage: Damage) -> Decoded {
        self.skip_flag();
        Decoded::Damaged(damage)
    }

    fn beginning(&self) -> Beginning {
        let Some((address, rest)) = self.input.get(1..).and_then(<[u8]>::split_first) else {
            return Beginning::Unfinished;
        };
        let Some(dlci) = Dlci::of_address(*address) else { return Beginning::Other };
        let Some((control, rest)) = rest.split_first() else { return Beginning::Unfinished };
        let Some(kind) = FrameKind::of(*control) else { return Beginning::Other };
        let (size, length) = match rest {
            [low, ..] if low & EXTENSION == EXTENSION => (3, usize::from(low >> 1)),
            [low, high, ..] => (4, usize::from(low >> 1) | usize::from(*high) << 7),
            _ => return Beginning::Unfinished,
        };
        let (command_response, poll_final) = (address & COMMAND_RESPONSE != 0, control & POLL_FINAL != 0);
        let frame = Frame { dlci, command_response, kind, poll_final, information: Bytes::new() };
        Beginning::Head(Head { frame, size, length })
    }

    /// The frame, when all of it is there.
    fn finish(&mut self, Head { mut frame, size, length }: Head) -> Option<Decoded> {
        let (information, check) = (1 + size, 1 + size + length);
        let found = self.input.get(check).copied()?;
        let head = self.input.get(1..information).unwrap_or_default();
        let checked = match frame.kind.checks_information() {
            true => self.input.get(information..check).unwrap_or_default(),
            false => &[],
        };
        if check_sequence([head, checked]) != found {
            return Some(self.damaged(Damage::Check));
        }
        if *self.input.get(check + 1)? != FLAG {
            return Some(self.damaged(Damage::NoEnd));
        }
        self.input.advance(information);
        frame.information = self.input.split_to(length).freeze();
        // The flag that ends this frame may open the next one.
        self.input.advance(1);
        Some(Decoded::Frame(frame))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 1500;

    fn data(number: u8, information: &[u8]) -> Frame {
        Frame {
            dlci: Dlci::new(number).unwrap(),
            command_response: false,
            kind: FrameKind::Uih,
            poll_final: false,
            information: Bytes::copy_from_slice(information),
        }
    }

    /// Everything that is found if the octets come in these pieces; pieces of outside are put together.
    fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Decoded> {
        let mut decoder = Decoder::new(LIMIT);
        let mut found: Vec<Decoded> = Vec::new();
        for piece in pieces {
            decoder.input().extend_from_slice(piece);
            while let Some(decoded) = decoder.decode() {
                match (found.last_mut(), decoded) {
                    (Some(Decoded::Outside(before)), Decoded::Outside(more)) => {
                        *before = [&before[..], &more].concat().into();
                    }
                    (_, decoded) => found.push(decoded),
                }
            }
            assert!(decoder.input().len() <= LIMIT + 6);
        }
        found
    }

    fn outside(bytes: &[u8]) -> Decoded {
        Decoded::Outside(Bytes::copy_from_slice(bytes))
    }

    #[test]
    fn a_short_frame_and_a_long_one_octet_by_octet() {
        let short = b"\xf9\x05\xef\x05OK\x3c\xf9";
        assert_eq!(data(1, b"OK").encode()[..6], short[..6]);
        let long = data(2, &[b'x'; 128]);
        assert_eq!(long.encode()[..5], *b"\xf9\x09\xef\x00\x01");
        let octets = [data(1, b"OK").encode(), long.encode()].concat();
        let expected = [Decoded::Frame(data(1, b"OK")), Decoded::Frame(long)];
        assert_eq!(decode([&octets[..]]), expected);
        assert_eq!(decode(octets.chunks(1)), expected);
    }

    #[test]
    fn one_flag_between_two_frames_is_enough_and_many_are_no_harm() {
        let one = data(1, b"a").encode();
        let shared = [&one[..one.len() - 1], &one].concat();
        let frame = Decoded::Frame(data(1, b"a"));
        assert_eq!(decode([&shared[..]]), [frame.clone(), frame.clone()]);
        let spaced = [&one, &b"\xf9\xf9\xf9"[..], &one].concat();
        assert_eq!(decode([&spaced[..]]), [frame.clone(), frame]);
    }

    #[test]
    fn the_check_of_data_covers_the_header_alone() {
        let mut octets = data(1, b"OK").encode().to_vec();
        octets[4] = b'N';
        assert_eq!(decode([&octets[..]]), [Decoded::Frame(data(1, b"NK"))]);
        let mut octets = Frame { kind: FrameKind::Ui, ..data(1, b"OK") }.encode().to_vec();
        octets[4] = b'N';
        let found = [Decoded::Damaged(Damage::Check), outside(&[0x05, 0x03, 0x05, b'N', b'K', octets[6]])];
        assert_eq!(decode([&octets[..]]), found);
    }

    #[test]
    fn a_length_that_was_hit_costs_no_frame_behind_it() {
        let mut octets = data(1, b"OK").encode().to_vec();
        octets[3] = 0x7f;
        octets.extend_from_slice(&data(1, &[b'x'; 100]).encode());
        let found = decode(octets.chunks(7));
        assert_eq!(found[0], Decoded::Damaged(Damage::Check));
        assert_eq!(found.last(), Some(&Decoded::Frame(data(1, &[b'x'; 100]))));
    }

    #[test]
    fn what_is_too_long_is_refused_at_its_length() {
        let octets = [&b"\xf9\x05\xef\xfe\xff"[..], &data(1, b"OK").encode()].concat();
        let found = decode([&octets[..]]);
        let expected =
            [Decoded::Damaged(Damage::TooLong), outside(b"\x05\xef\xfe\xff"), Decoded::Frame(data(1, b"OK"))];
        assert_eq!(found, expected);
    }

    #[test]
    fn text_is_no_frame_even_behind_a_flag() {
        let octets = [&data(1, b"a").encode(), &b"\r\nOK\r\n"[..], &data(1, b"b").encode()].concat();
        let expected = [Decoded::Frame(data(1, b"a")), outside(b"\r\nOK\r\n"), Decoded::Frame(data(1, b"b"))];
        assert_eq!(decode(octets.chunks(3)), expected);
    }

    #[test]
    fn a_frame_whose_rest_does_not_come_is_given_up() {
        let mut decoder = Decoder::new(LIMIT);
        assert_eq!(decoder.give_up(), None);
        decoder.input().extend_from_slice(b"\xf9\x05\xef\x09OK");
        assert_eq!(decoder.decode(), None);
        assert!(decoder.is_unfinished());
        assert_eq!(decoder.give_up(), Some(Damage::Unfinished));
        assert_eq!(decoder.decode(), Some(outside(b"\x05\xef\x09OK")));
        assert!(!decoder.is_unfinished());
        decoder.input().extend_from_slice(&data(1, b"b").encode());
        assert_eq!(decoder.decode(), Some(Decoded::Frame(data(1, b"b"))));
        assert!(!decoder.is_unfinished(), "a flag alone is none");
    }

    fn frame() -> impl Strategy<Value = Frame> {
        let kind = prop_oneof![
            Just(FrameKind::Sabm),
            Just(FrameKind::Ua),
            Just(FrameKind::Dm),
            Just(FrameKind::Disc),
            Just(FrameKind::Uih),
            Just(FrameKind::Ui)
        ];
        let length = prop_oneof![0..3_usize, 120..135_usize, 1490..=LIMIT];
        (
            0..=Dlci::MAX,
            any::<[bool; 2]>(),
            kind,
            length.prop_flat_map(|length| proptest::collection::vec(any::<u8>(), length)),
        )
            .prop_map(|(number, [command_response, poll_final], kind, information)| Frame {
                dlci: Dlci::new(number).unwrap(),
                command_response,
                kind,
                poll_final,
                information: information.into(),
            })
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in(frames in proptest::collection::vec(frame(), 1..6), piece in 1..40_usize) {
            let octets = frames.iter().flat_map(Frame::encode).collect::<Vec<u8>>();
            let expected = frames.into_iter().map(Decoded::Frame).collect::<Vec<_>>();
            prop_assert_eq!(decode(octets.chunks(piece)), expected);
        }

        #[test]
        fn wherever_octets_are_divided_they_give_the_same(
            octets in proptest::collection::vec(
                prop_oneof![Just(FLAG), Just(0x05), Just(0xef), Just(0x05), any::<u8>()], 0..200),
            frame in frame(),
            piece in 1..9_usize,
        ) {
            let octets = [&octets[..], &frame.encode()[..], &octets].concat();
            prop_assert_eq!(decode(octets.chunks(piece)), decode([&octets[..]]));
        }
    }
}
