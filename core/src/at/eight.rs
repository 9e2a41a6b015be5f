//! Looking at eight bytes at once, for what is near: a search that is made for long inputs takes longer to begin.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * ONES;

/// The position of the first byte that is not above `MOST`, an ASCII character.
#[inline]
pub(crate) fn first_at_most<const MOST: u8>(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    // Whether there is any among twice as many is told faster than where.
    while let Some((words, behind)) = rest.split_first_chunk::<16>() {
        if words.iter().fold(false, |any, byte| any | (*byte <= MOST)) {
            break;
        }
        rest = behind;
    }
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        let found = not_above::<MOST>(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(bytes.len() - rest.len() + (found.trailing_zeros() / 8) as usize);
        }
        rest = behind;
    }
    rest.iter().position(|byte| *byte <= MOST).map(|position| bytes.len() - rest.len() + position)
}

/// The position of the first `BYTE`.
#[inline]
pub(crate) fn first_of<const BYTE: u8>(bytes: &[u8]) -> Option<usize> {
    let (mut rest, mut skipped) = (bytes, 0);
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        let difference = u64::from_le_bytes(*word) ^ (BYTE as u64 * ONES);
        // The lowest one that is set is right, whatever is borrowed above it.
        let found = difference.wrapping_sub(ONES) & !difference & HIGH;
        if found != 0 {
            return Some(skipped + (found.trailing_zeros() / 8) as usize);
        }
        (rest, skipped) = (behind, skipped + 8);
    }
    rest.iter().position(|byte| *byte == BYTE).map(|position| skipped + position)
}

/// Calls `found` for every byte that is not above `MOST`, an ASCII character, in order: with its position and itself.
#[inline]
pub(crate) fn each_at_most<const MOST: u8>(bytes: &[u8], mut found: impl FnMut(usize, u8)) {
    let mut in_word = |position: usize, word: u64| {
        let mut left = not_above::<MOST>(word);
        while left != 0 {
            let bit = left.trailing_zeros() & !7;
            let [byte, ..] = (word >> bit).to_le_bytes();
            found(position + (bit / 8) as usize, byte);
            left &= left - 1;
        }
    };
    let (mut rest, mut position) = (bytes, 0);
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        in_word(position, u64::from_le_bytes(*word));
        (rest, position) = (behind, position + 8);
    }
    if rest.is_empty() {
        return;
    }
    // The last of them, with bytes behind them that are above everything.
    let padding = u64::MAX << (8 * rest.len());
    let last = match bytes.last_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word) >> (64 - 8 * rest.len()),
        None => rest.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
    };
    in_word(position, last | padding);
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
                    let expected = (byte == b',').then_some(at);
                    assert_eq!(first_of::<b','>(&bytes), expected, "{byte} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn every_one_is_found_where_it_is() {
        for length in 0..20 {
            for seed in 0..=u8::MAX {
                let bytes: Vec<u8> = (0..length).map(|n: u8| seed.wrapping_add(n.wrapping_mul(89))).collect();
                let expected: Vec<_> =
                    bytes.iter().copied().enumerate().filter(|(_, byte)| *byte <= b',').collect();
                let mut found = Vec::new();
                each_at_most::<b','>(&bytes, |position, byte| found.push((position, byte)));
                assert_eq!(found, expected, "{bytes:?}");
            }
        }
    }

    #[test]
    fn the_first_one_counts() {
        assert_eq!(first_of::<b':'>(b"a::9:;:;::"), Some(1));
        assert_eq!(first_of::<b':'>(b"01234567;:;:"), Some(9));
        assert_eq!(first_at_most::<13>(b"0123456\r\n\r"), Some(7));
        assert_eq!(first_at_most::<13>(b"012345678\n\r"), Some(9));
        assert_eq!(first_at_most::<13>(b""), None);
    }
}
