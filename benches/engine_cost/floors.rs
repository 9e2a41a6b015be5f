//! What cannot be beaten, and the lines codec of `tokio-util`.

use std::hint::black_box;

use bytes::BytesMut;
use tokio_util::codec::{Decoder, LinesCodec};

use crate::callgrind::counted;
use crate::{bodies, text};

/// Finds every line end, and gives how many.
pub(crate) fn find_line_ends(turns: &[text::Turn], read_size: usize) -> usize {
    let pieces = turns.iter().flat_map(|turn| turn.bytes.chunks(read_size));
    pieces.map(|piece| counted(|| memchr::memchr_iter(b'\n', piece).map(black_box).count())).sum()
}

/// Copies every piece behind the one before.
pub(crate) fn copy(turns: &[bodies::Turn], read_size: usize) {
    let mut buffer = vec![0; 8192];
    for turn in turns {
        let mut at = 0;
        for piece in turn.bytes.chunks(read_size) {
            counted(|| {
                if let Some(place) = buffer.get_mut(at..at + piece.len()) {
                    place.copy_from_slice(piece);
                }
                at += piece.len();
            });
        }
        black_box(&buffer);
    }
}

/// Gives how many lines the codec finds.
pub(crate) fn decode_lines(turns: &[text::Turn], read_size: usize) -> usize {
    let (mut codec, mut buffer) = (LinesCodec::new(), BytesMut::new());
    let pieces = turns.iter().flat_map(|turn| turn.bytes.chunks(read_size));
    let mut lines = 0;
    for piece in pieces {
        counted(|| {
            buffer.reserve(4096);
            buffer.extend_from_slice(piece);
            while let Ok(Some(line)) = codec.decode(&mut buffer) {
                lines += usize::from(!black_box(line).is_empty());
            }
        });
    }
    lines
}
