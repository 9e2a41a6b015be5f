//! Finds the frames in what comes from the line, and the next one behind damage. Source: 5.2.

use bytes::{Buf, Bytes, BytesMut};

use super::CHANNELS;
use super::frame::{self, FLAG, Frame, Kind};

/// Takes bytes as they come and gives whole, sound frames.
#[derive(Debug)]
pub(super) struct Decoder {
    buffer: BytesMut,
    /// The longest message of the control channel.
    pub(super) control_size: usize,
}

/// What stands behind a flag.
enum Found {
    Incomplete,
    /// No frame begins here.
    Nothing,
    /// So many bytes, without the flag behind them.
    Frame(Frame, usize),
}

impl Decoder {
    pub(super) fn new(control_size: usize) -> Self {
        Self { buffer: BytesMut::new(), control_size }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// What stands behind the last frame and its flag.
    pub(super) fn rest(&mut self) -> BytesMut {
        if self.buffer.first() == Some(&FLAG) {
            self.buffer.advance(1);
        }
        self.buffer.split()
    }

    /// The next frame. Whatever is damaged, or longer than its channel allows, is passed over: the search goes on
    /// behind the flag that seemed to begin it.
    pub(super) fn next_frame(&mut self, sizes: &[usize; CHANNELS]) -> Option<Frame> {
        loop {
            let Some(flag) = self.buffer.iter().position(|byte| *byte == FLAG) else {
                self.buffer.clear();
                return None;
            };
            self.buffer.advance(flag);
            match self.behind_flag(sizes) {
                Found::Incomplete => return None,
                Found::Nothing => self.buffer.advance(1),
                Found::Frame(frame, length) => {
                    // The flag behind it may be the one before the next frame as well.
                    self.buffer.advance(1 + length);
                    return Some(frame);
                }
            }
        }
    }

    fn behind_flag(&self, sizes: &[usize; CHANNELS]) -> Found {
        let bytes = self.buffer.get(1..).unwrap_or_default();
        // The next frame may have a flag of its own before it.
        if bytes.first() == Some(&FLAG) {
            return Found::Nothing;
        }
        let Some([address, control]) = bytes.first_chunk() else { return Found::Incomplete };
        // An address of one octet, and a frame that exists.
        if address & 1 == 0 || Kind::read(*control).is_none() {
            return Found::Nothing;
        }
        let Some((length, octets)) = frame::read_length(bytes.get(2..).unwrap_or_default()) else {
            return Found::Incomplete;
        };
        if length > self.limit(address >> 2, sizes) {
            return Found::Nothing;
        }
        let header = 2 + octets;
        let end = header + length + 1;
        let Some([check, flag]) = bytes.get(end - 1..end + 1).and_then(<[u8]>::first_chunk) else {
            return Found::Incomplete;
        };
        if *flag != FLAG || *check != frame::check(bytes.get(..header).unwrap_or_default()) {
            return Found::Nothing;
        }
        let information = bytes.get(header..end - 1).unwrap_or_default();
        let frame = Frame::read(*address, *control, Bytes::copy_from_slice(information));
        frame.map_or(Found::Nothing, |frame| Found::Frame(frame, end))
    }

    fn limit(&self, dlci: u8, sizes: &[usize; CHANNELS]) -> usize {
        let channel = usize::from(dlci).wrapping_sub(1);
        sizes.get(channel).copied().unwrap_or(self.control_size)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZES: [usize; CHANNELS] = [64; CHANNELS];

    /// The texts of the frames in `bytes`, which come in pieces of this size.
    fn texts(bytes: &[u8], piece: usize) -> Vec<Bytes> {
        let mut decoder = Decoder::new(64);
        let mut found = Vec::new();
        for piece in bytes.chunks(piece) {
            decoder.push(piece);
            while let Some(frame) = decoder.next_frame(&SIZES) {
                found.push(frame.information);
            }
        }
        found
    }

    proptest! {
        #[test]
        fn frames_are_found_in_any_pieces(
            sent in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..=64), 1..8),
            piece in 1_usize..100,
        ) {
            let mut line = BytesMut::new();
            for text in &sent {
                frame::write(&mut line, 0x07, frame::UIH, text);
            }
            let found: Vec<Vec<u8>> = texts(&line, piece).into_iter().map(Vec::from).collect();
            prop_assert_eq!(found, sent);
        }

        #[test]
        fn whatever_comes_before_the_frames_behind_it_are_found(
            noise in prop::collection::vec(any::<u8>(), 0..200),
            piece in 1_usize..100,
        ) {
            // Noise may look like the beginning of a frame of up to 64 bytes, which ends within the first ten of these.
            let mut line = BytesMut::from(&noise[..]);
            for index in 0..20_u8 {
                frame::write(&mut line, 0x07, frame::UIH, &[index]);
            }
            let last = texts(&line, piece).into_iter().rev().take(10).map(|text| text[0]);
            prop_assert!(last.eq((10..20).rev()));
        }
    }
}
