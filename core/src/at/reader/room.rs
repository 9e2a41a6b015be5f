//! Room for what is still to come, made where little has to be moved for it.

use bytes::BytesMut;

use super::Reader;

/// Room behind a body that is still to come, for the read that brings its end.
const READ_AHEAD: usize = 2048;
/// Room for what stands in front of a body.
const HEAD: usize = 256;
/// Few bodies are longer: the commands for blocks of files and of data give less. Source: M37 p830, p869, p903.
const USUAL_BODY: usize = 4096;

impl Reader {
    /// Makes room for an answer with a body of at most so many bytes, so that it need not be moved. Where it may be longer
    /// than most, room is made when it is announced: most of those are short, and one that is kept keeps all its room.
    pub(crate) fn make_room_for_body(&mut self, longest: usize) {
        if self.buffer.is_empty() && longest <= USUAL_BODY {
            self.buffer.reserve(HEAD + longest + READ_AHEAD);
        }
    }

    /// Makes room for the rest of a body of so many bytes.
    pub(super) fn make_room_for_rest(&mut self, length: usize) {
        let missing = length.saturating_sub(self.buffer.len());
        if missing > 0 {
            // Whoever reads makes room for as much as may come, and what is here would move when most of it is.
            self.buffer.reserve(missing.saturating_add(READ_AHEAD));
        }
    }
}

/// Makes room for a read of so many bytes, unless there is room for half of them: while lines are in use their memory is
/// not free, and a new piece of it is work.
#[inline]
pub(crate) fn make_room(buffer: &mut BytesMut, size: usize) {
    if buffer.capacity() - buffer.len() < size.div_ceil(2) {
        buffer.reserve(size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_half_of_a_read_and_for_something_at_least() {
        for (size, least) in [(0, 0), (1, 1), (2, 1), (3, 2), (1024, 512)] {
            let mut buffer = BytesMut::new();
            make_room(&mut buffer, size);
            assert!(buffer.capacity() >= size);
            let filled = buffer.capacity() - least;
            buffer.resize(filled, b'x');
            let start = buffer.as_ptr();
            make_room(&mut buffer, size);
            assert_eq!((buffer.as_ptr(), buffer.capacity() - buffer.len()), (start, least), "{size}");
            buffer.resize(buffer.capacity(), b'x');
            make_room(&mut buffer, size);
            assert!(buffer.capacity() - buffer.len() >= size);
        }
    }

    #[test]
    fn a_body_that_is_expected_has_room_behind_its_head() {
        for (longest, room) in [(10, 10), (3000, 3000), (USUAL_BODY, USUAL_BODY)] {
            let mut reader = Reader::new(16, false);
            reader.make_room_for_body(longest);
            let here = reader.buffer().as_ptr();
            reader.buffer().extend_from_slice(&[b'x'; HEAD]);
            for _ in 0..room {
                make_room(reader.buffer(), 2 * READ_AHEAD);
                reader.buffer().extend_from_slice(b"x");
            }
            assert_eq!(reader.buffer().as_ptr(), here, "{longest}");
        }
        let mut reader = Reader::new(16, false);
        reader.make_room_for_body(USUAL_BODY + 1);
        assert_eq!(reader.buffer().capacity(), 0, "nobody knows how long it is");
        reader.buffer().extend_from_slice(b"x");
        let capacity = reader.buffer().capacity();
        reader.make_room_for_body(3000);
        assert_eq!(reader.buffer().capacity(), capacity, "what is here is not moved");
    }
}
