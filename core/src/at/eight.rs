//! Looking at eight bytes at once, for what is near: a search that is made for long inputs takes longer to begin.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * ONES;

/// The position of the first byte that is not above `MOST`, an ASCII character.
#[inline]
pub(crate) fn first_at_most<const MOST: u8>(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let mut skipped = 0;
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        let found = not_above::<MOST>(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(skipped + (found.trailing_zeros() / 8) as usize);
        }
        (rest, skipped) = (behind, skipped + 8);
    }
    rest.iter().position(|byte| *byte <= MOST).map(|position| skipped + position)
}

/// The highest bit of each byte that is not above `MOST`.
const fn not_above<const MOST: u8>(word: u64) -> u64 {
    // Added to the lower seven bits it reaches the highest one in every byte above.
    let above = (word & !HIGH) + (0x7f - MOST as u64) * ONES;
    !(above | word) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_on_the_right_side_at_every_place() {
        for length in 0..20 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![0xff; length];
                    bytes[at] = byte;
                    let expected = (byte <= b',').then_some(at);
                    assert_eq!(first_at_most::<b','>(&bytes), expected, "{byte} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn the_first_one_counts() {
        assert_eq!(first_at_most::<13>(b"0123456\r\n\r"), Some(7));
        assert_eq!(first_at_most::<13>(b"012345678\n\r"), Some(9));
        assert_eq!(first_at_most::<13>(b""), None);
    }
}
